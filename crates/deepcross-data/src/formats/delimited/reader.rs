//! Splits delimited text, such as CSV and TSV, into rows and fields.
//!
//! Rejected: the `csv` crate, which takes text after a closing quote for a part of the field, and the end of the file
//! for a closing quote: one stray quote can then swallow a thousand rows without a warning.
//! For a valid file, both give the same rows.
//!
//! Whatever a file holds, memory stays within a few times [`LONGEST_ROW`], and time is proportional to the size of the
//! file times the number of its columns at most.
//! For this, a row that has too many fields already takes no further line: lines that all open a quote would otherwise
//! be read again and again to the end of the file.

use std::io;
use std::path::Path;
use std::sync::Arc;

use memchr::memchr;

use super::dialect::Dialect;
use crate::error::DataError;
use crate::formats::file_format::FileReader;
use crate::input::{BYTE_ORDER_MARK, InputFile, LineWindow, open, unreadable};
use crate::limits::{LONGEST_ROW, MOST_FIELDS};
use crate::place::Place;
use crate::rows::{Line, RawRows};

/// Reads the rows of one file; the header row is a row like any other.
#[derive(Debug)]
pub(crate) struct DelimitedReader {
    file: Arc<Path>,
    dialect: Dialect,
    /// The number of fields of a valid row, once it is known.
    n_fields: Option<usize>,
    /// Starts with the row that was read last.
    window: LineWindow,
    /// The line in which the window starts, counted from 1.
    line: u64,
    /// The length of the row in bytes.
    taken: usize,
    /// The number of lines of the row.
    taken_lines: u64,
    /// The length of the row's first line.
    first_line: usize,
}

impl DelimitedReader {
    /// Opens a file whose number of columns is not known yet.
    pub(crate) fn open(file: &InputFile, dialect: Dialect) -> Result<Self, DataError> {
        let (file, window) = (Arc::clone(file.path()), LineWindow::new(open(file)?));
        let n_fields = None;
        let (line, taken, taken_lines, first_line) = (1, 0, 0, 0);
        let mut reader =
            Self { file, dialect, n_fields, window, line, taken, taken_lines, first_line };
        reader.window.skip(BYTE_ORDER_MARK).map_err(|error| reader.unreadable(error))?;
        Ok(reader)
    }

    /// Expects rows of `n_fields` fields from now on.
    pub(crate) fn expect_fields(&mut self, n_fields: usize) {
        self.n_fields = Some(n_fields);
    }

    /// Reads the next row; `None` at the end of the file.
    ///
    /// # Errors
    /// As [`take_row`](Self::take_row) and [`push_row`](Self::push_row).
    pub(crate) fn read(&mut self) -> Result<Option<RawRows>, DataError> {
        if !self.take_row()? {
            return Ok(None);
        }
        let mut rows = RawRows::default();
        self.push_row(&mut rows)?;
        rows.end_row(None, self.raw());
        rows.split(0);
        Ok(Some(rows))
    }

    /// Moves past the last row and takes one line; false at the end of the file.
    fn take_line(&mut self) -> Result<bool, DataError> {
        self.window.advance(self.taken);
        self.line += self.taken_lines;
        (self.taken, self.taken_lines) = (0, 0);
        let end = self.line_end()?;
        self.taken =
            end.ok_or_else(|| DataError::LongRow { place: self.place(), limit: LONGEST_ROW })?;
        (self.taken_lines, self.first_line) = (1, self.taken);
        Ok(self.taken > 0)
    }

    /// Whether the line that was taken is neither a comment nor blank.
    ///
    /// A blank line is a row if rows have one field: it has no value.
    fn is_row(&self) -> bool {
        let line = self.content(0);
        let visible = if self.dialect.trim { line.trim_ascii() } else { line };
        let is_blank = visible.is_empty() && memchr(self.dialect.delimiter, line).is_none();
        let is_comment = self.dialect.comment.is_some_and(|comment| line.first() == Some(&comment));
        (!is_blank || self.n_fields == Some(1)) && !is_comment
    }

