//! A few raw rows: the fields of rows as they stand in a file.
//!
//! A line without a quote is kept as it stands in its file until it is split, so that the thread that reads the file
//! only has to find the end of the line; any thread splits it later.
//! All other rows of text are appended field by field.
//! Rows of typed cells stay where they are: only the position of such a row is appended.
//! One buffer holds the text of all rows, and another one all bounds.
//! Rejected: buffers for each row, each of which would grow to the longest row that was ever stored in it.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use deepcross_features::{Cell, CellList, RowFields, Value, blanks};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::field_count::FieldCount;
use super::field_splitter::push_places;
use super::origins::{Origin, Origins, RequiredValue};
use crate::error::DataError;
use crate::input::RowChunk;
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
    /// The columns of those fields of text that have no value, in ascending order in each row.
    nulls: Vec<u32>,
    rows: Vec<Bounds>,
    files: Vec<Arc<Path>>,
    /// The chunks that hold the cells of those rows that are not text.
    chunks: Vec<Arc<dyn RowChunk>>,
    /// The origins of the values of those rows that must be arranged.
    origins: Vec<Arc<Origins>>,
    /// The number of bytes of the rows whose cells are in chunks.
    n_cell_bytes: usize,
    /// The beginning in `text` of the field that is being filled.
    field: usize,
}

/// The bounds of a row, and its place in its file.
#[derive(Debug)]
struct Bounds {
    /// The beginning of the row in the text of all rows. If the row is not a line itself, the start of its line comes
    /// first, before the fields.
    start: usize,
    /// The fields, in the text of all rows.
    text: Range<usize>,
    /// The end of the row. The row as it stands in its file comes after the fields, if it is kept.
    end: usize,
    /// The position of its fields in the ends of all fields, if the row has been split.
    fields: Range<usize>,
    /// The number of its fields, which may be more than those that are kept.
    n_fields: usize,
    /// The position of its fields without a value in those of all rows.
    nulls: Range<usize>,
    is_line: bool,
    /// The position in `chunks` of the cells of the row, and its position among these; `None` if the row is text.
    cells: Option<(usize, usize)>,
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
    /// The values must take the order of the source's columns, as the origins at this position say; the row may have to
    /// be split before.
    Arrange(Option<Line>, usize),
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

/// A row of typed cells, and its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CellRow<'a> {
    /// The chunk that holds the row, and the position of the row in it.
    pub(crate) chunk: &'a Arc<dyn RowChunk>,
    pub(crate) at: usize,
    pub(crate) file: &'a Arc<Path>,
    pub(crate) line: u64,
}

/// A raw row: the fields of one row as they stand in a file, without blanks at their ends if fields are trimmed.
///
/// Fields are texts or, in files of typed values and in memory, typed cells.
/// The row is a view of rows that a reader holds.
#[derive(Clone, Copy)]
pub struct RawRow<'a> {
    /// The row, and the bytes after it in the buffer.
    text: &'a [u8],
    /// The end of each field of a row of text.
    ends: &'a [u32],
    /// The columns of a row of text that have no value, in ascending order.
    nulls: &'a [u32],
    /// Whether the values of a row of text are the bytes between these ends: ASCII, without blanks to trim.
    is_plain: bool,
    /// Everything that reading a value does not need.
    rows: &'a RawRows,
    bounds: &'a Bounds,
}

impl RawRows {
    /// Removes all rows, and keeps the capacity except for that of a long row.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(4 * BYTES);
        self.ends.clear();
        self.ends.shrink_to(BYTES);
        self.nulls.clear();
        self.rows.clear();
        self.files.clear();
        self.chunks.clear();
        self.origins.clear();
        self.n_cell_bytes = 0;
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The number of bytes of all rows.
    pub(crate) fn n_bytes(&self) -> usize {
        self.text.len() + self.n_cell_bytes
    }

