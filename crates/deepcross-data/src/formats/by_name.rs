//! A pass over the rows of a file whose values take the order of the source's columns.
//!
//! The values are only noted to be arranged; the threads that split the rows arrange them.

use std::sync::Arc;

use super::file_format::FileReader;
use crate::error::DataError;
use crate::rows::{Origins, RawRows};

/// Reads the rows of a file by the names of their columns.
#[derive(Debug)]
pub(super) struct ByName {
    pub(super) reader: Box<dyn FileReader>,
    pub(super) origins: Arc<Origins>,
}

impl FileReader for ByName {
    fn take_row(&mut self) -> Result<bool, DataError> {
        self.reader.take_row()
    }

    fn push_row(&mut self, rows: &mut RawRows) -> Result<(), DataError> {
        self.reader.push_row(rows)?;
        rows.arrange(&self.origins);
        Ok(())
    }

    fn raw(&self) -> &[u8] {
        self.reader.raw()
    }
}
