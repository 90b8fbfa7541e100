//! Writes Parquet: columns of typed values, in row groups of bounded size.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::builder::{BinaryBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::column_type::{Cell, ColumnType};
use super::lines::SHORT_ENOUGH;
use super::refused::Refused;
use crate::error::DataError;
use crate::limits::LONGEST_ROW;

/// The number of rows, or of bytes of their texts, that are handed to the library at once.
const BATCH_ROWS: usize = 1024;
const BATCH_BYTES: usize = 4 << 20;

/// The number of rows, or of bytes of their texts, after which a row group ends.
///
/// Readers keep a row group in memory, and the reader of this crate refuses one above a gigabyte.
const GROUP_ROWS: usize = 1 << 20;
const GROUP_BYTES: usize = 64 << 20;

/// Writes rows of one file.
pub(super) struct ParquetWriter<W: Write + Send> {
    writer: ArrowWriter<Shared<W>>,
    out: Shared<W>,
    schema: SchemaRef,
    columns: Vec<Builder>,
    batch: Size,
    group: Size,
}

/// A shared handle on the output.
///
/// The library gives its own handle back only through a call whose errors lose the message of the system, so the
/// writer keeps another one.
struct Shared<W>(Arc<Mutex<W>>);

impl<W> Clone for Shared<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> Write for Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

/// The size of a batch or of a row group.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    rows: usize,
    bytes: usize,
}

/// The values of a column since the last batch.
enum Builder {
    Int(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
    Bytes(BinaryBuilder),
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file; a column without a type holds text.
    pub(super) fn new(out: W, columns: &[String], types: &[ColumnType]) -> Result<Self, DataError> {
        let types = types.iter().copied().chain(std::iter::repeat(ColumnType::Text));
        let typed: Vec<_> = columns.iter().zip(types).collect();
        let fields = typed.iter().map(|(name, kind)| Field::new(*name, data_type(*kind), true));
        let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let zstd = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder()
            .set_compression(zstd)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        // The types of Arrow would add nothing to those of Parquet.
        let options =
            ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let out = Shared(Arc::new(Mutex::new(out)));
        let writer = ArrowWriter::try_new_with_options(out.clone(), Arc::clone(&schema), options);
        let columns = typed.iter().map(|(_, kind)| Builder::new(*kind)).collect();
        let (batch, group) = (Size::default(), Size::default());
        Ok(Self { writer: writer.map_err(failed)?, out, schema, columns, batch, group })
    }

    /// Appends a row, either completely or not at all.
    pub(super) fn push(&mut self, fields: &[&[u8]]) -> Result<Result<(), Refused>, DataError> {
        let cells = match self.cells(fields) {
            Ok(cells) => cells,
            Err(refused) => return Ok(Err(refused)),
        };
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
        self.batch.rows += 1;
        // A missing value takes space too.
        self.batch.bytes += fields.iter().map(|field| field.len() + 1).sum::<usize>();
        if self.batch.rows >= BATCH_ROWS || self.batch.bytes >= BATCH_BYTES {
            self.write_batch()?;
        }
        Ok(Ok(()))
    }

    pub(super) fn finish(mut self) -> Result<W, DataError> {
        self.write_batch()?;
        self.writer.finish().map_err(failed)?;
        self.writer.sync().map_err(DataError::output)?;
        drop(self.writer);
        let out = Arc::into_inner(self.out.0).and_then(|out| out.into_inner().ok());
        out.ok_or_else(|| DataError::output(io::Error::other("its writer still holds the file")))
    }

    /// The typed values of a row.
    fn cells<'f>(&self, fields: &[&'f [u8]]) -> Result<Vec<Cell<'f>>, Refused> {
        let longest = (0..fields.len()).max_by_key(|at| fields[*at].len()).unwrap_or_default();
        if fields.iter().map(|field| field.len()).sum::<usize>() > LONGEST_ROW {
            return Err(Refused::new(longest, fields[longest], SHORT_ENOUGH));
        }
        let cell = |(column, (builder, field)): (usize, (&Builder, &&'f [u8]))| {
            let kind = builder.kind();
            kind.cell(field).ok_or_else(|| Refused::new(column, field, kind.expected()))
        };
        self.columns.iter().zip(fields).enumerate().map(cell).collect()
    }

    fn write_batch(&mut self) -> Result<(), DataError> {
        if self.batch.rows == 0 {
            return Ok(());
        }
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(Builder::finish).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays);
        let batch = batch.map_err(|error| failed(error.into()))?;
        self.writer.write(&batch).map_err(failed)?;
        self.group.rows += self.batch.rows;
        self.group.bytes += self.batch.bytes;
        self.batch = Size::default();
        if self.group.rows >= GROUP_ROWS || self.group.bytes >= GROUP_BYTES {
            self.writer.flush().map_err(failed)?;
            self.group = Size::default();
        }
        Ok(())
    }
}

impl Builder {
    fn new(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Int => Self::Int(Int64Builder::new()),
            ColumnType::Float => Self::Float(Float64Builder::new()),
            ColumnType::Text => Self::Text(StringBuilder::new()),
            ColumnType::Bytes => Self::Bytes(BinaryBuilder::new()),
        }
    }

    fn kind(&self) -> ColumnType {
        match self {
            Self::Int(_) => ColumnType::Int,
            Self::Float(_) => ColumnType::Float,
            Self::Text(_) => ColumnType::Text,
            Self::Bytes(_) => ColumnType::Bytes,
        }
    }

    /// Appends a value of the column's type; any other value counts as missing.
    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Int(builder), Cell::Int(number)) => builder.append_value(number),
            (Self::Float(builder), Cell::Float(number)) => builder.append_value(number),
            (Self::Text(builder), Cell::Bytes(text)) => {
                builder.append_option(str::from_utf8(text).ok());
            }
            (Self::Bytes(builder), Cell::Bytes(bytes)) => builder.append_value(bytes),
            (Self::Int(builder), _) => builder.append_null(),
            (Self::Float(builder), _) => builder.append_null(),
            (Self::Text(builder), _) => builder.append_null(),
            (Self::Bytes(builder), _) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Int(builder) => Arc::new(builder.finish()),
            Self::Float(builder) => Arc::new(builder.finish()),
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Bytes(builder) => Arc::new(builder.finish()),
        }
    }
}

fn data_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Int => DataType::Int64,
        ColumnType::Float => DataType::Float64,
        ColumnType::Text => DataType::Utf8,
        ColumnType::Bytes => DataType::Binary,
    }
}

/// Converts an error of the library; an error of the system inside it is unwrapped, since it says more.
fn failed(error: ParquetError) -> DataError {
    let error = match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    };
    DataError::output(error)
}
