//! Rows of cells: the form in which typed rows, and rows in memory, are handed on without a copy.

use std::fmt::Debug;

use deepcross_features::Cell;

/// Some rows, cell by cell.
pub(crate) trait RowChunk: Debug + Send + Sync {
    /// The number of rows.
    fn n_rows(&self) -> usize;

    /// The number of cells of a row.
    fn n_cells(&self, row: usize) -> usize;

    /// A cell; both positions must exist.
    fn cell(&self, row: usize, column: usize) -> Cell<'_>;

    /// The number of bytes of the texts of a row, approximately.
    fn n_bytes(&self, row: usize) -> usize;

    /// Whether the texts of a row have more than `limit` bytes.
    fn is_longer(&self, row: usize, limit: usize) -> bool {
        self.n_bytes(row) > limit
    }

    /// The first cell of a row whose text would be misread: its column, and what was expected.
    fn problem(&self, _row: usize) -> Option<(usize, &'static str)> {
        None
    }
}
