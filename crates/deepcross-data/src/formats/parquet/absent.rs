//! Replaces the reader and the writer of Parquet if the cargo feature `parquet` is off, and refuses every file.

use crate::config::Format;
use crate::error::DataError;
use crate::formats::column_type::ColumnType;
use crate::formats::file_format::{FileReader, FileWriter, NamedColumns};
use crate::input::{InputFile, UnreadColumn};

/// A reader that reads nothing.
pub(super) struct ParquetReader;

impl ParquetReader {
    pub(super) fn open(
        file: &InputFile,
        _trim: bool,
        _columns: Option<NamedColumns<'_>>,
    ) -> Result<Box<dyn FileReader>, DataError> {
        Err(absent(file))
    }

    pub(super) fn header(file: &InputFile) -> Result<Vec<String>, DataError> {
        Err(absent(file))
    }

    pub(super) fn unread_columns(file: &InputFile) -> Result<Vec<UnreadColumn>, DataError> {
        Err(absent(file))
    }
}

fn absent(file: &InputFile) -> DataError {
    DataError::Parquet { file: file.path().to_path_buf(), problem: ABSENT.to_owned() }
}

/// A writer that writes nothing.
pub(super) struct ParquetWriter;

impl ParquetWriter {
    pub(super) fn begin(
        _columns: &[String],
        _types: &[ColumnType],
    ) -> Result<Box<dyn FileWriter>, DataError> {
        Err(DataError::UnfitColumns { format: Format::PARQUET, problem: ABSENT.to_owned() })
    }
}

const ABSENT: &str = "the library was built without its cargo feature `parquet`";