    /// Whether no further row should be appended.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= ROWS || self.n_bytes() >= BYTES
    }

    /// Appends a row that is not split yet: the text of a `line` of `file`.
    pub(crate) fn push_line(&mut self, text: &[u8], form: Line, file: &Arc<Path>, line: u64) {
        self.push_row(file, line, Rest::Split(form));
        self.push(text);
        let end = self.text.len();
        if let Some(row) = self.rows.last_mut() {
            (row.text.end, row.end, row.is_line) = (end, end, true);
        }
    }

    /// Appends a row without fields, to which [`push`](Self::push) and [`end_field`](Self::end_field) add the fields.
    ///
    /// The row begins in `line` of `file`, which begins with `text`.
    pub(crate) fn begin(&mut self, file: &Arc<Path>, trim: bool, line: u64, text: &[u8]) {
        self.push_row(file, line, Rest::Nothing);
        self.push(line_start(text));
        let (start, first) = (self.text.len(), self.ends.len());
        self.field = start;
        if let Some(row) = self.rows.last_mut() {
            (row.text, row.end, row.fields, row.trim) = (start..start, start, first..first, trim);
        }
    }

    /// Appends a row of typed cells, whose texts are trimmed if `trim` says so.
    pub(crate) fn push_cells(&mut self, row: CellRow<'_>, trim: bool) {
        let CellRow { chunk, at, file, line } = row;
        if self.chunks.last().is_none_or(|last| !Arc::ptr_eq(last, chunk)) {
            self.chunks.push(Arc::clone(chunk));
        }
        self.n_cell_bytes += chunk.n_bytes(at);
        self.push_row(file, line, Rest::Nothing);
        let position = self.chunks.len() - 1;
        if let Some(row) = self.rows.last_mut() {
            (row.cells, row.n_fields, row.trim) = (Some((position, at)), chunk.n_cells(at), trim);
        }
    }

    fn push_row(&mut self, file: &Arc<Path>, line: u64, rest: Rest) {
        if self.files.last().is_none_or(|last| !Arc::ptr_eq(last, file)) {
            self.files.push(Arc::clone(file));
        }
        let (start, file, null) = (self.text.len(), self.files.len() - 1, self.nulls.len());
        self.rows.push(Bounds {
            start,
            text: start..start,
            end: start,
            fields: 0..0,
            n_fields: 0,
            nulls: null..null,
            is_line: false,
            cells: None,
            trim: false,
            is_ascii: false,
            file,
            line,
            rest,
        });
    }

    /// Appends text to the field that is being filled.
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    /// Ends the field that is being filled; only the first [`MOST_FIELDS`] fields of a row are kept.
    pub(crate) fn end_field(&mut self) {
        let Some(row) = self.rows.last_mut() else { return };
        row.n_fields += 1;
        if row.n_fields > MOST_FIELDS {
            self.text.truncate(self.field);
            return;
        }
        let (start, trim) = (row.text.start, row.trim);
        if trim {
            blanks::trim_end_of(&mut self.text, self.field);
        }
        self.ends.push((self.text.len() - start) as u32);
        // The byte after a field, in place of the delimiter that a line has.
        self.text.push(b'\n');
        self.field = self.text.len();
    }

    /// Ends a field that has no value, to which nothing has been pushed.
    pub(crate) fn end_null(&mut self) {
        let Some(row) = self.rows.last_mut() else { return };
        if row.n_fields < MOST_FIELDS {
            self.nulls.push(row.n_fields as u32);
            row.nulls.end = self.nulls.len();
        }
        self.end_field();
    }

    /// Ends the row that was appended last, with its error if it is bad, and with its form in the file if that is kept.
    pub(crate) fn end_row(&mut self, error: Option<DataError>, raw: &[u8]) {
        let Some(row) = self.rows.last_mut() else { return };
        if !row.is_line && row.cells.is_none() {
            row.text.end = self.text.len();
            row.fields.end = self.ends.len();
            // Each field has been trimmed.
            row.trim = false;
            row.is_ascii = self.text[row.text.clone()].is_ascii();
        }
        if let Some(error) = error {
            row.rest = Rest::Report(Box::new(error));
        }
        self.text.extend_from_slice(raw);
        row.end = self.text.len();
    }

    /// Gives the row that was appended last, which is good so far, the values of these origins once it is split.
    pub(crate) fn arrange(&mut self, origins: &Arc<Origins>) {
        let Some(row) = self.rows.last_mut() else { return };
        let form = if let Rest::Split(form) = row.rest { Some(form) } else { None };
        if self.origins.last().is_none_or(|last| !Arc::ptr_eq(last, origins)) {
            self.origins.push(Arc::clone(origins));
        }
        row.rest = Rest::Arrange(form, self.origins.len() - 1);
    }

    /// Removes the row that was appended last.
    pub(crate) fn drop_row(&mut self) {
        let Some(row) = self.rows.pop() else { return };
        self.text.truncate(row.start);
        self.nulls.truncate(row.nulls.start);
        match row.cells {
            Some((chunk, at)) => self.n_cell_bytes -= self.chunks[chunk].n_bytes(at),
            None if row.is_line => {}
            None => self.ends.truncate(row.fields.start),
        }
    }

    /// The fields of the row that was appended last, if it has been split and not ended.
    pub(crate) fn fields_so_far(&self) -> Vec<&[u8]> {
        let Some(row) = self.rows.last() else { return Vec::new() };
        let (text, ends) = (&self.text[row.text.start..], &self.ends[row.fields.start..]);
        (0..ends.len())
            .map(|column| bounds(ends, column))
            .map(|(from, to)| &text[from..to])
            .collect()
    }

    /// The number of fields of the row that was appended last.
    pub(crate) fn n_fields(&self) -> usize {
        self.rows.last().map_or(0, |row| row.n_fields)
    }

    /// Splits the row at `index`, if it is a line that has not been split, and arranges its values.
    ///
    /// Returns, on the first call only, the error that the row was appended with, or that of arranging it.
    #[inline]
    pub(crate) fn split(&mut self, index: usize) -> Option<Box<DataError>> {
        match std::mem::replace(&mut self.rows[index].rest, Rest::Nothing) {
            Rest::Nothing => None,
            Rest::Report(error) => Some(error),
            Rest::Split(form) => {
                self.split_line(index, form);
                None
            }
            Rest::Arrange(form, origins) => {
                if let Some(form) = form {
                    self.split_line(index, form);
                }
                self.arrange_row(index, origins)
            }
        }
    }

    /// Replaces the fields of a row by those of the source's columns; returns an error if the number of fields is wrong.
    ///
    /// The new fields are written behind all rows, because there may be more of them than there is room for.
    fn arrange_row(&mut self, index: usize, origins: usize) -> Option<Box<DataError>> {
        let origins = Arc::clone(&self.origins[origins]);
        let (row, expected) = (self.get(index), origins.n_file_columns);
        if row.n_fields() != expected {
            return Some(Box::new(row.wrong_count(expected)));
        }
        let problem =
            |required: &RequiredValue| required.problem(row.cell(required.column), || row.place());
        if let Some(error) = origins.required.iter().find_map(problem) {
            return Some(Box::new(error));
        }
        let line_start = self.line_start_of(&self.rows[index]);
        let (start, first, first_null) = (self.text.len(), self.ends.len(), self.nulls.len());
        self.text.extend_from_within(line_start);
        let text_start = self.text.len();
        for (position, origin) in origins.columns.iter().enumerate() {
            match origin {
                Origin::File(column) if !matches!(self.get(index).cell(*column), Cell::Null) => {
                    self.copy_field(index, *column);
                }
                Origin::Constant(text) => self.text.extend_from_slice(text.as_bytes()),
                Origin::File(_) | Origin::Missing => self.nulls.push(position as u32),
            }
            self.ends.push((self.text.len() - text_start) as u32);
            self.text.push(b'\n');
        }
        let raw = self.rows[index].text.end..self.rows[index].end;
        let text_end = self.text.len();
        self.text.extend_from_within(raw);
        let Self { text, ends, nulls, rows, .. } = self;
        let row = &mut rows[index];
        row.nulls = first_null..nulls.len();
        (row.start, row.text, row.end) = (start, text_start..text_end, text.len());
        (row.fields, row.n_fields) = (first..ends.len(), origins.columns.len());
        (row.is_line, row.cells) = (false, None);
        row.is_ascii = text[text_start..text_end].is_ascii();
        None
    }

    /// Appends the text of a field of a row.
    fn copy_field(&mut self, index: usize, column: usize) {
        let row = &self.rows[index];
        if let Some((chunk, at)) = row.cells {
            Arc::clone(&self.chunks[chunk]).cell(at, column).spell(&mut self.text);
            return;
        }
        let start = row.text.start;
        let (from, to) = bounds(&self.ends[row.fields.clone()], column);
        self.text.extend_from_within(start + from..start + to);
    }

    /// The position of the start of a row's line, as messages show it.
    fn line_start_of(&self, row: &Bounds) -> Range<usize> {
        match row.is_line {
            true => {
                let start = row.text.start;
                start..start + line_start(&self.text[row.text.clone()]).len()
            }
            false => row.start..row.text.start,
        }
    }

    /// Splits a line into fields.
    fn split_line(&mut self, index: usize, form: Line) {
        let Self { text, ends, rows, .. } = self;
        let row = &mut rows[index];
        let (line, first) = (&text[row.text.clone()], ends.len());
        let found = push_places(form.delimiter, line, ends, first + MOST_FIELDS);
        if found.n_places < MOST_FIELDS {
            ends.push(line.len() as u32);
        }
        let has_blanks = found.has_blanks || !found.is_ascii;
        (row.trim, row.is_ascii) = (form.trim && has_blanks, found.is_ascii);
        (row.fields, row.n_fields) = (first..ends.len(), found.n_places + 1);
    }

    /// The row at `index`, which must exist.
    pub(crate) fn get(&self, index: usize) -> RawRow<'_> {
        let row = &self.rows[index];
        let (text, ends) = (&self.text[row.text.start..], &self.ends[row.fields.clone()]);
        let (nulls, is_plain) = (&self.nulls[row.nulls.clone()], row.is_ascii && !row.trim);
        RawRow { text, ends, nulls, is_plain, rows: self, bounds: row }
    }

    /// The row at `index` as it stands in its file, with its line end; empty if that is not kept.
    pub(crate) fn raw(&self, index: usize) -> &[u8] {
        let row = &self.rows[index];
        &self.text[row.text.end..row.end]
    }
}

