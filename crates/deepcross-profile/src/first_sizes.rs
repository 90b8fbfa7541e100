//! The sizes of a first model and of its training, chosen by the number of rows and of values.
//!
//! Few rows call for a small model with dropout, for many epochs, and for tables that decay.
//! For many rows a few epochs are enough, and a step that changes every row of a large table would take too long.
//! The results in `docs/data.md` were reached with these sizes; the limits between few and many are a choice.

use crate::crosses::{ColumnPairs, HASHED};
use crate::infer::{ColumnKind, InferredColumn, InferredFields};
use crate::profile::Profile;

/// The number of labelled rows from which on there are many.
const MANY_ROWS: u64 = 1_000_000;

/// The largest number of values of all fields for which every row of a table is updated in each step.
const DENSE_VALUES: u64 = 200_000;

/// The largest number of values of a field for which embeddings are narrow.
const NARROW_FIELD: u64 = 1_000;

/// The learning rate.
pub(crate) const LEARNING_RATE: f64 = 2e-3;

/// The penalty on tables.
const PENALTY: f64 = 1e-3;

/// The penalty on tables if there are few rows, and a field with many values.
const STRONG_PENALTY: f64 = 3e-3;

/// The number of labelled rows below which there are few.
const FEW_ROWS: u64 = 200_000;

/// The penalty on tables times the rows of the rarer class, as long as these are few: the fewer there are, the less one
/// can learn from them beside their share.
const PENALTY_ROWS: f64 = 15.0;

/// The penalty on tables divided by √(rows of the rarer class) / rows, if no row is held out and tables have more values
/// than there are rows.
///
/// This quotient is about the standard deviation of the mean gradient of a weight that has nothing to learn: a weaker
/// penalty lets the model learn the rows by heart, and nothing ends that before the last epoch.
const PENALTY_NOISE: f64 = 20.0;

/// The largest penalty on tables.
const LARGEST_PENALTY: f64 = 0.3;

/// The largest penalty on matrices.
const LARGEST_MATRIX_PENALTY: f64 = 0.1;

/// The penalty on tables divided by that on matrices, if there are few rows of the rarer class.
const MATRIX_DIVISOR: f64 = 10.0;

/// The rows of the rarer class from which on held-out rows choose the epoch, if there are also [`VALIDATED_ROWS`].
const VALIDATED: u64 = 200;

/// The rows from which on held-out rows choose the epoch: a tenth of fewer would choose an epoch by luck.
const VALIDATED_ROWS: u64 = 2_000;

/// The steps of a run without held-out rows.
const BLIND_STEPS: u64 = 400;

/// The steps of a run with held-out rows and few rows, as far as a number of epochs allows it.
const FEW_ROWS_STEPS: u64 = 3_600;

/// The steps without an improvement after which a run with few rows stops: at its start it needs some hundred steps
/// until the scores of the rows differ.
const PATIENT_STEPS: u64 = 600;

/// The rows of the rarer class in a batch: with fewer, the mean prediction would move away from the share of positive
/// rows.
const RARER_IN_BATCH: u64 = 16;

/// The most rows in a batch.
const LARGEST_BATCH: u64 = 4096;

/// The sizes of a first model and of its training, as plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstSizes {
    /// The width of an embedding.
    pub embedding: usize,
    /// The widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// The share of hidden units that are dropped in training, in [0, 1).
    pub dropout: f64,
    /// The largest number of epochs.
    pub epochs: u32,
    /// The number of rows in a batch.
    pub batch: u64,
    /// The number of epochs without an improvement after which training stops.
    pub patience: u32,
    /// Whether each step updates all rows of a table, and not only the rows of the batch.
    pub dense_tables: bool,
    /// The penalty on tables.
    pub embedding_l2: f64,
    /// The penalty on matrices.
    pub l2: f64,
    /// Whether there are enough rows of each class to hold some of them out and choose the epoch by them.
    pub holds_out: bool,
}

