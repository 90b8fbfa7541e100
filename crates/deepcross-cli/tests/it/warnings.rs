//! Warnings: when there is one, when there is none, and that `--strict` ends a command with it before anything is written.

use crate::{CONFIG, Folder, HEADER, csv};
use std::collections::BTreeMap;

/// The warnings that a call prints, without their prefix; the call must succeed.
#[track_caller]
fn warnings(folder: &Folder, call: &str) -> Vec<String> {
    let said = folder.succeed(call).stderr;
    let lines = said.lines().filter_map(|line| line.strip_prefix("warning: "));
    lines.map(str::to_owned).collect()
}

/// The content of all files in the folder, by name.
fn content(folder: &Folder) -> BTreeMap<String, Vec<u8>> {
    let files = folder.names().into_iter().filter(|name| folder.path(name).is_file());
    files.map(|name| (name.clone(), folder.read(&name))).collect()
}

/// Checks that the call warns, first with a sentence that begins so, and that with `--strict` it ends with that sentence,
/// prints no data and leaves all files as they were, in an empty place as over an earlier output.
#[track_caller]
fn check(folder: &Folder, call: &str, beginning: &str) {
    let strict = format!("{call} --strict");
    for _ in 0..2 {
        let before = content(folder);
        let outcome = folder.call(&strict);
        let (_, error) = outcome.stderr.rsplit_once("error: ").unwrap_or_default();
        assert!(error.starts_with(beginning), "{strict}\n{}", outcome.stderr);
        assert!(!outcome.stderr.contains("warning: "), "{strict}\n{}", outcome.stderr);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""), "{strict}");
        assert!(content(folder) == before, "{strict} changed {:?}", folder.names());
        let found = warnings(folder, call);
        let n = found.iter().filter(|warning| warning.starts_with(beginning)).count();
        assert_eq!((n, found.first().map(String::as_str)), (1, error.lines().next()), "{call}");
    }
}

/// Checks that the call warns of nothing, so that it succeeds with `--strict`.
#[track_caller]
fn check_none(folder: &Folder, call: &str) {
    let found = warnings(folder, &format!("{call} --strict"));
    assert!(found.is_empty(), "{call}: {found:?}");
}

#[test]
fn a_strict_run_ends_with_a_unit_that_is_dead() {
    let folder = Folder::with_data();
    let train = "train --config run.toml --data train.csv --out model.dcx";
    let call = format!("{train} --set train.optimizer=sgd --set train.learning_rate=100");
    check(&folder, &call, "unit 0 after epoch 1: dead: no ReLU after the addition is active");
    check_none(&folder, train);
}

#[test]
fn a_strict_run_needs_its_cache() {
    let folder = Folder::with_data();
    let call = "train --config run.toml --data train.csv --out model.dcx --cache none/rows.dcc";
    check(&folder, call, "no cache, rows are read from the text in each epoch: ");
}

#[test]
fn a_strict_configuration_leaves_no_column_out_for_a_leak() {
    let folder = Folder::new();
    let row = |i: usize| format!("{0},{0},{1}\n", i % 2, i % 7);
    folder.write("leak.csv", format!("click,paid,ad\n{}", (0..200).map(row).collect::<String>()));
    let call = "infer-config --data leak.csv --label click --force --out new.toml";
    check(&folder, call, "`paid` is left out: ");
    let row = |i: usize| format!("{},{},{}\n", i % 2, i / 2 % 5, i % 7);
    folder.write("none.csv", format!("click,slot,ad\n{}", (0..200).map(row).collect::<String>()));
    check_none(&folder, "infer-config --data none.csv --label click --force --out other.toml");
}

/// `n` rows for [`CONFIG`], each made from the one of `csv` by `change`.
fn changed(n: usize, change: impl Fn(&[&str]) -> String) -> String {
    let rows = csv(n);
    let rows = rows.lines().skip(1).map(|row| change(&row.split(',').collect::<Vec<_>>()));
    format!("{HEADER}\n{}\n", rows.collect::<Vec<_>>().join("\n"))
}

