//! The rows of a request as text in one buffer, which encoders read.

use deepcross_features::json::ValueKind;
use deepcross_features::{Cell, RowFields, Value};
use std::ops::Range;

/// Rows with a cell for each column of a model, stored column by column, as they are encoded.
#[derive(Debug)]
pub(crate) struct TextRows {
    text: Vec<u8>,
    columns: Vec<CellColumn>,
    n_rows: usize,
    /// The columns that have the same value in all rows because the caller shared it, in ascending order.
    shared: Vec<usize>,
    /// Whether the text of every cell is known to be valid UTF-8.
    is_utf8: bool,
}

/// The cells of a column.
#[derive(Clone, Debug, Default)]
struct CellColumn {
    /// One for each row, or one for all.
    cells: Vec<TextCell>,
    is_shared: bool,
}

/// The place of a value in the text, and its kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextCell {
    start: usize,
    end: usize,
    pub(crate) kind: ValueKind,
}

/// One row, for an encoder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextRow<'a> {
    rows: &'a TextRows,
    index: usize,
}

impl TextRows {
    /// No rows yet; `is_utf8` promises that all text is valid UTF-8.
    pub(crate) fn new(n_columns: usize, is_utf8: bool) -> Self {
        let columns = vec![CellColumn::default(); n_columns];
        Self { text: Vec::new(), columns, n_rows: 0, shared: Vec::new(), is_utf8 }
    }

    pub(crate) fn len(&self) -> usize {
        self.n_rows
    }

    pub(crate) fn row(&self, index: usize) -> TextRow<'_> {
        TextRow { rows: self, index }
    }

    /// The columns that have the same value in all rows.
    pub(crate) fn shared(&self) -> &[usize] {
        &self.shared
    }

    /// Gives a column the same cell in all rows; to be called in ascending order of columns.
    pub(crate) fn share(&mut self, column: usize, cell: TextCell) {
        self.columns[column] = CellColumn { cells: vec![cell], is_shared: true };
        self.shared.push(column);
    }

    /// The kind of the value in a column of a row.
    pub(crate) fn kind(&self, row: usize, column: usize) -> ValueKind {
        self.columns[column].at(row).kind
    }

    /// Stores the text of a value; the caller puts the cell into a column.
    pub(crate) fn keep(&mut self, text: &[u8], kind: ValueKind) -> TextCell {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        TextCell { start, end: self.text.len(), kind }
    }

    /// The cells of a column, one for each row so far.
    pub(crate) fn cells(&mut self, column: usize) -> &mut Vec<TextCell> {
        &mut self.columns[column].cells
    }

    /// Ends a row; each column that is not shared must have a cell for it.
    pub(crate) fn end_row(&mut self) {
        self.n_rows += 1;
    }

    /// The ranges of rows that are scored in one go, each of at most `most` rows.
    pub(crate) fn chunks(&self, most: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let n_rows = self.len();
        (0..n_rows).step_by(most).map(move |start| start..n_rows.min(start + most))
    }
}

impl CellColumn {
    #[inline]
    fn at(&self, row: usize) -> TextCell {
        self.cells[if self.is_shared { 0 } else { row }]
    }
}

impl RowFields for TextRow<'_> {
    #[inline]
    fn cell(&self, column: usize) -> Cell<'_> {
        let TextCell { start, end, kind } = self.rows.columns[column].at(self.index);
        match kind {
            ValueKind::Null => Cell::Null,
            _ => Cell::Text(&self.rows.text[start..end]),
        }
    }

    #[inline]
    fn value(&self, column: usize) -> Option<Value<'_>> {
        let TextCell { start, end, kind } = self.rows.columns[column].at(self.index);
        if kind == ValueKind::Null {
            return Some(Value::NULL);
        }
        let is_text = self.rows.is_utf8 || std::str::from_utf8(&self.rows.text[start..end]).is_ok();
        is_text.then(|| Value::within(&self.rows.text, start, end))
    }
}
