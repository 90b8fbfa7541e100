//! Moves rows between batches, column by column, so that threads can share the work.
//!
//! Rejected: row by row. A row has as many places in memory as there are fields, and only one thread can append it.

use std::ops::Range;

use deepcross_features::Batch;
use deepcross_features::batch::Column;

use crate::parallel::for_each;

/// Appends all rows of some batches, in order.
pub(crate) fn append_all<'b>(
    batch: &mut Batch,
    others: impl Iterator<Item = &'b Batch> + Clone + Sync,
) {
    for_each(batch.columns_mut(), &|index, column: &mut Column| {
        for other in others.clone() {
            column.append(&other.columns()[index], 0..other.n_rows());
        }
    });
    for other in others {
        batch.labels_mut().extend_from_slice(other.labels());
        batch.weights_mut().extend_from_slice(other.weights());
    }
}

/// Appends a range of the rows of another batch.
pub(crate) fn append_rows(batch: &mut Batch, from: &Batch, rows: Range<usize>) {
    for_each(batch.columns_mut(), &|index, column: &mut Column| {
        column.append(&from.columns()[index], rows.clone());
    });
    let of_rows = |values| <[f32]>::get(values, rows.clone()).unwrap_or_default();
    batch.labels_mut().extend_from_slice(of_rows(from.labels()));
    batch.weights_mut().extend_from_slice(of_rows(from.weights()));
}

/// Appends the rows of another batch at these positions, in this order.
pub(crate) fn gather(batch: &mut Batch, from: &Batch, rows: &[usize]) {
    for_each(batch.columns_mut(), &|index, column: &mut Column| {
        column.append_each(&from.columns()[index], rows);
    });
    let values = |values: &[f32], into: &mut Vec<f32>| {
        if !values.is_empty() {
            into.extend(rows.iter().map(|&row| values[row]));
        }
    };
    values(from.labels(), batch.labels_mut());
    values(from.weights(), batch.weights_mut());
}

/// Does what [`Batch::keep_rows`] does, on all threads.
pub(crate) fn keep_rows(batch: &mut Batch, rows: &[usize]) {
    for_each(batch.columns_mut(), &|_, column: &mut Column| column.keep_rows(rows));
    batch.keep_targets(rows);
}