impl<'a> RawRow<'a> {
    /// The number of fields.
    pub fn n_fields(&self) -> usize {
        self.bounds.n_fields
    }

    /// The cells in order: the first 65,536, which are all cells of a valid row.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        let row = *self;
        let n_cells = if row.has_cells() { row.n_fields() } else { row.ends.len() };
        (0..n_cells).map(move |column| row.cell(column))
    }

    /// The cell in a column; empty text if the row has no such column.
    #[inline]
    pub fn cell(&self, column: usize) -> Cell<'a> {
        match self.bounds.cells {
            None if self.is_null(column) => Cell::Null,
            None => Cell::Text(self.field(column)),
            Some((chunk, row)) if column < self.n_fields() => {
                match self.rows.chunks[chunk].cell(row, column) {
                    Cell::Text(text) if self.bounds.trim => Cell::Text(blanks::trim(text)),
                    Cell::List(list) if self.bounds.trim => {
                        Cell::List(CellList { trim: true, ..list })
                    }
                    cell => cell,
                }
            }
            Some(_) => Cell::Text(&[]),
        }
    }

    /// A hash of the cells in some ranges of columns, which the row must have.
    ///
    /// Equal cells of rows in one format have equal hashes; a quoted text differs from one without quotes.
    pub(crate) fn hash(&self, columns: &[Range<usize>]) -> u64 {
        if self.has_cells() {
            return self.hash_cells(columns);
        }
        columns.iter().filter(|columns| !columns.is_empty()).fold(0, |hash, columns| {
            let ((start, _), (_, end)) =
                (bounds(self.ends, columns.start), bounds(self.ends, columns.end - 1));
            xxh3_64_with_seed(&self.text[start..end.max(start)], hash)
        })
    }

    fn hash_cells(&self, columns: &[Range<usize>]) -> u64 {
        let mut scratch = Vec::new();
        columns.iter().cloned().flatten().fold(0, |hash, column| match self.cell(column) {
            Cell::Integer(number) => xxh3_64_with_seed(&number.to_le_bytes(), hash),
            Cell::Double(number) => xxh3_64_with_seed(&number.to_bits().to_le_bytes(), hash),
            cell => xxh3_64_with_seed(cell.text(&mut scratch), hash),
        })
    }

    /// Whether a row of text has no value in a column, not even an empty one.
    #[inline]
    pub fn is_null(&self, column: usize) -> bool {
        !self.nulls.is_empty() && self.nulls.binary_search(&(column as u32)).is_ok()
    }

    /// Whether the row consists of typed cells, and not of texts.
    fn has_cells(&self) -> bool {
        self.bounds.cells.is_some()
    }

    /// The fields of a row of text, in order; see [`cells`](Self::cells).
    ///
    /// # Panics
    /// In a build with debug assertions, if the row has typed cells: they have no text in memory.
    pub fn fields(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        debug_assert!(!self.has_cells(), "only a row of text has fields");
        let row = *self;
        (0..row.ends.len()).map(move |column| row.field(column))
    }

    /// The row with the texts of its cells, which are written to `scratch` if they are typed.
    pub(crate) fn spelled<'t>(&self, scratch: &'t mut RawRows) -> RawRow<'t>
    where
        'a: 't,
    {
        if !self.has_cells() {
            return *self;
        }
        scratch.clear();
        scratch.begin(self.file(), self.bounds.trim, self.bounds.line, b"");
        for cell in self.cells() {
            match cell {
                Cell::Null => scratch.end_null(),
                cell => {
                    cell.spell(&mut scratch.text);
                    scratch.end_field();
                }
            }
        }
        scratch.end_row(None, b"");
        scratch.get(0)
    }

    /// The place of the row's beginning.
    pub fn place(&self) -> Place {
        let start = &self.rows.text[self.rows.line_start_of(self.bounds)];
        Place::new(self.file(), self.bounds.line, start)
    }

    /// The error for the row, which has not the `expected` number of fields.
    #[cold]
    pub(crate) fn wrong_count(&self, expected: usize) -> DataError {
        let fields = if self.has_cells() { Vec::new() } else { self.fields().collect() };
        let (place, found) = (self.place(), self.n_fields());
        FieldCount { place, fields, found, expected, quote: None, next: None }.error()
    }

    fn file(&self) -> &'a Arc<Path> {
        &self.rows.files[self.bounds.file]
    }

    /// The bytes of a field of a row of text; empty if the row has no such field.
    ///
    /// # Panics
    /// As [`fields`](Self::fields).
    #[inline]
    pub fn field(&self, column: usize) -> &'a [u8] {
        debug_assert!(!self.has_cells(), "only a row of text has fields");
        let (start, end) = bounds(self.ends, column);
        let field = &self.text[start..end];
        if self.bounds.trim { blanks::trim(field) } else { field }
    }
}

