//! Tests that schedules reach the steps of a run: if the learning rate vanishes, the weights do not change.

use crate::common::{clicks, config, folder, trained, write};

/// The dense weights after a run on all rows, without validation.
fn weights(overrides: &[&str]) -> Vec<f32> {
    let folder = folder();
    let file = write(&folder, "train.tsv", &clicks(1, 3000));
    let overrides = [&["train.valid_fraction=0"], overrides].concat();
    trained(&config(&overrides), &[file], 2).params.dense_values().to_vec()
}

/// The greatest difference of two weights.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[track_caller]
fn check(scheduled: &[&str], still: &[&str], moving: &[&str]) {
    let expected = weights(still);
    let distances = [scheduled, moving].map(|run| distance(&weights(run), &expected));
    assert!(distances[0] < 1e-5 && distances[1] > 1e-2, "{distances:?}");
}

#[test]
fn a_second_epoch_with_a_tiny_rate_changes_nothing() {
    let decay = ["train.epochs=2", "train.schedule=step", "train.decay_factor=1e-9"];
    check(&decay, &["train.epochs=1"], &["train.epochs=2"]);
}

#[test]
fn a_warm_up_without_end_changes_nothing() {
    check(&["train.warm_up=1000000000"], &["train.learning_rate=1e-12"], &[]);
}
