//! Tests of a value that is known only in training: the position of an ad on the page.
//!
//! Ads at the top are clicked more. A model that learns with the position, and then scores all ads at position 1, is to be
//! closer to the true probabilities of a click at position 1 than one that knows no position.

use crate::common::{artifact, clicks, config, folder, predictions, trained, trained_with, write};
use deepcross::features::FieldConfig;
use deepcross::model::TrainedModel;
use deepcross::simulate::{Simulator, SimulatorConfig};
use deepcross::train::{Checkpoints, Files, Next, RunConfig, RunOptions, TrainError, train};
use std::path::PathBuf;

/// The number of the column of the position.
const COLUMN: usize = 6;

/// The configuration with a field of the position, if there is one.
fn with_field(position: Option<FieldConfig>, overrides: &[&str]) -> RunConfig {
    let mut config = config(overrides);
    config.field.extend(position);
    config
}

fn position() -> FieldConfig {
    FieldConfig::categorical("position").counts(true)
}

/// The lines with `change` applied to the fields of each.
fn changed(lines: &[String], change: impl Fn(&mut Vec<&str>)) -> Vec<String> {
    let line = |line: &String| {
        let mut fields: Vec<_> = line.split('\t').collect();
        change(&mut fields);
        fields.join("\t")
    };
    lines.iter().map(line).collect()
}

#[test]
fn rows_are_scored_at_the_given_position() {
    let folder = folder();
    let file = write(&folder, "train.tsv", &clicks(1, 3000));
    let rows = clicks(2, 500);
    let at_top = changed(&rows[1..], |fields| fields[COLUMN] = "1");
    let recorded = write(&folder, "recorded.tsv", &rows);
    let at_top = write(&folder, "top.tsv", &[&rows[..1], &at_top[..]].concat());
    let without = write(
        &folder,
        "without.tsv",
        &changed(&rows, |fields| {
            fields.remove(COLUMN);
        }),
    );
    for kind in ["deep-crossing", "fm"] {
        let kind = format!("model={{kind='{kind}',embedding=4}}");
        let of = |field| with_field(Some(field), &[&kind]);
        let given = trained(&of(position().at_prediction("1")), std::slice::from_ref(&file), 2);
        let known = trained(&of(position()), std::slice::from_ref(&file), 2);
        assert_eq!(given.params.same_layout(&known.params), Ok(()));
        let score = |model: &TrainedModel, file: &PathBuf| {
            predictions(model, &config(&[]), std::slice::from_ref(file))
        };
        // Training reads the recorded values, so that both are the same model.
        let expected = score(&known, &at_top);
        assert_eq!(score(&given, &without), expected, "the column need not exist");
        assert_eq!(score(&given, &recorded), expected, "the column is not read");
        assert_ne!(score(&known, &recorded), expected, "the position matters");
        let again = folder.path().join("model.dcx");
        given.save(&again).expect("there is room");
        let loaded = TrainedModel::load(&again).expect("the model is valid");
        assert_eq!(score(&loaded, &without), expected);
    }
}

#[test]
fn a_value_that_no_row_has_ends_the_run() {
    let folder = folder();
    let files = Files::new(vec![write(&folder, "train.tsv", &clicks(1, 500))]);
    let config = with_field(Some(position().at_prediction("9")), &[]);
    let result = train(&config, &files, RunOptions::on_threads(2), &mut |_| ());
    let expected = "field `position`: `at_prediction` is `9`, a value that the field has not learned; \
                    expected one that it has, such as `1`, `2` and `3`";
    assert_eq!(result.map(|_| ()).map_err(|error| error.to_string()), Err(expected.to_owned()));
    let config = with_field(Some(position().at_prediction("")), &[]);
    let result = train(&config, &files, RunOptions::on_threads(2), &mut |_| ());
    let error = result.map(|_| ()).map_err(|error| error.to_string()).expect_err("no value");
    assert!(error.contains("is ``, a value that means \"missing\" in this field"), "{error}");
}

