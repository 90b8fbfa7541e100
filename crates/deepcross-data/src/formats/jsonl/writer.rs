//! Writes JSON Lines: an object of all columns in each line, with `null` for an empty value.

use deepcross_features::json::push_string;

use crate::formats::column_type::{ColumnType, TypedValue};
use crate::formats::file_format::FileWriter;
use crate::output::{NotWritten, Refused};

/// Writes the rows of one file.
pub(super) struct JsonlWriter {
    /// The text before the value of each column, and the type of the column.
    columns: Vec<(Vec<u8>, ColumnType)>,
}

impl JsonlWriter {
    pub(super) fn new(columns: &[String], types: &[ColumnType]) -> Self {
        let types = types.iter().copied().chain(std::iter::repeat(ColumnType::Text));
        let column = |(name, kind): (&String, ColumnType)| {
            let mut before = Vec::new();
            push_string(name, &mut before);
            before.push(b':');
            (before, kind)
        };
        Self { columns: columns.iter().zip(types).map(column).collect() }
    }
}

impl FileWriter for JsonlWriter {
    fn push(
        &mut self,
        fields: &[&[u8]],
        _is_first: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<(), NotWritten> {
        for (column, ((before, kind), field)) in self.columns.iter().zip(fields).enumerate() {
            bytes.push(if column == 0 { b'{' } else { b',' });
            bytes.extend_from_slice(before);
            match kind.cell(field) {
                Some(TypedValue::Missing) => bytes.extend_from_slice(b"null"),
                Some(TypedValue::Int(_)) => bytes.extend_from_slice(field),
                Some(TypedValue::Float(number)) if number.is_finite() => {
                    bytes.extend_from_slice(field)
                }
                // What JSON cannot write as a number is read back as the same text from a string.
                _ => {
                    let text = str::from_utf8(field)
                        .map_err(|_| Refused::new(column, field, "valid UTF-8"))?;
                    push_string(text, bytes);
                }
            }
        }
        bytes.push(b'}');
        Ok(())
    }
}
