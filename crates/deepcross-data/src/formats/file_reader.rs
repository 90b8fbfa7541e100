//! A pass over one file of any format; each row has as many fields as there are columns.

use super::delimited::DelimitedReader;
use super::libffm::LibffmReader;
use super::libsvm::LibsvmReader;
use super::parquet::ParquetReader;
use crate::error::DataError;
use crate::rows::RawRows;

/// Reads the rows of one file.
#[derive(Debug)]
pub(crate) enum FileReader {
    Text(DelimitedReader),
    Libsvm(LibsvmReader),
    Libffm(LibffmReader),
    Parquet(Box<ParquetReader>),
}

impl FileReader {
    /// Takes the beginning of the next row; false at the end of the file.
    ///
    /// # Errors
    /// If no more rows can be read; the pass has ended then.
    pub(crate) fn take_row(&mut self) -> Result<bool, DataError> {
        match self {
            Self::Text(reader) => reader.take_row(),
            Self::Libsvm(reader) => reader.take_row(),
            Self::Libffm(reader) => reader.take_row(),
            Self::Parquet(reader) => reader.take_row(),
        }
    }

    /// Appends the row that was taken to `rows`, perhaps unsplit; the caller ends the row.
    ///
    /// # Errors
    /// If the row is bad; the fields that could be split are appended, and the next call of
    /// [`take_row`](Self::take_row) continues after the row.
    /// Any other error ends the pass.
    pub(crate) fn push_row(&mut self, rows: &mut RawRows) -> Result<(), DataError> {
        match self {
            Self::Text(reader) => reader.push_row(rows),
            Self::Libsvm(reader) => reader.push_row(rows),
            Self::Libffm(reader) => reader.push_row(rows),
            Self::Parquet(reader) => reader.push_row(rows),
        }
    }

    /// The row that was read last, as it stands in its file; empty if the rows of the file are not text.
    pub(crate) fn raw(&self) -> &[u8] {
        match self {
            Self::Text(reader) => reader.raw(),
            Self::Libsvm(reader) => reader.raw(),
            Self::Libffm(reader) => reader.raw(),
            Self::Parquet(_) => &[],
        }
    }
}
