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
    for form in [["true", "false"], ["1", "0"], ["1.0", "0.0"], ["1", "-1"], ["\"True\"", "\"0\""]]
    {
        folder.write("rows.jsonl", json(form));
        assert!(predictions(&folder, "rows.jsonl") == expected, "{form:?}");
    }
}

#[test]
fn zero_and_minus_one_in_one_column_are_an_error() {
    // The last row alone has the other value.
    for (usual, last) in [("0", "-1"), ("-1", "0"), ("0.0", "-1.0")] {
        let value = |i: usize| match i {
            1 => last,
            _ if i.is_multiple_of(3) => "1",
            _ => usual,
        };
        let folder = folder("\"click\"", &labelled(200, |i| value(i).to_owned()));
        let outcome = folder.call(TRAIN);
        assert_ne!(outcome.code, Some(0), "{usual}, {last}");
        let error = outcome.stderr.replace(".0`", "`");
        assert!(
            error.contains("error: rows.csv, line ") || error.contains("`rows.csv`, line "),
            "{error}"
        );
        for part in ["`0`", "`-1`", "field `click` is `", "name the classes with `data.label = {"] {
            assert!(error.contains(part), "{part}\n{error}");
        }
        assert!(!folder.path("model.dcx").exists(), "{usual}, {last}");
        for command in ["describe", "infer-config"] {
            let outcome = folder.call(&format!("{command} --data rows.csv --label click"));
            assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""), "{}", outcome.stderr);
            let error = outcome.stderr.replace(".0`", "`");
            let end = ": with both `0` and `-1`, name the positive values with --positive\n";
            assert!(error.ends_with(end), "{error}");
        }
        folder.succeed("infer-config --data rows.csv --label click --positive 1 --out new.toml");
    }
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