#[test]
fn rows_of_one_class_are_nothing_to_learn_from() {
    let folder = Folder::with_data();
    let row = |label: &'static str| move |row: &[&str]| format!("{label},{}", row[1..].join(","));
    folder.write("no.csv", changed(200, row("0")));
    folder.write("yes.csv", changed(200, row("1")));
    let call = |command: &str, data: &str| {
        format!("{command} --config run.toml --data {data} --set train.valid_fraction=0")
    };
    for (data, class) in [("no.csv", "negative"), ("yes.csv", "positive")] {
        let beginning = format!("all 200 training rows are {class}: ");
        check(&folder, &format!("{} --out model.dcx", call("train", data)), &beginning);
        check(&folder, &format!("{} --out rows.dcc", call("encode", data)), &beginning);
        let compare = "compare --config run.toml --data DATA --test new.csv --models lr --seeds 1 --out models";
        check(
            &folder,
            &compare
                .replace("DATA", data)
                .replace("--models", "--set train.valid_fraction=0 --models"),
            &beginning,
        );
        let valid =
            format!("train --config run.toml --data train.csv --valid {data} --out valid.dcx");
        let beginning =
            format!("the 200 validation rows do not define an AUC: all rows are {class}");
        check(&folder, &valid, &beginning);
        // It is known before the cache is written, and before an earlier one is replaced.
        let cached = format!("{valid} --cache {class}.dcc");
        check(&folder, &cached, &beginning);
        folder.succeed("encode --config run.toml --data new.csv --out earlier.dcc --set train.valid_fraction=0");
        check(&folder, &format!("{valid} --cache earlier.dcc"), &beginning);
    }
    check_none(&folder, &format!("{} --out model.dcx", call("train", "train.csv")));
    check_none(&folder, "train --config run.toml --data train.csv --valid new.csv --out model.dcx");
}

#[test]
fn every_command_warns_if_most_rows_are_left_out() {
    let folder = Folder::with_data();
    folder.write("run.toml", CONFIG.replace("[data]", "[data]\nbad_rows = \"skip\""));
    let sure = "--set train.epochs=30 --set train.learning_rate=0.01";
    folder.succeed(&format!("train --config run.toml --data train.csv --out model.dcx {sure}"));
    let bad = "1,ad1,t1,old\n".repeat(700);
    folder.write("bad.csv", format!("{}{bad}", csv(600)));
    let good = format!("{}{}", csv(600), "1,ad1,t1,old\n".repeat(500));
    folder.write("good.csv", good);
    // Rows with two fields too many, which no command can read; they come first, so that the last rows are good.
    let split = |n: usize| {
        let rows = csv(600);
        let rows = rows.strip_prefix(HEADER).unwrap();
        format!("{HEADER}\n{}{}", "1,ad1,t1,30,5,6\n".repeat(n), rows.trim_start())
    };
    folder.write("ragged.csv", split(700));
    folder.write("even.csv", split(500));
    let calls = [
        (
            "train --config run.toml --data FILE --set train.valid_fraction=0 --out new.dcx",
            "bad",
            "good",
        ),
        (
            "encode --config run.toml --data FILE --set train.valid_fraction=0 --out new.dcc",
            "bad",
            "good",
        ),
        (
            "compare --config run.toml --data FILE --set train.valid_fraction=0 --test new.csv --models lr --seeds 1 --report page.html",
            "bad",
            "good",
        ),
        ("evaluate --model model.dcx --data FILE --report evaluated.html", "bad", "good"),
        ("evaluate --model model.dcx --data FILE --json", "bad", "good"),
        (
            "calibrate --model model.dcx --data FILE --method isotonic --out calibrated.dcx",
            "bad",
            "good",
        ),
        ("predict --model model.dcx --data FILE --out predictions.csv", "bad", "good"),
        ("describe --config run.toml --data FILE", "ragged", "even"),
        ("split --config run.toml --data FILE --by order --out-dir parts", "ragged", "even"),
        ("convert --config run.toml --data FILE --out rows.jsonl", "ragged", "even"),
    ];
    for (call, bad, good) in calls {
        let beginning = "most rows are left out: 700 could not be read, and 600 could";
        let call = |file: &str| call.replace("FILE", &format!("{file}.csv"));
        check(&folder, &call(bad), beginning);
        check_none(&folder, &call(good));
    }
}