impl FirstSizes {
    /// The sizes for the rows of `profile`, the columns of `fields` that are not left out, and the crosses of `pairs`.
    pub fn new(profile: &Profile, fields: &InferredFields, pairs: &ColumnPairs) -> Self {
        let labelled = profile.rows.labelled();
        let rarer = profile.rows.positives().min(labelled - profile.rows.positives());
        let used = fields.columns.iter().zip(&profile.columns);
        let used = used.filter(|(inferred, _)| inferred.left_out.is_none());
        let of_columns = used.map(|(inferred, column)| n_values(inferred, column.distinct().n));
        let of_pairs = pairs.crosses.iter().map(|cross| cross.n_combinations.min(HASHED));
        let values: Vec<u64> = of_columns.chain(of_pairs).collect();
        let has_many_rows = labelled >= MANY_ROWS;
        let is_wide = values.iter().any(|n| *n > NARROW_FIELD);
        let has_rare_values = is_wide && labelled < FEW_ROWS;
        let least_penalty = if has_rare_values { STRONG_PENALTY } else { PENALTY };
        let (batch, holds_out) = (batch(labelled, rarer), are_validated(labelled, rarer));
        let n_values = values.iter().sum::<u64>();
        let penalty = penalty(labelled, rarer, n_values);
        Self {
            embedding: if is_wide { 16 } else { 8 },
            hidden: if has_many_rows { vec![256, 128] } else { vec![64, 64] },
            dropout: if holds_out { dropout(has_many_rows, is_wide) } else { 0.0 },
            epochs: epochs(labelled, rarer, batch),
            batch,
            patience: match has_many_rows {
                true => 2,
                false => epochs_of(PATIENT_STEPS, labelled, batch).clamp(4, 20),
            },
            dense_tables: !has_many_rows && n_values <= DENSE_VALUES,
            embedding_l2: one_digit(penalty.clamp(least_penalty, LARGEST_PENALTY)),
            l2: match penalty > PENALTY {
                true => one_digit((penalty / MATRIX_DIVISOR).min(LARGEST_MATRIX_PENALTY)),
                false => 0.0,
            },
            holds_out,
        }
    }
}

/// Whether enough rows, and enough of each class, can be held out to choose an epoch by them.
fn are_validated(rows: u64, rarer: u64) -> bool {
    rarer >= VALIDATED && rows >= VALIDATED_ROWS
}

/// The largest number of epochs; without held-out rows, that of a fixed number of steps.
fn epochs(rows: u64, rarer: u64, batch: u64) -> u32 {
    if !are_validated(rows, rarer) {
        return epochs_of(BLIND_STEPS, rows, batch).clamp(2, 100);
    }
    if rows >= MANY_ROWS { 10 } else { epochs_of(FEW_ROWS_STEPS, rows, batch).clamp(30, 100) }
}

/// The number of epochs that `steps` fill.
fn epochs_of(steps: u64, rows: u64, batch: u64) -> u32 {
    (steps / rows.div_ceil(batch).max(1)) as u32
}

/// The penalty on tables by the rows of the rarer class, and by the values of all tables; at least a row of the rarer class
/// is counted.
fn penalty(rows: u64, rarer: u64, n_values: u64) -> f64 {
    let rarer_rows = rarer.max(1) as f64;
    let of_rarer = PENALTY_ROWS / rarer_rows;
    match !are_validated(rows, rarer) && n_values > rows {
        true => of_rarer.max(PENALTY_NOISE * rarer_rows.sqrt() / rows.max(1) as f64),
        false => of_rarer,
    }
}

/// The positive number, rounded to one digit.
fn one_digit(x: f64) -> f64 {
    let digit = libm::pow(10.0, libm::floor(libm::log10(x)));
    let digits = (x / digit).round();
    // The quotient of two whole numbers has the shortest text.
    digits / (1.0 / digit).round()
}

