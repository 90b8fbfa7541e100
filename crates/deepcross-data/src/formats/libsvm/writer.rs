//! Writes libsvm: the columns `label`, optionally `qid`, and `features`, as the reader names them.

use super::reader::{BEFORE_QID, QID};
use crate::formats::file_format::FileWriter;
use crate::formats::pairs::{
    PAIR, check_visible, is_feature_with_value, is_word, push_label, push_word, words,
};
use crate::output::{NotWritten, Refused};

/// Writes the rows of one file.
pub(super) struct LibsvmWriter {
    has_qid: bool,
}

impl LibsvmWriter {
    pub(super) fn new(columns: &[String]) -> Self {
        Self { has_qid: columns.iter().any(|name| name == QID) }
    }
}

impl FileWriter for LibsvmWriter {
    fn push(
        &mut self,
        fields: &[&[u8]],
        is_first: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<(), NotWritten> {
        let start = bytes.len();
        push_label(fields[0], bytes)?;
        if self.has_qid {
            push_qid(fields[1], is_first, (start, bytes))?;
        }
        let column = fields.len() - 1;
        for word in words(fields[column]) {
            if !is_feature_with_value(word) {
                return Err(Refused::new(column, word, PAIR).into());
            }
            push_word(word, (start, bytes));
        }
        Ok(check_visible(column, (start, bytes))?)
    }
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
