//! What `train` shows and prints: the table of epochs, the objects of `--json`, and the refusal of wrong validation files.

use crate::{CONFIG, Folder, csv};
use serde_json::Value;

const TRAIN: &str = "train --config run.toml --data train.csv --out model.dcx";

/// The objects that a call prints.
fn lines(folder: &Folder, call: &str) -> Vec<Value> {
    let printed = folder.succeed(call).stdout;
    printed.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn each_epoch_and_the_run_have_an_object() {
    let folder = Folder::with_data();
    let plain = "--set train.schedule=step --set train.decay_factor=0.5 --set train.epochs=3";
    let found = lines(&folder, &format!("{TRAIN} --json --report page.html {plain}"));
    assert_eq!(found.len(), 4);
    for (epoch, object) in (1..).zip(&found[..3]) {
        let expected = ["best", "epoch", "event", "learning_rate", "train_loss", "valid"];
        assert_eq!(keys(object), expected);
        assert_eq!((&object["event"], &object["epoch"]), (&"epoch".into(), &epoch.into()));
        assert_eq!(object["learning_rate"], 1e-3 * 0.5_f64.powi(epoch - 1));
    }
    let run = &found[3];
    let expected = [
        "event",
        "model",
        "n_parameters",
        "rows_per_second",
        "seconds",
        "training",
        "valid",
        "warnings",
    ];
    assert_eq!(keys(run), expected);
    assert_eq!((&run["event"], &run["model"]), (&"trained".into(), &"model.dcx".into()));
    assert_eq!(run["warnings"], Value::Array(Vec::new()));
    let kept = run["training"]["best_epoch"].as_u64().unwrap() as usize;
    assert_eq!(run["valid"], found[kept - 1]["valid"]);
    assert_eq!(run["training"]["valid_auc"], run["valid"]["auc"]);
    // The names of metrics are those of `evaluate`.
    let evaluated = lines(&folder, "evaluate --model model.dcx --data train.csv --json");
    assert!(keys(&run["valid"]).iter().all(|key| evaluated[0].get(key).is_some()));
    assert!(folder.text("page.html").contains("learning rate"));
}

#[test]
fn a_run_whose_lines_nobody_reads_still_writes_its_model() {
    let folder = Folder::with_data();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_deepcross"))
        .args(format!("{TRAIN} --json").split(' '))
        .current_dir(folder.folder.path())
        .stdout(writer)
        .status()
        .unwrap();
    assert!(status.success());
    assert!(folder.path("model.dcx").exists());
}

#[test]
fn the_standard_output_has_the_lines_alone() {
    let folder = Folder::with_data();
    let call = "train --config run.toml --data train.csv --json";
    let message =
        "`--json` and `--out -` would both write to the standard output; name a file for `--out`";
    folder.fail(&format!("{call} --out -"), 2, message);
    let outcome = folder.call(&format!("{call} --out model.dcx --report -"));
    assert!(outcome.stderr.contains("the standard output takes the results"), "{}", outcome.stderr);
}

#[test]
fn the_table_of_epochs_has_a_line_for_each_and_a_rate_that_changes() {
    let folder = Folder::with_data();
    let table = |more: &str| {
        let said = folder.succeed(&format!("{TRAIN} {more}")).stderr;
        let rows = said.lines().skip_while(|line| !line.starts_with(" epoch "));
        rows.take_while(|line| line.starts_with(' ')).map(str::to_owned).collect::<Vec<_>>()
    };
    let constant = table("--set train.epochs=3");
    assert_eq!(constant.len(), 4, "{constant:?}");
    assert_eq!(constant[0], " epoch  log loss  validation log loss  validation AUC");
    for (epoch, row) in (1..).zip(&constant[1..]) {
        assert!(row.starts_with(&format!(" {epoch}        0.")), "{row}");
    }
    let falling = table("--set train.schedule=cosine --set train.epochs=2");
    assert!(falling[0].ends_with("  learning rate"), "{falling:?}");
    assert!(falling[2].contains("e-5"), "{falling:?}");
    let alone = table("--set train.valid_fraction=0 --set train.epochs=1");
    assert_eq!(alone[0], " epoch  log loss");
}

#[test]
fn an_early_end_and_the_kept_epoch_are_said() {
    let folder = Folder::with_data();
    // No epoch after the first can improve by this much.
    let call =
        format!("{TRAIN} --set train.min_delta=10 --set train.patience=2 --set train.epochs=9");
    let said = folder.succeed(&call).stderr;
    let line = said.lines().find(|line| line.starts_with("kept epoch 1: validation log loss 0."));
    let end = "; ended after 2 epochs without a better one, as `train.patience` says";
    assert!(line.is_some_and(|line| line.ends_with(end)), "{said}");
    assert!(said.contains("\n 3 ") && !said.contains("\n 4 "), "{said}");
    let said = folder.succeed(&format!("{TRAIN} --set train.min_delta=0")).stderr;
    assert!(said.contains("\nkept epoch 2: validation log loss 0."), "{said}");
    let message = "run.toml: `train.min_delta`: must be at least 0, but is -1";
    folder.fail(&format!("{TRAIN} --set train.min_delta=-1"), 2, message);
    let message = "the configuration: `train.min_delta`: needs validation rows, but `train.valid_fraction` is 0";
    folder.fail(
        &format!("{TRAIN} --set train.min_delta=1 --set train.valid_fraction=0"),
        2,
        message,
    );
}

#[test]
fn wrong_validation_files_are_refused_before_the_training_rows_are_read() {
    let folder = Folder::with_data();
    folder.write("run.toml", CONFIG);
    // The last training row is bad, which a run that reads all of them would say.
    folder.write("train.csv", format!("{}1,ad1,t1,old\n", csv(3000)));
    folder.write("lacks.csv", csv(20).replace(",age\n", ",years\n"));
    folder.write("empty.csv", csv(0));
    folder.write("label.csv", csv(20).replace("\n1,", "\nyes,"));
    folder.write("value.csv", csv(20).replace(",18\n", ",young\n"));
    folder.write("short.csv", csv(20).replace("t0|t0,18\n", "t0|t0\n"));
    for (file, message) in [
        ("lacks.csv", "`lacks.csv`: has no column `age`"),
        ("empty.csv", "`empty.csv`: has no rows"),
        ("label.csv", "`label.csv`, line 2 (`yes,ad0,t0|t0,18`): field `click` is `yes`"),
        ("value.csv", "`value.csv`, line 2 (`1,ad0,t0|t0,young`): field `age` is `young`"),
        ("short.csv", "`short.csv`, line 2 (`1,ad0,t0|t0`)"),
        ("none.csv", "`none.csv`: no such file"),
    ] {
        for call in [
            format!("{TRAIN} --valid {file}"),
            format!("encode --config run.toml --data train.csv --valid {file} --out rows.dcc"),
            format!(
                "compare --config run.toml --data train.csv --test {file} --models lr --seeds 1"
            ),
        ] {
            let outcome = folder.call(&call);
            assert_eq!(outcome.code, Some(1), "{call}\n{}", outcome.stderr);
            assert!(
                outcome.stderr.contains(&format!("error: {message}")),
                "{call}\n{}",
                outcome.stderr
            );
        }
    }
}
