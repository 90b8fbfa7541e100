//! Tests of `compare`: models of several kinds, trained and tested on the same rows.

use crate::{CONFIG, Folder};
use deepcross_model::ModelKind;
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};

const COMPARE: &str = "compare --config run.toml --data train.tsv --test test.tsv --seeds 2";

/// A configuration with fields of simulated clicks, and sections for two kinds of model.
const SIMULATED: &str = r#"[data]
label = "click"

[[field]]
name = "keyword"
kind = "multi-hot"
separator = " "

[[field]]
name = "position"
kind = "categorical"

[[field]]
name = "price"
kind = "number"

[model]
embedding = 4
bypass_below = 0
hidden = [8]

[train]
epochs = 2
batch = 128

[compare.lr.train]
optimizer = "ftrl"
learning_rate = 0.1
beta = 0.01

[compare.fm]
model.embedding = 3
train.epochs = 1
"#;

fn simulated() -> Folder {
    let folder = Folder::new();
    folder.write("run.toml", SIMULATED);
    folder.succeed("simulate --rows 1500 --seed 1 --out train.tsv");
    folder.succeed("simulate --rows 1200 --seed 2 --out test.tsv");
    folder
}

fn json(folder: &Folder, call: &str) -> Value {
    serde_json::from_str(&folder.succeed(&format!("{call} --json")).stdout).unwrap()
}

/// A comparison without the values that depend on the clock.
fn timeless(mut comparison: Value) -> Value {
    for model in comparison["models"].as_array_mut().unwrap() {
        for run in model["runs"].as_array_mut().unwrap() {
            assert!(run["seconds"].as_f64().unwrap() > 0.0);
            let run = run.as_object_mut().unwrap();
            run.retain(|key, _| key != "seconds" && key != "rows_per_second");
        }
    }
    comparison
}

#[test]
fn all_kinds_are_compared_alike_on_any_number_of_threads() {
    let folder = simulated();
    let found = timeless(json(&folder, &format!("{COMPARE} --threads 1")));
    let all = ModelKind::ALL.map(ModelKind::name).join(",");
    let again = timeless(json(&folder, &format!("{COMPARE} --threads 2 --models {all}")));
    assert_eq!(found, again);
    let models = found["models"].as_array().unwrap();
    let names: Vec<_> = models.iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert_eq!(names.join(","), all);
    assert_eq!((&found["rows"], &found["tested_on"]), (&1200.into(), &"test".into()));
    let best = found["best"].as_u64().unwrap() as usize;
    for (place, model) in models.iter().enumerate() {
        assert_eq!(model["to_best"].is_null(), place == best, "{model}");
        let runs = model["runs"].as_array().unwrap();
        let mean = |key: &str| {
            runs.iter().map(|run| run["test"][key].as_f64().unwrap()).sum::<f64>() / 2.0
        };
        for key in ["auc", "log_loss"] {
            let found = &model[key];
            assert!((found["value"].as_f64().unwrap() - mean(key)).abs() < 1e-9, "{model}");
            assert!(found["low"].as_f64() < found["high"].as_f64(), "{model}");
        }
        assert!(model["auc"]["value"].as_f64() <= models[best]["auc"]["value"].as_f64());
        if place != best {
            let p = model["to_best"]["auc"]["p_value"].as_f64().unwrap();
            let adjusted = model["to_best"]["auc_p_adjusted"].as_f64().unwrap();
            assert!((0.0..=1.0).contains(&p) && p <= adjusted, "{model}");
        }
        assert_eq!(runs[1]["seed"], 2);
    }
    assert_eq!(models[1]["runs"][0]["training"]["epochs"], 1, "the section of fm says so");
    assert!(models[0]["config"].as_str().unwrap().contains("optimizer = \"ftrl\""));
}

