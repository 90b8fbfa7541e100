//! Views of consecutive rows of a batch, through which models read it.
//!
//! A view borrows and never copies: training cuts one batch into blocks, and each block is a view.

use std::ops::Range;

use crate::batch::Batch;
use crate::batch::column::Column;

/// Consecutive rows of a [`Batch`].
#[derive(Clone, Copy, Debug)]
pub struct BatchRows<'a, F = f32> {
    batch: &'a Batch<F>,
    start: usize,
    end: usize,
}

/// Consecutive rows of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ColumnRows<'a, F = f32> {
    /// Ids.
    Sparse(Bags<'a, F>),
    /// Numbers.
    Dense {
        /// The number of numbers per row.
        width: usize,
        /// The numbers of these rows, row-major: `n_rows · width`.
        values: &'a [F],
    },
}

/// The ids of consecutive rows of a sparse field: a bag of ids for each row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bags<'a, F = f32> {
    /// `n_rows + 1` absolute positions into `ids`; `None` if each row has exactly one id.
    pub offsets: Option<&'a [u32]>,
    /// The ids of the whole batch if there are offsets, else the ids of these rows.
    pub ids: &'a [u32],
    /// A weight for each of `ids`; `None` if all are 1.
    pub weights: Option<&'a [F]>,
}

/// The ids of one row of a sparse field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bag<'a, F = f32> {
    /// The ids, which may repeat.
    pub ids: &'a [u32],
    /// A weight for each id; `None` if all are 1.
    pub weights: Option<&'a [F]>,
}

impl<'a, F: Copy> BatchRows<'a, F> {
    #[track_caller]
    pub(crate) fn new(batch: &'a Batch<F>, rows: Range<usize>) -> Self {
        let n_rows = batch.n_rows();
        assert!(
            rows.start <= rows.end && rows.end <= n_rows,
            "the rows {rows:?} do not lie within a batch of {n_rows} rows"
        );
        Self { batch, start: rows.start, end: rows.end }
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.end - self.start
    }

    /// The number of fields.
    pub fn n_fields(&self) -> usize {
        self.batch.columns().len()
    }

    /// The values of the field at `index`.
    ///
    /// # Panics
    /// If there is no such field.
    #[track_caller]
    pub fn field(&self, index: usize) -> ColumnRows<'a, F> {
        let rows = self.start..self.end;
        match &self.batch.columns()[index] {
            Column::Dense(column) => {
                ColumnRows::Dense { width: column.width(), values: column.values_of(&rows) }
            }
            Column::Sparse(column) => {
                let offsets = column.offsets().map(|offsets| &offsets[rows.start..=rows.end]);
                let kept = if offsets.is_some() { 0..column.ids().len() } else { rows };
                let weights = column.weights();
                ColumnRows::Sparse(Bags {
                    offsets,
                    ids: &column.ids()[kept.clone()],
                    weights: (!weights.is_empty()).then(|| &weights[kept]),
                })
            }
        }
    }

    /// One label per row; empty if the batch has none.
    pub fn labels(&self) -> &'a [F] {
        self.slice(self.batch.labels())
    }

    /// One weight per row; empty if the batch has none, which means that all are 1.
    pub fn weights(&self) -> &'a [F] {
        self.slice(self.batch.weights())
    }

    /// A view of `rows`, counted from the first row of this view.
    ///
    /// # Panics
    /// If they do not lie within this view.
    #[track_caller]
    pub fn rows(&self, rows: Range<usize>) -> Self {
        assert!(
            rows.start <= rows.end && rows.end <= self.n_rows(),
            "the rows {rows:?} do not lie within a view of {} rows",
            self.n_rows()
        );
        Self { start: self.start + rows.start, end: self.start + rows.end, ..*self }
    }

    fn slice(&self, values: &'a [F]) -> &'a [F] {
        if values.is_empty() { values } else { &values[self.start..self.end] }
    }
}

impl<'a, F: Copy> Bags<'a, F> {
    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.offsets.map_or(self.ids.len(), |offsets| offsets.len().saturating_sub(1))
    }

    /// The ids and weights of `row`, counted from the first row of the view.
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn bag(&self, row: usize) -> Bag<'a, F> {
        let ids = match self.offsets {
            Some(offsets) => offsets[row] as usize..offsets[row + 1] as usize,
            None => row..row + 1,
        };
        Bag { ids: &self.ids[ids.clone()], weights: self.weights.map(|weights| &weights[ids]) }
    }

    /// The bags of all rows, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Bag<'a, F>> {
        let bags = *self;
        (0..self.n_rows()).map(move |row| bags.bag(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::dense::DenseColumn;
    use crate::batch::sparse::SparseColumn;

    fn batch() -> Batch<f64> {
        let bags = SparseColumn::multi_hot(
            vec![0, 2, 2, 5],
            vec![1, 2, 3, 3, 4],
            vec![0.5, 0.5, 1.0, 2.0, 3.0],
        );
        let mut batch = Batch::from_columns(vec![
            Column::Sparse(SparseColumn::one_hot(vec![7, 8, 9])),
            Column::Sparse(bags),
            Column::Dense(DenseColumn::new(2, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0])),
        ]);
        batch.labels_mut().extend([0.0, 1.0, 0.0]);
        batch
    }

    #[test]
    fn a_view_holds_its_rows() {
        let batch = batch();
        let view = batch.rows(0..3).rows(1..3);
        assert_eq!((view.n_rows(), view.n_fields()), (2, 3));
        assert_eq!(view.labels(), [1.0, 0.0]);
        assert_eq!(view.weights(), [0.0; 0]);
        let one_hot = Bags { offsets: None, ids: &[8, 9], weights: None };
        assert_eq!(view.field(0), ColumnRows::Sparse(one_hot));
        assert_eq!(view.field(2), ColumnRows::Dense { width: 2, values: &[2.0, 3.0, 4.0, 5.0] });
    }

    #[test]
    fn each_row_has_its_bag() {
        let batch = batch();
        let ColumnRows::Sparse(bags) = batch.rows(1..3).field(1) else {
            panic!("the second field is sparse");
        };
        assert_eq!(bags.offsets, Some(&[2, 2, 5][..]));
        let found: Vec<_> = bags.iter().collect();
        let empty = Bag { ids: &[], weights: Some(&[][..]) };
        let last = Bag { ids: &[3, 3, 4], weights: Some(&[1.0, 2.0, 3.0][..]) };
        assert_eq!(found, [empty, last]);
    }

    #[test]
    #[should_panic(expected = "do not lie within a view of 1 rows")]
    fn a_view_cannot_grow() {
        batch().rows(0..1).rows(0..2);
    }
}
