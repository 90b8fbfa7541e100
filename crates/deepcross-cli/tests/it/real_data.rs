//! The configurations in `examples`, on the real files that they were written for, if these are at hand.

use crate::Folder;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The folder of the data, and the configuration; prints the reason and returns `None` if one of them is missing.
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

/// Infers a configuration with `flags`, trains with it on `train` and evaluates on `test`.
fn inferred(data: &Path, flags: &str, train: &str, test: &str) -> Value {
    let folder = Folder::new();
    let absolute = |names: &str| {
        let path = |name: &str| match name.starts_with("--") {
            true => name.to_owned(),
            false => data.join(name).display().to_string(),
        };
        names.split(' ').map(path).collect::<Vec<_>>().join(" ")
    };
    let (train, test) = (absolute(train), absolute(test));
    let first: String = train.split(" --valid").take(1).collect();
    let said = folder.succeed(&format!("infer-config {first} {flags} --out run.toml")).stderr;
    // The labels of Adult's test file end with a dot, so no training row has them.
    let warnings = said.lines().filter(|line| line.starts_with("warning: "));
    let others: Vec<_> =
        warnings.filter(|line| !line.contains("no row has the label `>50K.`")).collect();
    assert!(others.is_empty(), "{said}");
    folder.succeed(&format!("train --config run.toml {train} --out model.dcx"));
    let json = folder.succeed(&format!("evaluate --model model.dcx --data {test} --json")).stdout;
    serde_json::from_str(&json).unwrap()
}

#[test]
fn inferred_configurations_learn_unchanged() {
    let Some(data) = std::env::var_os("DEEPCROSS_DATA").map(PathBuf::from) else {
        println!("skipped: DEEPCROSS_DATA is not set");
        return;
    };
    let census = "--label income --positive >50K >50K. --negative <=50K <=50K. --columns \
        age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,race,\
        sex,capital-gain,capital-loss,hours-per-week,native-country,income";
    let cases = [
        ("adult", census, "--data adult.data", "adult.test", 0.90),
        ("movielens", "--label like", "--data train.csv --valid valid.csv", "test.csv", 0.78),
        // There are too few clicks for a floor: training only has to work.
        ("criteo", "--format criteo", "--data day_0_head10k.tsv", "day_0_head10k.tsv", 0.5),
    ];
    for (folder, flags, train, test, floor) in cases {
        let report = inferred(&data.join(folder), flags, train, test);
        assert!(report["auc"].as_f64().is_some_and(|auc| auc >= floor), "{folder}: {report}");
    }
}
