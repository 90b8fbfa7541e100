//! Values that programs write where a value is missing.
//!
//! Some mean nothing else; others may be values like any other, and are taken for a mark only where
//! all else in a column is a number.

use super::tally::{Label, Tally};

/// The marks; the first [`SURE`] of them mean nothing else.
const MARKS: [&str; 17] = [
    "?", "\\N", "NaN", "nan", "NULL", "null", "Null", "N/A", "n/a", "#N/A", "<NA>", "NA", "na",
    "None", "none", "-", ".",
];

/// How many marks are taken for missing values in whatever column.
const SURE: usize = 11;

/// The rows of a column that hold each mark.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    tallies: [Tally; MARKS.len()],
}

impl Marks {
    /// Counts a row if its value is a mark.
    pub(crate) fn take(&mut self, value: &[u8], label: Option<Label>) -> bool {
        // Most values are longer than any mark.
        let is_short = value.len() <= 4;
        let mark =
            is_short.then(|| MARKS.iter().position(|mark| mark.as_bytes() == value)).flatten();
        if let Some(mark) = mark {
            self.tallies[mark].add(label);
        }
        mark.is_some()
    }

    /// The marks that mean "missing" in this column, of which all else `is_numeric` or not.
    pub(crate) fn meant(&self, is_numeric: bool) -> impl Iterator<Item = &'static str> {
        let n = if is_numeric { MARKS.len() } else { SURE };
        self.met().filter(move |(i, ..)| *i < n).map(|(_, mark, _)| mark)
    }

    /// The marks that were met, with their places and rows.
    pub(crate) fn met(&self) -> impl Iterator<Item = (usize, &'static str, Tally)> {
        let all = MARKS.iter().zip(self.tallies).enumerate();
        all.map(|(i, (mark, tally))| (i, *mark, tally)).filter(|(.., tally)| tally.rows > 0)
    }
}
