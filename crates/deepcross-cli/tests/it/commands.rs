//! `train`, `evaluate`, `predict` and `inspect` on good files.

use crate::{CONFIG, Folder, csv};

#[test]
fn training_reports_progress_even_if_piped() {
    let folder = Folder::with_data();
    let outcome = folder.succeed("train --config run.toml --data train.csv --out model.dcx");
    assert_eq!(outcome.stdout, "", "a trained model does not go to standard output");
    let parts = [
        " training rows, ",
        " weights, stacked input 9 wide\n",
        "\n\n epoch  log loss  validation log loss  validation AUC\n 1        0.",
        "\n 2        0.",
        "\nkept epoch ",
        ": validation log loss 0.",
        "\nresidual units on 32 training rows, at the start → after epoch 2\n\n unit  gradient at its input",
        "\nwrote model.dcx\n",
    ];
    for part in parts {
        assert!(outcome.stderr.contains(part), "{part}\n{}", outcome.stderr);
    }
    assert_eq!(folder.names(), ["model.dcx", "new.csv", "run.toml", "train.csv"]);
}

#[test]
fn units_in_trouble_are_reported_once() {
    let folder = Folder::with_data();
    let smooth = "unit = \"one-layer\"\ndepth = 20\nactivation = \"sigmoid\"\nouter_activation = \"sigmoid\"";
    folder.write("smooth.toml", CONFIG.replace("hidden = [8]", smooth));
    let good = "--config run.toml";
    let too_fast = "--config run.toml --set train.optimizer=sgd --set train.learning_rate=100";
    let cases: [(_, _, &[&str]); 3] = [
        (good, "residual units on 32 training rows", &[]),
        (too_fast, "9 of 9 never", &["unit 0 after epoch 1: dead: no ReLU after the addition"]),
        (
            "--config smooth.toml",
            "10 of 20 residual units on 32 training rows",
            &["units 0–11 at the start: the gradient vanishes"],
        ),
    ];
    for (call, table, expected) in cases {
        let train = format!("train {call} --data train.csv --out model.dcx");
        let said = folder.succeed(&train).stderr;
        assert!(said.contains(table), "{table}\n{said}");
        let warnings: Vec<_> =
            said.lines().filter_map(|line| line.strip_prefix("warning: ")).collect();
        assert_eq!(warnings.len(), expected.len(), "{said}");
        for (warning, expected) in warnings.iter().zip(expected) {
            assert!(warning.starts_with(expected), "{said}");
        }
    }
}

#[test]
fn artifacts_do_not_depend_on_the_threads_but_on_the_seed() {
    let folder = Folder::with_data();
    let train = |out: &str, flags: &str| {
        folder.succeed(&format!("train --config run.toml --data train.csv --out {out} {flags}"));
        folder.read(out)
    };
    let one = train("1.dcx", "--threads 1");
    for threads in [2, 3, 8] {
        let same = train("n.dcx", &format!("--threads {threads}"));
        assert!(same == one, "{threads} threads");
    }
    assert!(train("s.dcx", "--seed 2") != one);
    assert!(train("s.dcx", "--seed 2") == train("t.dcx", "--set train.seed=2"));
}

#[test]
fn several_files_are_read_as_one() {
    let folder = Folder::with_data();
    let text = csv(200);
    let (header, rows) = text.split_once('\n').unwrap();
    let middle = rows.match_indices('\n').nth(79).unwrap().0 + 1;
    folder.write("a.csv", format!("{header}\n{}", &rows[..middle]));
    folder.write("b.csv", format!("{header}\n{}", &rows[middle..]));
    folder.succeed("train --config run.toml --data train.csv --out whole.dcx");
    folder.succeed("train --config run.toml --data a.csv b.csv --out parts.dcx");
    assert!(folder.read("whole.dcx") == folder.read("parts.dcx"), "the artifacts differ");
    let whole = folder.succeed("predict --model whole.dcx --data train.csv").stdout;
    let parts = folder.succeed("predict --model whole.dcx --data a.csv --data b.csv").stdout;
    assert_eq!(whole, parts);
}

#[test]
fn a_validation_file_replaces_held_out_rows() {
    let folder = Folder::with_data();
    let train = "train --config run.toml --data train.csv --valid new.csv --out model.dcx";
    let said = folder.succeed(train).stderr;
    assert!(said.contains("200 training rows"), "{said}");
    let shown = folder.succeed("inspect --model model.dcx").stdout;
    let line = shown.lines().find(|line| line.contains("validation rows")).unwrap();
    assert_eq!(line.split_whitespace().last(), Some("20"));
}

#[test]
fn predictions_are_equal_wherever_they_go_and_on_any_number_of_threads() {
    let folder = Folder::with_model();
    folder.write("many.csv", csv(5000));
    let printed = folder.succeed("predict --model model.dcx --data many.csv --threads 1").stdout;
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!((lines.len(), lines[0]), (5001, "probability"));
    let is_probability = |line: &&str| line.parse::<f32>().is_ok_and(|p| p > 0.0 && p < 1.0);
    assert!(lines[1..].iter().all(is_probability), "{printed}");
    for threads in [1, 2, 3, 8] {
        let call = "predict --model model.dcx --data many.csv --out p.csv --threads";
        let outcome = folder.succeed(&format!("{call} {threads}"));
        assert_eq!(outcome.stdout, "");
        assert!(outcome.stderr.contains("wrote 5,000 predictions to p.csv"), "{}", outcome.stderr);
        assert!(folder.text("p.csv") == printed, "{threads} threads");
    }
}

