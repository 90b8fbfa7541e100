//! Negative down-sampling: the rows that a pass keeps.

use std::collections::{BTreeMap, BTreeSet};

use deepcross_data::{
    BadRows, Division, Labels, NegativeCounts, Partition, RowPlan, RowReader, Shuffled, Source, fit,
};
use deepcross_features::batch::Column;
use deepcross_features::fields::Transform;
use deepcross_features::{Batch, Encoder, FieldConfig, Schema};
use proptest::prelude::*;

use crate::Files;

/// A file of rows that hold their number, of which a tenth are positive, and an encoder that keeps this number.
struct Clicks {
    _files: Files,
    source: Source,
    encoder: Encoder,
}

const N: usize = 20_000;

impl Clicks {
    fn new() -> Self {
        let rows: String = (0..N).map(|i| format!("{},{i}\n", u8::from(i % 10 == 0))).collect();
        let files = Files::one(format!("click,number\n{rows}").as_bytes());
        let source = files.source("label = 'click'").unwrap();
        let number = FieldConfig::number("number").transform(Transform::Raw);
        let schema = Schema::new(vec![number], vec![]).unwrap();
        let encoder = fit(&source, &schema, Partition::All, BadRows::Error).unwrap().encoder;
        Self { _files: files, source, encoder }
    }

    fn reader(&self, partition: Partition, labels: Labels) -> RowReader<'_> {
        let plan = RowPlan { labels, partition, bad_rows: BadRows::Error };
        RowReader::new(&self.source, &self.encoder, plan).unwrap()
    }

    /// The numbers of all rows of a partition.
    fn all(&self, partition: Partition) -> BTreeSet<usize> {
        read(&mut self.reader(partition, Labels::Required))
    }
}

/// The numbers of the rows that a reader has not read yet.
fn read(reader: &mut RowReader<'_>) -> BTreeSet<usize> {
    let mut batch = reader.new_batch();
    let n = reader.fill(&mut batch, usize::MAX).unwrap();
    let rows = numbers(&batch);
    assert_eq!(rows.len(), n, "a row came twice");
    rows
}

fn numbers(batch: &Batch) -> BTreeSet<usize> {
    let [Column::Dense(numbers)] = batch.columns() else { panic!("one number") };
    numbers.values().iter().map(|&number| number as usize).collect()
}

fn is_positive(row: &usize) -> bool {
    row.is_multiple_of(10)
}

/// Checks that a share is within five standard deviations of a binomial share.
#[track_caller]
fn assert_share(kept: usize, of: usize, rate: f64) {
    let tolerance = 5.0 * (rate * (1.0 - rate) / of as f64).sqrt();
    let share = kept as f64 / of as f64;
    assert!((share - rate).abs() <= tolerance, "{share} for {rate}");
}

#[test]
fn positive_rows_are_kept_and_negative_ones_at_the_rate_for_any_partition() {
    let clicks = Clicks::new();
    for (rate, valid_fraction, seed) in [(0.1, 0.0, 1), (0.1, 0.3, 1), (0.3, 0.1, 2), (1.0, 0.5, 3)]
    {
        // Both draws have the same seed, but they must be independent of each other.
        let partition = Partition::Train(Division::by_row(valid_fraction, seed));
        let all = clicks.all(partition);
        let mut reader = clicks.reader(partition, Labels::Required).with_negative_rate(rate, seed);
        let kept = read(&mut reader);
        assert!(kept.is_subset(&all));
        let (positives, negatives): (Vec<usize>, Vec<usize>) =
            all.iter().partition(|row| is_positive(row));
        assert!(positives.iter().all(|row| kept.contains(row)));
        let n_kept = kept.len() - positives.len();
        let counts = NegativeCounts { met: negatives.len() as u64, kept: n_kept as u64 };
        assert_eq!(reader.negatives(), counts);
        assert_share(n_kept, negatives.len(), rate);
        // Whether a negative row is kept is independent of its place in the file.
        let early = negatives.iter().take(negatives.len() / 2);
        let n_early = early.filter(|row| kept.contains(row)).count();
        assert_share(n_early, negatives.len() / 2, rate);
    }
}

#[test]
fn each_epoch_draws_again_and_a_restart_does_not() {
    let clicks = Clicks::new();
    let new = |seed| clicks.reader(Partition::All, Labels::Required).with_negative_rate(0.2, seed);
    let mut reader = new(1);
    let first = read(&mut reader);
    reader.restart().unwrap();
    assert_eq!(read(&mut reader), first);
    assert_ne!(read(&mut new(2)), first);
    reader.restart().unwrap();
    reader.set_epoch(1);
    let second = read(&mut reader);
    let both = first.intersection(&second).filter(|row| !is_positive(row)).count();
    assert_share(both, N / 10 * 9, 0.2 * 0.2);
}

