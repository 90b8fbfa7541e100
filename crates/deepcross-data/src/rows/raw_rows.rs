//! A few raw rows, which one thread splits into fields.
//!
//! A line without a quote is kept as it stands in its file until it is split, so that the thread that reads the file
//! only has to find the end of the line.
//! One buffer holds the text of all rows, and another one all bounds.
//! Rejected: buffers for each row, each of which would grow to the longest row that was ever stored in it.

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

/// The number of rows with which the rows are full.
const ROWS: usize = 32;

/// The number of bytes with which the rows are full; cleared rows keep a few times as much memory.
const BYTES: usize = 16 << 10;

/// Raw rows, in order.
#[derive(Debug, Default)]
pub(crate) struct RawRows {
    text: Vec<u8>,
    /// The end of each field of the rows that have been split, in the text of its row.
    ///
    /// The next field begins one byte later. 32 bits suffice, because a row has at most 16 MiB.
    ends: Vec<u32>,
    rows: Vec<Ends>,
    files: Vec<Arc<Path>>,
}

/// The bounds of a row, and its place in its file.
#[derive(Debug)]
struct Ends {
    /// The end of all parts of the previous row in the text of all rows: the beginning of this row.
    before: usize,
    /// The end of this row in that text.
    text: usize,
    /// The end of the start of its line, which follows the row in that text; the end of the row if it is a line itself.
    start: usize,
    /// The position of its fields in the ends of all fields, if the row has been split.
    fields: Range<usize>,
    /// Whether fields must be trimmed; false if no field has blanks.
    trim: bool,
    is_ascii: bool,
    /// The position of its file in `files`.
    file: usize,
    line: u64,
    /// The work that is left.
    rest: Rest,
}

/// The work that is left on a row.
#[derive(Debug)]
enum Rest {
    /// The row is a line that must be split.
    Split(Line),
    /// The row is bad, and the error must be reported.
    Report(Box<DataError>),
    Nothing,
}

/// The form of a line without quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) delimiter: u8,
    pub(crate) trim: bool,
}

/// A view of one of the rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowView<'a> {
    /// The row, and the bytes after it in the buffer.
    text: &'a [u8],
    n_bytes: usize,
    /// Whether all bytes of the row are ASCII.
    is_ascii: bool,
    ends: &'a [u32],
    trim: bool,
    /// The start of its line; `None` if the row is a line itself.
    start: Option<&'a [u8]>,
    file: &'a Path,
    line: u64,
}

impl RawRows {
    /// Removes all rows, and keeps the capacity except for that of a long row.
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

    /// The number of bytes of all rows.
    pub(crate) fn n_bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether no further row should be appended.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= ROWS || self.n_bytes() >= BYTES
    }

    /// Appends a row that is not split yet: the text of a `line` of `file`.
    pub(crate) fn push_line(&mut self, text: &[u8], form: Line, file: &Arc<Path>, line: u64) {
        self.text.extend_from_slice(text);
        self.end_row(self.text.len(), file, line, Rest::Split(form));
    }

    /// Appends a row that has been split, with its error if it is bad.
    pub(crate) fn push(&mut self, row: &RawRow, error: Option<DataError>) {
        let (before, first) = (self.text.len(), self.ends.len());
        for field in row.fields() {
            self.text.extend_from_slice(field);
            self.ends.push((self.text.len() - before) as u32);
            // The byte after a field, in place of the delimiter that a line has.
            self.text.push(b'\n');
        }
        let (text, parts) = (self.text.len(), row.parts());
        let is_ascii = self.text[before..].is_ascii();
        self.text.extend_from_slice(parts.start);
        let rest = error.map_or(Rest::Nothing, |error| Rest::Report(Box::new(error)));
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
    /// Returns, on the first call only, the error that the row was appended with, or the error that a line does not
    /// have `n_columns` fields.
    #[inline]
    pub(crate) fn split(&mut self, index: usize, n_columns: usize) -> Option<Box<DataError>> {
        match std::mem::replace(&mut self.rows[index].rest, Rest::Nothing) {
            Rest::Nothing => None,
            Rest::Report(error) => Some(error),
            Rest::Split(form) => self.split_line(index, form, n_columns).map(Box::new),
        }
    }

    /// Splits a line into fields; returns an error if their number is not `expected`.
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

    /// The row at `index`, which must exist.
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
    /// The fields in order, if the row has been split: the first 65,536, which are all fields of a valid row.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|column| self.field(column))
    }

    /// The bounds of a field before it is trimmed; a field that does not exist is empty.
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
