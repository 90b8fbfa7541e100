//! Replaces the reader of Parquet if the cargo feature `parquet` is off, and refuses every file.

use std::path::Path;

use crate::error::DataError;
use crate::input::InputFile;
use crate::rows::RawRows;

/// A reader that cannot exist.
#[derive(Debug)]
pub(crate) enum ParquetReader {}

impl ParquetReader {
    pub(crate) fn open(file: &InputFile, _trim: bool) -> Result<Self, DataError> {
        Err(absent(file.path()))
    }

    pub(crate) fn header(file: &InputFile) -> Result<Vec<String>, DataError> {
        Err(absent(file.path()))
    }

    pub(crate) fn take_row(&mut self) -> Result<bool, DataError> {
        match *self {}
    }

    pub(crate) fn push_row(&mut self, _rows: &mut RawRows) -> Result<(), DataError> {
        match *self {}
    }
}

fn absent(file: &Path) -> DataError {
    let problem = "the library was built without its cargo feature `parquet`".to_owned();
    DataError::Parquet { file: file.into(), problem }
}