#[test]
fn a_run_gives_the_same_model_as_train() {
    let folder = simulated();
    let folds = "--models deep-crossing,fm --out models";
    let found = json(&folder, &format!("{COMPARE} {folds}"));
    let mut names: Vec<_> = std::fs::read_dir(folder.path("models"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected =
        ["deep-crossing-seed1.dcx", "deep-crossing-seed2.dcx", "fm-seed1.dcx", "fm-seed2.dcx"];
    assert_eq!(names, expected);
    // All runs hold out the rows of the first seed.
    let call = "train --config run.toml --data train.tsv --out own.dcx --set train.split_seed=1";
    folder.succeed(&format!("{call} --seed 2"));
    assert_eq!(folder.read("own.dcx"), folder.read("models/deep-crossing-seed2.dcx"));
    let own = folder.succeed("evaluate --model own.dcx --data test.tsv --json").stdout;
    let own: Value = serde_json::from_str(&own).unwrap();
    assert_eq!(own["auc"], found["models"][0]["runs"][1]["test"]["auc"]);
    let rows = |seed: usize| &found["models"][0]["runs"][seed]["training"]["valid_rows"];
    assert_eq!(rows(0), rows(1));
}

#[test]
fn without_test_files_the_validation_rows_are_tested_on() {
    let folder = simulated();
    let call = "compare --config run.toml --data train.tsv --models lr --seeds 1";
    let found = json(&folder, call);
    assert_eq!(found["tested_on"], "validation");
    assert_eq!(found["rows"], found["models"][0]["runs"][0]["training"]["valid_rows"]);
    let text = folder.succeed(call).stdout;
    assert!(text.contains("validation rows chose the epoch"), "{text}");
    assert!(text.contains("over rows only: one seed says nothing about other seeds"), "{text}");
    let found = json(&folder, &format!("{call} --valid test.tsv"));
    assert_eq!((&found["rows"], &found["tested_on"]), (&1200.into(), &"validation".into()));
}

#[test]
fn wrong_calls_end_before_any_work() {
    let folder = simulated();
    let cases = [
        ("--models lr,fm,lr", "`--models`: `lr` is named twice"),
        (
            "--set compare.lr.train.optimzer=adam",
            "run.toml: `compare.lr.train.optimzer`: unknown key; the nearest known one is `optimizer`",
        ),
        (
            "--set compare.fm.model.hidden=[4]",
            "run.toml: `compare.fm.model.hidden`: has no meaning for the kind `fm`; remove it, or set `model.kind`",
        ),
        (
            "--set train.valid_fraction=0 --set train.patience=2",
            "the configuration: `train.patience`: needs validation rows, but `train.valid_fraction` is 0",
        ),
        ("--out run.toml", "run.toml: is a file, expected a folder"),
        (
            "--report test.tsv",
            "test.tsv: cannot be written there, since the call names it twice, also as test.tsv",
        ),
    ];
    for (flags, message) in cases {
        folder.fail(&format!("{COMPARE} {flags}"), 2, message);
    }
    folder.fail(
        "compare --config run.toml --data train.tsv --set train.valid_fraction=0",
        2,
        "there are no rows to test on: give test files, or validation rows",
    );
    for (flags, part) in [
        ("--models lr,fmm", "the known kinds are lr, fm, ffm, mlp, "),
        ("--seeds 0", "--seeds"),
        ("--models ", "unknown kind of model"),
    ] {
        let outcome = folder.call(&format!("{COMPARE} {flags}"));
        assert_eq!(outcome.code, Some(2), "{flags}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(part), "{flags}: {}", outcome.stderr);
    }
}

#[test]
fn a_run_that_fails_is_named() {
    let folder = simulated();
    let flags = "--models lr,fm --set compare.fm.train.learning_rate=1e30 --set compare.fm.train.optimizer=sgd";
    let outcome = folder.call(&format!("{COMPARE} {flags}"));
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("error: `fm`, seed 1: step "), "{}", outcome.stderr);
    folder.write("one.tsv", folder.text("test.tsv").lines().take(2).collect::<Vec<_>>().join("\n"));
    let call = "compare --config run.toml --data train.tsv --test one.tsv --models lr";
    folder.fail(
        call,
        1,
        "a comparison needs at least two test rows of each class with a weight above 0",
    );
    folder.write("bad.tsv", folder.text("test.tsv").replace("click\t", "clack\t"));
    let outcome = folder.call("compare --config run.toml --data train.tsv --test bad.tsv");
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("bad.tsv") && !outcome.stderr.contains("seed 1"));
}

#[test]
fn the_page_has_every_plot_and_no_outside_reference() {
    let folder = simulated();
    let call = format!("{COMPARE} --models lr,deep-crossing");
    folder.succeed(&format!("{call} --report page.html"));
    let page = folder.text("page.html");
    for plot in [
        "<title>AUC</title>",
        "<title>Log loss</title>",
        "<title>ROC curve</title>",
        "<title>Precision–recall curve</title>",
        "<title>Training log loss</title>",
        "<title>Validation log loss</title>",
        "<title>Validation AUC</title>",
    ] {
        assert!(page.contains(plot), "{plot}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("<desc>").count());
    for part in ["Means over seeds", "Configuration of lr", "weights", "test.tsv", "Threads"] {
        assert!(page.contains(part), "{part}");
    }
    let references = page.replace("http://www.w3.org/", "");
    for outside in ["http:", "https:", "<script", "<link", "src=", "href=", "url("] {
        assert!(!references.contains(outside), "{outside}");
    }
    assert!(!page.contains(&folder.path("").display().to_string()));
    let before = folder.names();
    assert_eq!(before.iter().filter(|name| name.ends_with(".html")).count(), 1, "{before:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_comparison_in_good_order() {
    let folder = Folder::with_data();
    folder.write("run.toml", CONFIG.replace("epochs = 2", "epochs = 1000000"));
    let mut child = std::process::Command::new(folder.program().get_program())
        .args(
            "compare --config run.toml --data train.csv --test new.csv --models lr,fm --out models"
                .split(' '),
        )
        .current_dir(folder.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // After some time, the first run has begun; it has too many epochs to end by itself.
    std::thread::sleep(Duration::from_millis(1500));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the comparison does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("interrupted in lr, seed 1 (1 of 6)"), "{stderr}");
    assert!(output.stdout.is_empty() && !stderr.contains("error"), "{stderr}");
    assert!(!folder.path("models").exists());
}

#[test]
fn validation_metrics_stand_beside_those_of_the_test_rows() {
    let folder = simulated();
    let call = format!("{COMPARE} --models lr,fm");
    let found = json(&folder, &call);
    for model in found["models"].as_array().unwrap() {
        let runs = model["runs"].as_array().unwrap();
        for (key, of_training) in [("auc", "valid_auc"), ("log_loss", "valid_log_loss")] {
            let mean: f64 =
                runs.iter().map(|run| run["training"][of_training].as_f64().unwrap()).sum();
            let mean = mean / runs.len() as f64;
            assert!((model["valid"][key].as_f64().unwrap() - mean).abs() < 1e-12, "{model}");
        }
    }
    let text = folder.succeed(&call);
    let header = text.stdout.lines().find(|line| line.starts_with(" model  ")).unwrap();
    assert!(header.ends_with("  validation AUC  validation log loss"), "{header}");
    assert!(
        text.stderr.contains("lr, seed 1 (1 of 4): 2 epochs, validation AUC 0."),
        "{}",
        text.stderr
    );
    let on_valid = "compare --config run.toml --data train.tsv --models lr --seeds 1";
    assert!(json(&folder, on_valid)["models"][0]["valid"].is_null());
    let alone = json(&folder, &format!("{call} --set train.valid_fraction=0"));
    assert!(alone["models"][0]["valid"].is_null());
}

#[test]
fn no_model_is_tested_before_all_are_trained() {
    use deepcross_data::Input;
    use deepcross_train::compare::{Candidate, CompareEvent, CompareOptions, compare};
    use deepcross_train::{Files, RunConfig};
    let folder = simulated();
    let config = RunConfig::parse(&folder.text("run.toml"), &[], "run.toml").unwrap();
    let candidates = ["one", "two"].map(|name| {
        let mut config = config.clone();
        config.train.epochs = 1;
        Candidate { name: name.to_owned(), config }
    });
    let files = Files::new(vec![folder.path("train.tsv")]);
    let test = Input::from(vec![folder.path("test.tsv")]);
    let stop = || false;
    let options =
        CompareOptions { seeds: &[1, 2], threads: 1, level: 0.95, stop: &stop, strict: false };
    let mut events = String::new();
    compare(&candidates, &files, &test, options, &mut |event| match event {
        CompareEvent::Trained(at, _) => events += &format!("trained {} {}\n", at.name, at.seed),
        CompareEvent::Tested(at, _) => events += &format!("tested {} {}\n", at.name, at.seed),
        _ => {}
    })
    .unwrap();
    let of = |what: &str| format!("{what} one 1\n{what} one 2\n{what} two 1\n{what} two 2\n");
    assert_eq!(events, of("trained") + &of("tested"));
}

#[test]
fn keys_that_a_kind_does_not_use_are_said() {
    let folder = simulated();
    let call = format!("{COMPARE} --models lr,deep-crossing --set model.dropout=0.1");
    let said = folder.succeed(&call).stderr;
    let lines: Vec<_> = said.lines().filter(|line| line.contains(" does not use ")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    let line = lines[0];
    assert!(line.starts_with("lr does not use `") && line.ends_with("` of `[model]`"), "{line}");
    assert!(line.contains("`hidden`") && line.contains("`dropout`"), "{line}");
    let found = json(&folder, &call);
    let keys = found["models"][0]["left_out"].as_array().unwrap();
    assert!(keys.contains(&"dropout".into()), "{found}");
    assert_eq!(found["models"][1]["left_out"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_section_of_a_kind_normalises_that_kind_alone() {
    let folder = simulated();
    folder.write("run.toml", format!("{SIMULATED}\n[compare.mlp.model]\nbatch_norm = true\n"));
    let call = "compare --config run.toml --data train.tsv --test test.tsv --seeds 1 --out models";
    let found = json(&folder, &format!("{call} --models mlp,deep-crossing"));
    let normed = |model: usize| {
        found["models"][model]["config"].as_str().unwrap().contains("batch_norm = true")
    };
    assert!(normed(0) && !normed(1), "{found}");
    let inspect = |model: &str| folder.succeed(&format!("inspect --model {model}")).stdout;
    let shown = inspect("models/mlp-seed1.dcx");
    assert!(shown.contains("hidden layer 0 (batch norm)"), "{shown}");
    assert!(!inspect("models/deep-crossing-seed1.dcx").contains("batch norm)"));
    // The training of the kind alone gives the same model, and another one without the key.
    for (batch_norm, same) in [(true, true), (false, false)] {
        let call = format!(
            "train --config run.toml --data train.tsv --out own.dcx --set model.kind=mlp \
             --set model.batch_norm={batch_norm} --set train.split_seed=1"
        );
        folder.succeed(&call);
        let found = folder.read("own.dcx") == folder.read("models/mlp-seed1.dcx");
        assert_eq!(found, same, "batch_norm = {batch_norm}");
    }
}

/// Every kind with units or hidden layers takes the key of `[model]`.
#[test]
fn normalisation_carries_over_to_every_kind_with_layers() {
    let folder = simulated();
    let call = "compare --config run.toml --data train.tsv --test test.tsv --seeds 1";
    let found = json(&folder, &format!("{call} --set model.batch_norm=true"));
    let left_out =
        |model: &&Value| model["left_out"].as_array().unwrap().contains(&"batch_norm".into());
    let models = found["models"].as_array().unwrap().iter().filter(left_out);
    let names: Vec<_> = models.map(|model| model["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["lr", "fm", "ffm"]);
}
