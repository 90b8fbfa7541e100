//! From values of a request to the cells of rows: what is accepted, and what is said where it is not.

use crate::columns::Columns;
use crate::problem::{Problem, RowError};
use crate::rows::{Cell, Rows, ValueKind};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The most errors that are worded; others are counted.
const WORDED: usize = 20;

/// What a request may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_rows: usize,
    pub(crate) max_value: usize,
    pub(crate) absent_as_missing: bool,
}

/// Fills [`Rows`] with values by column, row after row.
#[derive(Debug)]
pub(crate) struct RowReader<'c> {
    pub(crate) columns: &'c Columns,
    limits: Limits,
    rows: Rows,
    /// The values of the row that is being read.
    found: Vec<Option<Cell>>,
    /// The values that stand for those that a row does not name.
    shared: Vec<Option<Cell>>,
    /// Whether a row has a value of its own instead, by column.
    has_own: Vec<bool>,
    errors: Vec<RowError>,
    left_out: usize,
}

impl<'c> RowReader<'c> {
    pub(crate) fn new(columns: &'c Columns, limits: Limits) -> Self {
        let n_columns = columns.len();
        Self {
            columns,
            limits,
            rows: Rows::new(n_columns),
            found: vec![None; n_columns],
            shared: vec![None; n_columns],
            has_own: vec![false; n_columns],
            errors: Vec::new(),
            left_out: 0,
        }
    }

    /// The number of whole rows.
    pub(crate) fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Fails where there is no room for one more than `n_rows` rows.
    pub(crate) fn check_room(&self, n_rows: usize) -> Result<(), Problem> {
        let most = self.limits.max_rows;
        match n_rows < most {
            true => Ok(()),
            false => Err(Problem::too_large(format!(
                "a request may have {most} rows or candidates, but this one has more"
            ))),
        }
    }

    /// Notes what is wrong with a row, or with what rows share.
    pub(crate) fn refuse(
        &mut self,
        row: Option<usize>,
        field: Option<&str>,
        found: Option<&'static str>,
        expected: impl FnOnce() -> String,
    ) {
        if self.errors.len() >= WORDED {
            self.left_out += 1;
            return;
        }
        let field = field.map(shorten);
        self.errors.push(RowError { row, field, found, expected: expected() });
    }

    /// Refuses a field that the model does not read.
    pub(crate) fn refuse_unknown(&mut self, row: Option<usize>, name: &str) {
        let columns = self.columns;
        self.refuse(row, Some(name), None, || {
            format!("a field of the model; the nearest known one is `{}`", columns.nearest(name))
        });
    }

    /// Puts a value into the row that is being read.
    pub(crate) fn put(&mut self, row: Option<usize>, column: usize, cell: Cell) {
        if self.found[column].replace(cell).is_some() {
            let name = &self.columns.list[column].name;
            self.refuse(row, Some(name), None, || "each field once".to_owned());
        }
    }

    /// Ends what all further rows share.
    pub(crate) fn end_shared(&mut self) {
        self.shared = std::mem::replace(&mut self.found, vec![None; self.columns.len()]);
    }

    /// Ends a row: fields that it does not name are shared ones, or missing, or an error.
    pub(crate) fn end_row(&mut self) {
        let row = self.n_rows();
        for column in 0..self.columns.len() {
            if self.found[column].is_none() {
                let shared = self.shared[column];
                self.found[column] = Some(shared.unwrap_or_else(|| self.absent(row, column)));
            } else {
                self.has_own[column] = true;
            }
        }
        self.rows.push(self.found.iter_mut().filter_map(Option::take));
    }

    /// The rows, if nothing was refused.
    pub(crate) fn finish(mut self) -> Result<Rows, Problem> {
        let is_shared = |&column: &usize| self.shared[column].is_some() && !self.has_own[column];
        self.rows.share((0..self.columns.len()).filter(is_shared).collect());
        match self.errors.is_empty() {
            true => Ok(self.rows),
            false => Err(Problem::rows(self.errors, self.left_out)),
        }
    }

