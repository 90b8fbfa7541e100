//! A pass over one file of any format; each row has as many fields as there are columns.

use super::delimited::DelimitedReader;
use super::libffm::LibffmReader;
use super::libsvm::LibsvmReader;
use super::parquet::ParquetReader;
use crate::error::DataError;
use crate::rows::{RawRow, RawRows};

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

    /// Splits the row that was taken.
    ///
    /// # Errors
    /// If the row is bad; the next call of [`take_row`](Self::take_row) then continues after it.
    /// Any other error ends the pass.
    pub(crate) fn split_row(&mut self, row: &mut RawRow) -> Result<(), DataError> {
        match self {
            Self::Text(reader) => reader.split_row(row),
            Self::Libsvm(reader) => reader.split_row(row),
            Self::Libffm(reader) => reader.split_row(row),
            Self::Parquet(reader) => reader.split_row(row),
        }
    }

    /// Appends the row that was taken to `rows`, unsplit; false if this reader has to split it.
    pub(crate) fn push_line(&self, rows: &mut RawRows) -> bool {
        matches!(self, Self::Text(reader) if reader.push_line(rows))
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

    /// Whether the row that was read last holds line ends.
    pub(crate) fn spans_lines(&self) -> bool {
        matches!(self, Self::Text(reader) if reader.spans_lines())
    }

    /// Takes no more than the first line for the row that was read last.
    pub(crate) fn return_lines(&mut self) {
        if let Self::Text(reader) = self {
            reader.return_lines();
        }
    }
}
