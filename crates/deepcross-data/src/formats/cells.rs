//! Appends and checks rows of cells.

use deepcross_features::Cell;

use crate::error::DataError;
use crate::limits::LONGEST_ROW;
use crate::message::shown;
use crate::place::Place;
use crate::rows::{CellRow, RawRows};

/// Appends a row of cells, and checks that it is not too long and that no text of a cell would be misread; `names` are
/// the names of its columns.
///
/// # Errors
/// If the row is too long; the pass ends then.
/// If the text of a cell would be misread; reading then continues after the row.
pub(super) fn push_row(
    row: CellRow<'_>,
    names: &[String],
    trim: bool,
    rows: &mut RawRows,
) -> Result<(), DataError> {
    rows.push_cells(row, trim);
    let CellRow { chunk, at, file, line } = row;
    let place = || Place::new(file, line, b"");
    if chunk.is_longer(at, LONGEST_ROW) {
        return Err(DataError::LongRow { place: place(), limit: LONGEST_ROW });
    }
    let Some((column, expected)) = chunk.problem(at) else { return Ok(()) };
    let mut text = Vec::new();
    // A time that is out of range has no text.
    if let list @ Cell::List(_) = chunk.cell(at, column) {
        list.spell(&mut text);
    }
    Err(DataError::Row {
        place: place(),
        field: names.get(column).cloned().unwrap_or_default(),
        value: shown(&text),
        expected: expected.to_owned(),
    })
}