#[test]
fn values_unlike_those_of_training_give_a_warning() {
    let folder = Folder::with_model();
    let row = |field: usize, value: &'static str| {
        move |row: &[&str]| {
            let mut row: Vec<_> = row.iter().map(|cell| (*cell).to_owned()).collect();
            row[field] = value.replace('_', &row[field]);
            row.join(",")
        }
    };
    folder.write("new-ads.csv", changed(200, row(1, "_.0")));
    folder.write("no-ads.csv", changed(200, row(1, "")));
    folder.write("months.csv", changed(200, row(3, "_00")));
    let cases = [
        (
            "new-ads.csv",
            "most values of `ad` are new to the model: 100.0 % now, and 0.0 % in training",
        ),
        ("no-ads.csv", "most values of `ad` are missing: 100.0 % now, and 0.0 % in training"),
        (
            "months.csv",
            "numbers of `age` are far outside of those of training, which go from 18 to 73: 100.0 % lie beyond",
        ),
    ];
    for (data, beginning) in cases {
        for call in [
            "evaluate --model model.dcx --data FILE",
            "evaluate --model model.dcx --data FILE --json --report page.html",
            "predict --model model.dcx --data FILE --out predictions.csv",
            "calibrate --model model.dcx --data FILE --method temperature --out calibrated.dcx",
        ] {
            check(&folder, &call.replace("FILE", data), beginning);
        }
        let valid =
            format!("train --config run.toml --data train.csv --valid {data} --out new.dcx");
        check(&folder, &valid, &format!("validation rows: {beginning}"));
        let cached = format!("{valid} --cache {data}.dcc");
        check(&folder, &cached, &format!("validation rows: {beginning}"));
        let test =
            "compare --config run.toml --data train.csv --models lr,fm --seeds 2 --out models";
        let call = format!("{test} --test {data}");
        let outcome = folder.call(&format!("{call} --strict"));
        assert_eq!((outcome.code, &*outcome.stdout), (Some(1), ""), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(&format!("test rows: {beginning}")), "{}", outcome.stderr);
        assert!(!folder.path("models").exists(), "{data}");
        let found = warnings(&folder, &call);
        let of_test = format!("lr, seed 1 (1 of 4): test rows: {beginning}");
        assert_eq!((found.len(), found[0].starts_with(&of_test)), (1, true), "{found:?}");
        std::fs::remove_dir_all(folder.path("models")).unwrap();
    }
    // What was written to standard output stays, but the call fails.
    let outcome = folder.call("predict --model model.dcx --data no-ads.csv --strict");
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(1), 201));
    for call in ["evaluate --model model.dcx", "predict --model model.dcx --out p.csv"] {
        check_none(&folder, &format!("{call} --data new.csv"));
    }
}

#[test]
fn a_value_that_was_often_so_in_training_is_no_surprise() {
    let folder = Folder::with_data();
    // Each row has an ad of its own, and every second age is missing.
    let row = |row: &[&str]| format!("{},{}-{},{},", row[0], row[1], row[3], row[2]);
    let ids = changed(200, row).replace('|', "/");
    folder.write(
        "ids.csv",
        ids.lines()
            .enumerate()
            .map(|(i, row)| match i {
                0 => format!("{row}\n"),
                i => {
                    row.replacen(",ad", &format!(",{i}-ad"), 1)
                        + if i % 2 == 0 { "30\n" } else { "\n" }
                }
            })
            .collect::<String>(),
    );
    folder.succeed("train --config run.toml --data ids.csv --out ids.dcx");
    let other = folder.text("ids.csv").replace("-ad", "-other").replace("30\n", "\n");
    folder.write("other.csv", other);
    check_none(&folder, "predict --model ids.dcx --data other.csv --out p.csv");
}

