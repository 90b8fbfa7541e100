//! Public data sets in their published form.
//!
//! The tests are skipped unless the environment variable `DEEPCROSS_DATA` names the folder of the data sets.

use std::path::{Path, PathBuf};

use deepcross_data::{BadRows, DataConfig, Partition, Source, fit};
use deepcross_features::{FieldConfig, Schema};

/// Census income: no header, a space after each comma, and a dot after each label of the test file.
const ADULT: &str = r#"
    format = "csv"
    label = { column = "income", positive = [">50K", ">50K."], negative = ["<=50K", "<=50K."] }
    missing = ["?"]
    comment = "|"
    columns = [
        "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation",
        "relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week",
        "native-country", "income",
    ]
"#;

/// The folder of the data; prints a notice if there is none.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn folder(needed_for: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("DEEPCROSS_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: DEEPCROSS_DATA does not name the folder that holds {needed_for}");
    }
    folder
}

/// Fits `fields` on a file, and returns the numbers of its rows, positive rows and skipped rows.
fn counts(path: &Path, config: &DataConfig, fields: Vec<FieldConfig>) -> (u64, u64, u64) {
    let source = Source::open(&[path.to_owned()], config).unwrap();
    let schema = Schema::new(fields, config.missing.clone()).unwrap();
    let fitted = fit(&source, &schema, Partition::All, BadRows::Error).unwrap();
    (fitted.rows, fitted.positives, fitted.skipped.rows)
}

#[test]
fn adult() {
    let Some(folder) = folder("adult/adult.data") else { return };
    let config = crate::config(ADULT);
    let fields = || vec![FieldConfig::number("age"), FieldConfig::categorical("workclass")];
    for (name, expected) in [("adult.data", (32_561, 7_841, 0)), ("adult.test", (16_281, 3_846, 0))]
    {
        let path = folder.join("adult").join(name);
        assert_eq!(counts(&path, &config, fields()), expected, "{name}");
    }
}

#[test]
fn movielens() {
    let Some(folder) = folder("movielens/train.csv") else { return };
    let config = crate::config("label = 'like'");
    let fields = vec![FieldConfig::multi_hot("genres"), FieldConfig::categorical("title")];
    let (rows, positives, skipped) = counts(&folder.join("movielens/train.csv"), &config, fields);
    assert_eq!((rows, skipped), (80_668, 0));
    assert!((1..rows).contains(&positives));
}
