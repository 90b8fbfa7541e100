//! A value that a format cannot hold.

use crate::config::Format;
use crate::error::DataError;
use crate::message::shown;

/// A value of a row that cannot be written, with a description of the values that can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    column: usize,
    value: String,
    expected: &'static str,
}

impl Refused {
    pub(super) fn new(column: usize, value: &[u8], expected: &'static str) -> Self {
        Self { column, value: shown(value), expected }
    }

    /// The error, with the name of the column.
    pub(super) fn of(self, columns: &[String]) -> DataError {
        let Self { column, value, expected } = self;
        let field = columns.get(column).map_or_else(String::new, |name| shown(name.as_bytes()));
        DataError::Value { field, value, expected }
    }

    /// The error if the value is the name of the column itself.
    pub(super) fn name(self, format: Format) -> DataError {
        let Self { column, value, expected } = self;
        let problem =
            format!("the name of column {} is `{value}`, expected {expected}", column + 1);
        DataError::UnfitColumns { format, problem }
    }
}