#[test]
fn a_metric_that_is_not_defined_says_why() {
    let folder = Folder::with_model();
    folder.write("no.csv", changed(50, |row| format!("0,{}", row[1..].join(","))));
    folder.write("none.csv", format!("{HEADER}\n"));
    let of_order = "AUC, average precision, normalized entropy, relative information gain, calibration are not defined: all \
                    rows are negative";
    let call = "evaluate --model model.dcx --data no.csv";
    check(&folder, call, of_order);
    check(&folder, &format!("{call} --json"), of_order);
    let outcome = folder.succeed(call);
    assert!(outcome.stdout.contains(&format!("\n{of_order}\n")), "{}", outcome.stdout);
    let json = folder.succeed(&format!("{call} --json")).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    for (metric, value) in json.as_object().unwrap() {
        let reason = json["undefined"].get(metric).and_then(|reason| reason.as_str());
        let expected = value.is_null().then_some("all rows are negative");
        assert_eq!(reason, expected, "{metric}");
    }
    let threshold = "evaluate --model model.dcx --data new.csv --threshold 1";
    check(&folder, threshold, "precision is not defined: no row with weight reaches the threshold");
    let groups = format!("{call} --by ad");
    let found = warnings(&folder, &groups);
    let of_groups = [
        "AUC by `ad` is not defined: no group has rows of both labels with weight",
        "MRR by `ad` is not defined: no group has a positive row with weight",
        "NDCG@10 by `ad` is not defined: no group has a positive row with weight",
    ];
    assert_eq!(found, [&[of_order][..], &of_groups].concat());
    folder.write("weighted.toml", CONFIG.replace("[data]", "[data]\nweight = \"weight\""));
    let weighted = |weight: &str| {
        let rows = csv(200).replace('\n', &format!(",{weight}\n"));
        rows.replacen(&format!("age,{weight}"), "age,weight", 1)
    };
    folder.write("weighted.csv", weighted("2"));
    folder.write("zero.csv", weighted("0"));
    folder.succeed("train --config weighted.toml --data weighted.csv --out weighted.dcx");
    let found = warnings(&folder, "evaluate --model weighted.dcx --data zero.csv");
    assert!(
        found.iter().any(|found| found.ends_with("not defined: all rows have the weight 0")),
        "{found:?}"
    );
    check_none(&folder, "evaluate --model model.dcx --data train.csv --by tags");
}

#[test]
fn calibrators_on_few_rows_or_in_reversed_order_give_a_warning() {
    let folder = Folder::with_model();
    folder.write("few.csv", csv(12));
    folder.write("many.csv", csv(400));
    let reversed = |row: &[&str]| {
        let label = if row[0] == "1" { "0" } else { "1" };
        format!("{label},{}", row[1..].join(","))
    };
    folder.succeed("train --config run.toml --data train.csv --out sure.dcx --set train.epochs=30 --set train.learning_rate=0.01");
    folder.write("reversed.csv", changed(400, reversed));
    let call = |data: &str, method: &str| {
        format!("calibrate --model sure.dcx --data {data} --method {method} --out calibrated.dcx")
    };
    for method in ["temperature", "isotonic"] {
        let few = "the calibrator is fitted to 12 rows, and only 4 of them are positive: by chance alone, probabilities are \
                   about 50 % off; use at least 100 of each label";
        let found = warnings(&folder, &call("few.csv", method));
        assert!(found.iter().any(|warning| warning == few), "{method}: {found:?}");
        let found = warnings(&folder, &call("reversed.csv", method));
        let reversed = "the order of the rows is reversed: rows with higher logits are positive less often (AUC 0.";
        assert!(found.iter().any(|warning| warning.starts_with(reversed)), "{method}: {found:?}");
    }
    check(&folder, &call("reversed.csv", "isotonic"), "the order of the rows is reversed: ");
    check(&folder, &call("few.csv", "isotonic"), "the calibrator is fitted to 12 rows, ");
    check_none(&folder, &call("many.csv", "isotonic"));
}

