//! Reasons why bytes of a cache are not valid.

use deepcross_files::Cursor;

/// The reason why bytes are not valid.
pub(super) type Problem = String;

/// Checks that nothing is left after `part`.
pub(super) fn check_end(cursor: &Cursor<'_>, part: &str) -> Result<(), Problem> {
    match cursor.rest().len() {
        0 => Ok(()),
        n => Err(format!("{n} bytes are left after {part}")),
    }
}
