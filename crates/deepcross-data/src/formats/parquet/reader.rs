//! Reads Parquet: columns of typed values, a batch of rows at a time.
//!
//! Values are handed on as typed cells, which count as the texts that they have in other formats, so that the same rows
//! give the same numbers and the same held-out rows in any format.
//! Columns whose types are not read are left alone, whatever they hold.
//!
//! The library panics on some damaged files; the panic is caught here and reported as an error.
//! Sizes that would abort the process are checked before ([`size_checks`](super::size_checks)).

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::LogicalType;
use parquet::schema::types::SchemaDescriptor;

use super::size_checks::{problem_of_columns, problem_of_groups};
use crate::error::DataError;
use crate::formats::arrow::{BatchColumn, BatchRows, SchemaColumns};
use crate::formats::cells::push_row;
use crate::formats::file_format::{FileReader, NamedColumns};
use crate::input::{InputFile, RowChunk, UnreadColumn, not_kept, open, unreadable};
use crate::place::{Place, row_number};
use crate::rows::{CellRow, Origin, RawRows, RequiredValue};

/// The number of rows of a batch.
const BATCH_ROWS: usize = 1024;

/// Reads the rows of one file.
pub(super) struct ParquetReader {
    file: Arc<Path>,
    /// The names of the columns of the rows, and their origins in a batch.
    names: Vec<String>,
    columns: Vec<BatchColumn>,
    /// The values that the names of folders require, and the positions of their columns in a row.
    required: Vec<(usize, RequiredValue)>,
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
    /// Opens the file, whose rows have the columns in the file that are read, or else the given columns.
    pub(super) fn open(
        file: &InputFile,
        trim: bool,
        columns: Option<NamedColumns<'_>>,
    ) -> Result<Box<dyn FileReader>, DataError> {
        let ((builder, bytes), path) = (builder(file)?, file.path());
        let SchemaColumns { names, positions, .. } = columns_of(path, builder.schema())?;
        let (header, origins, required) = match columns {
            None => (&*names, (0..names.len()).map(Origin::File).collect(), Vec::new()),
            Some(NamedColumns { header, origins, .. }) => {
                (header, origins.columns.clone(), required(header, &origins.required))
            }
        };
        let schema = builder.parquet_schema();
        let read = Projection::new(schema, &positions, &origins);
        let mask = ProjectionMask::roots(schema, read.roots.iter().copied());
        let problem = guarded(path, || {
            Ok::<_, Infallible>(problem_of_groups(&bytes, builder.metadata(), &mask))
        })?;
        refuse(path, problem)?;
        let (names, file) = (header.to_vec(), Arc::clone(path));
        let columns = read.columns;
        let batches =
            guarded(path, || builder.with_projection(mask).with_batch_size(BATCH_ROWS).build())?;
        let (batch, next, row) = (None, 0, 0);
        Ok(Box::new(Self { file, names, columns, required, batches, batch, next, row, trim }))
    }

    /// The names of the columns that are read.
    pub(super) fn header(file: &InputFile) -> Result<Vec<String>, DataError> {
        Ok(columns_of(file.path(), builder(file)?.0.schema())?.names)
    }

    /// The columns that are not read.
    pub(super) fn unread_columns(file: &InputFile) -> Result<Vec<UnreadColumn>, DataError> {
        Ok(columns_of(file.path(), builder(file)?.0.schema())?.unread)
    }
}

/// The columns that are read from a file, and what becomes of them.
struct Projection {
    /// The positions of the columns that are read, in order.
    roots: Vec<usize>,
    /// The columns of the rows.
    columns: Vec<BatchColumn>,
}

impl Projection {
    /// The columns with these origins; `positions` has the positions of the columns that can be read.
    fn new(schema: &SchemaDescriptor, positions: &[usize], origins: &[Origin]) -> Self {
        let of_file = |origin: &Origin| match origin {
            Origin::File(at) => positions.get(*at).copied(),
            _ => None,
        };
        let roots: BTreeSet<usize> = origins.iter().filter_map(of_file).collect();
        let roots: Vec<usize> = roots.into_iter().collect();
        let is_uuid = |root: usize| {
            let about = schema.root_schema().get_fields()[root].get_basic_info();
            about.logical_type_ref() == Some(&LogicalType::Uuid)
        };
        let column = |origin: &Origin| match (origin, of_file(origin)) {
            (Origin::Constant(text), _) => BatchColumn::Constant(Arc::clone(text)),
            (_, Some(root)) => {
                let at = roots.partition_point(|before| *before < root);
                BatchColumn::Array { at, is_uuid: is_uuid(root) }
            }
            _ => BatchColumn::Missing,
        };
        let columns = origins.iter().map(column).collect();
        Self { roots, columns }
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
            let (batches, columns) = (&mut self.batches, &self.columns);
            let read = || {
                let batch = batches.next().transpose()?;
                let rows =
                    |batch| -> Arc<dyn RowChunk> { Arc::new(BatchRows::new(&batch, columns)) };
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
        push_row(CellRow { chunk, at, file, line }, &self.names, self.trim, rows)?;
        let problem = |(column, required): &(usize, RequiredValue)| {
            required.problem(chunk.cell(at, *column), || Place::new(file, line, b""))
        };
        self.required.iter().find_map(problem).map_or(Ok(()), Err)
    }

    fn raw(&self) -> &[u8] {
        &[]
    }
}

/// The values that are required of the columns of `header`, and the positions of these columns.
fn required(header: &[String], required: &[RequiredValue]) -> Vec<(usize, RequiredValue)> {
    let position = |required: &RequiredValue| {
        let at = header.iter().position(|name| *name == required.name)?;
        Some((at, required.clone()))
    };
    required.iter().filter_map(position).collect()
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
/// A pipe is copied to a file without a name, because Parquet is read from its end; all readers share the copy.
fn whole(file: &InputFile) -> Result<File, DataError> {
    let path = file.path();
    let opened = if file.is_pipe() {
        file.copied(|| copied(file))?
    } else {
        open(file)?;
        File::open(path)
    };
    opened.map_err(|error| unreadable(path, 1, error))
}

/// A copy of a pipe.
fn copied(file: &InputFile) -> Result<File, DataError> {
    let (mut stream, folder) = (open(file)?, std::env::temp_dir());
    let copied = tempfile::tempfile_in(&folder).map_err(|error| not_kept(&folder, error));
    let copied = copied.and_then(|mut copy| match io::copy(&mut stream, &mut copy) {
        Ok(_) => Ok(copy),
        Err(error) if error.kind() == io::ErrorKind::StorageFull => Err(not_kept(&folder, error)),
        Err(error) => Err(error),
    });
    copied.map_err(|error| unreadable(file.path(), 1, error))
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

fn columns_of(path: &Path, schema: &SchemaRef) -> Result<SchemaColumns, DataError> {
    SchemaColumns::of(schema).map_err(|problem| DataError::Parquet { file: path.into(), problem })
}
