//! A batch of encoded rows: plain columns of ids and numbers, with labels and row weights.
//!
//! The owner of a batch fills it, clears it and fills it again, so that a warm loop allocates nothing.
//! A batch is generic over the number type, so that gradients can be checked in `f64`; encoders write `f32`.

pub(crate) mod column;
pub(crate) mod dense;
pub(crate) mod rows;
pub(crate) mod shape;
pub(crate) mod sparse;

pub use column::Column;
pub use dense::DenseColumn;
pub use rows::{Bag, Bags, BatchRows, ColumnRows};
pub use shape::{FieldShape, Reserved, ShapeKind};
pub use sparse::SparseColumn;

use std::ops::Range;

use crate::batch::dense::keep_rows;
use crate::error::FeatureError;

/// Encoded rows, column by column.
///
/// There is either one label per row or no label, and either one weight per row or no weight.
/// Without weights, all weights are 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<F = f32> {
    columns: Vec<Column<F>>,
    labels: Vec<F>,
    weights: Vec<F>,
}

impl<F: Copy> Batch<F> {
    /// An empty batch with a column for each of `shapes`.
    pub fn new(shapes: &[FieldShape]) -> Self {
        Self::from_columns(shapes.iter().map(Column::new).collect())
    }

    /// A batch of these columns, without labels and weights; [`check`](Self::check) finds out whether they are valid.
    pub fn from_columns(columns: Vec<Column<F>>) -> Self {
        Self { columns, labels: Vec::new(), weights: Vec::new() }
    }