#[test]
fn shuffled_rows_are_those_of_their_epoch() {
    let clicks = Clicks::new();
    let reader = || clicks.reader(Partition::All, Labels::Required).with_negative_rate(0.2, 5);
    let of_epoch = |epoch| {
        let mut reader = reader();
        reader.set_epoch(epoch);
        read(&mut reader)
    };
    let mut shuffled = Shuffled::new(reader(), 1000, 5, 3);
    for epoch in [3, 4] {
        if epoch == 4 {
            shuffled.restart(epoch).unwrap();
        }
        let mut batch = shuffled.reader().new_batch();
        shuffled.next(&mut batch, usize::MAX).unwrap();
        assert_eq!(numbers(&batch), of_epoch(epoch));
        let kept = batch.n_rows() - N / 10;
        assert_eq!(shuffled.reader().negatives().kept, kept as u64);
    }
}

#[test]
fn rows_without_labels_are_all_kept() {
    let clicks = Clicks::new();
    let mut reader = clicks.reader(Partition::All, Labels::Ignored).with_negative_rate(0.1, 1);
    assert_eq!(read(&mut reader).len(), N);
}

/// Reads a file in which all rows are negative and equal.
#[test]
fn equal_rows_are_drawn_one_by_one() {
    let files = Files::one(format!("click,number\n{}", "0,1\n".repeat(N)).as_bytes());
    let source = files.source("label = 'click'").unwrap();
    let clicks = Clicks::new();
    let plan =
        RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Error };
    let reader = RowReader::new(&source, &clicks.encoder, plan).unwrap();
    let mut reader = reader.with_negative_rate(0.25, 1);
    let kept = reader.fill(&mut clicks.encoder.new_batch(), usize::MAX).unwrap();
    assert_share(kept, N, 0.25);
}

#[test]
fn a_dropped_row_is_not_encoded() {
    let rows = "0,x\n".repeat(50);
    let files = Files::one(format!("click,number\n1,1\n{rows}").as_bytes());
    let source = files.source("label = 'click'").unwrap();
    let clicks = Clicks::new();
    let plan =
        RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Skip };
    for (rate, skipped) in [(0.0, 0), (1.0, 50)] {
        let reader = RowReader::new(&source, &clicks.encoder, plan).unwrap();
        let mut reader = reader.with_negative_rate(rate, 1);
        let n = reader.fill(&mut clicks.encoder.new_batch(), usize::MAX).unwrap();
        assert_eq!((n, reader.skipped().rows), (1, skipped));
        assert_eq!(reader.counts().get("number").map(|counts| counts.values), Some(1));
    }
}

/// The companion counts of each row in two epochs, by the number of the row.
fn companion_counts(source: &Source, rate: f64) -> [BTreeMap<usize, Vec<f32>>; 2] {
    let ad = FieldConfig::categorical("ad").counts(true);
    let number = FieldConfig::number("number").transform(Transform::Raw);
    let schema = Schema::new(vec![ad, number], vec![]).unwrap();
    let fitted = fit(source, &schema, Partition::All, BadRows::Skip).unwrap();
    let plan =
        RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Skip };
    let reader = RowReader::new(source, &fitted.encoder, plan).unwrap();
    let mut reader = reader.with_history(fitted.history).with_negative_rate(rate, 1);
    [1, 2].map(|epoch| {
        reader.set_epoch(epoch);
        let mut batch = fitted.encoder.new_batch();
        reader.fill(&mut batch, usize::MAX).unwrap();
        reader.restart().unwrap();
        by_number(&batch)
    })
}

fn by_number(batch: &Batch) -> BTreeMap<usize, Vec<f32>> {
    let [_, Column::Dense(counts), Column::Dense(numbers)] = batch.columns() else {
        panic!("a category, its counts and a number")
    };
    let numbers = numbers.values().iter().map(|&number| number as usize);
    numbers.zip(counts.values().chunks(5).map(<[f32]>::to_vec)).collect()
}

proptest! {
    #[test]
    fn companion_counts_know_the_rows_that_are_dropped(
        rows in prop::collection::vec((0..3_u8, any::<bool>(), prop::bool::weighted(0.8)), 1..40),
        order in prop::sample::select(vec!["any", "time"]),
    ) {
        prop_assume!(rows.iter().any(|row| row.2));
        let line = |(i, &(ad, positive, good)): (usize, &(u8, bool, bool))| {
            let number = if good { i.to_string() } else { "bad".to_owned() };
            format!("{},{ad},{number}\n", u8::from(positive))
        };
        let lines: String = rows.iter().enumerate().map(line).collect();
        let files = Files::one(format!("click,ad,number\n{lines}").as_bytes());
        let source = files.source(&format!("label = 'click'\norder = '{order}'")).unwrap();
        let all = companion_counts(&source, 1.0);
        for (kept, all) in companion_counts(&source, 0.3).iter().zip(&all) {
            for (number, counts) in kept {
                prop_assert_eq!(Some(counts), all.get(number), "row {}", number);
            }
        }
    }
}
