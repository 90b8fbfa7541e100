//! Reads the label of a row: 1 or 0, depending on the value of one column.

use super::source::Source;
use crate::config::LabelConfig;
use crate::error::DataError;
use crate::message::shown;
use crate::rows::RawRow;

/// Reads the label's column, and distinguishes the two classes.
#[derive(Clone, Debug)]
pub struct LabelReader {
    config: LabelConfig,
    column: usize,
}

impl LabelReader {
    /// Finds the label's column in the header of `source`.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn bind(config: &LabelConfig, source: &Source) -> Result<Self, DataError> {
        let column = source.column(&config.column, "the label")?;
        let is_by_name = source.has_pairs() && *config == LabelConfig::binary(&config.column);
        let signed = is_by_name.then(|| LabelConfig::signed(&config.column));
        Ok(Self { config: signed.unwrap_or_else(|| config.clone()), column })
    }

    /// The label of `row`: 1 for a positive value, 0 for a negative one.
    ///
    /// # Errors
    /// If the value is of neither class, as a missing value is.
    pub fn read(&self, row: &RawRow<'_>) -> Result<f32, DataError> {
        let mut scratch = Vec::new();
        let value = row.cell(self.column).text(&mut scratch);
        let is_among = |class: &[String]| class.iter().any(|known| known.as_bytes() == value);
        if is_among(&self.config.positive) {
            Ok(1.0)
        } else if is_among(&self.config.negative) {
            Ok(0.0)
        } else {
            Err(self.neither_class(row, value))
        }
    }

    fn neither_class(&self, row: &RawRow<'_>, value: &[u8]) -> DataError {
        let LabelConfig { column, positive, negative } = &self.config;
        let hint = if self.config == LabelConfig::binary(column) { OTHER_CLASSES } else { "" };
        let expected =
            format!("{} (positive) or {} (negative){hint}", listed(positive), listed(negative));
        let (place, field, value) = (row.place(), column.clone(), shown(value));
        DataError::Row { place, field, value, expected }
    }
}

/// The remedy for a label with other values than `1` and `0`.
const OTHER_CLASSES: &str =
    "; name other classes with `data.label = { column, positive, negative }`";

/// The values in backticks, with commas between them.
fn listed(values: &[String]) -> String {
    let quoted: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
    quoted.join(", ")
}