    /// Splits the line that was taken, and the lines that a quote adds to it, into fields.
    fn split(&mut self, rows: &mut RawRows, quote: u8) -> Result<(), DataError> {
        let mut at = 0;
        loop {
            at = match self.content(at).first() {
                Some(first) if *first == quote => self.quoted(rows, at + 1, quote)?,
                _ => self.unquoted(rows, at),
            };
            rows.end_field();
            if self.content(at).is_empty() {
                return Ok(());
            }
            at += 1;
        }
    }

    /// Adds the field at `at`, up to the next delimiter; returns the end of the field.
    fn unquoted(&self, rows: &mut RawRows, at: usize) -> usize {
        let rest = self.content(at);
        let length = memchr(self.dialect.delimiter, rest).unwrap_or(rest.len());
        rows.push(&rest[..length]);
        at + length
    }

    /// Adds the field whose quote opens right before `at`; returns the end of the field.
    fn quoted(&mut self, rows: &mut RawRows, mut at: usize, quote: u8) -> Result<usize, DataError> {
        let opened = self.last_line();
        loop {
            let rest = &self.window.bytes()[at..self.taken];
            let Some(length) = memchr(quote, rest) else {
                rows.push(rest);
                at = self.taken;
                self.add_line(rows, opened)?;
                continue;
            };
            let doubled = rest.get(length + 1) == Some(&quote);
            rows.push(&rest[..length + usize::from(doubled)]);
            at += length + 1 + usize::from(doubled);
            if !doubled {
                return self.closed(at, opened);
            }
        }
    }

    /// The end of a field whose quote opens in the line `opened` and closes at `at`.
    ///
    /// Refuses text before the next delimiter, except spaces that are trimmed anyway.
    fn closed(&self, at: usize, opened: u64) -> Result<usize, DataError> {
        let Dialect { delimiter, trim, .. } = self.dialect;
        let content = self.content(at);
        let is_dropped = |c: &u8| trim && *c == b' ' && *c != delimiter;
        let n_spaces = content.iter().position(|c| !is_dropped(c)).unwrap_or(content.len());
        let rest = &content[n_spaces..];
        if rest.first().is_none_or(|next| *next == delimiter) {
            return Ok(at + n_spaces);
        }
        Err(DataError::TextAfterQuote {
            place: self.place(),
            opened,
            line: self.last_line(),
            found: String::from_utf8_lossy(&rest[..rest.len().min(4)])
                .chars()
                .next()
                .unwrap_or_default(),
            delimiter: delimiter.into(),
        })
    }

    /// Takes one more line for a row, because a quote that opens in the line `opened` has not closed.
    fn add_line(&mut self, rows: &RawRows, opened: u64) -> Result<(), DataError> {
        let (n_fields, expected) = (rows.n_fields(), self.n_fields.unwrap_or(MOST_FIELDS));
        if n_fields >= expected {
            let (place, found) = (self.place(), n_fields + 1);
            return Err(DataError::FieldCount { place, found, expected, several_lines: true });
        }
        match self.line_end()? {
            None => Err(self.unclosed(opened, Some(LONGEST_ROW))),
            Some(end) if end == self.taken => Err(self.unclosed(opened, None)),
            Some(end) => {
                (self.taken, self.taken_lines) = (end, self.taken_lines + 1);
                Ok(())
            }
        }
    }

    /// The lines that were taken, from `at` on, without the line end.
    fn content(&self, at: usize) -> &[u8] {
        let bytes = &self.window.bytes()[..self.taken];
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        bytes.get(at..).unwrap_or_default()
    }

    /// The end of the line after those that were taken; `None` if the row would be too long with it.
    fn line_end(&mut self) -> Result<Option<usize>, DataError> {
        let end = self.window.line_end(self.taken, LONGEST_ROW);
        end.map_err(|error| self.unreadable(error))
    }

    /// The number of the last line that was taken.
    fn last_line(&self) -> u64 {
        self.line + self.taken_lines - 1
    }

    /// Refuses a row whose number of fields is not that of a valid row, if this is known.
    fn check_count(&self, found: usize) -> Result<(), DataError> {
        match self.n_fields.filter(|expected| *expected != found) {
            None => Ok(()),
            Some(expected) => {
                let (place, several_lines) = (self.place(), self.taken_lines > 1);
                Err(DataError::FieldCount { place, found, expected, several_lines })
            }
        }
    }

    /// Gives back all lines but the first of the row that was read last.
    fn return_lines(&mut self) {
        (self.taken, self.taken_lines) = (self.first_line, 1);
    }

