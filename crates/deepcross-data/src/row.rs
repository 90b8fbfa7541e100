//! One row as it stands in a file.
//!
//! Fields are views into one buffer that every row reuses: trimming moves the ends of a view.
//! `ByteRecord::trim` would build a new record for each row.

use std::path::Path;
use std::sync::Arc;

use csv::ByteRecord;
use deepcross_features::Record;
use memchr::memchr_iter;

use crate::error::Place;

/// A raw row, made once and filled by [`Records::read`](crate::Records::read) again and again.
#[derive(Clone, Debug)]
pub struct RawRow {
    pub(crate) record: ByteRecord,
    file: Arc<Path>,
    trim: bool,
    /// The line that the reader stood in after the row.
    line_after: u64,
    /// Whether the end of the file ended the row, instead of a line feed.
    ended_by_file: bool,
}

impl Default for RawRow {
    fn default() -> Self {
        Self::new()
    }
}

impl RawRow {
    /// An empty row.
    pub fn new() -> Self {
        let file = Arc::from(Path::new(""));
        Self { record: ByteRecord::new(), file, trim: true, line_after: 1, ended_by_file: true }
    }

    /// The number of fields.
    pub fn n_fields(&self) -> usize {
        self.record.len()
    }

    /// The fields in order, as [`Record::field`] gives them.
    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.n_fields()).map(|column| self.field(column))
    }

    /// Where the row begins: costs a pass over its bytes.
    ///
    /// The line is counted back from the row's end, since only there it is known how many blank
    /// lines and comments stood before the row.
    pub fn place(&self) -> Place {
        let line_feeds = self.n_line_feeds() + u64::from(!self.ended_by_file);
        Place { file: self.file.to_path_buf(), line: self.line_after.saturating_sub(line_feeds) }
    }

    /// Whether a quoted field holds a line end.
    pub(crate) fn spans_lines(&self) -> bool {
        self.n_line_feeds() > 0
    }

    /// Whether the line holds nothing but white space (which includes the `\r` of `\r\n`).
    pub(crate) fn is_blank(&self) -> bool {
        self.n_fields() == 1 && self.field(0).is_empty()
    }

    /// Makes this a row of `file`, about to be read.
    pub(crate) fn begin(&mut self, file: &Arc<Path>, trim: bool) {
        if !Arc::ptr_eq(&self.file, file) {
            self.file = Arc::clone(file);
        }
        self.trim = trim;
    }

    /// Notes where the row that was just read ended.
    pub(crate) fn end(&mut self, line_after: u64, ended_by_file: bool) {
        (self.line_after, self.ended_by_file) = (line_after, ended_by_file);
    }

    fn n_line_feeds(&self) -> u64 {
        memchr_iter(b'\n', self.record.as_slice()).count() as u64
    }
}

impl Record for RawRow {
    fn field(&self, column: usize) -> &[u8] {
        let field = self.record.get(column).unwrap_or_default();
        match self.trim {
            true => field.trim_ascii(),
            false if column + 1 == self.n_fields() => field.strip_suffix(b"\r").unwrap_or(field),
            false => field,
        }
    }
}

#[cfg(test)]
impl RawRow {
    /// A row of `fields`, of no file.
    pub(crate) fn of(fields: &[&str]) -> Self {
        Self { record: ByteRecord::from(fields.to_vec()), ..Self::new() }
    }
}
