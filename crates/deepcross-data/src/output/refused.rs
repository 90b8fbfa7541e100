//! A value that a format cannot hold.

use crate::config::Format;
use crate::error::DataError;
use crate::message::shown;

/// A value of a row that cannot be written, with a description of the values that can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    column: usize,
    value: String,
    expected: &'static str,
}

/// The reason why a row is not written.
pub(crate) enum NotWritten {
    /// The format cannot hold a value; the next row may be written.
    Refused(Refused),
    /// No more rows can be written.
    Failed(DataError),
}

impl Refused {
    pub(crate) fn new(column: usize, value: &[u8], expected: &'static str) -> Self {
        Self { column, value: shown(value), expected }
    }

    /// The refusal of a row that is too long for readers, which names its longest field.
    pub(crate) fn long_row(fields: &[&[u8]]) -> Self {
        let longest = (0..fields.len()).max_by_key(|at| fields[*at].len()).unwrap_or_default();
        let value = fields.get(longest).copied().unwrap_or_default();
        Self::new(longest, value, "a shorter value, since a row has at most 16 MiB")
    }
}

impl From<Refused> for NotWritten {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl NotWritten {
    /// The error, with the name of the column.
    pub(crate) fn of(self, columns: &[String]) -> DataError {
        let Refused { column, value, expected } = match self {
            Self::Refused(refused) => refused,
            Self::Failed(error) => return error,
        };
        let field = columns.get(column).map_or_else(String::new, |name| shown(name.as_bytes()));
        DataError::Value { field, value, expected }
    }

    /// The error if the value is the name of the column itself.
    pub(crate) fn name(self, format: Format) -> DataError {
        let Refused { column, value, expected } = match self {
            Self::Refused(refused) => refused,
            Self::Failed(error) => return error,
        };
        let problem =
            format!("the name of column {} is `{value}`, expected {expected}", column + 1);
        DataError::UnfitColumns { format, problem }
    }
}
