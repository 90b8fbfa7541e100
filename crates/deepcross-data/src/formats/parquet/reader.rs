//! Reads Parquet: columns of typed values, a batch of rows at a time.
//!
//! Values are handed on as typed cells, which count as the texts that they have in other formats, so that the same rows
//! give the same numbers and the same held-out rows in any format.
//! All columns are read, because the hash that holds rows out covers all values of a row.
//!
//! The library panics on some damaged files; the panic is caught here and reported as an error.
//! Sizes that would abort the process are checked before ([`size_checks`](super::size_checks)).

use std::convert::Infallible;
use std::fmt;
use std::fs::File;
use std::io::{self, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};

use super::size_checks::{problem_of_columns, problem_of_groups};
use crate::error::DataError;
use crate::formats::arrow::{self, BatchRows};
use crate::formats::cells::push_row;
use crate::formats::file_format::FileReader;
use crate::input::{InputFile, RowChunk, not_kept, open, unreadable};
use crate::place::row_number;
use crate::rows::{CellRow, RawRows};

/// The number of rows of a batch.
const BATCH_ROWS: usize = 1024;

/// Reads the rows of one file.
pub(super) struct ParquetReader {
    file: Arc<Path>,
    names: Vec<String>,
    batches: ParquetRecordBatchReader,
    batch: Option<Arc<dyn RowChunk>>,
    /// The number of rows of the batch that were taken.
    next: usize,
    /// The number of the row that was read last, counted from 1.
    row: u64,
    trim: bool,
}

impl fmt::Debug for ParquetReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetReader").field("file", &self.file).finish_non_exhaustive()
    }
}

impl ParquetReader {
    pub(super) fn open(file: &InputFile, trim: bool) -> Result<Box<dyn FileReader>, DataError> {
        let ((builder, bytes), file) = (builder(file)?, file.path());
        let problem =
            guarded(file, || Ok::<_, Infallible>(problem_of_groups(&bytes, builder.metadata())))?;
        refuse(file, problem)?;
        let names = names(file, builder.schema())?;
        let batches = guarded(file, || builder.with_batch_size(BATCH_ROWS).build())?;
        let file = Arc::clone(file);
        Ok(Box::new(Self { file, names, batches, batch: None, next: 0, row: 0, trim }))
    }

    /// The names of the columns.
    pub(super) fn header(file: &InputFile) -> Result<Vec<String>, DataError> {
        names(file.path(), builder(file)?.0.schema())
    }
}

impl FileReader for ParquetReader {
    /// Takes the next row; false at the end of the file.
    ///
    /// # Errors
    /// If the file is damaged; no more rows can be read then.
    fn take_row(&mut self) -> Result<bool, DataError> {
        self.next += 1;
        while self.batch.as_ref().is_none_or(|batch| self.next > batch.n_rows()) {
            let batches = &mut self.batches;
            let read = || {
                let batch = batches.next().transpose()?;
                let rows = |batch| -> Arc<dyn RowChunk> { Arc::new(BatchRows::new(&batch)) };
                Ok::<_, ArrowError>(batch.map(rows))
            };
            let Some(batch) = guarded(&self.file, read)? else { return Ok(false) };
            (self.batch, self.next) = (Some(batch), 1);
        }
        self.row += 1;
        Ok(true)
    }

    /// Appends the row that was taken.
    ///
    /// # Errors
    /// If the text of a value would be misread; reading then continues after the row.
    /// If the row is too long; the pass ends then.
    fn push_row(&mut self, rows: &mut RawRows) -> Result<(), DataError> {
        let Some(chunk) = &self.batch else { return Ok(()) };
        let (at, file, line) = (self.next - 1, &self.file, row_number(self.row));
        push_row(CellRow { chunk, at, file, line }, &self.names, self.trim, rows)
    }

    fn raw(&self) -> &[u8] {
        &[]
    }
}

/// Opens the file, and reads its metadata without its rows; returns the file for the size checks too.
fn builder(file: &InputFile) -> Result<(ParquetRecordBatchReaderBuilder<File>, File), DataError> {
    let (path, file) = (file.path(), whole(file)?);
    refuse(path, problem_of_columns(&file))?;
    // The types that another program had in memory, such as dictionaries, do not change the values.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let bytes = file.try_clone().map_err(|error| unreadable(path, 1, error))?;
    let builder =
        guarded(path, || ParquetRecordBatchReaderBuilder::try_new_with_options(file, options))?;
    Ok((builder, bytes))
}

fn refuse(path: &Path, problem: Option<String>) -> Result<(), DataError> {
    problem.map_or(Ok(()), |problem| Err(DataError::Parquet { file: path.into(), problem }))
}

/// Opens a file whose bytes can be read in any order.
///
/// A pipe is copied to a file without a name, because Parquet is read from its end.
fn whole(file: &InputFile) -> Result<File, DataError> {
    let (path, mut stream) = (file.path(), open(file)?);
    if !file.is_pipe() {
        return File::open(path).map_err(|error| unreadable(path, 1, error));
    }
    let folder = std::env::temp_dir();
    let copied = tempfile::tempfile_in(&folder).map_err(|error| not_kept(&folder, error));
    let copied = copied.and_then(|mut file| {
        let copied = io::copy(&mut stream, &mut file).and_then(|_| file.rewind());
        copied.map(|()| file).map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull => not_kept(&folder, error),
            _ => error,
        })
    });
    copied.map_err(|error| unreadable(path, 1, error))
}

/// Does work that may fail or panic on a damaged file, and reports both as errors.
fn guarded<T, E: fmt::Display>(
    path: &Path,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, DataError> {
    let problem = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it is damaged: the Parquet reader failed without a reason".to_owned(),
    };
    Err(DataError::Parquet { file: path.into(), problem })
}

/// The names of the columns; each column must be of a type that is read.
fn names(path: &Path, schema: &SchemaRef) -> Result<Vec<String>, DataError> {
    arrow::names(schema).map_err(|problem| DataError::Parquet { file: path.into(), problem })
}
