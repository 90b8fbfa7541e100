//! Delimited text: rows of one CSV or TSV file.
//!
//! The `csv` crate parses; what it forgives is noticed here.
//! Rows end at line feeds alone, and the `\r` of `\r\n` is dropped from the last field: with the
//! crate's own rule a row ends at the `\r`, and every line number after it is one too low.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use csv::{Position, ReaderBuilder, Terminator};

use crate::dialect::Dialect;
use crate::error::{DataError, Place};
use crate::open::{Stream, open};
use crate::row::RawRow;

/// The longest row, in bytes: without a bound, a quote that never closes takes all memory.
const LONGEST_ROW: usize = 16 << 20;

/// Bytes asked of the file at once.
const BUFFER: usize = 64 << 10;

/// Reads the rows of one file, its header row like any other.
#[derive(Debug)]
pub(crate) struct TextReader {
    file: Arc<Path>,
    dialect: Dialect,
    reader: csv::Reader<Watched<Stream>>,
}

impl TextReader {
    /// Opens the file.
    pub(crate) fn open(file: &Arc<Path>, dialect: Dialect) -> Result<Self, DataError> {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .quoting(dialect.quote.is_some())
            .quote(dialect.quote.unwrap_or(b'"'))
            .comment(dialect.comment)
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER)
            .from_reader(Watched::new(open(file)?));
        Ok(Self { file: Arc::clone(file), dialect, reader })
    }

    /// Reads the next row, past comments and blank lines; false at the end of the file.
    ///
    /// # Errors
    /// An unclosed quote, a row that is too long, or what the system says.
    pub(crate) fn read(&mut self, row: &mut RawRow) -> Result<bool, DataError> {
        row.begin(&self.file, self.dialect.trim);
        while self.read_record(row)? {
            if !row.is_blank() {
                self.check_closed(row)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn read_record(&mut self, row: &mut RawRow) -> Result<bool, DataError> {
        let read = self.reader.read_byte_record(&mut row.record);
        let more = read.map_err(|error| self.stopped(row, error))?;
        self.reader.get_mut().allowance = LONGEST_ROW;
        row.end(self.reader.position().line(), self.reader.get_ref().ended);
        Ok(more)
    }

    /// Refuses a row that the end of the file ended within quotes.
    ///
    /// Such a row's last field holds the line ends that it swallowed, and what the file ends with
    /// is not the closing quote.
    fn check_closed(&self, row: &RawRow) -> Result<(), DataError> {
        let stream = self.reader.get_ref();
        let Some(quote) = self.dialect.quote.filter(|_| stream.ended) else { return Ok(()) };
        let last = row.record.iter().next_back().unwrap_or_default();
        if stream.last != Some(quote) && last.contains(&b'\n') {
            return Err(DataError::UnclosedQuote { place: row.place() });
        }
        Ok(())
    }

    /// The error of a stream that failed within `row`.
    fn stopped(&self, row: &RawRow, error: csv::Error) -> DataError {
        if self.reader.get_ref().allowance == 0 {
            let line = row.record.position().map_or(1, Position::line);
            let place = Place { file: self.file.to_path_buf(), line };
            return DataError::LongRow { place, limit: LONGEST_ROW };
        }
        DataError::Unreadable { file: self.file.to_path_buf(), source: io::Error::from(error) }
    }
}

/// A stream that notes how it ends, and fails where a row takes too much of it.
struct Watched<R> {
    inner: R,
    /// Whether the stream has said that nothing follows.
    ended: bool,
    /// The last byte so far that is not white space.
    last: Option<u8>,
    /// How many bytes the row being read may still take.
    allowance: usize,
}

impl<R> Watched<R> {
    fn new(inner: R) -> Self {
        Self { inner, ended: false, last: None, allowance: LONGEST_ROW }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.allowance == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let n = self.inner.read(buffer)?;
        let last = buffer[..n].iter().rfind(|byte| !byte.is_ascii_whitespace());
        self.last = last.copied().or(self.last);
        self.ended = n == 0;
        self.allowance = self.allowance.saturating_sub(n);
        Ok(n)
    }
}

impl<R> fmt::Debug for Watched<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("ended", &self.ended).finish_non_exhaustive()
    }
}
