//! A few raw rows, which one thread splits into fields.
//!
//! A line without a quote is kept as it stands in its file until then, so that whoever reads it need only find its end.
//! All text lies in one buffer, as do all bounds: rows that each had buffers of their own would each grow to the
//! longest row that ever came to their place.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use deepcross_features::{RowFields, Value};

use super::field_splitter::push_places;
use super::raw_row::{Located, RawRow};
use crate::error::DataError;
use crate::limits::MOST_FIELDS;
use crate::message::line_start;
use crate::place::Place;

/// The most rows that are meant for one thread.
const ROWS: usize = 32;

/// With so many bytes, no further row is meant to be appended; cleared rows keep a few times as much memory.
const BYTES: usize = 16 << 10;

/// Raw rows, in order.
#[derive(Debug, Default)]
pub(crate) struct RawRows {
    text: Vec<u8>,
    /// Where each field of the rows that have been split ends in the text of its row; the next one begins behind the
    /// byte there. A row is no longer than 16 MiB.
    ends: Vec<u32>,
    rows: Vec<Ends>,
    files: Vec<Arc<Path>>,
}

/// Where a row ends, and where it stands in its file.
#[derive(Debug)]
struct Ends {
    /// In `text`: of the row before, of the row, and of how its line begins, which is the row itself where that is a
    /// line.
    before: usize,
    text: usize,
    start: usize,
    /// Its place in the ends of fields, where it has been split.
    fields: Range<usize>,
    /// Whether there may be blanks around fields that are to be trimmed.
    trim: bool,
    is_ascii: bool,
    /// In `files`.
    file: usize,
    line: u64,
    /// What is left to do.
    rest: Rest,
}

/// What is left to do with a row.
#[derive(Debug)]
enum Rest {
    /// It is a line to be split.
    Split(Line),
    /// It is bad, which is to be told.
    Tell(Box<DataError>),
    Nothing,
}

/// The form of a line without quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) delimiter: u8,
    pub(crate) trim: bool,
}

/// One of the rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowView<'a> {
    /// The row, and what happens to be behind it.
    text: &'a [u8],
    n_bytes: usize,
    /// Whether the bytes of the row all are ASCII.
    is_ascii: bool,
    ends: &'a [u32],
    trim: bool,
    /// How its line begins; `None` where that is the row.
    start: Option<&'a [u8]>,
    file: &'a Path,
    line: u64,
}

impl RawRows {
    /// Removes all rows and keeps the capacity, but for what a long row took.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(4 * BYTES);
        self.ends.clear();
        self.ends.shrink_to(BYTES);
        self.rows.clear();
        self.files.clear();
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The bytes of all rows.
    pub(crate) fn n_bytes(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len() >= ROWS || self.n_bytes() >= BYTES
    }

    /// Appends a line, yet to be split, which stands in a line of `file`.
    pub(crate) fn push_line(&mut self, text: &[u8], form: Line, file: &Arc<Path>, line: u64) {
        self.text.extend_from_slice(text);
        self.end_row(self.text.len(), file, line, Rest::Split(form));
    }

    /// Appends a row that has been split; with an error, if it is bad.
    pub(crate) fn push(&mut self, row: &RawRow, error: Option<DataError>) {
        let (before, first) = (self.text.len(), self.ends.len());
        for field in row.fields() {
            self.text.extend_from_slice(field);
            self.ends.push((self.text.len() - before) as u32);
            // The byte behind a field, where a line has its delimiter.
            self.text.push(b'\n');
        }
        let (text, parts) = (self.text.len(), row.parts());
        let is_ascii = self.text[before..].is_ascii();
        self.text.extend_from_slice(parts.start);
        let rest = error.map_or(Rest::Nothing, |error| Rest::Tell(Box::new(error)));
        self.end_row(text, parts.file, parts.line, rest);
        if let Some(row) = self.rows.last_mut() {
            (row.fields, row.is_ascii) = (first..self.ends.len(), is_ascii);
        }
    }

    fn end_row(&mut self, text: usize, file: &Arc<Path>, line: u64, rest: Rest) {
        if self.files.last().is_none_or(|last| !Arc::ptr_eq(last, file)) {
            self.files.push(Arc::clone(file));
        }
        let before = self.rows.last().map_or(0, |row| row.start);
        let (start, file) = (self.text.len(), self.files.len() - 1);
        let (fields, trim, is_ascii) = (0..0, false, false);
        self.rows.push(Ends { before, text, start, fields, trim, is_ascii, file, line, rest });
    }

