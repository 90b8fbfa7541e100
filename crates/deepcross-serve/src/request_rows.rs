//! Collects the rows of a request: checks their values and turns them into cells.

use crate::problem::{Problem, RowError};
use crate::text_rows::{TextCell, TextRows};
use deepcross_features::blanks;
use deepcross_features::json::{JsonValue, JsonWalk, ValueKind};
use deepcross_model::scoring::{InputColumn, InputColumns};

/// The largest number of errors that get a message; further ones are only counted.
const MAX_MESSAGES: usize = 20;

/// The limits of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_rows: usize,
    pub(crate) max_value: usize,
    pub(crate) absent_as_missing: bool,
}

/// Fills [`TextRows`] with values, row after row, and collects the errors of the rows.
#[derive(Debug)]
pub(crate) struct RequestRows<'c> {
    pub(crate) columns: &'c InputColumns,
    limits: Limits,
    rows: TextRows,
    /// The columns that the previous row named, in its order.
    order: Vec<usize>,
    /// The number of columns that the current row has named so far.
    n_named: usize,
    /// The shared value of each column, which stands for a value that a row does not name.
    shared: Vec<Option<TextCell>>,
    /// The columns for which each row must have its own cell.
    own: Vec<usize>,
    is_own: Vec<bool>,
    /// The part of the request that an error outside of a row names.
    pub(crate) place: &'static str,
    errors: Vec<RowError>,
    left_out: usize,
}

impl<'c> RequestRows<'c> {
    /// No rows yet; `is_utf8` promises that all values are valid UTF-8.
    pub(crate) fn new(columns: &'c InputColumns, limits: Limits, is_utf8: bool) -> Self {
        let n_columns = columns.len();
        Self {
            columns,
            limits,
            rows: TextRows::new(n_columns, is_utf8),
            order: Vec::new(),
            n_named: 0,
            shared: vec![None; n_columns],
            own: (0..n_columns).collect(),
            is_own: vec![true; n_columns],
            place: "shared",
            errors: Vec::new(),
            left_out: 0,
        }
    }

    /// The number of complete rows.
    pub(crate) fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Fails if the request may not have another row after `n_rows`.
    pub(crate) fn check_room(&self, n_rows: usize) -> Result<(), Problem> {
        let most = self.limits.max_rows;
        match n_rows < most {
            true => Ok(()),
            false => Err(Problem::too_large(format!(
                "a request may have at most {most} rows or candidates, but this one has more"
            ))),
        }
    }

    /// Records an error in a row, or in what the rows share.
    pub(crate) fn refuse(
        &mut self,
        row: Option<usize>,
        field: Option<&str>,
        found: Option<&'static str>,
        expected: impl FnOnce() -> String,
    ) {
        if self.errors.len() >= MAX_MESSAGES {
            self.left_out += 1;
            return;
        }
        let field = field.map(shorten);
        let (place, expected) = (self.place, expected());
        self.errors.push(RowError { row, place, field, found, expected });
    }

    /// Refuses a header that does not name each field of the model; `named` are the columns that it names.
    ///
    /// If absent fields are missing values, one of them must be there, or the first line is not a header.
    pub(crate) fn refuse_absent(&mut self, named: impl Iterator<Item = usize>) {
        let columns = self.columns;
        let mut is_named = vec![false; columns.len()];
        named.for_each(|column| is_named[column] = true);
        self.place = "the header";
        if self.limits.absent_as_missing && is_named.contains(&true) {
            return;
        }
        for (input, is_named) in columns.list.iter().zip(is_named) {
            if !is_named {
                self.refuse(None, Some(&input.name), Some("nothing"), || {
                    "a column for each field of the model".to_owned()
                });
            }
        }
    }

    /// Whether there was no error.
    pub(crate) fn is_good(&self) -> bool {
        self.errors.is_empty()
    }

    /// Refuses a field that the model does not read, unless training did.
    pub(crate) fn refuse_unknown(&mut self, row: Option<usize>, name: &str) {
        let columns = self.columns;
        if columns.is_ignored(name) {
            return;
        }
        self.refuse(row, Some(name), None, || match columns.nearest(name) {
            Some(nearest) => format!("a field of the model; the nearest known one is `{nearest}`"),
            None => "a field of the model, as `/v1/model` lists them".to_owned(),
        });
    }

    /// Steps over the next name if it is the one that the previous row had at this position, and returns its column.
    ///
    /// Rows of one request nearly always name the same columns in the same order.
    /// One comparison then saves finding the end of the name and looking the name up.
    #[inline]
    pub(crate) fn take_expected(&mut self, walk: &mut JsonWalk<'_>) -> Option<usize> {
        let column = *self.order.get(self.n_named)?;
        let InputColumn { name, is_plain, .. } = &self.columns.list[column];
        let is_expected = *is_plain && walk.take_name(name);
        self.n_named += usize::from(is_expected);
        is_expected.then_some(column)
    }

    /// The column of the name that comes next in the current row.
    pub(crate) fn position(&mut self, name: &str) -> Option<usize> {
        let column = self.columns.position(name)?;
        match self.order.get_mut(self.n_named) {
            Some(place) => *place = column,
            None if self.n_named < self.columns.len() => self.order.push(column),
            // The row names a field several times: this is not an order to expect in the next row.
            None => {}
        }
        self.n_named += 1;
        Some(column)
    }