    /// The number of rows of the first column, or of labels if there is no column.
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(self.labels.len(), Column::n_rows)
    }

    /// The columns, in the order of the fields.
    pub fn columns(&self) -> &[Column<F>] {
        &self.columns
    }

    /// The columns, for pushing rows by hand; each column must receive the same number of rows.
    pub fn columns_mut(&mut self) -> &mut [Column<F>] {
        &mut self.columns
    }

    /// One label per row, or none at all.
    pub fn labels(&self) -> &[F] {
        &self.labels
    }

    /// The labels; the code that encodes rows pushes them.
    pub fn labels_mut(&mut self) -> &mut Vec<F> {
        &mut self.labels
    }

    /// One weight per row, or none at all.
    pub fn weights(&self) -> &[F] {
        &self.weights
    }

    /// The row weights; the code that encodes rows pushes them.
    pub fn weights_mut(&mut self) -> &mut Vec<F> {
        &mut self.weights
    }

    /// A view of `rows`.
    ///
    /// # Panics
    /// If there are no such rows; on use, if the batch would not pass [`check`](Self::check).
    #[track_caller]
    pub fn rows(&self, rows: Range<usize>) -> BatchRows<'_, F> {
        BatchRows::new(self, rows)
    }

    /// Removes all rows and keeps the capacity.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Keeps the first `n_rows` rows; does nothing if there are no more.
    pub fn truncate(&mut self, n_rows: usize) {
        self.columns.iter_mut().for_each(|column| column.truncate(n_rows));
        self.labels.truncate(n_rows);
        self.weights.truncate(n_rows);
    }

    /// Keeps the rows at these positions, which must ascend, and moves them together in place.
    ///
    /// # Panics
    /// If there are no such rows.
    #[track_caller]
    pub fn keep_rows(&mut self, rows: &[usize]) {
        debug_assert!(rows.is_sorted_by(|one, next| one < next), "positions must ascend");
        self.columns.iter_mut().for_each(|column| column.keep_rows(rows));
        self.keep_targets(rows);
    }

    /// As [`keep_rows`](Self::keep_rows), but only for labels and weights: for callers that keep rows column by column.
    ///
    /// # Panics
    /// If there are no such rows.
    #[track_caller]
    pub fn keep_targets(&mut self, rows: &[usize]) {
        for values in [&mut self.labels, &mut self.weights] {
            if !values.is_empty() {
                keep_rows(values, 1, rows);
            }
        }
    }

    /// Reserves capacity for `n_rows` more rows like those so far.
    pub fn reserve(&mut self, n_rows: usize) {
        self.columns.iter_mut().for_each(|column| column.reserve(n_rows));
        self.labels.reserve(n_rows);
        if !self.weights.is_empty() {
            self.weights.reserve(n_rows);
        }
    }

    /// Appends one row of `other`, with its label and weight, if it has them.
    ///
    /// # Panics
    /// As [`append`](Self::append).
    #[track_caller]
    pub fn push_row_from(&mut self, other: &Self, row: usize) {
        self.append(other, row..row + 1);
    }

    /// Appends `rows` of `other`, with their labels and weights, if they have them.
    ///
    /// Allocates only if the capacity is too small.
    ///
    /// # Panics
    /// If the two were made for different shapes, or `other` has no such rows.
    #[track_caller]
    pub fn append(&mut self, other: &Self, rows: Range<usize>) {
        let view = other.rows(rows.clone());
        self.labels.extend_from_slice(view.labels());
        self.weights.extend_from_slice(view.weights());
        assert_eq!(self.columns.len(), other.columns.len(), "batches have the same fields");
        for (into, from) in self.columns.iter_mut().zip(&other.columns) {
            into.append(from, rows.clone());
        }
    }

    /// The same batch in another number type.
    pub fn map_values<G>(&self, convert: impl Fn(F) -> G) -> Batch<G> {
        let map = |values: &[F]| values.iter().map(|&value| convert(value)).collect();
        Batch {
            columns: self.columns.iter().map(|column| column.map_values(&convert)).collect(),
            labels: map(&self.labels),
            weights: map(&self.weights),
        }
    }

    /// Checks that this is a batch for `shapes`.
    ///
    /// It must have one column for each shape, of this form, with ids in range and offsets in order.
    /// All columns must have the same number of rows.
    /// Costs a pass over the ids; a batch that an encoder filled needs no check.
    ///
    /// # Errors
    /// [`FeatureError::Batch`] with the first problem found.
    pub fn check(&self, shapes: &[FieldShape]) -> Result<(), FeatureError> {
        if self.columns.len() != shapes.len() {
            let (found, wanted) = (self.columns.len(), shapes.len());
            return Err(batch_error(format!("has {found} columns, but {wanted} are expected")));
        }
        for (column, shape) in self.columns.iter().zip(shapes) {
            let problem = column.problem(&shape.kind).or_else(|| self.length_problem(column));
            if let Some(problem) = problem {
                return Err(batch_error(format!("field `{}` {problem}", shape.name)));
            }
        }
        self.check_extras("labels", &self.labels)?;
        self.check_extras("weights", &self.weights)
    }

    fn length_problem(&self, column: &Column<F>) -> Option<String> {
        let (found, wanted) = (column.n_rows(), self.n_rows());
        (found != wanted).then(|| format!("has {found} rows, but the first field has {wanted}"))
    }

    fn check_extras(&self, what: &str, values: &[F]) -> Result<(), FeatureError> {
        let (found, wanted) = (values.len(), self.n_rows());
        if found == 0 || found == wanted {
            return Ok(());
        }
        Err(batch_error(format!("has {found} {what}, but {wanted} rows")))
    }
}

