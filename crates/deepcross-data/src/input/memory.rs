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

impl MemoryRows {
    /// The rows with these numbers, which count over all chunks from 0 and rise.
    pub(crate) fn selected(&self, numbers: &[u64]) -> Self {
        let (mut chunks, mut rest, mut first) = (Vec::new(), numbers, 0);
        for chunk in &self.chunks {
            let end = first + chunk.n_rows() as u64;
            let (own, others) = rest.split_at(rest.partition_point(|number| *number < end));
            let at = own.iter().map(|number| (number - first) as usize).collect();
            let rows: Arc<dyn RowChunk> = Arc::new(SelectedRows { chunk: Arc::clone(chunk), at });
            chunks.push(rows);
            (rest, first) = (others, end);
        }
        Self { header: self.header.clone(), unread: self.unread.clone(), chunks }
    }
}

/// Some rows of a chunk, which are not copied.
#[derive(Debug)]
struct SelectedRows {
    chunk: Arc<dyn RowChunk>,
    /// The positions of the rows in the chunk.
    at: Vec<usize>,
}

impl RowChunk for SelectedRows {
    fn n_rows(&self) -> usize {
        self.at.len()
    }

    fn n_cells(&self, row: usize) -> usize {
        self.chunk.n_cells(self.at[row])
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.chunk.cell(self.at[row], column)
    }

    fn n_bytes(&self, row: usize) -> usize {
        self.chunk.n_bytes(self.at[row])
    }

    fn is_longer(&self, row: usize, limit: usize) -> bool {
        self.chunk.is_longer(self.at[row], limit)
    }

    fn problem(&self, row: usize) -> Option<(usize, &'static str)> {
        self.chunk.problem(self.at[row])
    }
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
