//! Tests of runs that begin from a model: with its encoder and weights, new rows and a new optimizer.

use crate::common::{
    artifact, clicks, config, folder, predictions, trained_with, with_reader, write,
};
use deepcross::calibration::Method;
use deepcross::model::{Tapes, TrainedModel};
use deepcross::train::{
    Checkpoints, EvaluateOptions, Files, Next, RunConfig, RunOptions, TrainError, calibrate,
    evaluate, train,
};
use std::path::PathBuf;

const ROWS: u64 = 2500;

fn files(paths: &[PathBuf]) -> Files {
    Files::new(paths.to_vec())
}

fn continued(
    config: &RunConfig,
    file: &PathBuf,
    init: &TrainedModel,
) -> Result<TrainedModel, TrainError> {
    let options = RunOptions { init: Some(init.clone()), ..RunOptions::on_threads(2) };
    train(config, &files(std::slice::from_ref(file)), options, &mut |_| ())
}

/// The log loss on all rows of a file.
fn log_loss(model: &TrainedModel, file: &PathBuf) -> f64 {
    let config = config(&[]);
    let summary = with_reader(model, &config, std::slice::from_ref(file), |reader| {
        evaluate(model.predictor(), reader, EvaluateOptions::default())
            .expect("the rows are valid")
            .summary
    });
    summary.log_loss.expect("there are rows")
}

#[test]
fn the_first_predictions_are_those_of_the_model() {
    let folder = folder();
    let [first, second, test] = [(1, ROWS), (2, ROWS + 100), (3, ROWS)]
        .map(|(seed, rows)| write(&folder, &format!("{seed}.tsv"), &clicks(seed, rows)));
    for overrides in [
        &[][..],
        &["field.campaign.counts=true", "train.negative_rate=0.3"],
        &["train.start_from_rate=true"],
    ] {
        let model =
            trained_with(&config(overrides), &files(std::slice::from_ref(&first)), 2, &mut |_| ());
        // Steps that are too small to change any weight.
        let still = ["train.epochs=1", "train.optimizer=sgd", "train.learning_rate=1e-30"];
        let still = config(&[overrides, &still].concat());
        let next = continued(&still, &second, &model).expect("the run begins from the model");
        let [before, after] =
            [&model, &next].map(|model| predictions(model, &still, std::slice::from_ref(&test)));
        assert!(before == after, "{overrides:?}: the predictions differ");
        assert_eq!(next.encoder.to_state(), model.encoder.to_state());
        assert_eq!(next.config, still.to_toml().expect("plain numbers"));
        assert_ne!(next.training.rows, model.training.rows, "the rows are those of the new file");
    }
}

#[test]
fn a_model_learns_from_new_rows() {
    let folder = folder();
    let [first, second, test] =
        [1, 2, 3].map(|seed| write(&folder, &format!("{seed}.tsv"), &clicks(seed, 2 * ROWS)));
    let config = config(&["train.epochs=1", "train.batch=200"]);
    let [day, other_day] = [&first, &second]
        .map(|file| trained_with(&config, &files(std::slice::from_ref(file)), 2, &mut |_| ()));
    let both = continued(&config, &second, &day).expect("the run begins from the model");
    let [first, other, both] = [&day, &other_day, &both].map(|model| log_loss(model, &test));
    assert!(both < first && both < other, "{both} after both days, {first} and {other} after one");
}

/// A run from the calibrated model is the same run as one from the model before calibration: one resumes from the
/// checkpoint of the other.
#[test]
fn a_calibrator_is_dropped() {
    let folder = folder();
    let [first, second] =
        [1, 2].map(|seed| write(&folder, &format!("{seed}.tsv"), &clicks(seed, ROWS)));
    let config = config(&["train.epochs=1", "train.batch=200"]);
    let model = trained_with(&config, &files(std::slice::from_ref(&first)), 2, &mut |_| ());
    let found = with_reader(&model, &config, std::slice::from_ref(&second), |reader| {
        calibrate(model.predictor(), reader, &Tapes::new(), Method::Isotonic)
            .expect("the rows are valid")
    });
    let calibrated = TrainedModel { calibrator: Some(found.calibrator), ..model.clone() };
    let test = std::slice::from_ref(&first);
    assert_ne!(predictions(&calibrated, &config, test), predictions(&model, &config, test));

    let checkpoint = folder.path().join("checkpoint");
    let run = |init: &TrainedModel, stop: u64| {
        let ask = move |step| if step == stop { Next::Stop } else { Next::Continue };
        let checkpoints = Checkpoints::new(&checkpoint).resume(true).ask(ask);
        let init = Some(init.clone());
        let options =
            RunOptions { init, checkpoints: Some(checkpoints), ..RunOptions::on_threads(2) };
        train(&config, &files(std::slice::from_ref(&second)), options, &mut |_| ())
    };
    assert!(matches!(run(&model, 3), Err(TrainError::Stopped { step: 3, .. })));
    let resumed = run(&calibrated, 0).expect("the run resumes");
    let alone = continued(&config, &second, &model).expect("the run begins from the model");
    assert_eq!(resumed.calibrator, None);
    assert!(artifact(&resumed, folder.path()) == artifact(&alone, folder.path()));
}

#[test]
fn another_schema_is_refused() {
    let folder = folder();
    let file = write(&folder, "train.tsv", &clicks(1, 500));
    let model = trained_with(
        &config(&["train.epochs=1"]),
        &files(std::slice::from_ref(&file)),
        2,
        &mut |_| (),
    );
    let cases: [(&[&str], &str); 5] = [
        (&["field.campaign.top=50"], "`field.campaign.top` was 100, and is 50"),
        (&["data.missing=['', '?']"], "`data.missing` was [\"\"], and is [\"\", \"?\"]"),
        (&["model.embedding=5"], "`model.embedding` was 4, and is 5"),
        (&["model.dropout=0.1"], "`model.dropout` was 0.2, and is 0.1"),
        (
            &["field.campaign.counts=true", "model.embedding=5"],
            "2 differences\n  `field.campaign.counts` was not set, and is true\n  `model.embedding` was 4, and is 5",
        ),
    ];
    for (overrides, expected) in cases {
        let error = continued(&config(overrides), &file, &model).expect_err("another schema");
        let message = format!("the model to begin from has another schema: {expected}");
        assert_eq!(error.to_string(), message);
    }
    // The settings of training and of reading files may change from day to day.
    let others = config(&["train.batch=64", "train.optimizer=adagrad", "data.bad_rows=skip"]);
    continued(&others, &file, &model).expect("the schema is the same");
}

#[test]
fn a_file_without_rows_is_named() {
    let folder = folder();
    let lines = clicks(1, 500);
    let [file, empty] = [&lines[..], &lines[..1]]
        .map(|lines| write(&folder, &format!("{}.tsv", lines.len()), lines));
    let model = trained_with(&config(&["train.epochs=1"]), &files(&[file]), 2, &mut |_| ());
    let error = continued(&config(&[]), &empty, &model).expect_err("the file has no rows");
    assert!(error.to_string().contains("1.tsv"), "{error}");
}
