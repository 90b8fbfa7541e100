//! Calls a function for each row of a source, and skips or reports bad rows.

use super::skipped::Skipped;
use super::source::Source;
use crate::config::BadRows;
use crate::error::DataError;
use crate::rows::RawRow;

/// Calls `look` for each row; rows that cannot be read, or that `look` reports as bad, are skipped if `bad_rows` says
/// so.
pub(crate) fn each_row(
    source: &Source,
    bad_rows: BadRows,
    mut look: impl FnMut(&RawRow) -> Result<(), DataError>,
) -> Result<Skipped, DataError> {
    let (mut records, mut row) = (source.records()?, RawRow::new());
    let mut skipped = Skipped::default();
    loop {
        match records
            .read(&mut row)
            .and_then(|more| if more { look(&row).map(|()| more) } else { Ok(more) })
        {
            Ok(true) => {}
            Ok(false) => return Ok(skipped),
            Err(error) => skipped.admit(error, bad_rows)?,
        }
    }
}
