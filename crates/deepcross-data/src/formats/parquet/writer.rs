//! Writes Parquet: columns of typed values, in row groups of bounded size.

use std::io;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::error::DataError;
use crate::formats::column_type::{ColumnType, TypedValue};
use crate::formats::file_format::FileWriter;
use crate::limits::LONGEST_ROW;
use crate::output::{NotWritten, Refused};

/// The number of rows, or of bytes of their texts, that are handed to the library at once.
const BATCH_ROWS: usize = 1024;
const BATCH_BYTES: usize = 4 << 20;

/// The number of rows, or of bytes of their texts, after which a row group ends.
///
/// Readers keep a row group in memory, and the reader of this crate refuses one above a gigabyte.
const GROUP_ROWS: usize = 1 << 20;
const GROUP_BYTES: usize = 64 << 20;

/// Writes rows of one file.
pub(super) struct ParquetWriter {
    /// Writes into memory, from where the bytes are handed on.
    writer: ArrowWriter<Vec<u8>>,
    schema: SchemaRef,
    columns: Vec<Builder>,
    batch: Size,
    group: Size,
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

impl ParquetWriter {
    /// Begins a file; a column without a type holds text.
    pub(super) fn begin(
        columns: &[String],
        types: &[ColumnType],
    ) -> Result<Box<dyn FileWriter>, DataError> {
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
        let writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(&schema), options);
        let columns = typed.iter().map(|(_, kind)| Builder::new(*kind)).collect();
        let (batch, group) = (Size::default(), Size::default());
        Ok(Box::new(Self { writer: writer.map_err(failed)?, schema, columns, batch, group }))
    }

    /// The typed values of a row.
    fn cells<'f>(&self, fields: &[&'f [u8]]) -> Result<Vec<TypedValue<'f>>, Refused> {
        if fields.iter().map(|field| field.len()).sum::<usize>() > LONGEST_ROW {
            return Err(Refused::long_row(fields));
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

    /// Moves the bytes that are complete to `bytes`.
    fn hand_on(&mut self, bytes: &mut Vec<u8>) {
        let complete = self.writer.inner_mut();
        if bytes.is_empty() { std::mem::swap(bytes, complete) } else { bytes.append(complete) }
    }
}

impl FileWriter for ParquetWriter {
    fn push(
        &mut self,
        fields: &[&[u8]],
        _is_first: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<(), NotWritten> {
        let cells = self.cells(fields)?;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
        self.batch.rows += 1;
        // A missing value takes space too.
        self.batch.bytes += fields.iter().map(|field| field.len() + 1).sum::<usize>();
        if self.batch.rows >= BATCH_ROWS || self.batch.bytes >= BATCH_BYTES {
            self.write_batch().map_err(NotWritten::Failed)?;
            self.hand_on(bytes);
        }
        Ok(())
    }

    fn has_lines(&self) -> bool {
        false
    }

    fn finish(mut self: Box<Self>, bytes: &mut Vec<u8>) -> Result<(), DataError> {
        self.write_batch()?;
        self.writer.finish().map_err(failed)?;
        self.writer.sync().map_err(DataError::output)?;
        self.hand_on(bytes);
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
    fn push(&mut self, cell: TypedValue<'_>) {
        match (self, cell) {
            (Self::Int(builder), TypedValue::Int(number)) => builder.append_value(number),
            (Self::Float(builder), TypedValue::Float(number)) => builder.append_value(number),
            (Self::Text(builder), TypedValue::Bytes(text)) => {
                builder.append_option(str::from_utf8(text).ok());
            }
            (Self::Bytes(builder), TypedValue::Bytes(bytes)) => builder.append_value(bytes),
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

/// Converts an error of the library.
fn failed(error: ParquetError) -> DataError {
    DataError::output(io::Error::other(error))
}
