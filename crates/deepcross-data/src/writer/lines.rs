//! Writes lines into a file.
//!
//! Each row is one line, which is checked to be read back unchanged; lines are compressed and written in pieces.

use std::io::Write;

use super::compressed::Compressed;
use super::file_form::Compression;
use super::refused::Refused;
use crate::error::DataError;
use crate::input::BYTE_ORDER_MARK;
use crate::limits::LONGEST_ROW;

/// The number of bytes that are written at once.
const PIECE: usize = 64 << 10;

/// Collects lines and writes them.
pub(super) struct LineWriter<W: Write> {
    out: Compressed<W>,
    text: Vec<u8>,
    /// Whether no line has been written yet.
    is_empty: bool,
}

impl<W: Write> LineWriter<W> {
    pub(super) fn new(out: W, compression: Compression) -> Result<Self, DataError> {
        let out = Compressed::new(out, compression).map_err(DataError::output)?;
        Ok(Self { out, text: Vec::with_capacity(2 * PIECE), is_empty: true })
    }

    /// Whether no line has been written yet.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Writes the line that `form` makes of the fields.
    ///
    /// Writes nothing if `form` refuses the fields, or if a reader would misread the line.
    pub(super) fn push(
        &mut self,
        fields: &[&[u8]],
        form: impl FnOnce(&[&[u8]], &mut Vec<u8>) -> Result<(), Refused>,
    ) -> Result<Result<(), Refused>, DataError> {
        let start = self.text.len();
        let formed = form(fields, &mut self.text).and_then(|()| self.check(start, fields));
        if formed.is_err() {
            self.text.truncate(start);
            return Ok(formed);
        }
        self.end_line().map(Ok)
    }

    /// Writes the line that `form` makes.
    pub(super) fn push_line(&mut self, form: impl FnOnce(&mut Vec<u8>)) -> Result<(), DataError> {
        form(&mut self.text);
        self.end_line()
    }

    pub(super) fn finish(mut self) -> Result<W, DataError> {
        self.write()?;
        self.out.finish().map_err(DataError::output)
    }

    fn end_line(&mut self) -> Result<(), DataError> {
        self.text.push(b'\n');
        self.is_empty = false;
        if self.text.len() >= PIECE { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), DataError> {
        self.out.write_all(&self.text).map_err(DataError::output)?;
        self.text.clear();
        Ok(())
    }

    /// Checks a line as readers of any format do.
    fn check(&self, start: usize, fields: &[&[u8]]) -> Result<(), Refused> {
        let line = &self.text[start..];
        if self.is_empty && line.starts_with(BYTE_ORDER_MARK) {
            return Err(Refused::new(0, fields[0], NO_MARK));
        }
        // The row must not be too long for a reader, including its line end.
        if line.len() < LONGEST_ROW {
            return Ok(());
        }
        let longest = (0..fields.len()).max_by_key(|at| fields[*at].len()).unwrap_or_default();
        Err(Refused::new(longest, fields[longest], SHORT_ENOUGH))
    }
}

const NO_MARK: &str = "no byte order mark at its start, since it is dropped at the start of a file";

/// The expectation for a value that makes its row too long.
pub(super) const SHORT_ENOUGH: &str = "a shorter value, since a row has at most 16 MiB";
