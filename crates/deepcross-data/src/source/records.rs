//! A pass over the raw rows of a source.

use super::source::Source;
use crate::error::DataError;
use crate::formats::FileReader;
use crate::rows::{RawRow, RawRows};

/// Streams the rows of all files in order, holding one row and one buffer at a time.
///
/// [`Source::records`] starts such a pass.
#[derive(Debug)]
pub struct Records {
    source: Source,
    /// The file being read; `None` after the last file, and after an error that does not concern a single row.
    reader: Option<Box<dyn FileReader>>,
    /// The index of the file to read next.
    next_file: usize,
}

impl Source {
    /// Starts a pass over all rows; each call starts again at the first row.
    ///
    /// # Errors
    /// If the first file can no longer be opened.
    pub fn records(&self) -> Result<Records, DataError> {
        Records::new(self.clone())
    }
}

impl Records {
    fn new(source: Source) -> Result<Self, DataError> {
        let mut records = Self { source, reader: None, next_file: 0 };
        records.open_next()?;
        Ok(records)
    }

    /// Reads the next row into `row`; false after the last row of the last file.
    ///
    /// Once a file is open and `row` has held a row of this length, nothing is allocated.
    ///
    /// # Errors
    /// If the number of fields differs from the header's, or if a quote does not close or has text after its end; `row`
    /// then holds the fields that could be split.
    /// A row that has too many fields already is not searched for the end of a quote.
    /// After such an error the next call continues in the line after the row's first, because a stray quote joins
    /// several rows into one.
    ///
    /// If the system cannot read the file, or if a row is longer than 16 MiB; the pass ends then.
    pub fn read(&mut self, row: &mut RawRow) -> Result<bool, DataError> {
        if !self.take()? {
            return Ok(false);
        }
        self.split(row)?;
        Ok(true)
    }

    /// Appends the next row to `rows`, perhaps unsplit, and a bad row with its error; false after the last row.
    ///
    /// `row` is scratch for rows that have to be split here: only then it is known whether a line with a quote in it is
    /// a whole row.
    ///
    /// # Errors
    /// The errors of [`read`](Self::read) that end the pass.
    pub(crate) fn read_into(
        &mut self,
        rows: &mut RawRows,
        row: &mut RawRow,
    ) -> Result<bool, DataError> {
        if !self.take()? {
            return Ok(false);
        }
        if self.reader.as_ref().is_some_and(|reader| reader.push_line(rows)) {
            return Ok(true);
        }
        match self.split(row) {
            Ok(()) => rows.push(row, None),
            Err(error) if error.is_bad_row() => rows.push(row, Some(error)),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Takes the first line of the next row; false after the last row of the last file.
    fn take(&mut self) -> Result<bool, DataError> {
        while let Some(reader) = &mut self.reader {
            match reader.take_row() {
                Ok(true) => return Ok(true),
                Ok(false) => self.open_next()?,
                Err(error) => {
                    self.reader = None;
                    return Err(error);
                }
            }
        }
        Ok(false)
    }

    /// Splits the row whose first line was taken.
    fn split(&mut self, row: &mut RawRow) -> Result<(), DataError> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        match reader.split_row(row) {
            Ok(()) if row.n_fields() == self.source.header().len() => Ok(()),
            Ok(()) => Err(self.wrong_count(row)),
            Err(error) => {
                if !error.is_bad_row() {
                    self.reader = None;
                }
                Err(error)
            }
        }
    }

    /// The last row that was read without an error, as it stands in its file, with its line end.
    pub fn raw(&self) -> &[u8] {
        self.reader.as_ref().map_or(&[], |reader| reader.raw())
    }

    fn open_next(&mut self) -> Result<(), DataError> {
        self.reader = None;
        if let Some(file) = self.source.file(self.next_file) {
            self.reader = Some(file.rows(self.source.config(), self.source.header())?);
            self.next_file += 1;
        }
        Ok(())
    }

    fn wrong_count(&mut self, row: &RawRow) -> DataError {
        let (found, expected) = (row.n_fields(), self.source.header().len());
        let several_lines = self.reader.as_ref().is_some_and(|reader| reader.spans_lines());
        if let Some(reader) = &mut self.reader {
            reader.return_lines();
        }
        DataError::FieldCount { place: row.place(), found, expected, several_lines }
    }
}
