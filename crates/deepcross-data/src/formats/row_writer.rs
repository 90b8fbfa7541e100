//! Writes rows into a file of any format that this crate reads.
//!
//! The output has the plain form of its format, which is read without any setting: a header if the format has one,
//! commas or tabs, and `"` around values that need it.
//! A value that the format cannot hold is refused, with its column.
//! Rejected: changing such a value or leaving it out. The file would then be read as different rows.

use std::fmt;
use std::io::Write;

use super::column_type::ColumnType;
use super::file_form::FileForm;
use super::file_format::FileWriter;
use crate::config::Format;
use crate::error::DataError;
use crate::input::BYTE_ORDER_MARK;
use crate::limits::LONGEST_ROW;
use crate::output::{NotWritten, PieceWriter, Refused};
use crate::rows::RawRow;

/// Writes rows, field by field, into a file of any format.
///
/// A row is written unchanged: if it is read back, it has the same fields.
/// A refused row is not written at all, so that the caller may continue with the next row.
pub struct RowWriter<W: Write> {
    columns: Vec<String>,
    writer: Box<dyn FileWriter>,
    out: PieceWriter<W>,
    /// Whether no row and no header has been written yet.
    is_empty: bool,
}

impl<W: Write> fmt::Debug for RowWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowWriter").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl<W: Write> RowWriter<W> {
    /// Begins a file with these columns, and writes the header if the format has one.
    ///
    /// `types` are for formats of [typed columns](Format::writes_types), and [`ColumnTypes`](crate::write::ColumnTypes) finds
    /// types that fit; a column without a type holds text.
    ///
    /// # Errors
    /// [`DataError::UnfitColumns`] if [`Format::check_columns`] refuses the columns, or if the header cannot hold a
    /// name; [`DataError::Config`] for a compressed file of a format that compresses itself.
    pub fn new(
        out: W,
        form: FileForm,
        columns: &[String],
        types: &[ColumnType],
    ) -> Result<Self, DataError> {
        form.check()?;
        form.format.check_columns(columns)?;
        let format = form.format.module();
        let writer = format.writer(columns, types)?;
        let out = PieceWriter::new(out, form.compression)?;
        let mut writer = Self { columns: columns.to_vec(), writer, out, is_empty: true };
        if format.has_header_row() {
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
        self.push(&fields).map_err(|not_written| not_written.of(&self.columns))
    }

    /// Writes a row as it was read.
    ///
    /// # Errors
    /// As [`write`](Self::write), but the error for a value that the format cannot hold is a bad row with its place.
    ///
    /// # Panics
    /// As [`write`](Self::write) and [`RawRow::fields`].
    #[track_caller]
    pub fn write_row(&mut self, row: &RawRow<'_>) -> Result<(), DataError> {
        self.write(row.fields()).map_err(|error| error.at(|| row.place()))
    }

    /// Hands the complete rows to the output, so that their reader need not wait for further rows.
    ///
    /// Compressed text, and rows that a format groups, are kept back.
    ///
    /// # Errors
    /// [`DataError::Output`].
    pub fn flush(&mut self) -> Result<(), DataError> {
        self.out.flush()
    }

    /// Ends the file and gives back the output; without this call, the end of the file is missing.
    ///
    /// # Errors
    /// [`DataError::Output`].
    pub fn finish(mut self) -> Result<W, DataError> {
        self.writer.finish(self.out.bytes())?;
        self.out.finish()
    }

    fn write_header(&mut self, format: Format) -> Result<(), DataError> {
        let columns = self.columns.clone();
        let names: Vec<&[u8]> = columns.iter().map(String::as_bytes).collect();
        self.push(&names).map_err(|not_written| not_written.name(format))
    }

    /// Writes a row, either completely or not at all.
    fn push(&mut self, fields: &[&[u8]]) -> Result<(), NotWritten> {
        let Self { writer, is_empty, out, .. } = self;
        let bytes = out.bytes();
        let start = bytes.len();
        let pushed = writer.push(fields, *is_empty, bytes).and_then(|()| {
            if writer.has_lines() {
                check_line(&bytes[start..], fields, *is_empty)?;
                bytes.push(b'\n');
            }
            Ok(())
        });
        if pushed.is_err() {
            bytes.truncate(start);
            return pushed;
        }
        *is_empty = false;
        out.write_if_full().map_err(NotWritten::Failed)
    }
}

/// Checks a line as readers of any format do.
fn check_line(line: &[u8], fields: &[&[u8]], is_first: bool) -> Result<(), Refused> {
    if is_first && line.starts_with(BYTE_ORDER_MARK) {
        return Err(Refused::new(0, fields[0], NO_MARK));
    }
    // The row must not be too long for a reader, including its line end.
    if line.len() < LONGEST_ROW { Ok(()) } else { Err(Refused::long_row(fields)) }
}

const NO_MARK: &str = "no byte order mark at its start, since it is dropped at the start of a file";