/// The rows of [`csv`], the positive ones first.
fn sorted(n_rows: usize) -> String {
    let rows = csv(n_rows);
    let (header, rows) = rows.split_once('\n').unwrap();
    let mut sorted: Vec<_> = rows.lines().collect();
    sorted.sort_by_key(|row| !row.starts_with('1'));
    format!("{header}\n{}\n", sorted.join("\n"))
}

#[test]
fn sorted_rows_are_shuffled_as_a_whole_unless_the_configuration_says_otherwise() {
    let folder = Folder::with_data();
    folder.write("sorted.csv", sorted(3000));
    folder.write("mixed.csv", csv(3000));
    let train = |data: &str, set: &str, out: &str| {
        format!(
            "train --config run.toml --data {data} --valid new.csv --set train.shuffle_buffer=400 {set}--out {out}"
        )
    };
    let line = "the rows are sorted: in a shuffle buffer of 400 rows, the share of positive rows ";
    let said = folder.succeed(&format!("{} --strict", train("sorted.csv", "", "auto.dcx"))).stderr;
    assert_eq!(said.matches(line).count(), 1, "{said}");
    assert!(said.contains("they are shuffled as a whole (`train.shuffle` is \"auto\")"), "{said}");
    let said = folder.succeed(&train("mixed.csv", "", "mixed.dcx")).stderr;
    assert!(!said.contains("sorted"), "{said}");
    folder.succeed(&train("sorted.csv", "--set train.shuffle=whole ", "whole.dcx"));
    let predictions =
        |model: &str| folder.succeed(&format!("predict --model {model} --data new.csv")).stdout;
    assert_eq!(predictions("auto.dcx"), predictions("whole.dcx"));
    // The decision is the same with a cache that another run has made.
    folder.succeed(&train("sorted.csv", "--cache rows.dcc ", "cached.dcx"));
    folder.succeed(&train("sorted.csv", "--cache rows.dcc ", "again.dcx"));
    assert!(folder.read("auto.dcx") == folder.read("cached.dcx"));
    assert!(folder.read("auto.dcx") == folder.read("again.dcx"));
    let buffer = train("sorted.csv", "--set train.shuffle=buffer ", "buffer.dcx");
    check(&folder, &buffer, line);
    assert_ne!(predictions("buffer.dcx"), predictions("whole.dcx"));
    check_none(&folder, &train("mixed.csv", "--set train.shuffle=buffer ", "mixed.dcx"));
    check_none(&folder, &train("sorted.csv", "--set data.order=time ", "time.dcx"));
}

#[test]
fn warnings_of_training_rows_are_said_with_a_cache_a_model_and_a_checkpoint_too() {
    let folder = Folder::with_data();
    let label = "label = { column = \"click\", positive = [\"1\", \"5\"], negative = [\"0\"] }";
    let config = CONFIG.replace("label = \"click\"", label);
    assert_ne!(config, CONFIG);
    folder.write("named.toml", &config);
    folder.write(
        "other.toml",
        config.replace("[\"1\", \"5\"]", "[\"yes\"]").replace("[\"0\"]", "[\"0\", \"1\"]"),
    );
    let train = "train --config named.toml --data train.csv --out";
    let beginning = "no row has the label `5`";
    check(&folder, &format!("{train} a.dcx --cache a.dcc"), beginning);
    let found = warnings(&folder, &format!("{train} b.dcx --cache a.dcc"));
    assert_eq!(found.len(), 1, "{found:?}");
    folder.succeed(&format!("{train} first.dcx"));
    for call in [
        format!("{train} c.dcx --cache a.dcc"),
        format!("{train} d.dcx --init first.dcx"),
        format!("{train} d.dcx --init first.dcx --cache d.dcc"),
        "encode --config named.toml --data train.csv --model first.dcx --out e.dcc".to_owned(),
    ] {
        check(&folder, &call, beginning);
    }
    let call = "train --config other.toml --data train.csv --out o.dcx --init first.dcx";
    let outcome = folder.call(call);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("no row has `yes`"), "{}", outcome.stderr);
    assert!(!folder.path("o.dcx").exists());
}

