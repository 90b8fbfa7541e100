//! Rows written into a file of any format that is read here.
//!
//! What is written is the plain form of its format, which is read without any setting: a header where the format has
//! one, commas or tabs, and `"` around values that need it.
//! What a format cannot hold is refused by column and value: to change a value, or to leave it out, lost, since a file
//! would then be read as other rows than those that went in.
//!
//! Each format has a file of its own; all formats but Parquet make lines, which [`lines`] collects, checks and compresses.

mod column_type;
mod compressed;
mod csv;
mod encoded;
mod file_form;
mod libffm;
mod libsvm;
mod lines;
mod names;
#[cfg_attr(not(feature = "parquet"), path = "parquet_absent.rs")]
mod parquet;
mod refused;
mod tsv;

pub use column_type::{ColumnType, ColumnTypes};
pub use encoded::EncodedWriter;
pub use file_form::{Compression, FileForm};

use std::fmt;
use std::io::Write;

use self::parquet::ParquetWriter;
use crate::config::Format;
use crate::error::DataError;
use crate::rows::RawRow;
use lines::LineWriter;
use refused::Refused;

/// Writes rows, field by field, into a file of any format.
///
/// All that a row holds is written as it is: read back, it has the same fields.
/// Nothing of a row that is refused is written, so that its caller may go on with the next.
pub struct RowWriter<W: Write + Send> {
    columns: Vec<String>,
    form: Form<W>,
}

/// A format with what it keeps between rows.
enum Form<W: Write + Send> {
    Csv(LineWriter<W>),
    Tsv(LineWriter<W>),
    Libsvm(LineWriter<W>, libsvm::Layout),
    Libffm(LineWriter<W>),
    Parquet(Box<ParquetWriter<W>>),
}

impl<W: Write + Send> fmt::Debug for RowWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowWriter").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl<W: Write + Send> RowWriter<W> {
    /// Begins a file of these columns: writes the header of a format that has one.
    ///
    /// `types` are for Parquet alone, where [`ColumnTypes`] finds those that fit; a column without one holds text.
    ///
    /// # Errors
    /// [`DataError::UnfitColumns`] where the format cannot have such columns, as [`Format::check_columns`] says or by
    /// their names; [`DataError::Config`] for Parquet that is to be compressed once more.
    pub fn new(
        out: W,
        form: FileForm,
        columns: &[String],
        types: &[ColumnType],
    ) -> Result<Self, DataError> {
        form.check()?;
        form.format.check_columns(columns)?;
        let lines = |out| LineWriter::new(out, form.compression);
        let mut writer = Self {
            columns: columns.to_vec(),
            form: match form.format {
                Format::Csv => Form::Csv(lines(out)?),
                Format::Tsv | Format::Criteo => Form::Tsv(lines(out)?),
                Format::Libsvm => Form::Libsvm(lines(out)?, libsvm::Layout::of(columns)),
                Format::Libffm => Form::Libffm(lines(out)?),
                Format::Parquet => {
                    Form::Parquet(Box::new(ParquetWriter::new(out, columns, types)?))
                }
            },
        };
        if matches!(form.format, Format::Csv | Format::Tsv) {
            writer.write_header(form.format)?;
        }
        Ok(writer)
    }

    /// Writes a row of the fields, one for each column.
    ///
    /// # Errors
    /// [`DataError::Value`] for a value that the format cannot hold, of which nothing is written;
    /// [`DataError::Output`] where the file takes no more.
    ///
    /// # Panics
    /// If there is another number of fields than of columns.
    #[track_caller]
    pub fn write<'f>(
        &mut self,
        fields: impl IntoIterator<Item = &'f [u8]>,
    ) -> Result<(), DataError> {
        let fields: Vec<&[u8]> = fields.into_iter().collect();
        assert_eq!(fields.len(), self.columns.len(), "a row has a field for each column");
        self.push(&fields)?.map_err(|refused| refused.of(&self.columns))
    }

    /// Writes a row as it was read.
    ///
    /// # Errors
    /// As [`write`](Self::write), but a value that the format cannot hold is a bad row, told with its place.
    ///
    /// # Panics
    /// As [`write`](Self::write).
    #[track_caller]
    pub fn write_row(&mut self, row: &RawRow) -> Result<(), DataError> {
        self.write(row.fields()).map_err(|error| error.at(|| row.place()))
    }

    /// Ends the file and gives back what it was written to; unless this is called, its end is missing.
    ///
    /// # Errors
    /// [`DataError::Output`].
    pub fn finish(self) -> Result<W, DataError> {
        match self.form {
            Form::Csv(lines) | Form::Tsv(lines) | Form::Libsvm(lines, _) | Form::Libffm(lines) => {
                lines.finish()
            }
            Form::Parquet(writer) => writer.finish(),
        }
    }

    fn write_header(&mut self, format: Format) -> Result<(), DataError> {
        let columns = self.columns.clone();
        let names: Vec<&[u8]> = columns.iter().map(String::as_bytes).collect();
        self.push(&names)?.map_err(|refused| refused.name(format))
    }

    /// Appends a row; the outer error is one of the file, the inner one of the row.
    fn push(&mut self, fields: &[&[u8]]) -> Result<Result<(), Refused>, DataError> {
        match &mut self.form {
            Form::Csv(lines) => lines.push(fields, |fields, text| {
                csv::push(fields, text);
                Ok(())
            }),
            Form::Tsv(lines) => lines.push(fields, tsv::push),
            Form::Libsvm(lines, layout) => {
                let is_first = lines.is_empty();
                lines.push(fields, |fields, text| layout.push(fields, is_first, text))
            }
            Form::Libffm(lines) => {
                let names = &self.columns;
                lines.push(fields, |fields, text| libffm::push(names, fields, text))
            }
            Form::Parquet(writer) => writer.push(fields),
        }
    }
}
