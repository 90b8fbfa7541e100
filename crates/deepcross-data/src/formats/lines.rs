//! Reads the lines of a file one at a time, without blank lines, for formats in which a row is a line.

use std::path::Path;
use std::sync::Arc;

use crate::error::DataError;
use crate::input::{BYTE_ORDER_MARK, InputFile, LineWindow, open, unreadable};
use crate::limits::LONGEST_ROW;
use crate::place::Place;
use crate::rows::RawRows;

/// Reads the lines of one file.
#[derive(Debug)]
pub(super) struct LineReader {
    file: Arc<Path>,
    /// Starts with the line that was taken last.
    window: LineWindow,
    /// The number of this line, counted from 1; 0 before the first line.
    line: u64,
    /// The length of this line in bytes.
    taken: usize,
}

impl LineReader {
    pub(super) fn open(file: &InputFile) -> Result<Self, DataError> {
        let (mut window, file) = (LineWindow::new(open(file)?), Arc::clone(file.path()));
        window.skip(BYTE_ORDER_MARK).map_err(|error| unreadable(&file, 1, error))?;
        Ok(Self { file, window, line: 0, taken: 0 })
    }

    /// The bytes that have been read ahead.
    pub(super) fn ahead(&self) -> &[u8] {
        self.window.bytes()
    }

    /// Takes the next line that is not blank; false at the end of the file.
    ///
    /// # Errors
    /// If the line is longer than the longest row, or if the system cannot read it; no more rows can be read then.
    pub(super) fn take(&mut self) -> Result<bool, DataError> {
        loop {
            self.window.advance(self.taken);
            self.taken = 0;
            let end = self.window.line_end(0, LONGEST_ROW);
            self.line += 1;
            let end = end.map_err(|error| unreadable(&self.file, self.line, error))?;
            let too_long = || DataError::LongRow { place: self.place(), limit: LONGEST_ROW };
            self.taken = end.ok_or_else(too_long)?;
            if self.taken == 0 {
                return Ok(false);
            }
            if !self.raw().trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    /// The line that was taken last, as it stands in the file, with its line end.
    pub(super) fn raw(&self) -> &[u8] {
        &self.window.bytes()[..self.taken]
    }

    /// Appends a row without fields that begins in this line.
    pub(super) fn begin(&self, rows: &mut RawRows, trim: bool) {
        rows.begin(&self.file, trim, self.line, self.raw());
    }

    /// The place of the line.
    pub(super) fn place(&self) -> Place {
        Place::new(&self.file, self.line, self.window.bytes())
    }
}
