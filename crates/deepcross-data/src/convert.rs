//! Writes all rows of a source into one file of another format.

use std::io::Write;

use crate::config::{BadRows, DataConfig, Format};
use crate::encode::RowReader;
use crate::error::DataError;
use crate::formats::{ColumnType, ColumnTypes, EncodedWriter, FileForm, RowWriter};
use crate::source::{Skipped, Source};

/// The number of rows that are encoded before they are written.
const BATCH_ROWS: usize = 4096;

/// The result of a conversion: the output, and the numbers of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted<W> {
    /// The complete file.
    pub out: W,
    /// The rows that were written.
    pub rows: u64,
    /// The bad rows, which were left out.
    pub skipped: Skipped,
}

/// Writes all rows of `source` to `out` with their values unchanged.
///
/// Memory does not grow with the number of rows.
/// For a format with [typed columns](Format::writes_types), which are Parquet and JSON Lines, all rows are read twice:
/// the first time to find the [`ColumnTypes`].
/// If the rows of a file without a header lack the label and the weight, the output has no columns for them either.
///
/// # Errors
/// As [`RawReader::next_row`](crate::RawReader::next_row) and [`RowWriter`], and if the files have different columns.
/// A row with a value that the format cannot hold is a bad row.
pub fn convert<W: Write + Send>(
    source: &Source,
    bad_rows: BadRows,
    form: FileForm,
    out: W,
) -> Result<Converted<W>, DataError> {
    let source = &source.without_targets()?;
    source.check_same_columns()?;
    form.format.check_columns(source.header())?;
    let types = if form.format.writes_types() { types(source, bad_rows)? } else { Vec::new() };
    let mut writer = RowWriter::new(out, form, source.header(), &types)?;
    let (mut reader, mut rows) = (source.rows(bad_rows)?, 0);
    while let Some(row) = reader.next_row()? {
        match writer.write_row(&row) {
            Ok(()) => rows += 1,
            Err(error) => reader.skip(error)?,
        }
    }
    Ok(Converted { out: writer.finish()?, rows, skipped: reader.skipped().clone() })
}

/// Writes all rows of `reader` to `out` in their encoded form, as libsvm or libffm: see [`EncodedWriter`].
///
/// # Errors
/// As [`RowReader::fill`] and [`EncodedWriter`].
pub fn convert_encoded<W: Write>(
    reader: &mut RowReader<'_>,
    form: FileForm,
    out: W,
) -> Result<Converted<W>, DataError> {
    let mut writer = EncodedWriter::new(out, form, reader.shapes())?;
    let (mut batch, mut rows) = (reader.new_batch(), 0);
    loop {
        batch.clear();
        let n_rows = reader.fill(&mut batch, BATCH_ROWS)?;
        writer.write(&batch)?;
        rows += n_rows as u64;
        if n_rows < BATCH_ROWS {
            let (out, skipped) = (writer.finish()?, reader.skipped().clone());
            return Ok(Converted { out, rows, skipped });
        }
    }
}

/// Whether [`convert`] reads files of these settings only once; otherwise pipes must be
/// [kept](crate::input::Pipes::kept_in).
///
/// All rows are read before they are written for the types of the columns of Parquet and JSON Lines, and for the fields
/// of libffm.
/// If the format is not set, a pipe may hold libffm or Parquet.
pub fn converts_in_one_pass(config: &DataConfig, form: FileForm) -> bool {
    !form.format.writes_types() && config.format.is_some_and(Format::is_read_once)
}

/// The types of the columns, which all rows fit.
fn types(source: &Source, bad_rows: BadRows) -> Result<Vec<ColumnType>, DataError> {
    let mut types = ColumnTypes::new(source.header().len());
    let mut reader = source.rows(bad_rows)?;
    while let Some(row) = reader.next_row()? {
        types.observe(row.fields());
    }
    Ok(types.types())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn one_pass_needs_a_known_format_without_fields_or_types() {
        for (format, name, expected) in [
            (Some(Format::CSV), "out.tsv", true),
            (Some(Format::CRITEO), "out.csv.gz", true),
            (Some(Format::LIBSVM), "out.csv", true),
            (Some(Format::CSV), "out.parquet", false),
            (Some(Format::CSV), "out.jsonl", false),
            (Some(Format::LIBFFM), "out.csv", false),
            (Some(Format::PARQUET), "out.csv", false),
            (None, "out.csv", false),
        ] {
            let config = DataConfig { format, ..DataConfig::default() };
            let form = FileForm::of(Path::new(name), None).unwrap();
            assert_eq!(converts_in_one_pass(&config, form), expected, "{format:?} to {name}");
        }
    }
}
