//! Writes libffm: the column `label`, and a column for each field, named by its number, as the reader names them.

use crate::formats::file_format::FileWriter;
use crate::formats::pairs::{
    PAIR, check_visible, is_feature_with_value, push_label, push_word, words,
};
use crate::output::{NotWritten, Refused};

/// Writes the rows of one file.
pub(super) struct LibffmWriter {
    pub(super) columns: Vec<String>,
}

impl FileWriter for LibffmWriter {
    fn push(
        &mut self,
        fields: &[&[u8]],
        _is_first: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<(), NotWritten> {
        let start = bytes.len();
        push_label(fields[0], bytes)?;
        for (column, field) in fields.iter().enumerate().skip(1) {
            for word in words(field) {
                if !is_feature_with_value(word) {
                    return Err(Refused::new(column, word, PAIR).into());
                }
                push_word(self.columns[column].as_bytes(), (start, bytes));
                bytes.push(b':');
                bytes.extend_from_slice(word);
            }
        }
        Ok(check_visible(0, (start, bytes))?)
    }
}
