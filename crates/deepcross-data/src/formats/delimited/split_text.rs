//! Splits a text that is in memory into rows, to find out in which dialect it is written.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use super::dialect::Dialect;
use super::reader::DelimitedReader;
use crate::config::{DataConfig, Quote};
use crate::error::DataError;
use crate::input::LineWindow;

/// The fields of a row; `None` if the row is bad.
pub type SplitRow = Option<Vec<Vec<u8>>>;

/// The first rows of `text`, at most `n_rows`, as a reader of files splits them into fields.
///
/// The settings are those of a CSV file; all rows are returned, a header too, whatever their number of fields.
///
/// # Errors
/// If the settings have problems, or if a line is too long.
pub fn split_text(
    text: &[u8],
    config: &DataConfig,
    n_rows: usize,
) -> Result<Vec<SplitRow>, DataError> {
    let dialect = Dialect::new(config, (",", Quote::Char('"')))?;
    let window = LineWindow::new(Box::new(Cursor::new(text.to_vec())));
    let mut reader = DelimitedReader::over(window, Arc::from(Path::new("")), dialect)?;
    let mut rows = Vec::new();
    while rows.len() < n_rows {
        match reader.read() {
            Ok(None) => break,
            Ok(Some(row)) => rows.push(Some(row.get(0).fields().map(<[u8]>::to_vec).collect())),
            Err(error) if error.is_bad_row() => rows.push(None),
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}
