//! Tests of negative down-sampling: a model that sees a tenth of the negative rows in each epoch predicts the
//! probabilities of all rows, and ranks them as well as a model that sees all rows.

use crate::common::{folder, predictions, trained_with, with_reader, write};
use deepcross::data::NegativeCounts;
use deepcross::model::TrainedModel;
use deepcross::simulate::{Simulator, SimulatorConfig};
use deepcross::train::{EvaluateOptions, Event, Files, RunConfig, evaluate};
use std::path::Path;

const RATE: f64 = 0.1;

const CONFIG: &str = r#"
    [data]
    label = "click"

    [[field]]
    name = "position"
    kind = "categorical"

    [[field]]
    name = "match_type"
    kind = "categorical"

    [[field]]
    name = "device"
    kind = "categorical"

    [[field]]
    name = "campaign"
    kind = "categorical"

    [model]
    embedding = 4
    hidden = [16]

    [train]
    epochs = 8
    batch = 256
    optimizer = "adagrad"
    learning_rate = 0.03
"#;

fn config(negative_rate: f64) -> RunConfig {
    let rate = format!("train.negative_rate={negative_rate}");
    RunConfig::parse(CONFIG, &[rate], "run.toml").expect("the configuration is valid")
}

/// Clicks of a small simulated world, as lines, and their true mean probability.
fn clicks(seed: u64, rows: u64) -> (Vec<String>, f64) {
    let sizes = SimulatorConfig { campaigns: 30, users: 500, ..Default::default() };
    let simulator = Simulator::new(&SimulatorConfig { seed, click_rate: 0.1, ..sizes });
    let mut text = Vec::new();
    let summary = simulator.expect("the settings are valid").write_tsv(&mut text, None, rows);
    let true_rate = summary.expect("writing to memory does not fail").expected_clicks / rows as f64;
    let text = String::from_utf8(text).expect("the clicks are UTF-8");
    (text.lines().map(str::to_owned).collect(), true_rate)
}

/// A model, and the counts of negative rows in its last epoch.
fn trained(negative_rate: f64, file: &Path) -> (TrainedModel, NegativeCounts) {
    let files = Files::new(vec![file.to_owned()]);
    let mut negatives = NegativeCounts::default();
    let mut observe = |event: Event<'_>| {
        if let Event::Read { train, .. } = event {
            negatives = train.negatives();
        }
    };
    let model = trained_with(&config(negative_rate), &files, 2, &mut observe);
    (model, negatives)
}

/// The AUC on the rows of a file.
fn auc(model: &TrainedModel, file: &Path) -> f64 {
    with_reader(model, &config(1.0), &[file.to_owned()], |reader| {
        let found = evaluate(model.predictor(), reader, EvaluateOptions::default());
        found.expect("the rows are valid").summary.auc.expect("both classes occur")
    })
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

#[test]
fn a_model_of_a_sample_predicts_the_probabilities_of_all_rows() {
    let folder = folder();
    let train = write(&folder, "train.tsv", &clicks(1, 40_000).0);
    let (lines, true_rate) = clicks(2, 20_000);
    let test = write(&folder, "test.tsv", &lines);
    let (full, all) = trained(1.0, &train);
    let (sampled, some) = trained(RATE, &train);

    // Only the rows of the steps differ.
    let rows = |model: &TrainedModel| {
        let training = &model.training;
        (training.rows, training.positives, training.valid_rows)
    };
    assert_eq!(rows(&sampled), rows(&full));
    assert_eq!(sampled.encoder.to_state(), full.encoder.to_state());
    assert_eq!((all.kept, some.met), (all.met, all.met));
    let share = some.kept as f64 / some.met as f64;
    assert!((share / RATE - 1.0).abs() < 0.1, "{share}");

    let found: Vec<f64> = predictions(&sampled, &config(RATE), std::slice::from_ref(&test))
        .into_iter()
        .map(f64::from)
        .collect();
    let predicted = mean(found.iter().copied());
    assert!((predicted / true_rate - 1.0).abs() < 0.05, "{predicted}, expected {true_rate}");
    // The predictions of the same model without the correction would be far too high.
    let of_sample = mean(found.iter().map(|p| p / (p + RATE * (1.0 - p))));
    assert!(of_sample > 3.0 * true_rate, "{of_sample}");
    let (found, expected) = (auc(&sampled, &test), auc(&full, &test));
    assert!(found > expected - 0.01, "AUC {found}, {expected} with all rows");
}
