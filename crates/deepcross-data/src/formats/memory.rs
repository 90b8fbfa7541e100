//! Rows in memory: a format that no file has, and that no setting names.

use std::path::Path;
use std::sync::Arc;

use deepcross_features::Problem;

use super::cells::push_row;
use super::column_type::ColumnType;
use super::columns::problem_of_columns;
use super::file_format::{FileFormat, FileReader, FileWriter};
use crate::config::{DataConfig, Format};
use crate::error::DataError;
use crate::input::{InputFile, MemoryRows, UnreadColumn};
use crate::place::row_number;
use crate::rows::{CellRow, RawRows};

/// The format of rows in memory.
pub(super) struct Memory;

impl FileFormat for Memory {
    fn format(&self) -> Format {
        Format::named("memory")
    }

    fn title(&self) -> &'static str {
        "rows in memory"
    }

    fn summary(&self) -> &'static str {
        "Rows in memory"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &[]
    }

    /// The keys of `[data]` that say how a file is read have no meaning, but may be set for other data.
    fn key_problems(&self, _config: &DataConfig) -> Vec<Problem> {
        Vec::new()
    }

    fn has_text_rows(&self) -> bool {
        false
    }

    fn header(&self, file: &InputFile, _config: &DataConfig) -> Result<Vec<String>, DataError> {
        let header = file.memory().map(|rows| rows.header.clone()).unwrap_or_default();
        match problem_of_columns(&header) {
            None => Ok(header),
            Some(problem) => Err(DataError::Columns { file: file.path().to_path_buf(), problem }),
        }
    }

    fn unread_columns(
        &self,
        file: &InputFile,
        _config: &DataConfig,
    ) -> Result<Vec<UnreadColumn>, DataError> {
        Ok(file.memory().map(|rows| rows.unread.clone()).unwrap_or_default())
    }

    fn reader(
        &self,
        file: &InputFile,
        config: &DataConfig,
        _header: &[String],
    ) -> Result<Box<dyn FileReader>, DataError> {
        let rows = file.memory().ok_or(DataError::NoFiles)?;
        let (file, rows) = (Arc::clone(file.path()), Arc::clone(rows));
        Ok(Box::new(MemoryReader { file, rows, trim: config.trim, chunk: 0, next: 0, row: 0 }))
    }

    fn writer(
        &self,
        _columns: &[String],
        _types: &[ColumnType],
    ) -> Result<Box<dyn FileWriter>, DataError> {
        let problem = "it is not a format of files".to_owned();
        Err(DataError::UnfitColumns { format: self.format(), problem })
    }
}

/// Reads rows in memory.
#[derive(Debug)]
struct MemoryReader {
    file: Arc<Path>,
    rows: Arc<MemoryRows>,
    trim: bool,
    /// The position of the chunk of the row that was taken last.
    chunk: usize,
    /// The number of rows of the chunk that were taken.
    next: usize,
    /// The number of the row that was taken last, counted from 1.
    row: u64,
}

impl FileReader for MemoryReader {
    fn take_row(&mut self) -> Result<bool, DataError> {
        while let Some(chunk) = self.rows.chunks.get(self.chunk) {
            if self.next < chunk.n_rows() {
                (self.next, self.row) = (self.next + 1, self.row + 1);
                return Ok(true);
            }
            (self.chunk, self.next) = (self.chunk + 1, 0);
        }
        Ok(false)
    }

    fn push_row(&mut self, rows: &mut RawRows) -> Result<(), DataError> {
        let Some(chunk) = self.rows.chunks.get(self.chunk) else { return Ok(()) };
        let (at, file, line) = (self.next - 1, &self.file, row_number(self.row));
        push_row(CellRow { chunk, at, file, line }, &self.rows.header, self.trim, rows)
    }

    fn raw(&self) -> &[u8] {
        &[]
    }
}
