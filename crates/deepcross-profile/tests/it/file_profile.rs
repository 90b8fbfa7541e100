//! Profiles of whole files: the label with its classes, the errors, and the first configuration.

use std::path::PathBuf;

use deepcross_data::{DataConfig, LabelConfig};
use deepcross_profile::{
    Examples, FileProfile, FirstSizes, LabelRule, ProfileError, ProfileOptions, profile_files,
};
use tempfile::TempDir;

fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn profiled(
    text: &str,
    config: &DataConfig,
    label: LabelRule,
) -> Result<FileProfile, Box<ProfileError>> {
    let (_folder, path) = file(text);
    let options = ProfileOptions { label: Some(label), guess_missing: true };
    profile_files(&vec![path].into(), config, &options).map_err(Box::new)
}

fn rule(positive: &[&str], negative: Option<&[&str]>) -> LabelRule {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    LabelRule {
        column: "income".to_owned(),
        positive: owned(positive),
        negative: negative.map(owned),
    }
}

/// 300 rows, of which every fourth is `high` and all others are `low`.
fn incomes(header: &str) -> String {
    let row = |i: usize| {
        let income = if i.is_multiple_of(4) { "high" } else { "low" };
        format!("{},{income}\n", 20 + i * 7 % 50)
    };
    format!("{header}{}", (0..300).map(row).collect::<String>())
}

#[test]
fn the_classes_of_the_label_are_completed_by_its_values() {
    let found =
        profiled(&incomes("age,income\n"), &DataConfig::default(), rule(&["high"], None)).unwrap();
    let expected = LabelConfig::named("income", ["high".to_owned()], ["low".to_owned()]);
    assert_eq!(found.config.label, Some(expected));
    let FirstSizes { embedding, batch, dense_tables, holds_out, .. } = found.sizes();
    assert_eq!((embedding, batch, dense_tables, holds_out), (8, 512, true, false));
}

#[test]
fn without_options_the_label_is_that_of_the_settings() {
    let (_folder, path) = file(&incomes("age,income\n").replace("high", "1").replace("low", "0"));
    let label = Some(LabelConfig::binary("income"));
    let config = DataConfig { label: label.clone(), ..DataConfig::default() };
    let found = profile_files(&vec![path].into(), &config, &ProfileOptions::default()).unwrap();
    assert_eq!(found.config.label, label);
    assert_eq!(found.profile.rows.positives(), 75);
}

#[test]
fn errors_name_the_setting_that_is_needed() {
    let headed = incomes("age,income\n");
    let numbers: String = (0..60).map(|i| format!("{i},v{i}\n")).collect();
    let cases = [
        (
            incomes(""),
            rule(&["high"], None),
            "the first row looks like values and not like the names of columns: `20`, `high`, …; \
             name the 2 columns",
        ),
        ("1,1\n0,1\n".to_owned(), rule(&["high"], None), "name the columns"),
        (
            headed.clone(),
            rule(&["1"], Some(&["0"])),
            "the label `income` is `low` in 225 rows, `high` in 75 rows, expected `1` (positive) or \
             `0` (negative); name the positive values",
        ),
        (
            headed,
            rule(&["High"], None),
            "the label `income` is `High` in no row, but `low` in 225 rows, `high` in 75 rows; name the \
             positive values",
        ),
        (
            format!("age,income\n{numbers}"),
            rule(&["v1"], None),
            "the label `income` has more than 20 values besides the positive ones, too many to take \
             them all for negative; name the negative values",
        ),
    ];
    for (text, label, expected) in cases {
        let error = profiled(&text, &DataConfig::default(), label).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
    }
}

#[test]
fn the_first_configuration_says_what_each_column_holds() {
    let text = incomes("age,income\n").replace("\n2", "\n?");
    let found = profiled(&text, &DataConfig::default(), rule(&["high"], None)).unwrap();
    let toml = found.to_toml("x.csv", Examples::Shown).unwrap();
    let beginning = "# Inferred from 300 rows of x.csv, 25.00 % positive: a first choice, to be read \
                     and changed.\n\n[data]\n";
    assert!(toml.starts_with(beginning), "{toml}");
    assert!(toml.contains(
        "label = { column = \"income\", positive = [\"high\"], negative = [\"low\"] }\n"
    ));
}
