//! Tests of `calibrate`: its artifact, the gain that it reports, and how other commands use the calibrator.

use crate::Folder;
use serde_json::Value;

/// The configuration of a model that learns its rows by heart.
const SURE: &str = r#"[data]
label = "click"

[[field]]
name = "match_type"
kind = "categorical"

[[field]]
name = "user"
kind = "categorical"

[[field]]
name = "age"
kind = "number"

[model]
embedding = 8
bypass_below = 0
hidden = [16]

# With this seed the probabilities are twice too high on average.
[train]
seed = 2
epochs = 40
batch = 64
valid_fraction = 0
learning_rate = 0.01
"#;

const METHODS: [&str; 3] = ["temperature", "platt", "isotonic"];

/// A folder with `sure.dcx`, trained on `train.tsv`, and with `held-out.tsv` and `test.tsv`.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("run.toml", SURE);
    for (seed, (rows, name)) in
        [(2000, "train"), (3000, "held-out"), (3000, "test")].iter().enumerate()
    {
        folder.succeed(&format!("simulate --rows {rows} --seed {} --out {name}.tsv", seed + 1));
    }
    folder.succeed("train --config run.toml --data train.tsv --out sure.dcx");
    folder
}

fn calibrate(method: &str, data: &str, out: &str) -> String {
    format!("calibrate --model sure.dcx --data {data} --method {method} --out {out}")
}

fn evaluated(folder: &Folder, model: &str, data: &str) -> Value {
    let call = format!("evaluate --model {model} --data {data} --json");
    serde_json::from_str(&folder.succeed(&call).stdout).unwrap()
}

#[track_caller]
fn number(report: &Value, name: &str) -> f64 {
    report[name].as_f64().unwrap_or_else(|| panic!("{name}: {report}"))
}

#[test]
fn a_calibrated_model_is_better_on_unseen_rows() {
    let folder = folder();
    let before = evaluated(&folder, "sure.dcx", "held-out.tsv");
    let plain = evaluated(&folder, "sure.dcx", "test.tsv");
    for method in METHODS {
        let call = calibrate(method, "held-out.tsv", "calibrated.dcx");
        let said = folder.succeed(&format!("{call} --json")).stdout;
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said["calibrator"]["method"], method);
        // The metrics before are those of `evaluate`, to the bit.
        for (name, value) in before.as_object().unwrap() {
            if said["before"].get(name).is_some() {
                assert_eq!(&said["before"][name], value, "{method}, {name}");
            }
        }
        // The metrics after are close to those of `evaluate` on other rows.
        let test = evaluated(&folder, "calibrated.dcx", "test.tsv");
        let (said_after, found) = (number(&said["after"], "log_loss"), number(&test, "log_loss"));
        assert!((said_after - found).abs() < 0.02, "{method}: {said_after}, then {found}");
        let before = number(&plain, "log_loss");
        assert!(found < 0.75 * before, "{method}: {found}, {before} before");
        let ece = "expected_calibration_error";
        if method != "temperature" {
            assert!(number(&test, ece) < 0.2 * number(&plain, ece), "{method}");
            assert!((number(&said["after"], "calibration") - 1.0).abs() < 0.02, "{method}");
        }
        if method != "isotonic" {
            assert_eq!(test["auc"], plain["auc"], "{method} keeps the order");
        }
    }
}

#[test]
fn weights_of_rows_count() {
    let folder = folder();
    let config = SURE.replace("label = \"click\"", "label = \"click\"\nweight = \"price\"");
    folder.write("run.toml", config);
    folder.succeed("train --config run.toml --data train.tsv --out sure.dcx");
    let call = calibrate("platt", "held-out.tsv", "calibrated.dcx");
    let said = folder.succeed(&format!("{call} --json")).stdout;
    let said: Value = serde_json::from_str(&said).unwrap();
    let found = evaluated(&folder, "sure.dcx", "held-out.tsv");
    assert!(number(&found, "weight") > 2.0 * number(&found, "rows"));
    for name in ["weight", "log_loss", "base_rate"] {
        assert_eq!(said["before"][name], found[name], "{name}");
    }
    // The weighted mean of the probabilities is the weighted share of clicks, except for the smoothed targets.
    assert!((number(&said["after"], "calibration") - 1.0).abs() < 0.02, "{said}");
}