fn batch_error(problem: String) -> FeatureError {
    FeatureError::Batch { problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::dense::DenseColumn;
    use crate::batch::sparse::SparseColumn;

    fn shapes() -> Vec<FieldShape> {
        vec![FieldShape::one_hot("a", 4), FieldShape::multi_hot("b", 5), FieldShape::dense("c", 2)]
    }

    fn batch() -> Batch {
        let mut batch = Batch::new(&shapes());
        for (id, bag) in [(3, &[1, 4][..]), (0, &[]), (2, &[2])] {
            let [a, b, c] = batch.columns_mut() else { panic!("there are three fields") };
            a.sparse_mut().push_id(id);
            b.sparse_mut().push_bag(bag, None);
            c.dense_mut().push_row(&[id as f32, 0.5]);
            batch.labels_mut().push(f32::from(id == 3));
        }
        batch
    }

    #[track_caller]
    fn check(column: usize, replacement: Column, message: &str) {
        let mut batch = batch();
        batch.columns_mut()[column] = replacement;
        let found = batch.check(&shapes()).map_err(|error| error.to_string());
        assert_eq!(found, Err(message.to_owned()));
    }

    #[test]
    fn invalid_batches_are_found() {
        let bags = |offsets: &[u32], ids: &[u32], weights: &[f32]| {
            let (offsets, ids) = (offsets.to_vec(), ids.to_vec());
            Column::Sparse(SparseColumn::multi_hot(offsets, ids, weights.to_vec()))
        };
        let ids = |ids: &[u32]| Column::Sparse(SparseColumn::one_hot(ids.to_vec()));
        let dense = |width, n| Column::Dense(DenseColumn::new(width, vec![0.0; n]));
        assert_eq!(batch().check(&shapes()), Ok(()));
        check(0, ids(&[0, 4, 0]), "batch: field `a` has the id 4, but ids must be less than 4");
        check(0, dense(2, 6), "batch: field `a` holds numbers, but ids are expected");
        check(
            1,
            ids(&[0, 1, 2]),
            "batch: field `b` holds one id per row, but bags of ids are expected",
        );
        check(
            1,
            bags(&[0, 1], &[1], &[]),
            "batch: field `b` has 1 rows, but the first field has 3",
        );
        check(1, bags(&[], &[], &[]), "batch: field `b` has offsets that do not begin with 0");
        check(
            1,
            bags(&[1, 1, 1, 1], &[1], &[]),
            "batch: field `b` has offsets that do not begin with 0",
        );
        check(
            1,
            bags(&[0, 2, 1, 2], &[1, 1], &[]),
            "batch: field `b` has offsets that decrease from 2 to 1",
        );
        check(
            1,
            bags(&[0, 1, 1, 3], &[1], &[]),
            "batch: field `b` has 1 ids, but offsets that end at 3",
        );
        check(
            1,
            bags(&[0, 1, 1, 1], &[1], &[1.0, 2.0]),
            "batch: field `b` has 1 ids, but 2 weights",
        );
        check(
            2,
            dense(3, 9),
            "batch: field `c` has 3 numbers per row, but must have 2 (at least 1)",
        );
        check(2, dense(2, 7), "batch: field `c` ends in a row with 1 of 2 numbers");
        check(2, ids(&[0, 0, 0]), "batch: field `c` holds ids, but numbers are expected");
    }

    #[test]
    fn there_is_one_label_and_weight_per_row_or_none() {
        let mut batch = batch();
        batch.weights_mut().push(1.0);
        let message = "batch: has 1 weights, but 3 rows";
        assert_eq!(batch.check(&shapes()).map_err(|e| e.to_string()), Err(message.to_owned()));
        assert!(batch.check(&shapes()[..2]).is_err());
    }

    #[test]
    fn rows_move_between_batches() {
        let from = batch();
        let mut into = Batch::new(&shapes());
        into.append(&from, 1..3);
        into.push_row_from(&from, 0);
        assert_eq!(into.check(&shapes()), Ok(()));
        assert_eq!(into.labels(), [0.0, 0.0, 1.0]);
        into.append(&from, 1..3);
        into.truncate(2);
        into.push_row_from(&from, 0);
        let mut again = Batch::new(&shapes());
        again.append(&into, 2..3);
        again.append(&into, 0..2);
        assert_eq!(again, from);
        again.clear();
        assert_eq!(again, Batch::new(&shapes()));
    }

    #[test]
    fn keep_rows_equals_pushing_the_kept_rows() {
        let mut whole = batch();
        whole.append(&batch(), 0..3);
        whole.weights_mut().extend([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        for chosen in 0_u32..64 {
            let rows: Vec<usize> = (0..6).filter(|row| chosen >> row & 1 == 1).collect();
            let mut expected = Batch::new(&shapes());
            rows.iter().for_each(|&row| expected.push_row_from(&whole, row));
            let mut kept = whole.clone();
            kept.keep_rows(&rows);
            assert_eq!(kept, expected, "{rows:?}");
        }
    }

    #[test]
    fn numbers_change_their_type() {
        let mapped = batch().map_values(f64::from);
        assert_eq!(mapped.labels(), [1.0, 0.0, 0.0]);
        assert_eq!(mapped.map_values(|value| value as f32), batch());
    }

    #[test]
    #[should_panic(expected = "do not lie within a batch of 3 rows")]
    fn rows_after_the_end_cause_a_panic() {
        batch().rows(2..4);
    }
}
