//! A pass over the raw rows of a source.

use super::source::Source;
use crate::error::DataError;
use crate::formats::FileReader;
use crate::rows::RawRows;

/// Reads the rows of all files in order.
#[derive(Debug)]
pub(crate) struct Records {
    source: Source,
    /// The file being read; `None` after the last file, and after an error that does not concern a single row.
    reader: Option<Box<dyn FileReader>>,
    /// The index of the file to read next.
    next_file: usize,
    /// Whether rows are kept as they stand in their files too.
    pub(crate) keeps_raw: bool,
}

impl Records {
    /// Starts a pass over all rows of `source`.
    ///
    /// # Errors
    /// If the first file can no longer be opened.
    pub(crate) fn new(source: Source) -> Result<Self, DataError> {
        let mut records = Self { source, reader: None, next_file: 0, keeps_raw: false };
        records.open_next()?;
        Ok(records)
    }

    /// Appends the next row to `rows`, perhaps unsplit, and a bad row with its error; false after the last row of the
    /// last file.
    ///
    /// After a bad row, the next call continues in the line after the row's first, because a stray quote joins several
    /// rows into one.
    /// A row with a quote is split at once, since only this shows whether its first line is the whole row.
    ///
    /// # Errors
    /// If the system cannot read the file, or if a row is longer than 16 MiB; the pass ends then.
    pub(crate) fn read_into(&mut self, rows: &mut RawRows) -> Result<bool, DataError> {
        if !self.take()? {
            return Ok(false);
        }
        let Some(reader) = &mut self.reader else { return Ok(false) };
        let error = match reader.push_row(rows) {
            Ok(()) => None,
            Err(error) if error.is_bad_row() => Some(error),
            Err(error) => {
                rows.drop_row();
                self.reader = None;
                return Err(error);
            }
        };
        let raw = if self.keeps_raw { reader.raw() } else { &[] };
        rows.end_row(error, raw);
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

    /// Starts again at the first row.
    ///
    /// # Errors
    /// If the first file can no longer be opened.
    pub(crate) fn restart(&mut self) -> Result<(), DataError> {
        self.next_file = 0;
        self.open_next()
    }

    /// The number of rows of `source`, with the bad ones.
    ///
    /// # Errors
    /// As [`read_into`](Self::read_into).
    pub(crate) fn count(source: &Source) -> Result<u64, DataError> {
        let (mut records, mut rows, mut n_rows) =
            (Self::new(source.clone())?, RawRows::default(), 0);
        while records.read_into(&mut rows)? {
            n_rows += 1;
            if rows.is_full() {
                rows.clear();
            }
        }
        Ok(n_rows)
    }

    fn open_next(&mut self) -> Result<(), DataError> {
        self.reader = None;
        if let Some(file) = self.source.file(self.next_file) {
            self.reader = Some(file.rows(self.source.config(), self.source.header())?);
            self.next_file += 1;
        }
        Ok(())
    }
}
