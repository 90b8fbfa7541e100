//! Writes libffm: the column `label`, and a column for each field, named by its number, as the reader names them.

use super::libsvm::{PAIR, check_visible, push_label, push_word};
use super::refused::Refused;
use crate::formats::{is_feature_with_value, words};

/// Appends the line of a row, without its end.
pub(super) fn push(
    columns: &[String],
    fields: &[&[u8]],
    text: &mut Vec<u8>,
) -> Result<(), Refused> {
    let start = text.len();
    push_label(fields[0], text)?;
    for (column, field) in fields.iter().enumerate().skip(1) {
        for word in words(field) {
            if !is_feature_with_value(word) {
                return Err(Refused::new(column, word, PAIR));
            }
            push_word(columns[column].as_bytes(), (start, text));
            text.push(b':');
            text.extend_from_slice(word);
        }
    }
    check_visible(0, (start, text))
}