/// The bounds of a field before it is trimmed, by the ends of all fields; a field that does not exist is empty.
#[inline]
fn bounds(ends: &[u32], column: usize) -> (usize, usize) {
    let Some(&end) = ends.get(column) else { return (0, 0) };
    let start = if column == 0 { 0 } else { ends[column - 1] + 1 };
    (start as usize, end as usize)
}

impl fmt::Debug for RawRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRow").field("place", &self.place()).finish_non_exhaustive()
    }
}

impl RowFields for RawRow<'_> {
    #[inline]
    fn cell(&self, column: usize) -> Cell<'_> {
        RawRow::cell(self, column)
    }

    #[inline]
    fn value(&self, column: usize) -> Option<Value<'_>> {
        if self.is_plain && !self.is_null(column) {
            let (start, end) = bounds(self.ends, column);
            return Some(Value::within(self.text, start, end));
        }
        self.cell(column).value()
    }
}

#[cfg(test)]
impl RawRows {
    /// A row of `fields` that belongs to no file.
    pub(crate) fn of(fields: &[&str]) -> Self {
        let mut rows = Self::default();
        rows.begin(&Arc::from(Path::new("")), true, 1, b"");
        for field in fields {
            rows.push(field.as_bytes());
            rows.end_field();
        }
        rows.end_row(None, b"");
        rows
    }
}

