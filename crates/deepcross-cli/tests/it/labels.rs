//! Which values of a label are positive and which are negative, in all spellings, and what is said of others.

use crate::{CONFIG, Folder, HEADER, csv};

const TRAIN: &str = "train --config run.toml --data rows.csv --out model.dcx";

/// The rows of `csv`, with the label `value(i)` in row `i`, counted from 0.
fn labelled(n: usize, value: impl Fn(usize) -> String) -> String {
    let rows = csv(n);
    let rows = rows.lines().skip(1).enumerate();
    let rows = rows.map(|(i, row)| format!("{}{}\n", value(i), &row[1..]));
    format!("{HEADER}\n{}", rows.collect::<String>())
}

/// 200 rows whose labels are these two values, the first one for every third row.
fn of_two([positive, negative]: [&str; 2]) -> String {
    labelled(200, |i| if i % 3 == 0 { positive } else { negative }.to_owned())
}

/// A folder with the configuration of a run whose label is `label`, in TOML, and `rows.csv`.
fn folder(label: &str, rows: &str) -> Folder {
    let folder = Folder::new();
    folder.write("run.toml", CONFIG.replace("label = \"click\"", &format!("label = {label}")));
    folder.write("rows.csv", rows);
    folder.write("new.csv", csv(20));
    folder
}

/// The warnings of a call, without their prefix; it must succeed.
#[track_caller]
fn warnings(folder: &Folder, call: &str) -> Vec<String> {
    let said = folder.succeed(call).stderr;
    said.lines().filter_map(|line| line.strip_prefix("warning: ")).map(str::to_owned).collect()
}

/// The predictions of a model that is trained on `data`.
#[track_caller]
fn predictions(folder: &Folder, data: &str) -> String {
    folder.succeed(&format!("train --config run.toml --data {data} --out model.dcx --strict"));
    folder.succeed("predict --model model.dcx --data new.csv").stdout
}

#[test]
fn ones_zeros_signs_and_truth_values_are_labels_without_configuration() {
    let folder = folder("\"click\"", &of_two(["1", "0"]));
    let expected = predictions(&folder, "rows.csv");
    let forms = [
        ["1.0", "0.0"],
        ["+1", "-1"],
        ["1", "-1.0"],
        ["True", "False"],
        ["true", "FALSE"],
        ["1", "-0"],
    ];
    for form in forms {
        folder.write("other.csv", of_two(form));
        assert!(predictions(&folder, "other.csv") == expected, "{form:?}");
        let described = folder.succeed("describe --data other.csv --label click --strict").stdout;
        assert!(described.starts_with("200 rows, 33.50 % positive"), "{form:?}\n{described}");
    }
    let json = |values: [&str; 2]| -> String {
        let row = |(i, row): (usize, &str)| {
            let fields: Vec<_> = row.split(',').collect();
            let value = values[usize::from(i % 3 != 0)];
            let (ad, tags, age) = (fields[1], fields[2], fields[3]);
            format!("{{\"click\":{value},\"ad\":\"{ad}\",\"tags\":\"{tags}\",\"age\":{age}}}\n")
        };
        csv(200).lines().skip(1).enumerate().map(row).collect()
    };
    for form in [["true", "false"], ["1", "0"], ["1.0", "0.0"], ["1", "-1"], ["\"True\"", "false"]]
    {
        folder.write("rows.jsonl", json(form));
        assert!(predictions(&folder, "rows.jsonl") == expected, "{form:?}");
    }
}

/// The columns of labels that contradict themselves: the usual negative label, the positive one, and that of the second
/// row alone.
const CONTRARY: [[&str; 3]; 7] = [
    ["0", "1", "-1"],
    ["-1", "1", "0"],
    ["0.0", "1.0", "-1.0"],
    ["false", "True", "-1"],
    ["0", "1", "False"],
    ["0", "1", "true"],
    ["false", "true", "0"],
];

#[test]
fn labels_of_two_kinds_in_one_column_are_an_error() {
    for [usual, positive, second] in CONTRARY {
        let value = |i: usize| match i {
            1 => second,
            _ if i.is_multiple_of(3) => positive,
            _ => usual,
        };
        let folder = folder("\"click\"", &labelled(200, |i| value(i).to_owned()));
        let outcome = folder.call(TRAIN);
        assert_eq!(outcome.code, Some(1), "{usual}, {second}");
        let error = outcome.stderr;
        let parts = [
            "`rows.csv`, line ",
            "field `click` is `",
            ", but other rows have `",
            "labels are 1 and 0, or 1 and -1, or true and false; name the classes with `data.label = {",
        ];
        for part in parts {
            assert!(error.contains(part), "{part}\n{error}");
        }
        assert!(!folder.path("model.dcx").exists(), "{usual}, {second}");
        for command in ["describe", "infer-config"] {
            let outcome = folder.call(&format!("{command} --data rows.csv --label click"));
            assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""), "{}", outcome.stderr);
            let end = "; labels are 1 and 0, or 1 and -1, or true and false; of others, name the positive values with \
                       --positive\n";
            assert!(outcome.stderr.ends_with(end), "{}", outcome.stderr);
        }
        let named = format!("--positive {positive} --out new.toml");
        folder.succeed(&format!("infer-config --data rows.csv --label click {named}"));
    }
}

