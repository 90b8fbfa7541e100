//! Writes rows into a file of any format that this crate reads.
//!
//! The output has the plain form of its format, which is read without any setting: a header if the format has one,
//! commas or tabs, and `"` around values that need it.
//! A value that the format cannot hold is refused, with its column.
//! Rejected: changing such a value or leaving it out. The file would then be read as different rows.
//!
//! Each format has a separate module. All formats except Parquet make lines, which [`lines`] collects, checks and
//! compresses.

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
/// A row is written unchanged: if it is read back, it has the same fields.
/// A refused row is not written at all, so that the caller may continue with the next row.
pub struct RowWriter<W: Write + Send> {
    columns: Vec<String>,
    form: Form<W>,
}

/// A format, with its state between rows.
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
    /// Begins a file with these columns, and writes the header if the format has one.
    ///
    /// `types` are for Parquet only, and [`ColumnTypes`] finds types that fit; a column without a type holds text.
    ///
    /// # Errors
    /// [`DataError::UnfitColumns`] if [`Format::check_columns`] refuses the columns, or if the header cannot hold a
    /// name; [`DataError::Config`] for Parquet in a compressed file.
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
    /// [`DataError::Value`] for a value that the format cannot hold, and then nothing of the row is written;
    /// [`DataError::Output`] if the output takes no more.
    ///
    /// # Panics
    /// If the number of fields differs from the number of columns.
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
    /// As [`write`](Self::write), but the error for a value that the format cannot hold is a bad row with its place.
    ///
    /// # Panics
    /// As [`write`](Self::write).
    #[track_caller]
    pub fn write_row(&mut self, row: &RawRow<'_>) -> Result<(), DataError> {
        self.write(row.fields()).map_err(|error| error.at(|| row.place()))
    }

    /// Ends the file and gives back the output; without this call, the end of the file is missing.
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

    /// Appends a row; the outer error concerns the file, the inner one the row.
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
