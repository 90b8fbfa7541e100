//! Parquet: columns of typed values, which are read as the text that these values have in other formats.
//!
//! Without the cargo feature `parquet`, a reader and a writer that refuse every file take the place of these.

#[cfg(not(feature = "parquet"))]
mod absent;
#[cfg(feature = "parquet")]
mod reader;
#[cfg(feature = "parquet")]
mod size_checks;
#[cfg(feature = "parquet")]
mod thrift;
#[cfg(feature = "parquet")]
mod writer;

use super::column_type::ColumnType;
use super::columns::problem_of_columns;
use super::file_format::{FileFormat, FileReader, FileWriter, NamedColumns};
use super::text_kind::is_parquet;
use crate::config::{DataConfig, Format};
use crate::error::DataError;
use crate::input::{InputFile, UnreadColumn};
#[cfg(not(feature = "parquet"))]
use absent::{ParquetReader, ParquetWriter};
#[cfg(feature = "parquet")]
use reader::ParquetReader;
#[cfg(feature = "parquet")]
use writer::ParquetWriter;

impl Format {
    /// Parquet, with the cargo feature `parquet`: typed columns, whose values are read as the text that they have in
    /// other formats.
    pub const PARQUET: Self = Self::named("parquet");
}

pub(super) struct Parquet;

impl FileFormat for Parquet {
    fn format(&self) -> Format {
        Format::PARQUET
    }

    fn title(&self) -> &'static str {
        "Parquet"
    }

    fn summary(&self) -> &'static str {
        "Columns of typed values"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["parquet"]
    }

    fn compresses_itself(&self) -> bool {
        true
    }

    fn begins_with(&self, line: &[u8]) -> bool {
        is_parquet(line)
    }

    fn has_text_rows(&self) -> bool {
        false
    }

    /// Files are read from their end.
    fn is_read_once(&self) -> bool {
        false
    }

    fn header(&self, file: &InputFile, _config: &DataConfig) -> Result<Vec<String>, DataError> {
        ParquetReader::header(file)
    }

    fn unread_columns(
        &self,
        file: &InputFile,
        _config: &DataConfig,
    ) -> Result<Vec<UnreadColumn>, DataError> {
        ParquetReader::unread_columns(file)
    }

    fn reader(
        &self,
        file: &InputFile,
        config: &DataConfig,
        _header: &[String],
    ) -> Result<Box<dyn FileReader>, DataError> {
        ParquetReader::open(file, config.trim, None)
    }

    /// The reader leaves out the columns that the source does not have.
    fn reader_by_name(
        &self,
        file: &InputFile,
        config: &DataConfig,
        columns: NamedColumns<'_>,
    ) -> Result<Box<dyn FileReader>, DataError> {
        ParquetReader::open(file, config.trim, Some(columns))
    }

    fn problem_of_columns(&self, columns: &[String]) -> Option<String> {
        problem_of_columns(columns)
    }

    fn writes_types(&self) -> bool {
        true
    }

    fn writer(
        &self,
        columns: &[String],
        types: &[ColumnType],
    ) -> Result<Box<dyn FileWriter>, DataError> {
        ParquetWriter::begin(columns, types)
    }
}
