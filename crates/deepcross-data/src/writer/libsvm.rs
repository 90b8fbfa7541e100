//! Writes libsvm: the columns `label`, optionally `qid`, and `features`, as the reader names them.

use super::refused::Refused;
use crate::formats::{BEFORE_QID, BETWEEN, QID, is_feature_with_value, is_label, is_word, words};

/// The columns of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    has_qid: bool,
}

impl Layout {
    pub(super) fn of(columns: &[String]) -> Self {
        Self { has_qid: columns.iter().any(|name| name == QID) }
    }

    /// Appends the line of a row, without its end.
    pub(super) fn push(
        self,
        fields: &[&[u8]],
        is_first: bool,
        text: &mut Vec<u8>,
    ) -> Result<(), Refused> {
        let start = text.len();
        push_label(fields[0], text)?;
        if self.has_qid {
            push_qid(fields[1], is_first, (start, text))?;
        }
        let column = fields.len() - 1;
        for word in words(fields[column]) {
            if !is_feature_with_value(word) {
                return Err(Refused::new(column, word, PAIR));
            }
            push_word(word, (start, text));
        }
        check_visible(column, (start, text))
    }
}

/// Appends the label to the line; an empty label appends nothing.
pub(super) fn push_label(label: &[u8], text: &mut Vec<u8>) -> Result<(), Refused> {
    if !label.is_empty() && !is_label(label) {
        return Err(Refused::new(0, label, "a label without blanks, `:` and `#`"));
    }
    text.extend_from_slice(label);
    Ok(())
}

/// Refuses an empty line, which would not be a row.
pub(super) fn check_visible(
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
pub(super) fn push_word(word: &[u8], (start, text): (usize, &mut Vec<u8>)) {
    if text.len() > start {
        text.push(BETWEEN);
    }
    text.extend_from_slice(word);
}

fn push_qid(
    qid: &[u8],
    is_first: bool,
    (start, text): (usize, &mut Vec<u8>),
) -> Result<(), Refused> {
    match qid {
        b"" if is_first => Err(Refused::new(
            1,
            qid,
            "a query, since the first row decides whether the file has queries",
        )),
        b"" => Ok(()),
        qid if !is_word(qid) => Err(Refused::new(1, qid, "a query without blanks and `#`")),
        qid => {
            push_word(BEFORE_QID, (start, text));
            text.extend_from_slice(qid);
            Ok(())
        }
    }
}

/// A description of valid features.
pub(super) const PAIR: &str = "`feature:value` of a whole number and a finite number";