fn dropout(has_many_rows: bool, is_wide: bool) -> f64 {
    match (has_many_rows, is_wide) {
        (true, _) => 0.0,
        (false, true) => 0.2,
        (false, false) => 0.1,
    }
}

/// The number of values in the table of a column.
fn n_values(inferred: &InferredColumn, distinct: u64) -> u64 {
    match inferred.kind {
        ColumnKind::Ids => distinct,
        ColumnKind::List(form) => form.distinct.n,
        // A language has about this many tri-letter grams.
        ColumnKind::Text => 20_000,
        // A field of exact numbers.
        ColumnKind::Number(_) if inferred.fields.len() > 1 => distinct,
        ColumnKind::Number(_) | ColumnKind::Time(_) | ColumnKind::Vector(_) => 0,
    }
}

/// A hundredth of the rows or somewhat less, as a power of two from 64 to 4096; more if it would have few rows of the
/// rarer class, and all rows if there are too few to hold some out.
fn batch(rows: u64, rarer: u64) -> u64 {
    let all = rows.max(64).next_power_of_two().min(LARGEST_BATCH);
    if !are_validated(rows, rarer) {
        return all;
    }
    let of_rows = 1 << (rows / 100).max(1).ilog2().clamp(6, 12);
    let of_rarer = (RARER_IN_BATCH * rows / rarer).max(1).next_power_of_two();
    of_rarer.min(all).max(of_rows)
}

#[cfg(test)]
mod tests {
    use super::{PATIENT_STEPS, batch, epochs, epochs_of, one_digit, penalty};

    #[test]
    fn batches_grow_with_the_rows() {
        for (rows, expected) in
            [(1, 64), (10_000, 64), (32_561, 256), (80_668, 512), (1 << 40, 4096)]
        {
            assert_eq!(batch(rows, rows / 2), expected, "{rows}");
        }
    }

    #[test]
    fn batches_have_rows_of_the_rarer_class() {
        for (rows, rarer, expected) in
            [(500, 5, 512), (5_000, 50, 4096), (5_000, 1_000, 128), (100_000, 1_000, 2048)]
        {
            assert_eq!(batch(rows, rarer), expected, "{rows} {rarer}");
        }
    }

    #[test]
    fn few_rows_have_more_epochs() {
        for (rows, expected) in [
            (1_000, (100, 600)),
            (4_000, (57, 9)),
            (8_000, (30, 4)),
            (32_561, (30, 4)),
            (2_000_000, (10, 1)),
        ] {
            let batch = batch(rows, rows / 4);
            let found = (epochs(rows, rows / 4, batch), epochs_of(PATIENT_STEPS, rows, batch));
            assert_eq!(found, expected, "{rows}");
        }
    }

    #[test]
    fn penalties_have_one_digit() {
        for (x, expected) in [
            (0.3, "0.3"),
            (0.16, "0.2"),
            (15.0 / 1_234.0, "0.01"),
            (0.000_375, "0.0004"),
            (0.095, "0.1"),
        ] {
            assert_eq!(one_digit(x).to_string(), expected, "{x}");
        }
    }

    #[test]
    fn many_values_for_few_rows_have_a_stronger_penalty() {
        // Rows, rows of the rarer class, values of tables.
        for (rows, rarer, n_values, expected) in [
            (2_000, 150, 1_000, 0.1),
            (2_000, 150, 30_000, 0.122),
            (300, 150, 30_000, 0.816),
            (300, 150, 300, 0.1),
            (20_000, 150, 30_000, 0.1),
            (500, 250, 30_000, 0.632),
            (5_000, 250, 30_000, 0.06),
            (40, 0, 10, 15.0),
        ] {
            let found = penalty(rows, rarer, n_values);
            assert!((found / expected - 1.0).abs() < 0.01, "{rows} {rarer} {n_values}: {found}");
        }
    }
}