#[test]
fn training_rows_unlike_those_of_the_model_to_begin_from_give_a_warning() {
    let folder = Folder::with_model();
    let row = |row: &[&str]| format!("{},{}.0x,{},{}", row[0], row[1], row[2], row[3]);
    folder.write("spelled.csv", changed(600, row));
    let call = "train --config run.toml --data spelled.csv --init model.dcx --out new.dcx";
    let beginning = "training rows: most values of `ad` are new to the model: 100.0 % now";
    let found = warnings(&folder, call);
    assert!(found.iter().any(|warning| warning.starts_with(beginning)), "{found:?}");
    check_none(&folder, "train --config run.toml --data train.csv --init model.dcx --out same.dcx");
}

#[test]
fn a_strict_run_on_sorted_rows_keeps_an_earlier_cache() {
    let folder = Folder::with_data();
    folder.write("sorted.csv", sorted(3000));
    folder.succeed("encode --config run.toml --data train.csv --out rows.dcc");
    let set = "--set train.shuffle=buffer --set train.shuffle_buffer=400";
    let call = format!(
        "train --config run.toml --data sorted.csv --valid new.csv {set} --cache rows.dcc --out m.dcx"
    );
    check(&folder, &call, "the rows are sorted: ");
}

#[test]
fn a_rule_that_holds_no_row_out_is_an_error_before_training() {
    let folder = Folder::with_data();
    let row = |row: &[&str]| format!("{},same,{},{}", row[0], row[2], row[3]);
    folder.write("one.csv", changed(600, row));
    for command in
        ["train --out m.dcx", "encode --out m.dcc", "compare --models lr --seeds 1 --test new.csv"]
    {
        let set = "--set train.valid_by=\"field:ad\" --set train.valid_fraction=0.1";
        let outcome = folder.call(&format!("{command} --config run.toml --data one.csv {set}"));
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        let expected = "none of the 600 rows is held out: ";
        assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("epoch"), "{}", outcome.stderr);
    }
}

#[test]
fn a_comparison_says_a_warning_of_the_rows_once() {
    let folder = Folder::with_data();
    folder.write("no.csv", changed(200, |row| format!("0,{}", row[1..].join(","))));
    let call = "compare --config run.toml --data train.csv --valid no.csv --test new.csv --models lr --seeds 2";
    let said = folder.succeed(call).stderr;
    assert_eq!(said.matches("validation rows do not define an AUC").count(), 1, "{said}");
    // A sample of the negative rows is another one for each seed, and so is the share of missing values in training.
    let rows = csv(600);
    let gaps = rows.lines().enumerate().map(|(i, row)| match i {
        i if i > 0 && i.is_multiple_of(41) => format!("{},\n", row.rsplit_once(',').unwrap().0),
        _ => format!("{row}\n"),
    });
    folder.write("gaps.csv", gaps.collect::<String>());
    folder.write("lost.csv", changed(200, |row| format!("{},", row[..3].join(","))));
    let call = "compare --config run.toml --data gaps.csv --models lr --seeds 3 --set train.negative_rate=0.5";
    for (files, rows) in
        [("--valid lost.csv --test new.csv", "validation rows"), ("--test lost.csv", "test rows")]
    {
        let said = folder.succeed(&format!("{call} {files}")).stderr;
        let warning = format!("{rows}: most values of `age` are missing: 100.0 % now");
        assert_eq!(said.matches(&warning).count(), 1, "{said}");
    }
}

