//! Writes the words of a row: its label and its pairs.

use super::tokens::{BETWEEN, is_label};
use crate::output::Refused;

/// The elements of a row: pairs with their field in front, or pairs alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PairForm {
    /// Whether each pair has its field in front.
    pub(crate) with_fields: bool,
    /// The number of the first feature, from which programs count.
    pub(crate) first_feature: u64,
}

/// A description of valid features.
pub(crate) const PAIR: &str = "`feature:value` of a whole number and a finite number";

/// Appends the label to the line; an empty label appends nothing.
pub(crate) fn push_label(label: &[u8], text: &mut Vec<u8>) -> Result<(), Refused> {
    if !label.is_empty() && !is_label(label) {
        return Err(Refused::new(0, label, "a label without blanks, `:` and `#`"));
    }
    text.extend_from_slice(label);
    Ok(())
}

/// Refuses an empty line, which would not be a row.
pub(crate) fn check_visible(
    column: usize,
    (start, text): (usize, &mut Vec<u8>),
) -> Result<(), Refused> {
    match text.len() == start {
        true => {
            Err(Refused::new(column, b"", "a label or a feature, since a blank line is not a row"))
        }
        false => Ok(()),
    }
}

/// Appends a word to the line that begins at `start`.
pub(crate) fn push_word(word: &[u8], (start, text): (usize, &mut Vec<u8>)) {
    if text.len() > start {
        text.push(BETWEEN);
    }
    text.extend_from_slice(word);
}