#[cfg(test)]
mod tests {
    #[cfg(debug_assertions)]
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::input::Input;

    /// A row of one cell, `yz`.
    fn one_cell() -> Arc<dyn RowChunk> {
        let input = Input::from_rows(vec!["a".to_owned()], vec![vec!["yz".to_owned()]]);
        Arc::clone(&input.files()[0].memory().unwrap().chunks[0])
    }

    #[test]
    fn a_dropped_row_of_cells_leaves_the_rows_before_it() {
        let file: Arc<Path> = Arc::from(Path::new("x"));
        let chunk = &one_cell();
        let mut rows = RawRows::of(&["x"]);
        let n_bytes = rows.n_bytes();
        rows.push_cells(CellRow { chunk, at: 0, file: &file, line: 1 }, true);
        assert_eq!(rows.n_bytes(), n_bytes + 2);
        rows.drop_row();
        assert_eq!((rows.len(), rows.n_bytes()), (1, n_bytes));
        assert_eq!(rows.get(0).field(0), b"x");
    }

    #[test]
    #[cfg(debug_assertions)]
    fn a_row_of_cells_has_no_fields() {
        let file: Arc<Path> = Arc::from(Path::new("x"));
        let chunk = &one_cell();
        let mut rows = RawRows::default();
        rows.push_cells(CellRow { chunk, at: 0, file: &file, line: 1 }, true);
        let has_none = |look: fn(RawRow<'_>) -> usize| {
            catch_unwind(AssertUnwindSafe(|| look(rows.get(0)))).is_err()
        };
        assert!(has_none(|row| row.fields().count()) && has_none(|row| row.field(0).len()));
        let mut scratch = RawRows::default();
        assert!(rows.get(0).spelled(&mut scratch).fields().eq([b"yz"]));
    }