/// A run with a cache, one that is stopped after each step, and one from a model read the recorded positions, too.
#[test]
fn other_ways_of_training_read_the_recorded_values() {
    let folder = folder();
    let file = write(&folder, "train.tsv", &clicks(1, 1500));
    let files = Files::new(vec![file.clone()]);
    let config =
        with_field(Some(position().at_prediction("1")), &["train.batch=300", "train.epochs=2"]);
    let plain = trained_with(&config, &files, 2, &mut |_| ());
    let bytes = artifact(&plain, folder.path());
    let cache = Some(folder.path().join("rows.cache"));
    for run in ["made", "used"] {
        let options = RunOptions { cache: cache.clone(), ..RunOptions::on_threads(2) };
        let cached = train(&config, &files, options, &mut |_| ()).expect("the run ends");
        assert!(artifact(&cached, folder.path()) == bytes, "the cache is {run}");
    }
    let checkpoint = folder.path().join("model.checkpoint");
    let resumed = loop {
        let checkpoints = Checkpoints::new(checkpoint.clone()).resume(true).ask(|_| Next::Stop);
        let options = RunOptions { checkpoints: Some(checkpoints), ..RunOptions::on_threads(1) };
        match train(&config, &files, options, &mut |_| ()) {
            Err(TrainError::Stopped { .. }) => {}
            result => break result.expect("the run ends"),
        }
    };
    assert!(artifact(&resumed, folder.path()) == bytes, "resumed");
    // The next run from a model of recorded values is that from a model with a given value.
    let known = with_field(Some(position()), &["train.batch=300", "train.epochs=2"]);
    let next = |config: &RunConfig| {
        let init = Some(trained_with(config, &files, 2, &mut |_| ()));
        let options = RunOptions { init, ..RunOptions::on_threads(2) };
        train(config, &files, options, &mut |_| ()).expect("the run ends").params
    };
    assert_eq!(format!("{:?}", next(&config)), format!("{:?}", next(&known)));
}

/// The mean log loss against true probabilities.
fn loss(probabilities: &[f32], truth: &[f64]) -> f64 {
    assert_eq!(probabilities.len(), truth.len());
    let pairs = probabilities.iter().map(|p| f64::from(*p)).zip(truth);
    let losses = pairs.map(|(p, t)| -t * p.ln() - (1.0 - t) * (1.0 - p).ln());
    losses.sum::<f64>() / truth.len() as f64
}

#[test]
fn scores_at_a_position_are_closer_to_its_truth() {
    let folder = folder();
    // Whole days, whose hours are alike.
    let file = write(&folder, "train.tsv", &clicks(1, 20_000));
    let test = write(&folder, "test.tsv", &clicks(2, 10_000));
    let world = SimulatorConfig {
        seed: 2,
        campaigns: 300,
        users: 500,
        click_rate: 0.3,
        ..Default::default()
    };
    let simulator = Simulator::new(&world).expect("the settings are valid");
    let truth: Vec<_> = simulator.rows().take(10_000).map(|row| row.probability_at_top).collect();
    // A few fields, so that differences come from the position, and not from values learned by heart.
    let config_of = |position: Option<FieldConfig>| {
        let mut run = config(&["model={kind='lr'}", "train.batch=200", "train.epochs=5"]);
        run.field.retain(|field| ["device", "age", "price"].contains(&&*field.name));
        run.field.extend(position);
        run
    };
    let position = || FieldConfig::categorical("position");
    let losses = [None, Some(position()), Some(position().at_prediction("1"))].map(|field| {
        let model = trained(&config_of(field), std::slice::from_ref(&file), 2);
        let found = predictions(&model, &config(&[]), std::slice::from_ref(&test));
        loss(&found, &truth)
    });
    let best = truth.iter().map(|t| -t * t.ln() - (1.0 - t) * (1.0 - t).ln()).sum::<f64>()
        / truth.len() as f64;
    let [without, recorded, given] = losses.map(|loss| loss - best);
    assert!(given < without - 0.005 && given < recorded - 0.02, "{given} of {without}, {recorded}");
}
