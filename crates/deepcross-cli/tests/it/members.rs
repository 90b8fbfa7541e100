//! Tests of models with several members, which the commands take as any other model.

use crate::Folder;
use deepcross_train::config::TrainConfig;
use serde_json::Value;

const TRAIN: &str = "train --config run.toml --data train.csv --set train.split_seed=1 --set train.epochs=1 \
                     --set train.learning_rate=0.05";

/// A folder with `model.dcx`, a model of three members, and with `1.dcx` to `3.dcx`, the members alone.
fn models() -> Folder {
    let folder = Folder::with_data();
    folder.succeed(&format!("{TRAIN} --set train.members=3 --out model.dcx"));
    for member in 0..3 {
        let seed = TrainConfig::default().member_seed(member);
        folder.succeed(&format!("{TRAIN} --seed {seed} --out {}.dcx", member + 1));
    }
    folder
}

/// The rows of three columns of numbers that a call prints, as text.
fn rows(folder: &Folder, models: &str) -> Vec<[String; 3]> {
    let flags = "--with-logit --with-spread";
    let call = format!("predict --data new.csv {flags} --model {models}");
    let text = folder.succeed(&call).stdout;
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("probability,logit,spread"));
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    lines.map(|line| cells(line).try_into().unwrap()).collect()
}

#[test]
fn the_members_predict_as_the_models_of_their_seeds() {
    let folder = models();
    let (found, expected) = (rows(&folder, "model.dcx"), rows(&folder, "1.dcx 2.dcx 3.dcx"));
    assert_eq!((found.len(), expected.len()), (20, 20));
    for ([p, logit, spread], [mean, its_logit, its_spread]) in found.iter().zip(&expected) {
        assert_eq!((logit, spread), (its_logit, its_spread));
        let [p, mean, spread] = [p, mean, spread].map(|text| text.parse::<f64>().unwrap());
        assert!((p - mean).abs() <= 2e-7 * mean && spread > 0.0, "{p}, {mean}, {spread}");
    }
    // Of several models, the spread is that of the models, each with the mean of its members.
    let twice = rows(&folder, "model.dcx model.dcx");
    assert!(twice.iter().all(|[_, _, spread]| spread == "0"), "{twice:?}");
    let plain = folder.succeed("predict --data new.csv --model model.dcx").stdout;
    let probabilities = found.iter().map(|[p, ..]| p.as_str());
    assert!(plain.lines().skip(1).eq(probabilities), "{plain}");
}

#[test]
fn a_calibrated_model_of_members_calibrates_their_mean() {
    let folder = models();
    let calibrate = "calibrate --data train.csv --method platt";
    folder.succeed(&format!("{calibrate} --model model.dcx --out calibrated.dcx"));
    let (before, after) = (rows(&folder, "model.dcx"), rows(&folder, "calibrated.dcx"));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before[1], after[1], "the logit is the one before the calibration");
        assert!(before[0] != after[0] && after[2] != "0", "{after:?}");
    }
}

#[test]
fn inspect_says_how_many_members_there_are() {
    let folder = models();
    let shown = folder.succeed("inspect --model model.dcx").stdout;
    let total = |shown: &str, row: &str| -> u64 {
        let line = shown.lines().find(|line| line.trim().starts_with(row)).unwrap();
        line.split_whitespace().last().unwrap().replace(',', "").parse().unwrap()
    };
    assert_eq!(total(&shown, "total of 3 members"), 3 * total(&shown, "total  "));
    assert!(shown.contains("\nweights of each of 3 members\n"), "{shown}");
    let one = folder.succeed("inspect --model 1.dcx").stdout;
    assert!(!one.contains("members"), "{one}");
    let near = folder.succeed("inspect --model model.dcx --neighbours ad=ad1").stdout;
    assert!(near.contains("by the cosine of embeddings of the first of 3 members\n"), "{near}");
}

#[test]
fn evaluation_importance_and_comparison_take_members() {
    let folder = models();
    let text = folder.succeed("evaluate --model model.dcx --data train.csv --importance").stdout;
    assert!(text.contains("log loss") && text.contains("age"), "{text}");
    let json = |call: &str| -> Value {
        let said = folder.succeed(call).stdout;
        serde_json::from_str(said.lines().last().unwrap()).unwrap()
    };
    let settings = "--set train.split_seed=1 --set train.epochs=1 --set train.learning_rate=0.05";
    let compare = "compare --config run.toml --data train.csv --test new.csv --seeds 1 --models deep-crossing --json";
    let compared = |members: u32| -> Value {
        let call = format!("{compare} {settings} --set train.members={members}");
        json(&call)["models"][0].take()
    };
    let (one, three) = (compared(1), compared(3));
    let n = |model: &Value| model["n_parameters"].as_u64().unwrap();
    assert_eq!(n(&three), 3 * n(&one));
    let evaluated = json("evaluate --model model.dcx --data new.csv --json");
    assert_eq!(three["runs"][0]["test"]["log_loss"], evaluated["log_loss"]);
    assert!(one["runs"][0]["test"]["log_loss"] != evaluated["log_loss"]);
}

#[test]
fn a_number_of_members_out_of_range_is_refused() {
    let folder = Folder::with_data();
    for (members, problem) in [("0", "be at least 1, but is 0"), ("17", "be at most 16, but is 17")]
    {
        let outcome = folder.call(&format!("{TRAIN} --set train.members={members} --out m.dcx"));
        assert!(
            outcome.stderr.contains(&format!("`train.members`: must {problem}")),
            "{}",
            outcome.stderr
        );
        assert_ne!(outcome.code, Some(0));
    }
}