    #[test]
    fn the_text_of_a_row_of_cells_has_the_same_file_without_a_copy_of_its_path() {
        let file: Arc<Path> = Arc::from(Path::new("x"));
        let chunk = &one_cell();
        let (mut rows, mut scratch) = (RawRows::default(), RawRows::default());
        rows.push_cells(CellRow { chunk, at: 0, file: &file, line: 7 }, true);
        let row = rows.get(0).spelled(&mut scratch);
        assert_eq!(row.place(), Place::new(&file, 7, b""));
        assert!(Arc::ptr_eq(row.file(), &file));
    }

    #[test]
    fn rows_keep_their_fields_and_places() {
        let file: Arc<Path> = Arc::from(Path::new("x.csv"));
        let mut rows = RawRows::default();
        let lines = [
            &b" a,bc, \t,c d ,"[..],
            b"",
            b"d",
            b"\xff,,e ",
            b"\xc3,\xa9",
            b" ",
            b",,,",
            b"x\r\r",
            b"\xc2\xa0x\xc2\xa0,y",
        ];
        for as_lines in [true, false, true] {
            rows.clear();
            for (line, text) in (3..).zip(lines) {
                let trim = line != 6;
                if as_lines {
                    rows.push_line(text, Line { delimiter: b',', trim }, &file, line);
                } else {
                    rows.begin(&file, trim, line, text);
                    for field in text.split(|byte| *byte == b',') {
                        rows.push(field);
                        rows.end_field();
                    }
                }
                rows.end_row(None, text);
            }
            rows.push_line(b"dropped", Line { delimiter: b',', trim: true }, &file, 99);
            rows.drop_row();
            assert_eq!(rows.len(), lines.len());
            for (index, (line, text)) in (3..).zip(lines).enumerate() {
                assert!(rows.split(index).is_none());
                let (row, raw) = (rows.get(index), rows.raw(index));
                let fields: Vec<&[u8]> = text.split(|byte| *byte == b',').collect();
                let trimmed =
                    |field: &'static [u8]| if line == 6 { field } else { blanks::trim(field) };
                let fields: Vec<_> = fields.into_iter().map(trimmed).collect();
                assert_eq!((row.n_fields(), raw), (fields.len(), text));
                assert_eq!(row.place(), Place::new(&file, line, line_start(text)));
                assert!(row.fields().eq(fields.iter().copied()), "line {line}");
                for column in 0..7 {
                    let field = fields.get(column).copied().unwrap_or_default();
                    assert_eq!(row.field(column), field, "line {line}, {column}");
                    let value = str::from_utf8(field).ok().map(|_| Value::new(field));
                    assert_eq!(row.value(column), value, "line {line}, {column}");
                }
            }
        }
    }
}
