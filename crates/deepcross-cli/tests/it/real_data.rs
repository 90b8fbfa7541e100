//! The configurations that stand in `examples`, on the real files that they are for, where these are at hand.

use crate::Folder;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The folder of the data, and the configuration; `None`, with the reason printed, where one of them is not there.
fn at_hand(data: &str, config: &str) -> Option<(PathBuf, String)> {
    let Some(folder) = std::env::var_os("DEEPCROSS_DATA") else {
        println!("skipped: DEEPCROSS_DATA is not set");
        return None;
    };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let Ok(config) = std::fs::read_to_string(examples.join(config)) else {
        println!("skipped: there is no folder `examples`, which is no part of the package");
        return None;
    };
    Some((Path::new(&folder).join(data), config))
}

/// Trains as `train` says and evaluates on `test`.
fn evaluate(data: &Path, config: &str, train: &str, test: &str) -> Value {
    let folder = Folder::new();
    folder.write("run.toml", config);
    for file in std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()) {
        std::fs::copy(&file, folder.path(file.file_name().unwrap().to_str().unwrap())).unwrap();
    }
    folder.succeed(&format!("train --config run.toml {train} --out model.dcx"));
    let json = folder.succeed(&format!("evaluate --model model.dcx --data {test} --json")).stdout;
    serde_json::from_str(&json).unwrap()
}

#[test]
fn census_income_is_read_as_it_comes_and_learned() {
    let Some((data, config)) = at_hand("adult", "adult.toml") else { return };
    let report = evaluate(&data, &config, "--data adult.data", "adult.test");
    assert_eq!(
        (&report["rows"], &report["positives"]),
        (&16_281.into(), &3_846.into()),
        "{report}"
    );
    assert_eq!(report["missing"]["occupation"], 966, "{report}");
    assert!(report["auc"].as_f64().is_some_and(|auc| auc >= 0.905), "{report}");
}

#[test]
fn films_are_learned_from_genres_and_tags() {
    let Some((data, config)) = at_hand("movielens", "movielens.toml") else { return };
    let report = evaluate(&data, &config, "--data train.csv --valid valid.csv", "test.csv");
    assert!(report["auc"].as_f64().is_some_and(|auc| auc >= 0.78), "{report}");
}