#[test]
fn the_files_of_a_run_have_labels_of_one_kind() {
    for [usual, positive, other] in CONTRARY {
        let folder = folder("\"click\"", &of_two([positive, usual]));
        // The other value stands in a late row, and only the other kind is in this file.
        let late = |first: usize| {
            labelled(1500, |i| {
                match i {
                    i if i >= first => other,
                    _ => positive,
                }
                .to_owned()
            })
        };
        for (first, is_early) in [(3, true), (1400, false)] {
            folder.write("other.csv", late(first));
            let expected = format!("field `click` is `{other}`, but other rows have `");
            for call in [
                format!("{TRAIN} --valid other.csv"),
                "encode --config run.toml --data rows.csv --valid other.csv --out rows.dcc".to_owned(),
                "compare --config run.toml --data rows.csv --test other.csv --models lr --seeds 1 --out c".to_owned(),
                format!("{TRAIN} other.csv").replace("--out model.dcx other.csv", "other.csv --out model.dcx"),
            ] {
                let before = folder.names();
                let outcome = folder.call(&call);
                assert_eq!(outcome.code, Some(1), "{call}\n{}", outcome.stderr);
                assert!(outcome.stderr.contains("`other.csv`, line "), "{call}\n{}", outcome.stderr);
                assert!(outcome.stderr.contains(&expected), "{call}\n{}", outcome.stderr);
                assert!(!is_early || !outcome.stderr.contains("epoch"), "{call}\n{}", outcome.stderr);
                assert_eq!(folder.names(), before, "{call}");
            }
        }
    }
}

#[test]
fn a_model_that_was_trained_on_0_is_not_tested_on_minus_1() {
    let folder = folder("\"click\"", &of_two(["1", "0"]));
    let config = folder.text("run.toml");
    folder.write(
        "named.toml",
        config.replace(
            "\"click\"",
            "{ column = \"click\", positive = [\"1\"], negative = [\"0\", \"-1\"] }",
        ),
    );
    let pairs = [["1", "0"], ["1", "-1"], ["true", "false"]];
    for ([positive, negative], trained) in pairs.iter().zip(["zero", "minus", "truth"]) {
        folder.write(&format!("{trained}.csv"), of_two([positive, negative]));
        let train = format!(
            "train --data {trained}.csv --out {trained}.dcx --cache {trained}.dcc --config"
        );
        folder.succeed(&format!("{train} run.toml"));
        // A run whose rows come from the cache gives the same model.
        let first = folder.read(&format!("{trained}.dcx"));
        folder.succeed(&format!("{train} run.toml"));
        assert!(folder.read(&format!("{trained}.dcx")) == first, "{trained}");
    }
    let cases = [
        ("zero", "minus", ["-1", "0"]),
        ("minus", "zero", ["0", "-1"]),
        ("truth", "minus", ["-1", "0"]),
        ("minus", "truth", ["false", "-1"]),
    ];
    for (model, data, [value, known]) in cases {
        let expected = format!(
            "field `click` is `{value}`, but the rows that the model was trained on have `{known}` for the negative ones; \
             write the labels as in training"
        );
        for call in [
            format!("evaluate --model {model}.dcx --data {data}.csv"),
            format!(
                "calibrate --model {model}.dcx --data {data}.csv --method temperature --out c.dcx"
            ),
            format!("train --config run.toml --init {model}.dcx --data {data}.csv --out c.dcx"),
        ] {
            let outcome = folder.call(&call);
            assert_eq!(
                (outcome.code, &*outcome.stdout),
                (Some(1), ""),
                "{call}\n{}",
                outcome.stderr
            );
            assert!(outcome.stderr.contains(&expected), "{call}\n{}", outcome.stderr);
            assert!(!folder.path("c.dcx").exists(), "{call}");
        }
        // Predictions need no labels.
        folder.succeed(&format!("predict --model {model}.dcx --data {data}.csv --out p.csv"));
    }
    // The same rows as another program writes them, with truth values, have the same metrics.
    let evaluated = |model: &str, data: &str| {
        folder.succeed(&format!("evaluate --model {model}.dcx --data {data}.csv --json")).stdout
    };
    assert_eq!(evaluated("zero", "truth"), evaluated("zero", "zero"));
    assert_eq!(evaluated("truth", "zero"), evaluated("zero", "zero"));
    // Named classes are those of every file.
    folder.succeed("train --config named.toml --data zero.csv minus.csv --out named.dcx");
    assert_eq!(evaluated("named", "minus"), evaluated("named", "zero"));
}

/// The ratings of 200 rows, in blocks of 20 so that no other column shows them: 4.0, 2.5, 3.0, 1.0, 2.5, 4.0, 1.0 and so on.
fn rating(i: usize) -> String {
    let block = i / 20;
    if block.is_multiple_of(5) { "4.0" } else { ["1.0", "2.5", "3.0"][block % 3] }.to_owned()
}