#[test]
fn every_command_uses_and_shows_the_calibrator() {
    let folder = folder();
    let probabilities = |model: &str, rest: &str| {
        folder.succeed(&format!("predict --model {model} --data test.tsv{rest}")).stdout
    };
    let logits: Vec<f64> = probabilities("sure.dcx", "")
        .lines()
        .skip(1)
        .map(|p| p.parse::<f64>().map(|p| (p / (1.0 - p)).ln()).unwrap())
        .collect();
    let said =
        folder.succeed(&format!("{} --json", calibrate("platt", "held-out.tsv", "platt.dcx")));
    let said: Value = serde_json::from_str(&said.stdout).unwrap();
    let [slope, intercept] = ["slope", "intercept"].map(|name| number(&said["calibrator"], name));
    let found = probabilities("platt.dcx", "");
    assert_eq!(found, probabilities("platt.dcx", " --threads 1"));
    let found: Vec<f64> = found.lines().skip(1).map(|p| p.parse().unwrap()).collect();
    assert_eq!(found.len(), 3000);
    for (logit, p) in logits.iter().zip(&found).filter(|(logit, _)| logit.abs() < 10.0) {
        let expected = 1.0 / (1.0 + (-(slope * logit + intercept)).exp());
        assert!((expected - p).abs() < 1e-4, "{expected}, {p}");
    }
    let mean = found.iter().sum::<f64>() / 3000.0;
    let evaluated = evaluated(&folder, "platt.dcx", "test.tsv");
    assert!((number(&evaluated, "mean_prediction") - mean).abs() < 1e-9);
    let shown = folder.succeed("inspect --model platt.dcx").stdout;
    let shown_map = format!("platt: sigmoid({slope:.4} · logit − {:.4})", -intercept);
    assert!(shown.contains(&shown_map) && shown.contains("fitted to 3,000 rows, "), "{shown}");
    let said =
        folder.succeed("evaluate --model platt.dcx --data test.tsv --report page.html").stderr;
    assert!(said.contains(&format!("calibrated by {shown_map}\n")), "{said}");
    assert!(folder.text("page.html").contains(&shown_map));
    assert_eq!(evaluated["calibrator"], "platt");
    let shown = folder.succeed("inspect --model sure.dcx").stdout;
    assert!(shown.contains("calibrator\n\n  none"), "{shown}");
    let said = folder.succeed("evaluate --model sure.dcx --data test.tsv").stderr;
    assert!(!said.contains("calibrated by"), "{said}");
}

#[test]
fn the_file_does_not_depend_on_threads_or_an_earlier_calibrator() {
    let folder = folder();
    for method in METHODS {
        let call = calibrate(method, "held-out.tsv", "one.dcx");
        let one = folder.succeed(&format!("{call} --threads 1"));
        let call = calibrate(method, "held-out.tsv", "three.dcx");
        let three = folder.succeed(&format!("{call} --threads 3"));
        assert_eq!(one.stdout, three.stdout);
        assert!(folder.read("one.dcx") == folder.read("three.dcx"), "{method}");
        let again = folder.succeed(
            "calibrate --model one.dcx --data held-out.tsv --method platt --out again.dcx",
        );
        let message = format!(
            "one.dcx already has a calibrator ({method}): the new one replaces it, and is fitted to the uncalibrated logits\n"
        );
        assert!(again.stderr.contains(&message), "{}", again.stderr);
        folder.succeed(&calibrate("platt", "held-out.tsv", "platt.dcx"));
        assert!(folder.read("again.dcx") == folder.read("platt.dcx"), "{method}");
    }
}

#[test]
fn further_training_drops_the_calibrator() {
    let folder = folder();
    folder.succeed(&calibrate("isotonic", "held-out.tsv", "calibrated.dcx"));
    let train = "train --config run.toml --data test.tsv --set train.epochs=1";
    let plain = folder.succeed(&format!("{train} --init sure.dcx --out plain.dcx"));
    let other = folder.succeed(&format!("{train} --init calibrated.dcx --out other.dcx"));
    let message = "the calibrator of the initial model is dropped: it does not fit weights that are trained further\n";
    assert!(other.stderr.contains(message), "{}", other.stderr);
    assert!(!plain.stderr.contains("calibrator"), "{}", plain.stderr);
    assert!(folder.read("plain.dcx") == folder.read("other.dcx"));
}

