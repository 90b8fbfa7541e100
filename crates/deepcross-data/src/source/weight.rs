//! Reads the weight of a row, for the loss and the metrics.

use deepcross_features::{NumberForm, truth};

use super::source::Source;
use crate::error::DataError;
use crate::message::shown;
use crate::rows::RawRow;

/// Reads the column of row weights.
#[derive(Clone, Debug)]
pub struct WeightReader {
    name: String,
    column: usize,
    form: NumberForm,
}

impl WeightReader {
    /// Finds the column `name` in the header of `source`.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn bind(name: &str, source: &Source) -> Result<Self, DataError> {
        let column = source.column(name, "the row weight")?;
        let decimal = source.config().decimal.unwrap_or_default();
        Ok(Self { name: name.to_owned(), column, form: NumberForm { decimal, percent: false } })
    }

    /// The weight of `row`: finite and at least 0.
    ///
    /// # Errors
    /// If the value is not such a number, or if it is missing.
    pub fn read(&self, row: &RawRow<'_>) -> Result<f32, DataError> {
        let mut scratch = Vec::new();
        let value = row.cell(self.column).text(&mut scratch);
        let text = str::from_utf8(value).ok();
        let parsed = text.and_then(|text| text.parse::<f32>().ok());
        let parsed =
            parsed.or_else(|| text.and_then(|text| self.form.read(text)).map(|x| x as f32));
        let weight = parsed.or_else(|| truth(value).map(|is_true| if is_true { 1.0 } else { 0.0 }));
        weight.filter(|weight| weight.is_finite() && *weight >= 0.0).ok_or_else(|| DataError::Row {
            place: row.place(),
            field: self.name.clone(),
            value: shown(value),
            expected: "a finite number of at least 0".to_owned(),
        })
    }
}
