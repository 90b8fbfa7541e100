//! Replaces the writer of Parquet if the cargo feature `parquet` is off: nothing can be written.

use std::io::Write;
use std::marker::PhantomData;

use super::column_type::ColumnType;
use super::refused::Refused;
use crate::config::Format;
use crate::error::DataError;

/// A writer that cannot be made.
pub(super) struct ParquetWriter<W> {
    nothing: Nothing,
    out: PhantomData<W>,
}

enum Nothing {}

impl<W: Write> ParquetWriter<W> {
    pub(super) fn new(
        _out: W,
        _columns: &[String],
        _types: &[ColumnType],
    ) -> Result<Self, DataError> {
        let problem = "the library was built without its cargo feature `parquet`".to_owned();
        Err(DataError::UnfitColumns { format: Format::Parquet, problem })
    }

    pub(super) fn push(&mut self, _fields: &[&[u8]]) -> Result<Result<(), Refused>, DataError> {
        match self.nothing {}
    }

    pub(super) fn finish(self) -> Result<W, DataError> {
        match self.nothing {}
    }
}
