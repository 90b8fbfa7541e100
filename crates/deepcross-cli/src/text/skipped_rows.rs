//! The rows that could not be read, as text.

use super::tables::grouped;
use deepcross_data::Skipped;

/// Lines with the first few rows that could not be read, and the number of all of them.
pub(crate) fn skipped_lines(skipped: &Skipped) -> Vec<String> {
    let mut lines: Vec<String> =
        skipped.first.iter().map(|message| format!("left out: {message}")).collect();
    match skipped.rows {
        0 => {}
        1 => lines.push("1 row could not be read and is left out".to_owned()),
        n => lines.push(format!("{} rows could not be read and are left out", grouped(n))),
    }
    lines
}