    fn unclosed(&self, opened: u64, limit: Option<usize>) -> DataError {
        DataError::UnclosedQuote { place: self.place(), opened, limit }
    }

    fn place(&self) -> Place {
        Place::new(&self.file, self.line, self.window.bytes())
    }

    fn unreadable(&self, source: io::Error) -> DataError {
        unreadable(&self.file, self.line + self.taken_lines, source)
    }
}

impl FileReader for DelimitedReader {
    /// Takes the first line of the next row, which is not a comment, and blank only if rows have one field; false at
    /// the end of the file.
    ///
    /// # Errors
    /// If the row is too long, or if the system cannot read it; no more rows can be read then.
    fn take_row(&mut self) -> Result<bool, DataError> {
        loop {
            if !self.take_line()? {
                return Ok(false);
            }
            if self.is_row() {
                return Ok(true);
            }
        }
    }

    /// Appends the row whose first line was taken: unsplit, unless the line holds a quote, because the row may have
    /// more lines then.
    ///
    /// # Errors
    /// If a quote does not close, has text after its end, or adds a line to a row of too many fields, or if a row with
    /// a quote has too many or too few fields; the next call of [`take_row`](Self::take_row) then continues in the line
    /// after the row's first.
    /// If the row is too long, or if the system cannot read it; no more rows can be read then.
    fn push_row(&mut self, rows: &mut RawRows) -> Result<(), DataError> {
        let line = self.content(0);
        let Dialect { delimiter, trim, quote, .. } = self.dialect;
        let Some(quote) = quote.filter(|quote| memchr(*quote, line).is_some()) else {
            rows.push_line(line, Line { delimiter, trim }, &self.file, self.line);
            return Ok(());
        };
        rows.begin(&self.file, trim, self.line, line);
        let mut done = self.split(rows, quote);
        if done.is_err() {
            rows.end_field();
        } else {
            done = self.check_count(rows.n_fields());
        }
        if done.is_err() {
            self.return_lines();
        }
        done
    }

    /// The row that was read last, as it stands in the file, with its line end.
    fn raw(&self) -> &[u8] {
        &self.window.bytes()[..self.taken]
    }
}

#[cfg(test)]
mod tests {
    use csv::{ReaderBuilder, Terminator};
    use proptest::prelude::*;

    use super::*;

    const CSV: Dialect = Dialect {
        delimiter: b',',
        quote: Some(b'"'),
        comment: Some(b'#'),
        trim: true,
        headed: false,
    };

    /// The rows of `content`, and the messages of errors.
    fn read(content: &[u8]) -> Vec<Result<Vec<Vec<u8>>, String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, content).unwrap();
        let file = InputFile::from(path);
        let mut reader = DelimitedReader::open(&file, CSV).unwrap();
        let mut rows = Vec::new();
        loop {
            match reader.read() {
                Ok(None) => return rows,
                Ok(Some(row)) => rows.push(Ok(row.get(0).fields().map(<[u8]>::to_vec).collect())),
                Err(error) => rows.push(Err(error.to_string())),
            }
        }
    }

    /// The rows of `content` as the `csv` crate reads them, without errors.
    fn read_by_twin(content: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(CSV.comment)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(content);
        let rows = reader.into_byte_records().map(Result::unwrap);
        rows.map(|row| row.iter().map(|field| field.trim_ascii().to_vec()).collect()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn valid_text_gives_the_rows_of_the_csv_crate(
            pieces in prop::collection::vec(
                prop::sample::select(
                    vec!["a", "b c", ",", ",", "\n", "\r\n", "\"", "\",\"", "\"\"", ",\"x\n\"", "#", " "],
                ),
                0..40,
            ),
        ) {
            let text = pieces.concat();
            let rows = read(text.as_bytes());
            prop_assert!(rows.len() <= text.lines().count());
            if let Ok(rows) = rows.into_iter().collect::<Result<Vec<_>, _>>() {
                let is_row = |row: &Vec<Vec<u8>>| *row != [b""];
                let twin: Vec<_> = read_by_twin(text.as_bytes()).into_iter().filter(is_row).collect();
                prop_assert_eq!(rows.into_iter().filter(is_row).collect::<Vec<_>>(), twin);
            }
        }
    }
}