    fn absent(&mut self, row: usize, column: usize) -> Cell {
        let input = &self.columns.list[column];
        if self.limits.absent_as_missing {
            return self.null(Some(row), column);
        }
        self.refuse(Some(row), Some(&input.name), Some("nothing"), || {
            format!("{}, or null where it is missing", input.accepts)
        });
        self.rows.keep(b"", ValueKind::Null)
    }

    fn null(&mut self, row: Option<usize>, column: usize) -> Cell {
        let input = &self.columns.list[column];
        match &self.columns.missing {
            Some(missing) => self.rows.keep(missing.as_bytes(), ValueKind::Null),
            None => {
                self.refuse(row, Some(&input.name), Some("null"), || {
                    format!("{}: this model knows no missing values", input.accepts)
                });
                self.rows.keep(b"", ValueKind::Null)
            }
        }
    }

    /// Keeps text as a value of a column.
    pub(crate) fn text(
        &mut self,
        row: Option<usize>,
        column: usize,
        text: &[u8],
        kind: ValueKind,
    ) -> Cell {
        let text = if self.columns.trim { text.trim_ascii() } else { text };
        let most = self.limits.max_value;
        if text.len() > most {
            let name = &self.columns.list[column].name;
            self.refuse(row, Some(name), Some(kind.name()), || format!("at most {most} bytes"));
            return self.rows.keep(b"", kind);
        }
        self.rows.keep(text, kind)
    }

    /// Keeps a JSON value as a value of a column.
    pub(crate) fn json(&mut self, row: Option<usize>, column: usize, raw: &RawValue) -> Cell {
        let text = raw.get();
        match kind_of(text) {
            ValueKind::Null => self.null(row, column),
            ValueKind::String => match string(text) {
                Some(value) => self.text(row, column, value.as_bytes(), ValueKind::String),
                None => self.unfit(row, column, ValueKind::String),
            },
            ValueKind::Array => self.array(row, column, text),
            ValueKind::Object => self.unfit(row, column, ValueKind::Object),
            kind => self.text(row, column, text.as_bytes(), kind),
        }
    }

    /// The elements of an array, joined as files have them.
    fn array(&mut self, row: Option<usize>, column: usize, text: &str) -> Cell {
        let Some(separator) = self.columns.list[column].separator else {
            return self.unfit(row, column, ValueKind::Array);
        };
        let elements: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
        let mut joined = String::new();
        for element in elements {
            let element = match kind_of(element.get()) {
                ValueKind::String => string(element.get()),
                ValueKind::Number => Some(Cow::Borrowed(element.get())),
                _ => None,
            };
            match element {
                Some(element) if !element.contains(separator) => {
                    joined.push_str(&element);
                    joined.push(separator);
                }
                _ => return self.unfit_element(row, column, separator),
            }
        }
        joined.pop();
        self.text(row, column, joined.as_bytes(), ValueKind::Array)
    }

    fn unfit_element(&mut self, row: Option<usize>, column: usize, separator: char) -> Cell {
        let name = &self.columns.list[column].name;
        self.refuse(row, Some(name), Some("array"), || {
            format!("an array of strings or numbers without `{separator}`, which parts elements")
        });
        self.rows.keep(b"", ValueKind::Array)
    }

    fn unfit(&mut self, row: Option<usize>, column: usize, kind: ValueKind) -> Cell {
        let input = &self.columns.list[column];
        self.refuse(row, Some(&input.name), Some(kind.name()), || {
            format!("{}, or null where it is missing", input.accepts)
        });
        self.rows.keep(b"", kind)
    }
}

/// The kind of a JSON value, by its first character.
pub(crate) fn kind_of(text: &str) -> ValueKind {
    match text.as_bytes().first() {
        Some(b'n') => ValueKind::Null,
        Some(b't' | b'f') => ValueKind::Boolean,
        Some(b'"') => ValueKind::String,
        Some(b'[') => ValueKind::Array,
        Some(b'{') => ValueKind::Object,
        _ => ValueKind::Number,
    }
}

/// What a JSON string holds; `None` where its escapes are no Unicode.
fn string(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('\\') {
        return serde_json::from_str(text).ok().map(Cow::Owned);
    }
    text.get(1..text.len() - 1).map(Cow::Borrowed)
}

/// A name of a caller, cut to what a message should repeat.
fn shorten(name: &str) -> String {
    name.chars().take(64).collect()
}
