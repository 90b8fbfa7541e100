//! The sizes of a first model and of its training, chosen by the number of rows and of values.
//!
//! Few rows call for a small model with dropout, for many epochs, and for tables that decay.
//! For many rows a few epochs are enough, and a step that changes every row of a large table would take too long.
//! The results in `docs/data.md` were reached with these sizes; the limits between few and many are a choice.

use crate::infer::{ColumnKind, InferredColumn, InferredFields};
use crate::profile::Profile;

/// The number of labelled rows from which on there are many.
const MANY_ROWS: u64 = 1_000_000;

/// The largest number of values of all fields for which every row of a table is updated in each step.
const DENSE_VALUES: u64 = 200_000;

/// The largest number of values of a field for which embeddings are narrow.
const NARROW_FIELD: u64 = 1_000;

/// The number of rows of each class from which on an epoch is judged by the AUC.
const AUC_ROWS: u64 = 1_000;

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
    /// Whether each step updates all rows of a table, with a penalty, and not only the rows of the batch.
    pub dense_tables: bool,
    /// Whether each class has enough rows to judge an epoch by the AUC, and not by the log loss.
    pub monitors_auc: bool,
}

impl FirstSizes {
    /// The sizes for the rows of `profile` and the columns of `fields` that are not left out.
    pub fn new(profile: &Profile, fields: &InferredFields) -> Self {
        let (labelled, positives) = (profile.rows.labelled(), profile.rows.positives());
        let used = fields.columns.iter().zip(&profile.columns);
        let used = used.filter(|(inferred, _)| inferred.left_out.is_none());
        let values: Vec<u64> =
            used.map(|(inferred, column)| n_values(inferred, column.distinct().n)).collect();
        let has_many_rows = labelled >= MANY_ROWS;
        let is_wide = values.iter().any(|n| *n > NARROW_FIELD);
        Self {
            embedding: if is_wide { 16 } else { 8 },
            hidden: if has_many_rows { vec![256, 128] } else { vec![64, 64] },
            dropout: dropout(has_many_rows, is_wide),
            epochs: if has_many_rows { 10 } else { 30 },
            batch: batch(labelled),
            patience: if has_many_rows { 2 } else { 4 },
            dense_tables: !has_many_rows && values.iter().sum::<u64>() <= DENSE_VALUES,
            monitors_auc: positives.min(labelled - positives) >= AUC_ROWS,
        }
    }
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
        ColumnKind::Number(_) | ColumnKind::Time(_) => 0,
    }
}

/// A hundredth of the rows or somewhat less, as a power of two from 64 to 4096.
fn batch(rows: u64) -> u64 {
    let bits = (rows / 100).max(1).ilog2();
    1 << bits.clamp(6, 12)
}

#[cfg(test)]
mod tests {
    use super::batch;

    #[test]
    fn batches_grow_with_the_rows() {
        for (rows, expected) in
            [(1, 64), (10_000, 64), (32_561, 256), (80_668, 512), (1 << 40, 4096)]
        {
            assert_eq!(batch(rows), expected, "{rows}");
        }
    }
}