#[test]
fn predictions_need_no_label() {
    let folder = Folder::with_model();
    let without: String =
        csv(20).lines().map(|line| format!("{}\n", line.split_once(',').unwrap().1)).collect();
    folder.write("unlabelled.csv", without);
    let unlabelled = folder.succeed("predict --model model.dcx --data unlabelled.csv").stdout;
    assert_eq!(unlabelled, folder.succeed("predict --model model.dcx --data new.csv").stdout);
}

#[test]
fn evaluation_reports_metrics_and_unusual_values() {
    let folder = Folder::with_model();
    folder.write("odd.csv", format!("{}1,strange,t1|alien,30\n0,,t1,\n", csv(20)));
    let json = folder.succeed("evaluate --model model.dcx --data odd.csv --json").stdout;
    assert_eq!(json.lines().count(), 1);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&report["rows"], &report["positives"]), (&22.into(), &8.into()), "{json}");
    let keys = [
        "auc",
        "average_precision",
        "log_loss",
        "normalized_entropy",
        "brier",
        "calibration",
        "expected_calibration_error",
    ];
    for key in keys {
        assert!(report[key].as_f64().is_some_and(|value| value > 0.0), "{key} in {json}");
    }
    let [entropy, gain] = ["normalized_entropy", "relative_information_gain"]
        .map(|key| report[key].as_f64().unwrap_or(f64::NAN));
    assert!((entropy + gain - 1.0).abs() < 1e-12, "{json}");
    assert_eq!(report["unseen"], serde_json::json!({"ad": 1, "age": null, "tags": 1}), "{json}");
    assert_eq!(report["missing"], serde_json::json!({"ad": 1, "age": 1, "tags": 0}), "{json}");

    let outcome = folder.succeed("evaluate --model model.dcx --data odd.csv");
    let table = "unusual values

field  values  missing  unseen
ad         22        1       1
tags       43        0       1
age        22        1       0
";
    let said: String = outcome.stderr.lines().map(|line| format!("{}\n", line.trim())).collect();
    assert!(said.starts_with(table), "{said}");
    for part in [
        "22 rows, 8 positive",
        "AUC",
        "average precision",
        "log loss",
        "normalized entropy",
        "relative information gain",
        "Brier score",
        "calibration",
        "expected calibration error",
    ] {
        assert!(outcome.stdout.contains(part), "{part}\n{}", outcome.stdout);
    }
    let usual = folder.succeed("evaluate --model model.dcx --data train.csv");
    assert_eq!(usual.stderr, "no value is missing, unseen, rare or clipped\n");
}

#[test]
fn inspection_shows_schema_layers_and_training() {
    let folder = Folder::with_model();
    let outcome = folder.succeed("inspect --model model.dcx");
    assert_eq!(outcome.stderr, "");
    let words: Vec<String> = outcome
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let expected = [
        "fields",
        "layers",
        // 7 ads and 3 reserved rows, each of 4 weights, and 4 weights of the bias.
        "ad (embedding) 4 44",
        "stacking 9 0",
        "scoring 1 10",
        "training",
        "epochs run 2",
        "seed 1",
        "configuration",
        "hidden = [8]",
    ];
    for line in expected {
        assert!(words.iter().any(|shown| shown == line), "{line}\n{}", outcome.stdout);
    }
    assert!(outcome.stdout.contains("vocabulary of all 7 values"), "{}", outcome.stdout);
    assert!(outcome.stdout.lines().all(|line| !line.ends_with(' ')), "{}", outcome.stdout);
}

#[test]
fn the_shown_configuration_trains_the_same_model() {
    let folder = Folder::with_model();
    let shown = folder.succeed("inspect --model model.dcx").stdout;
    let (_, config) = shown.split_once("\nconfiguration\n").unwrap();
    assert_ne!(config, CONFIG);
    folder.write("shown.toml", config);
    folder.succeed("train --config shown.toml --data train.csv --out again.dcx");
    assert!(folder.read("again.dcx") == folder.read("model.dcx"), "the artifacts differ");
}

#[test]
fn help_names_each_flag_once_and_fits_a_terminal() {
    let folder = Folder::new();
    let commands = [
        "",
        "quickstart ",
        "simulate ",
        "split ",
        "train ",
        "evaluate ",
        "calibrate ",
        "predict ",
        "inspect ",
        "export ",
        "import ",
    ];
    for command in commands {
        let help = folder.succeed(&format!("{command}--help")).stdout;
        assert!(help.contains("Usage: deepcross "), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
        assert!(!help.contains("<ROWS>") && !help.contains("<SEED>"), "{help}");
    }
}
