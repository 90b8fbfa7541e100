//! The rows of a request as text, end to end in one buffer: what encoders read.

use deepcross_features::Record;
use std::ops::Range;

/// Rows of as many cells as a model has columns.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    text: Vec<u8>,
    cells: Vec<Cell>,
    n_columns: usize,
    /// The columns that hold the same in all rows, as the caller said, in order.
    shared: Vec<usize>,
}

/// Where the text of a value lies, and of what kind it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    start: usize,
    end: usize,
    pub(crate) kind: ValueKind,
}

/// The kind of a value, as the caller wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueKind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/// One row, to be encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    rows: &'a Rows,
    index: usize,
}

impl ValueKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

impl Rows {
    pub(crate) fn new(n_columns: usize) -> Self {
        Self { text: Vec::new(), cells: Vec::new(), n_columns, shared: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len() / self.n_columns.max(1)
    }

    pub(crate) fn row(&self, index: usize) -> Row<'_> {
        Row { rows: self, index }
    }

    /// The columns that hold the same in all rows.
    pub(crate) fn shared(&self) -> &[usize] {
        &self.shared
    }

    /// Says which columns hold the same in all rows.
    pub(crate) fn share(&mut self, columns: Vec<usize>) {
        self.shared = columns;
    }

    /// The kind of the value in a column of a row.
    pub(crate) fn kind(&self, row: usize, column: usize) -> ValueKind {
        self.cells[row * self.n_columns + column].kind
    }

    /// Keeps the text of a value; the cell is to become part of a row.
    pub(crate) fn keep(&mut self, text: &[u8], kind: ValueKind) -> Cell {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        Cell { start, end: self.text.len(), kind }
    }

    /// Appends a row.
    ///
    /// # Panics
    /// If it has not a cell for each column.
    #[track_caller]
    pub(crate) fn push(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let before = self.cells.len();
        self.cells.extend(cells);
        assert_eq!(self.cells.len() - before, self.n_columns, "a cell for each column");
    }

    /// The ranges of rows that are scored in one go, of at most `most` rows.
    pub(crate) fn chunks(&self, most: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let n_rows = self.len();
        (0..n_rows).step_by(most).map(move |start| start..n_rows.min(start + most))
    }
}

impl Record for Row<'_> {
    fn field(&self, column: usize) -> &[u8] {
        let cell = self.rows.cells[self.index * self.rows.n_columns + column];
        &self.rows.text[cell.start..cell.end]
    }
}
