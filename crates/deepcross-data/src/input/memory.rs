//! Rows in memory, which are read as if they came from a file.

use std::sync::Arc;

use deepcross_features::Cell;

use super::row_chunk::RowChunk;

/// Rows in memory with the names of their columns.
#[derive(Debug)]
pub(crate) struct MemoryRows {
    pub(crate) header: Vec<String>,
    /// The columns that the rows lack, because their types are not read.
    pub(crate) unread: Vec<UnreadColumn>,
    pub(crate) chunks: Vec<Arc<dyn RowChunk>>,
}

/// A column whose type is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadColumn {
    /// The name.
    pub name: String,
    /// The type, in words of the format.
    pub kind: String,
}

/// Rows of strings.
#[derive(Debug)]
pub(super) struct StringRows(pub(super) Vec<Vec<String>>);

impl RowChunk for StringRows {
    fn n_rows(&self) -> usize {
        self.0.len()
    }

    fn n_cells(&self, row: usize) -> usize {
        self.0[row].len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        Cell::Text(self.0[row][column].as_bytes())
    }

    fn n_bytes(&self, row: usize) -> usize {
        self.0[row].iter().map(String::len).sum()
    }
}
