//! The values of one field for the rows of a batch: ids or numbers.
//!
//! Columns of ids are in compressed-row form.
//! Rejected: padding every row to the length of the longest one, which is simpler to index, because a single long row
//! would make all other rows as long.

use std::ops::Range;

use crate::batch::dense::DenseColumn;
use crate::batch::shape::{FieldShape, ShapeKind};
use crate::batch::sparse::SparseColumn;

/// The values of one field.
#[derive(Clone, Debug, PartialEq)]
pub enum Column<F = f32> {
    /// Ids: one per row, or any number.
    Sparse(SparseColumn<F>),
    /// A fixed number of numbers per row.
    Dense(DenseColumn<F>),
}

impl<F: Copy> Column<F> {
    /// An empty column of the form of `shape`.
    pub fn new(shape: &FieldShape) -> Self {
        match shape.kind {
            ShapeKind::Sparse { multi_hot: false, .. } => {
                Self::Sparse(SparseColumn::one_hot(Vec::new()))
            }
            ShapeKind::Sparse { multi_hot: true, .. } => {
                Self::Sparse(SparseColumn::multi_hot(vec![0], Vec::new(), Vec::new()))
            }
            ShapeKind::Dense { width, .. } => Self::Dense(DenseColumn::new(width, Vec::new())),
        }
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        match self {
            Self::Sparse(column) => column.n_rows(),
            Self::Dense(column) => column.n_rows(),
        }
    }

    /// The ids.
    ///
    /// # Panics
    /// If the column is dense.
    #[track_caller]
    pub fn sparse_mut(&mut self) -> &mut SparseColumn<F> {
        match self {
            Self::Sparse(column) => column,
            Self::Dense(_) => panic!("a sparse column is expected, but this one is dense"),
        }
    }

    /// The numbers.
    ///
    /// # Panics
    /// If the column is sparse.
    #[track_caller]
    pub fn dense_mut(&mut self) -> &mut DenseColumn<F> {
        match self {
            Self::Dense(column) => column,
            Self::Sparse(_) => panic!("a dense column is expected, but this one is sparse"),
        }
    }

    /// Removes all rows and keeps the capacity.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Whether the rows of `other`, a column of the same form, can be appended.
    pub(crate) fn has_room_for(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sparse(into), Self::Sparse(from)) => into.has_room_for(from),
            _ => true,
        }
    }

    /// Keeps the first `n_rows` rows; does nothing if there are no more.
    pub fn truncate(&mut self, n_rows: usize) {
        match self {
            Self::Sparse(column) => column.truncate(n_rows),
            Self::Dense(column) => column.truncate(n_rows),
        }
    }

    /// Keeps the rows at these positions, which must ascend, and moves them together in place.
    ///
    /// # Panics
    /// If there are no such rows.
    #[track_caller]
    pub fn keep_rows(&mut self, rows: &[usize]) {
        match self {
            Self::Sparse(column) => column.keep_rows(rows),
            Self::Dense(column) => column.keep_rows(rows),
        }
    }

    /// Reserves capacity for `n_rows` more rows, each with the average number of ids of the rows so far.
    ///
    /// The average is rounded up, and at least 1.
    pub fn reserve(&mut self, n_rows: usize) {
        match self {
            Self::Sparse(column) => column.reserve(n_rows),
            Self::Dense(column) => column.reserve(n_rows),
        }
    }

    /// Appends `rows` of `other`.
    ///
    /// # Panics
    /// If the two columns have different forms or the rows do not exist, or for the reasons of
    /// [`SparseColumn::push_bag`].
    #[track_caller]
    pub fn append(&mut self, other: &Self, rows: Range<usize>) {
        match (self, other) {
            (Self::Sparse(into), Self::Sparse(from)) => into.append(from, rows),
            (Self::Dense(into), Self::Dense(from)) => into.append(from, rows),
            _ => panic!("a sparse and a dense column cannot be joined"),
        }
    }

    /// Appends the rows of `other` at these positions, in this order.
    ///
    /// # Panics
    /// As [`append`](Self::append).
    #[track_caller]
    pub fn append_each(&mut self, other: &Self, rows: &[usize]) {
        match (self, other) {
            (Self::Sparse(into), Self::Sparse(from)) => into.append_each(from, rows),
            (Self::Dense(into), Self::Dense(from)) => into.append_each(from, rows),
            _ => panic!("a sparse and a dense column cannot be joined"),
        }
    }

    /// Appends `n_rows` copies of the first row of `other`.
    ///
    /// # Panics
    /// If the two columns have different forms or `other` has no row, or for the reasons of
    /// [`SparseColumn::push_bag`].
    #[track_caller]
    pub fn append_copies(&mut self, other: &Self, n_rows: usize) {
        match (self, other) {
            (Self::Sparse(into), Self::Sparse(from)) => into.append_copies(from, n_rows),
            (into, from) => (0..n_rows).for_each(|_| into.append(from, 0..1)),
        }
    }

    /// Whether a column of `n_rows` rows like the first can be made.
    pub(crate) fn has_room_for_copies(&self, n_rows: usize) -> bool {
        match self {
            Self::Sparse(column) => column.has_room_for_copies(n_rows),
            Self::Dense(_) => true,
        }
    }

    pub(crate) fn map_values<G>(&self, convert: impl Fn(F) -> G) -> Column<G> {
        match self {
            Self::Sparse(column) => Column::Sparse(column.map_values(convert)),
            Self::Dense(column) => Column::Dense(column.map_values(convert)),
        }
    }

    /// The reason why this column is not valid for `kind`, if there is one.
    pub(crate) fn problem(&self, kind: &ShapeKind) -> Option<String> {
        match (self, kind) {
            (Self::Sparse(column), &ShapeKind::Sparse { dimensions, multi_hot, .. }) => {
                column.problem(dimensions, multi_hot)
            }
            (Self::Dense(column), &ShapeKind::Dense { width, .. }) => column.problem(width),
            (Self::Sparse(_), _) => Some("holds ids, but numbers are expected".to_owned()),
            (Self::Dense(_), _) => Some("holds numbers, but ids are expected".to_owned()),
        }
    }
}
