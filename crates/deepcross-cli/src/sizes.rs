//! A model and a training whose size suits the rows.
//!
//! Small data want a small model with dropout and many epochs, and tables that decay; of many rows a
//! few epochs are enough, and a step that touches every row of a large table would take too long.
//! The figures in `docs/data.md` were reached with these sizes; the borders between few and many are a choice.

use crate::profiled::Profiled;
use deepcross_data::{InferredColumn, Kind};

/// From so many rows on, they are many.
const MANY_ROWS: u64 = 1_000_000;

/// Tables of more values in all are updated by rows.
const DENSE_VALUES: u64 = 200_000;

/// Fields of more values have wider embeddings.
const WIDE_FIELD: u64 = 1_000;

/// The sizes of a model and its training.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sizes {
    pub(crate) embedding: usize,
    pub(crate) hidden: Vec<usize>,
    pub(crate) dropout: f64,
    pub(crate) epochs: u32,
    pub(crate) batch: u64,
    pub(crate) patience: u32,
    /// Whether all rows of a table move in each step, with a penalty.
    pub(crate) dense: bool,
    /// Whether validation rows are enough of both classes to judge an epoch by their order.
    pub(crate) by_auc: bool,
}

impl Sizes {
    pub(crate) fn of(profiled: &Profiled) -> Self {
        let rows = profiled.profile.rows;
        let (labelled, positives) = (rows.labelled(), rows.positives());
        let used = profiled.inferred.columns.iter().zip(&profiled.profile.columns);
        let used = used.filter(|(inferred, _)| inferred.left_out.is_none());
        let values: Vec<u64> =
            used.map(|(inferred, column)| n_values(inferred, column.distinct().n)).collect();
        let is_many = labelled >= MANY_ROWS;
        let is_wide = values.iter().any(|n| *n > WIDE_FIELD);
        Self {
            embedding: if is_wide { 16 } else { 8 },
            hidden: if is_many { vec![256, 128] } else { vec![64, 64] },
            dropout: if is_many {
                0.0
            } else if is_wide {
                0.2
            } else {
                0.1
            },
            epochs: if is_many { 10 } else { 30 },
            batch: batch(labelled),
            patience: if is_many { 2 } else { 4 },
            dense: !is_many && values.iter().sum::<u64>() <= DENSE_VALUES,
            by_auc: positives.min(labelled - positives) >= 1000,
        }
    }
}

/// The number of values in the table of a column.
fn n_values(inferred: &InferredColumn, distinct: u64) -> u64 {
    match inferred.kind {
        Kind::Ids => distinct,
        Kind::List(form) => form.distinct.n,
        // The letter grams of a language are about so many.
        Kind::Text => 20_000,
        _ => 0,
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
