//! Checks rows of cells.

use std::path::Path;

use deepcross_features::Cell;

use crate::error::DataError;
use crate::input::RowChunk;
use crate::limits::LONGEST_ROW;
use crate::message::shown;
use crate::place::Place;

/// Checks a row of cells: its length, and that no text of a cell would be misread.
///
/// # Errors
/// If the row is too long; the pass ends then. If a cell would be misread; reading then continues after the row.
pub(super) fn check_row(
    (chunk, row): (&dyn RowChunk, usize),
    names: &[String],
    (file, line): (&Path, u64),
) -> Result<(), DataError> {
    let place = || Place::new(file, line, b"");
    if chunk.n_bytes(row) > LONGEST_ROW {
        return Err(DataError::LongRow { place: place(), limit: LONGEST_ROW });
    }
    let Some((column, expected)) = chunk.problem(row) else { return Ok(()) };
    let mut text = Vec::new();
    if matches!(chunk.cell(row, column), Cell::List(_)) {
        chunk.cell(row, column).spell(&mut text);
    }
    Err(DataError::Row {
        place: place(),
        field: names.get(column).cloned().unwrap_or_default(),
        value: shown(&text),
        expected: expected.to_owned(),
    })
}
