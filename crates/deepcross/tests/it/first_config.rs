//! Tests of first configurations: they train without changes, also on few rows, and predict no worse than the share of
//! positive rows does.

use crate::common::{folder, predictions, simulated, trained, write};
use deepcross::data::{DataConfig, Input, LabelConfig};
use deepcross::profile::{Examples, ProfileOptions, profile_files};
use deepcross::simulate::SimulatorConfig;
use deepcross::train::{Files, RunConfig, RunOptions, train};
use std::path::PathBuf;

/// Simulated clicks as lines, of this seed; `click_rate` of the rows are positive.
fn clicks(seed: u64, rows: u64, click_rate: f64) -> Vec<String> {
    let config =
        SimulatorConfig { seed, campaigns: 60, users: 300, click_rate, ..Default::default() };
    simulated(&config, rows)
}

/// The configuration that is inferred from the files.
fn inferred(files: &[PathBuf]) -> RunConfig {
    let data = DataConfig { label: Some(LabelConfig::binary("click")), ..DataConfig::default() };
    let input = Input::from(files);
    let options = ProfileOptions { label: None, guess_missing: true };
    let mut profile = profile_files(&input, &data, &options).expect("the files are valid");
    profile.find_pairs(&input).expect("the files are valid");
    let text = profile.to_toml("train.tsv", Examples::Shown).expect("plain values");
    RunConfig::parse(&text, &[], "run.toml").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn labels(lines: &[String]) -> Vec<bool> {
    let column = lines[0].split('\t').position(|name| name == "click").expect("a label");
    lines[1..].iter().map(|line| line.split('\t').nth(column) == Some("1")).collect()
}

/// The gain in log loss of the predictions over one probability for all rows, and its standard error.
fn gain(predictions: &[f32], labels: &[bool], rate: f64) -> (f64, f64) {
    let loss = |p: f64, label: bool| -(if label { p } else { 1.0 - p }).ln();
    let gains: Vec<f64> = (predictions.iter().zip(labels))
        .map(|(p, label)| loss(rate, *label) - loss(f64::from(*p), *label))
        .collect();
    let n = gains.len() as f64;
    let mean = gains.iter().sum::<f64>() / n;
    let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / n;
    (mean, (variance / n).sqrt())
}

/// The gain of a model that is trained on `rows` rows of a share of positive ones, on others of that share.
fn gain_of_model(seed: u64, rows: u64, click_rate: f64) -> (f64, f64) {
    let folder = folder();
    let train = clicks(2 * seed, rows, click_rate);
    let test = clicks(2 * seed + 1, 2_000, click_rate);
    let files = [write(&folder, "train.tsv", &train)];
    let test_files = [write(&folder, "test.tsv", &test)];
    let config = inferred(&files);
    assert_eq!(config.train.valid_fraction, Some(0.0), "no row is held out");
    assert!(config.train.start_from_rate);
    let known = labels(&train);
    let rate = known.iter().filter(|label| **label).count() as f64 / known.len() as f64;
    let found = predictions(&trained(&config, &files, 2), &config, &test_files[..]);
    gain(&found, &labels(&test), rate)
}

#[test]
fn few_rows_teach_no_worse_than_the_share_of_positive_rows() {
    for (seed, rows, click_rate) in [(1, 250, 0.1), (2, 250, 0.5)] {
        let (mean, error) = gain_of_model(seed, rows, click_rate);
        // Each number that is learned from rows without a signal costs about 1 / (2 rows): two may be.
        let cost = 1.0 / rows as f64;
        assert!(mean > -3.0 * error - cost, "{rows} rows, {click_rate}: {mean} ± {error}");
    }
}

/// Nothing in a first configuration is a reason to warn, so that a strict run of it ends well.
#[test]
fn a_strict_run_of_a_first_configuration_ends() {
    let folder = folder();
    for rows in [300, 6_000] {
        let files = [write(&folder, "train.tsv", &clicks(7, rows, 0.3))];
        let mut config = inferred(&files);
        config.train.epochs = 2;
        let options = RunOptions { strict: true, ..RunOptions::on_threads(2) };
        let run = train(&config, &Files::new(files.to_vec()), options, &mut |_| ());
        run.map(drop).unwrap_or_else(|error| panic!("{rows} rows: {error}"));
    }
}
