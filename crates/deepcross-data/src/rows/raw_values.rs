//! The raw values of some columns, kept beside the encoded rows.
//!
//! A batch has ids and numbers only, but metrics are grouped by the text of a column, which need not belong to any
//! field.

use deepcross_features::Cell;

/// The raw values of rows, column by column: a container that is filled again and again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawValues {
    columns: Vec<RawColumn>,
}

/// The raw values of one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawColumn {
    text: Vec<u8>,
    /// The end of each value in `text`.
    ends: Vec<usize>,
}

impl RawValues {
    /// A container of `n_columns` columns, without rows.
    pub(crate) fn new(n_columns: usize) -> Self {
        Self { columns: vec![RawColumn::default(); n_columns] }
    }

    /// The columns, in the order in which the caller named them.
    pub fn columns(&self) -> &[RawColumn] {
        &self.columns
    }

    /// Removes all rows and keeps the capacity.
    pub(crate) fn clear(&mut self) {
        for column in &mut self.columns {
            column.text.clear();
            column.ends.clear();
        }
    }

    /// Appends a row, given the cell of each column.
    pub(crate) fn push<'a>(&mut self, cells: impl Iterator<Item = Cell<'a>>) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            cell.spell(&mut column.text);
            column.ends.push(column.text.len());
        }
    }
}

impl RawColumn {
    /// The values in the order of the rows, without blanks at their ends if fields are trimmed.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let start = |row: usize| row.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.ends.iter().enumerate().map(move |(row, &end)| &self.text[start(row)..end])
    }
}