#[test]
fn held_out_rows_of_one_class_are_said_before_training() {
    let folder = Folder::with_data();
    let rows = csv(60).replace("\n1,", "\n0,").replace("\n0,ad0,", "\n1,ad0,");
    folder.write("few.csv", rows);
    let call = "train --config run.toml --data few.csv --out m.dcx --set train.valid_fraction=0.07";
    let seed = (1..20).find(|seed| {
        let said = folder.succeed(&format!("{call} --seed {seed}")).stderr;
        let (before, _) = said.split_once("\n epoch ").unwrap();
        let n = said.matches("do not define an AUC").count();
        assert_eq!(before.matches("do not define an AUC").count(), n, "{said}");
        n == 1
    });
    let call =
        format!("{call} --seed {}", seed.expect("a seed that holds out negative rows alone"));
    std::fs::remove_file(folder.path("m.dcx")).unwrap();
    check(&folder, &format!("{call} --cache few.dcc"), "the ");
}

#[test]
fn a_strict_quickstart_writes_no_model_after_a_warning() {
    let folder = Folder::new();
    let call = "quickstart --rows 8 --out q";
    let found = warnings(&folder, call);
    assert!(!found.is_empty());
    for name in ["model.dcx", "predictions.csv"] {
        std::fs::remove_file(folder.path("q").join(name)).unwrap();
    }
    let outcome = folder.call(&format!("{call} --strict"));
    assert_eq!((outcome.code, &*outcome.stdout), (Some(1), ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains(&format!("error: {}", found[0])), "{}", outcome.stderr);
    for name in ["model.dcx", "predictions.csv"] {
        assert!(!folder.path("q").join(name).exists(), "{name}");
    }
}

#[test]
fn a_kept_epoch_that_is_worse_than_a_constant_is_said() {
    let folder = Folder::with_data();
    let rare = |row: &[&str]| format!("{},{}", u8::from(row[3] == "18"), row[1..].join(","));
    folder.write("rare.csv", changed(200, rare));
    let call = "train --config run.toml --data rare.csv --out m.dcx --set train.valid_fraction=0.3";
    let short = format!("{call} --set train.learning_rate=1e-6");
    check(
        &folder,
        &short,
        "epoch 2 is kept, but its validation log loss 0.7087 is worse than 0.3051, the loss of ",
    );
    let said = folder.succeed(&short).stderr;
    assert!(said.contains("; train longer, by "), "{said}");
    // The share of positive rows is that of their weights.
    let config = crate::CONFIG.replace("label =", "weight = \"w\"\nlabel =");
    folder.write("weighted.toml", config);
    let weighed =
        folder.text("rare.csv").lines().enumerate().fold(String::new(), |text, (i, row)| {
            let weight = if row.starts_with('1') { "11" } else { "1" };
            text + row + "," + if i == 0 { "w" } else { weight } + "\n"
        });
    folder.write("weighed.csv", weighed);
    let weighted = short.replace("run.toml --data rare", "weighted.toml --data weighed");
    let said = folder.succeed(&weighted).stderr;
    assert!(said.contains(", the loss of predicting 49.59 % for every row, "), "{said}");
    check_none(&folder, &format!("{call} --set train.learning_rate=0.05 --set train.epochs=5"));
    let compare = "compare --config run.toml --data rare.csv --models lr --seeds 1";
    let compare =
        format!("{compare} --set train.learning_rate=1e-6 --set train.valid_fraction=0.3");
    let said = folder.succeed(&compare).stderr;
    assert!(said.contains("warning: lr, seed 1 (1 of 1): epoch 2 is kept, but "), "{said}");
}

#[test]
fn a_kept_epoch_with_a_log_loss_far_above_the_lowest_is_said() {
    let folder = Folder::with_data();
    let call = "train --config run.toml --data train.csv --out m.dcx --set train.learning_rate=0.005 --set train.epochs=40";
    let by_auc = format!("{call} --set train.monitor=auc");
    check(
        &folder,
        &by_auc,
        "epoch 6 is kept for its AUC, but its validation log loss 0.5300 is 41 % above the 0.3765 of epoch 40, ",
    );
    check_none(&folder, call);
    let by_both = format!("{call} --set train.monitor=auc-log-loss");
    check(
        &folder,
        &by_both,
        "epoch 29 is kept for its AUC − log loss, but its validation log loss 0.4224 is 12 % above the 0.3765 of epoch \
         40, so its probabilities are worse; set `train.monitor` to \"log-loss\", raise ",
    );
}