#[test]
fn a_named_value_names_all_its_spellings() {
    let folder = folder("\"click\"", &labelled(200, rating));
    for named in ["4", "4.0", "4.00", "+4"] {
        let call = format!("infer-config --data rows.csv --label click --positive {named}");
        let config = folder.succeed(&format!("{call} --strict")).stdout;
        assert!(config.contains(" of rows.csv, 20.00 % positive"), "{config}");
        let label = config.lines().find(|line| line.starts_with("label = ")).unwrap();
        assert!(label.contains(&format!("positive = [\"{named}\"]")), "{label}");
        assert!(!label.contains("\"4.0\"]") || named == "4.0", "{label}");
        folder.write("named.toml", &config);
        folder.succeed(
            "train --config named.toml --data rows.csv --out model.dcx --set train.epochs=1",
        );
    }
    // Two spellings of one value are one value, and none of them is absent.
    let call = "describe --data rows.csv --label click --positive 4 4.0 --strict";
    assert!(folder.succeed(call).stdout.starts_with("200 rows, 20.00 % positive"));
    let label = "{ column = \"click\", positive = [\"4\", \"4.0\"], negative = [\"1\", \"2.5\", \"3\", \"1.0\"] }";
    folder.write("run.toml", CONFIG.replace("\"click\"", label));
    folder.succeed(&format!("{TRAIN} --strict"));
}

#[test]
fn a_named_value_that_occurs_nowhere_is_said() {
    let folder = folder("\"click\"", &labelled(200, rating));
    let expected = "the label `click` is `5` in no row, but `1.0` in 60 rows, `2.5` in 60 rows, `3.0` in 40 rows, \
                    `4.0` in 40 rows; name the positive values with --positive";
    for command in ["describe", "infer-config"] {
        let call = format!("{command} --data rows.csv --label click");
        folder.fail(&format!("{call} --positive 4 5"), 2, expected);
        folder.fail(&format!("{call} --positive 5"), 2, expected);
        // If both classes are named, the values may be those of more rows than these.
        let call = format!("{call} --positive 4 5 --negative 1 2.5 3");
        let warning = "no row has the label `5`; the column `click` has `4`, `1`, `2.5`, `3`";
        assert_eq!(warnings(&folder, &call), [warning], "{call}");
        folder.fail(&format!("{call} --strict"), 1, warning);
    }
}

#[test]
fn a_named_class_that_occurs_nowhere_is_an_error_in_training() {
    let folder = folder("\"click\"", &labelled(200, rating));
    let label = |positive: &str, negative: &str| {
        let label =
            format!("{{ column = \"click\", positive = {positive}, negative = {negative} }}");
        folder.write("run.toml", CONFIG.replace("\"click\"", &label));
    };
    let encode = "encode --config run.toml --data rows.csv --out rows.dcc";
    label("[\"5\"]", "[\"4\", \"1\", \"2.5\", \"3\"]");
    let expected = "`data.label.positive`: no row has `5` in the column `click`, which has `4`, `1`, `2.5`, `3` (`rows.csv`)";
    [TRAIN, encode].iter().for_each(|call| folder.fail(call, 1, expected));
    label("[\"4\", \"1\", \"2.5\", \"3\"]", "[\"No\", \"0\"]");
    let expected = "`data.label.negative`: no row has `No`, `0` in the column `click`, which has `4`, `1`, `2.5`, `3` (`rows.csv`)";
    [TRAIN, encode].iter().for_each(|call| folder.fail(call, 1, expected));
    // One value of a class that has others is a warning.
    label("[\"5\", \"4\"]", "[\"1\", \"2.5\", \"3\"]");
    let warning = "no row has the label `5`; the column `click` has `4`, `1`, `2.5`, `3`";
    for call in [TRAIN, encode] {
        folder.fail(&format!("{call} --strict"), 1, warning);
        assert_eq!(warnings(&folder, call), [warning], "{call}");
    }
}

#[test]
fn a_marker_of_missing_values_that_occurs_nowhere_is_an_error() {
    let folder = folder("\"click\"", &of_two(["1", "0"]));
    for command in ["describe", "infer-config"] {
        let call = format!("{command} --data rows.csv --label click");
        for named in ["--missing N/A", "--missing ad1 N/A", "--missing= --missing N/A"] {
            let expected = "--missing: no column has `N/A`; name what the columns have";
            folder.fail(&format!("{call} {named}"), 2, expected);
        }
        // Any spelling of a value is named, and the empty one need not occur.
        folder.succeed(&format!("{call} --missing ad1 18.0"));
        folder.succeed(&format!("{call} --missing="));
    }
    // In a configuration, other files may have it.
    folder.write("run.toml", CONFIG.replace("[data]", "[data]\nmissing = [\"N/A\"]"));
    folder.succeed(&format!("{TRAIN} --strict"));
}