    /// Sets the value of a column for all rows.
    pub(crate) fn put_shared(&mut self, column: usize, cell: TextCell) {
        if self.shared[column].replace(cell).is_some() {
            self.refuse_again(None, column);
        }
    }

    /// Ends the shared values: rows need no cell of their own in these columns.
    pub(crate) fn end_shared(&mut self) {
        self.is_own = self.shared.iter().map(Option::is_none).collect();
        self.own.retain(|&column| self.is_own[column]);
        self.order.clear();
        self.n_named = 0;
    }

    /// Puts a value into the current row.
    #[inline]
    pub(crate) fn put(&mut self, column: usize, cell: TextCell) {
        let row = self.n_rows();
        if !self.is_own[column] {
            self.begin_own(column);
        }
        let cells = self.rows.cells(column);
        if cells.len() > row {
            cells[row] = cell;
            self.refuse_again(Some(row), column);
        } else {
            cells.push(cell);
        }
    }

    /// Sets all values of a column; only before the first row ends.
    pub(crate) fn put_column(&mut self, column: usize, cells: Vec<TextCell>) {
        if !self.is_own[column] {
            self.begin_own(column);
        }
        *self.rows.cells(column) = cells;
    }

    /// Turns a shared column into one with a cell for each row: the current row has a value of its own.
    #[cold]
    fn begin_own(&mut self, column: usize) {
        let n_rows = self.n_rows();
        if let Some(cell) = self.shared[column] {
            self.rows.cells(column).resize(n_rows, cell);
        }
        self.is_own[column] = true;
        self.own.push(column);
    }

    /// Ends the current row: a field that it does not name has the shared value, or is missing, or is an error.
    pub(crate) fn end_row(&mut self) {
        let row = self.n_rows();
        for at in 0..self.own.len() {
            let column = self.own[at];
            if self.rows.cells(column).len() <= row {
                let shared = self.shared[column];
                let cell = shared.unwrap_or_else(|| self.absent(row, column));
                self.rows.cells(column).push(cell);
            }
        }
        self.rows.end_row();
        self.n_named = 0;
    }

    /// The rows, if there was no error.
    pub(crate) fn finish(mut self) -> Result<TextRows, Problem> {
        for (column, shared) in self.shared.iter().enumerate() {
            if let (Some(cell), false) = (shared, self.is_own[column]) {
                self.rows.share(column, *cell);
            }
        }
        match self.errors.is_empty() {
            true => Ok(self.rows),
            false => Err(Problem::rows(self.errors, self.left_out)),
        }
    }

    fn refuse_again(&mut self, row: Option<usize>, column: usize) {
        let name = &self.columns.list[column].name;
        self.refuse(row, Some(name), None, || "each field once".to_owned());
    }

    fn absent(&mut self, row: usize, column: usize) -> TextCell {
        let input = &self.columns.list[column];
        if self.limits.absent_as_missing {
            return self.null();
        }
        self.refuse(Some(row), Some(&input.name), Some("nothing"), || {
            format!("{}, or null if it is missing", input.accepts)
        });
        self.null()
    }

    fn null(&mut self) -> TextCell {
        self.rows.keep(b"", ValueKind::Null)
    }

    /// Stores text as a value of a column.
    pub(crate) fn text(
        &mut self,
        row: Option<usize>,
        column: usize,
        text: &[u8],
        kind: ValueKind,
    ) -> TextCell {
        let text = if self.columns.trim { blanks::trim(text) } else { text };
        let most = self.limits.max_value;
        if text.len() > most {
            let name = &self.columns.list[column].name;
            self.refuse(row, Some(name), Some(kind.name()), || format!("at most {most} bytes"));
            return self.rows.keep(b"", kind);
        }
        self.rows.keep(text, kind)
    }

    /// Stores a JSON value as a value of a column; the elements of an array are joined by the separator, as files have
    /// them.
    #[inline]
    pub(crate) fn json(
        &mut self,
        row: Option<usize>,
        column: usize,
        value: JsonValue<'_>,
    ) -> TextCell {
        let (kind, separator) = (value.kind, self.columns.list[column].separator);
        match (kind, separator) {
            (ValueKind::Null, _) => return self.null(),
            (ValueKind::Array, None) => return self.unfit(row, column, kind),
            _ => {}
        }
        match (value.spelled(separator.unwrap_or_default()), separator) {
            (Some(text), _) => self.text(row, column, text.as_bytes(), kind),
            (None, Some(separator)) if kind == ValueKind::Array => {
                self.unfit_element(row, column, separator)
            }
            (None, _) => self.unfit(row, column, kind),
        }
    }

    fn unfit_element(&mut self, row: Option<usize>, column: usize, separator: char) -> TextCell {
        let name = &self.columns.list[column].name;
        self.refuse(row, Some(name), Some("array"), || {
            format!("an array of strings or numbers that do not contain `{separator}`, the separator of elements")
        });
        self.rows.keep(b"", ValueKind::Array)
    }

    fn unfit(&mut self, row: Option<usize>, column: usize, kind: ValueKind) -> TextCell {
        let input = &self.columns.list[column];
        self.refuse(row, Some(&input.name), Some(kind.name()), || {
            format!("{}, or null if it is missing", input.accepts)
        });
        self.rows.keep(b"", kind)
    }
}

/// A name that the caller sent, shortened for a message.
fn shorten(name: &str) -> String {
    name.chars().take(64).collect()
}