#[test]
fn training_rows_give_a_warning() {
    let folder = folder();
    let warning = "warning: there are exactly as many rows as the model was trained on: ";
    let said = folder.succeed(&calibrate("platt", "train.tsv", "bad.dcx")).stderr;
    assert!(said.contains(warning), "{said}");
    let said = folder.succeed(&calibrate("platt", "held-out.tsv", "good.dcx")).stderr;
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn rows_that_cannot_be_calibrated_on_are_an_error_and_nothing_is_written() {
    let folder = folder();
    let outcome =
        folder.call("calibrate --model sure.dcx --data test.tsv --method spline --out o.dcx");
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("invalid value 'spline' for '--method <METHOD>'"));
    let text = folder.text("held-out.tsv");
    let (header, rows) = text.split_once('\n').unwrap();
    let of_class = |class: &str, n: usize| -> String {
        rows.lines()
            .filter(|row| row.starts_with(class))
            .take(n)
            .map(|row| format!("{row}\n"))
            .collect()
    };
    folder.write("none.tsv", format!("{header}\n{}", of_class("0", 50)));
    folder.write("one.tsv", format!("{header}\n{}{}", of_class("0", 50), of_class("1", 1)));
    folder.write("empty.tsv", format!("{header}\n"));
    let unlabelled = rows.lines().map(|row| row.split_once('\t').unwrap().1);
    let unlabelled: Vec<_> =
        [header.split_once('\t').unwrap().1].into_iter().chain(unlabelled).collect();
    folder.write("unlabelled.tsv", unlabelled.join("\n"));
    let classes = |rows, positives, needed| {
        format!(
            "no calibrator can be fitted: a calibrator needs rows of both classes: of {rows} rows with weight, {positives} \
             have the label 1, expected at least {needed} of each label"
        )
    };
    for method in METHODS {
        folder.fail(&calibrate(method, "none.tsv", "o.dcx"), 1, &classes(50, 0, 1));
        folder.fail(&calibrate(method, "empty.tsv", "o.dcx"), 1, &classes(0, 0, 1));
    }
    folder.fail(&calibrate("isotonic", "one.tsv", "o.dcx"), 1, &classes(51, 1, 2));
    let outcome = folder.call(&calibrate("platt", "unlabelled.tsv", "o.dcx"));
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("unlabelled.tsv") && outcome.stderr.contains("click"),
        "{}",
        outcome.stderr
    );
    // The labels are swapped.
    let turned = rows.lines().map(|row| match row.split_at(1) {
        ("0", rest) => format!("1{rest}\n"),
        (_, rest) => format!("0{rest}\n"),
    });
    folder.write("turned.tsv", format!("{header}\n{}", turned.collect::<String>()));
    let outcome = folder.call(&calibrate("platt", "turned.tsv", "o.dcx"));
    assert_eq!(outcome.code, Some(1));
    let message = "error: no calibrator can be fitted: the fitted slope is -";
    assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
    let said = folder.succeed(&calibrate("temperature", "turned.tsv", "turned.dcx")).stderr;
    assert!(said.contains("warning: the temperature is at the end of its range, 100: "), "{said}");
    assert!(!folder.path("o.dcx").exists());
}

#[test]
fn a_page_shows_before_and_after() {
    let folder = folder();
    let call = calibrate("isotonic", "held-out.tsv", "calibrated.dcx");
    folder.succeed(&format!("{call} --report page.html --threads 1"));
    let page = folder.text("page.html");
    for part in [
        "Before and after",
        "Calibration curve",
        "Reliability before",
        "Reliability after",
        "Breakpoints",
    ] {
        assert!(page.contains(part), "{part}");
    }
    folder.succeed(&format!("{call} --report again.html"));
    assert_eq!(folder.text("again.html"), page);
    assert!(!page.contains(&folder.path("").display().to_string()));
}
