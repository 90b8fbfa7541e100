//! A pass over one file, whatever its format: rows of as many fields as there are columns.

use crate::error::DataError;
use crate::libffm::LibffmReader;
use crate::libsvm::LibsvmReader;
use crate::row::RawRow;
use crate::text::TextReader;

/// Reads the rows of one file.
#[derive(Debug)]
pub(crate) enum Reader {
    Text(TextReader),
    Libsvm(LibsvmReader),
    Libffm(LibffmReader),
}

impl Reader {
    /// Reads the next row; false at the end of the file.
    ///
    /// # Errors
    /// What makes a bad row: the next call reads on behind it. Anything else ends the pass.
    pub(crate) fn read(&mut self, row: &mut RawRow) -> Result<bool, DataError> {
        match self {
            Self::Text(reader) => reader.read(row),
            Self::Libsvm(reader) => reader.read(row),
            Self::Libffm(reader) => reader.read(row),
        }
    }

    /// The row that was read last, as it stands in its file.
    pub(crate) fn raw(&self) -> &[u8] {
        match self {
            Self::Text(reader) => reader.raw(),
            Self::Libsvm(reader) => reader.raw(),
            Self::Libffm(reader) => reader.raw(),
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