    /// Splits the row at `index`, if it is a line that has not been split.
    ///
    /// Returns the error that the row was appended with, or that of a line without `n_columns` fields; once.
    #[inline]
    pub(crate) fn split(&mut self, index: usize, n_columns: usize) -> Option<Box<DataError>> {
        match std::mem::replace(&mut self.rows[index].rest, Rest::Nothing) {
            Rest::Nothing => None,
            Rest::Tell(error) => Some(error),
            Rest::Split(form) => self.split_line(index, form, n_columns).map(Box::new),
        }
    }

    /// Splits a line into fields; an error where there are not `expected`.
    fn split_line(&mut self, index: usize, form: Line, expected: usize) -> Option<DataError> {
        let Self { text, ends, rows, .. } = self;
        let row = &mut rows[index];
        let (line, first) = (&text[row.before..row.text], ends.len());
        let found = push_places(form.delimiter, line, ends, first + MOST_FIELDS);
        if found.n_places < MOST_FIELDS {
            ends.push(line.len() as u32);
        }
        (row.trim, row.is_ascii) = (form.trim && found.has_blanks, found.is_ascii);
        row.fields = first..ends.len();
        let found = found.n_places + 1;
        (found != expected).then(|| DataError::FieldCount {
            place: self.get(index).place(),
            found,
            expected,
            several_lines: false,
        })
    }

    /// The row at `index`, which there must be.
    pub(crate) fn get(&self, index: usize) -> RowView<'_> {
        let row = &self.rows[index];
        let (text, n_bytes) = (&self.text[row.before..], row.text - row.before);
        let (ends, file) = (&self.ends[row.fields.clone()], &*self.files[row.file]);
        let is_line = row.text == row.start;
        let start = (!is_line).then(|| &self.text[row.text..row.start]);
        let Ends { is_ascii, trim, line, .. } = *row;
        RowView { text, n_bytes, is_ascii, ends, trim, start, file, line }
    }
}

impl RowView<'_> {
    /// The fields in order, of a row that has been split; the first 65,536, which are all of a sound row.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|column| self.field(column))
    }

    /// Where a field begins and ends, before it is trimmed; one that there is not is empty.
    #[inline]
    fn bounds(&self, column: usize) -> (usize, usize) {
        let Some(&end) = self.ends.get(column) else { return (0, 0) };
        let start = if column == 0 { 0 } else { self.ends[column - 1] + 1 };
        (start as usize, end as usize)
    }
}

impl Located for RowView<'_> {
    fn place(&self) -> Place {
        let line = || line_start(&self.text[..self.n_bytes]);
        Place::new(self.file, self.line, self.start.unwrap_or_else(line))
    }
}

impl RowFields for RowView<'_> {
    #[inline]
    fn field(&self, column: usize) -> &[u8] {
        let (start, end) = self.bounds(column);
        let field = &self.text[start..end];
        if self.trim { field.trim_ascii() } else { field }
    }

    #[inline]
    fn value(&self, column: usize) -> Option<Value<'_>> {
        if self.is_ascii && !self.trim {
            let (start, end) = self.bounds(column);
            return Some(Value::within(self.text, start, end));
        }
        let field = self.field(column);
        str::from_utf8(field).is_ok().then(|| Value::new(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_fields_and_places() {
        let file: Arc<Path> = Arc::from(Path::new("x.csv"));
        let (mut rows, mut row) = (RawRows::default(), RawRow::new());
        let lines =
            [&b" a,bc, \t,c d ,"[..], b"", b"d", b"\xff,,e ", b"\xc3,\xa9", b" ", b",,,", b"x\r\r"];
        for as_lines in [true, false, true] {
            rows.clear();
            for (line, text) in (3..).zip(lines) {
                let trim = line != 6;
                row.begin(&file, trim, line, text);
                row.extend(text, b',');
                if as_lines {
                    rows.push_line(text, Line { delimiter: b',', trim }, &file, line);
                } else {
                    rows.push(&row, None);
                }
            }
            for index in 0..rows.len() {
                rows.split(index, 4);
            }
            assert_eq!(rows.len(), lines.len());
            for (index, (line, text)) in (3..).zip(lines).enumerate() {
                row.begin(&file, line != 6, line, text);
                row.extend(text, b',');
                let view = rows.get(index);
                assert_eq!(view.place(), row.place());
                assert!(view.fields().eq(row.fields()), "line {line}");
                for column in 0..7 {
                    assert_eq!(view.field(column), row.field(column), "line {line}, {column}");
                    assert_eq!(view.value(column), row.value(column), "line {line}, {column}");
                }
            }
        }
    }
}
