//! Replaces the reader of Parquet if the cargo feature `parquet` is off, and refuses every file.

use std::path::Path;
use std::sync::Arc;

use crate::error::DataError;
use crate::rows::RawRow;

/// A reader that cannot exist.
#[derive(Debug)]
pub(crate) enum ParquetReader {}

impl ParquetReader {
    pub(crate) fn open(file: &Arc<Path>, _trim: bool) -> Result<Self, DataError> {
        Err(absent(file))
    }

    pub(crate) fn header(file: &Arc<Path>) -> Result<Vec<String>, DataError> {
        Err(absent(file))
    }

    pub(crate) fn take_row(&mut self) -> Result<bool, DataError> {
        match *self {}
    }

    pub(crate) fn split_row(&mut self, _row: &mut RawRow) -> Result<(), DataError> {
        match *self {}
    }
}

fn absent(file: &Path) -> DataError {
    let problem = "the library was built without its cargo feature `parquet`".to_owned();
    DataError::Parquet { file: file.into(), problem }
}
