//! The values of one field for the rows of a batch: ids or numbers.
//!
//! Columns are compressed rows: padding every row to the longest one would be simpler to index, but one long row would cost every other its length.

use std::ops::Range;

use crate::batch::dense::DenseColumn;
use crate::batch::shape::{FieldShape, ShapeKind};
use crate::batch::sparse::SparseColumn;

/// The values of one field.
#[derive(Clone, Debug, PartialEq)]
pub enum Column<F = f32> {
    /// Ids, one a row or any number.
    Sparse(SparseColumn<F>),
    /// A fixed number of numbers a row.
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
            ShapeKind::Dense { width } => Self::Dense(DenseColumn::new(width, Vec::new())),
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
            Self::Dense(_) => panic!("a sparse column is wanted, but this one is dense"),
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
            Self::Sparse(_) => panic!("a dense column is wanted, but this one is sparse"),
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

    /// Keeps the first `n_rows` rows; does nothing where there are no more.
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

    /// Makes room for `n_rows` more rows, of as many ids each as the rows so far, rounded up, and at least one.
    pub fn reserve(&mut self, n_rows: usize) {
        match self {
            Self::Sparse(column) => column.reserve(n_rows),
            Self::Dense(column) => column.reserve(n_rows),
        }
    }

    /// Appends `rows` of `other`.
    ///
    /// # Panics
    /// If the two have different forms or the rows do not exist, and where [`SparseColumn::push_bag`] would.
    #[track_caller]
    pub fn append(&mut self, other: &Self, rows: Range<usize>) {
        match (self, other) {
            (Self::Sparse(into), Self::Sparse(from)) => into.append(from, rows),
            (Self::Dense(into), Self::Dense(from)) => into.append(from, rows),
            _ => panic!("a sparse and a dense column cannot be joined"),
        }
    }

    /// Appends `n_rows` copies of the first row of `other`.
    ///
    /// # Panics
    /// If the two have different forms, `other` has no row, and where [`SparseColumn::push_bag`] would.
    #[track_caller]
    pub fn append_copies(&mut self, other: &Self, n_rows: usize) {
        match (self, other) {
            (Self::Sparse(into), Self::Sparse(from)) => into.append_copies(from, n_rows),
            (into, from) => (0..n_rows).for_each(|_| into.append(from, 0..1)),
        }
    }

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

    /// What keeps this column from being one of the form of `kind`, if anything.
    pub(crate) fn problem(&self, kind: &ShapeKind) -> Option<String> {
        match (self, kind) {
            (Self::Sparse(column), &ShapeKind::Sparse { dimensions, multi_hot, .. }) => {
                column.problem(dimensions, multi_hot)
            }
            (Self::Dense(column), &ShapeKind::Dense { width }) => column.problem(width),
            (Self::Sparse(_), _) => Some("holds ids where numbers are expected".to_owned()),
            (Self::Dense(_), _) => Some("holds numbers where ids are expected".to_owned()),
        }
    }
}
