//! Tests of `train.start_from_rate`: before its first step, a model predicts the share of positive rows.

use crate::common::{artifact, clicks, config, folder, kinds, predictions, trained, write};
use deepcross::train::{Files, RunConfig, RunOptions, train};

const ROWS: u64 = 1500;

/// Steps that are too small to change any weight, on all rows.
const STILL: [&str; 4] = [
    "train.epochs=1",
    "train.optimizer=sgd",
    "train.learning_rate=1e-30",
    "train.valid_fraction=0",
];

/// A run that starts from the share of the rows by their prices.
pub(crate) const WEIGHTED: [&str; 3] =
    ["train.start_from_rate=true", "data.weight=price", "field.price.column=position"];

/// The settings of a run that leaves its weights as they are.
fn still(overrides: &[&str]) -> RunConfig {
    config(&[overrides, &STILL].concat())
}

/// The share of positive rows by the values of `weight`, or by their number.
fn share(lines: &[String], weight: Option<&str>) -> f64 {
    let names: Vec<_> = lines[0].split('\t').collect();
    let column = |name: &str| names.iter().position(|known| *known == name).expect("a column");
    let (label, weight) = (column("click"), weight.map(column));
    let (mut positive, mut all) = (0.0, 0.0);
    for line in &lines[1..] {
        let values: Vec<_> = line.split('\t').collect();
        let weight = weight.map_or(1.0, |weight| values[weight].parse::<f32>().expect("a number"));
        all += f64::from(weight);
        positive += if values[label] == "1" { f64::from(weight) } else { 0.0 };
    }
    positive / all
}

/// The largest difference of a prediction from `expected`, in logits.
fn largest_difference(predictions: &[f32], expected: f64) -> f64 {
    let logit = |p: f64| (p / (1.0 - p)).ln();
    let differences = predictions.iter().map(|p| (logit(f64::from(*p)) - logit(expected)).abs());
    differences.fold(0.0, f64::max)
}

#[test]
fn untrained_models_of_all_kinds_predict_the_share_of_positive_rows() {
    let (folder, lines) = (folder(), clicks(1, ROWS));
    let files = [write(&folder, "train.tsv", &lines)];
    let kinds = kinds().into_iter().filter(|kind| !kind.iter().any(|key| key.contains("ftrl")));
    let kinds = kinds.chain([vec![], vec!["model.batch_norm=true".to_owned()]]);
    for kind in kinds {
        let mut overrides: Vec<&str> = kind.iter().map(String::as_str).collect();
        overrides.push("train.start_from_rate=true");
        let config = still(&overrides);
        let found = predictions(&trained(&config, &files, 2), &config, &files[..]);
        assert_eq!(found.len() as u64, ROWS);
        let expected = share(&lines, None);
        // The small random weights of first order, and the products of embeddings, stay.
        if ["'lr'", "'fm'", "'ffm'", "'deepfm'"].iter().any(|name| overrides[0].contains(name)) {
            let mean = found.iter().map(|p| f64::from(*p)).sum::<f64>() / ROWS as f64;
            assert!((mean - expected).abs() < 0.1, "{overrides:?}: {mean} and not {expected}");
        } else {
            let difference = largest_difference(&found, expected);
            assert!(difference < 1e-5, "{overrides:?}: {difference}");
        }
    }
}

#[test]
fn the_share_is_that_of_all_rows_by_their_weights() {
    let (folder, lines) = (folder(), clicks(1, ROWS));
    let files = [write(&folder, "train.tsv", &lines)];
    let (plain, weighted) = (share(&lines, None), share(&lines, Some("price")));
    assert!((plain / weighted - 1.0).abs() > 0.02, "{plain} {weighted}");
    let sampled = ["train.negative_rate=0.3", "train.start_from_rate=true"];
    for (keys, expected) in [(&sampled[..], plain), (&WEIGHTED, weighted)] {
        let config = still(keys);
        let found = predictions(&trained(&config, &files, 2), &config, &files[..]);
        let difference = largest_difference(&found, expected);
        assert!(difference < 1e-5, "{keys:?}: {difference}");
    }
}

#[test]
fn without_the_key_the_first_predictions_are_those_of_random_weights() {
    let (folder, lines) = (folder(), clicks(1, ROWS));
    let files = [write(&folder, "train.tsv", &lines)];
    let config = still(&[]);
    let found = predictions(&trained(&config, &files, 2), &config, &files[..]);
    let difference = largest_difference(&found, share(&lines, None));
    assert!(difference > 0.1, "{difference}");
    assert!(found.iter().any(|p| *p != found[0]), "all predictions are {}", found[0]);
}

/// A run that takes the rows from a cache begins like one that reads the files.
#[test]
fn a_cache_changes_nothing() {
    let (folder, lines) = (folder(), clicks(1, ROWS));
    let files = Files::new(vec![write(&folder, "train.tsv", &lines)]);
    let config = config(&WEIGHTED);
    let expected =
        artifact(&trained(&config, &[folder.path().join("train.tsv")], 2), folder.path());
    for run in ["that writes the cache", "that reads it"] {
        let cache = Some(folder.path().join("rows.dcc"));
        let options = RunOptions { cache, ..RunOptions::on_threads(2) };
        let model = train(&config, &files, options, &mut |_| ()).expect("the files are valid");
        assert!(artifact(&model, folder.path()) == expected, "the run {run}: another artifact");
    }
}
