//! Reads the lines of libsvm and libffm one at a time, without comments and blank lines.
//!
//! In these formats each line is a row: they have no quotes, and no value can contain a delimiter.

use memchr::memchr;

use super::tokens::{COMMENT, words};
use crate::error::DataError;
use crate::formats::lines::LineReader;
use crate::input::InputFile;
use crate::place::Place;
use crate::rows::RawRows;

/// Reads the lines of one file.
#[derive(Debug)]
pub(crate) struct PairLines(LineReader);

impl PairLines {
    pub(crate) fn open(file: &InputFile) -> Result<Self, DataError> {
        LineReader::open(file).map(Self)
    }

    /// Takes the next line that is neither blank nor a comment; false at the end of the file.
    ///
    /// # Errors
    /// As [`LineReader::take`].
    pub(crate) fn take(&mut self) -> Result<bool, DataError> {
        while self.0.take()? {
            if !self.content().trim_ascii().is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The line that was taken last, as it stands in the file, with its line end.
    pub(crate) fn raw(&self) -> &[u8] {
        self.0.raw()
    }

    /// The line that was taken last, without its comment.
    pub(crate) fn content(&self) -> &[u8] {
        let raw = self.raw();
        memchr(COMMENT, raw).map_or(raw, |comment| &raw[..comment])
    }

    /// The words of the line.
    pub(crate) fn words(&self) -> impl Iterator<Item = &[u8]> {
        words(self.content())
    }

    /// Appends a row without fields that begins in this line.
    pub(crate) fn begin(&self, rows: &mut RawRows) {
        self.0.begin(rows, true);
    }

    /// The place of the line.
    pub(crate) fn place(&self) -> Place {
        self.0.place()
    }
}
