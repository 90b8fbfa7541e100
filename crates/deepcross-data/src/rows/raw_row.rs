//! A raw row: the fields of one row as they stand in a file.
//!
//! Fields are views into one buffer, which each next row reuses; trimming moves the ends of a view.

use std::path::Path;
use std::sync::Arc;

use deepcross_features::RowFields;
use memchr::memchr_iter;

use crate::limits::MOST_FIELDS;
use crate::message::line_start;
use crate::place::Place;

/// A raw row, which is made once, and which [`Records::read`](crate::Records::read) fills again and again.
#[derive(Clone, Debug)]
pub struct RawRow {
    text: Vec<u8>,
    /// The start and the end in `text` of each of the first [`MOST_FIELDS`] fields.
    bounds: Vec<(usize, usize)>,
    n_fields: usize,
    /// The start of the row's line in the file, as far as messages show it.
    start: Vec<u8>,
    file: Arc<Path>,
    trim: bool,
    line: u64,
}

/// A raw row that knows its place.
pub(crate) trait Located: RowFields {
    /// The place of the row's beginning.
    fn place(&self) -> Place;
}

/// The file and the line of a row, and the start of this line.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) start: &'a [u8],
    pub(crate) file: &'a Arc<Path>,
    pub(crate) line: u64,
}

impl Default for RawRow {
    fn default() -> Self {
        Self::new()
    }
}

impl RawRow {
    /// An empty row.
    pub fn new() -> Self {
        let (text, bounds, start) = (Vec::new(), Vec::new(), Vec::new());
        let file = Arc::from(Path::new(""));
        Self { text, bounds, n_fields: 0, start, file, trim: true, line: 1 }
    }

    /// The number of fields.
    pub fn n_fields(&self) -> usize {
        self.n_fields
    }

    /// The fields in order, as [`RowFields::field`] returns them: the first 65,536, which are all fields of a valid
    /// row.
    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.bounds.len()).map(|column| self.field(column))
    }

    /// The place of the row's beginning.
    pub fn place(&self) -> Place {
        Place::new(&self.file, self.line, &self.start)
    }

    /// The parts of the row that a copy needs beside the fields.
    pub(crate) fn parts(&self) -> Parts<'_> {
        let Self { start, file, line, .. } = self;
        Parts { start, file, line: *line }
    }

    /// Makes this a row without fields that begins in `line` of `file`; the line begins with `text`.
    pub(crate) fn begin(&mut self, file: &Arc<Path>, trim: bool, line: u64, text: &[u8]) {
        if !Arc::ptr_eq(&self.file, file) {
            self.file = Arc::clone(file);
        }
        (self.trim, self.line) = (trim, line);
        self.start.clear();
        self.start.extend_from_slice(line_start(text));
        self.text.clear();
        self.bounds.clear();
        self.n_fields = 0;
    }

    /// Appends text to the field that is being filled.
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    /// Ends the field that is being filled.
    pub(crate) fn end_field(&mut self) {
        let start = self.bounds.last().map_or(0, |field| field.1);
        self.add(start, self.text.len());
    }

    /// Adds the fields of `line`, which a delimiter separates, to a row without fields.
    pub(crate) fn extend(&mut self, line: &[u8], delimiter: u8) {
        self.push(line);
        let mut start = 0;
        for end in memchr_iter(delimiter, line).chain([line.len()]) {
            self.add(start, end);
            start = end + 1;
        }
    }

    fn add(&mut self, start: usize, end: usize) {
        self.n_fields += 1;
        if self.bounds.len() < MOST_FIELDS {
            self.bounds.push((start, end));
        }
    }
}

impl Located for RawRow {
    fn place(&self) -> Place {
        self.place()
    }
}

impl RowFields for RawRow {
    #[inline]
    fn field(&self, column: usize) -> &[u8] {
        let Some((start, end)) = self.bounds.get(column).copied() else { return &[] };
        let field = &self.text[start..end];
        if self.trim { field.trim_ascii() } else { field }
    }
}

#[cfg(test)]
impl RawRow {
    /// A row of `fields` that belongs to no file.
    pub(crate) fn of(fields: &[&str]) -> Self {
        let mut row = Self::new();
        for field in fields {
            row.push(field.as_bytes());
            row.end_field();
        }
        row
    }
}
