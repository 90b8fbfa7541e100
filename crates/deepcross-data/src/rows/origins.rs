//! The origins of a row's values: how the columns of a file become the columns of a source.
//!
//! Files of one source may have their columns in different orders, and may have columns that others lack.

use std::sync::Arc;

use deepcross_features::{Cell, canonical};

use crate::error::DataError;
use crate::message::shown;
use crate::place::Place;

/// The origin of the values of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The column at this position in the file.
    File(usize),
    /// The same text for all rows of the file.
    Constant(Arc<str>),
    /// The file has no such column, or no value for it.
    Missing,
}

/// The origins of all columns of a source, for the rows of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origins {
    /// One origin for each column of the source.
    pub(crate) columns: Vec<Origin>,
    /// The number of columns of the file.
    pub(crate) n_file_columns: usize,
    /// The values that the names of folders require of the file's own columns.
    pub(crate) required: Vec<RequiredValue>,
}

/// A value that all rows of a file must have in one of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequiredValue {
    /// The position of the column in the file, and its name.
    pub(crate) column: usize,
    pub(crate) name: String,
    /// The value; `None` if it must be missing.
    pub(crate) value: Option<Arc<str>>,
}

/// Whole numbers up to this one have a value of their own as `f64`: 2⁵³.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl RequiredValue {
    /// The error about another value, in the row at `place`.
    pub(crate) fn problem(
        &self,
        cell: Cell<'_>,
        place: impl FnOnce() -> Place,
    ) -> Option<DataError> {
        let mut scratch = Vec::new();
        let text = cell.text(&mut scratch);
        (!self.is(text)).then(|| DataError::Row {
            place: place(),
            field: self.name.clone(),
            value: shown(text),
            expected: self.expected(),
        })
    }

    /// Whether this text is the required value, perhaps as another spelling of the same value.
    fn is(&self, text: &[u8]) -> bool {
        let Some(value) = &self.value else { return text.is_empty() };
        let number = |text: &[u8]| str::from_utf8(text).ok()?.parse::<f64>().ok();
        let is_same = |required: f64| number(text).is_some_and(|number| number == required);
        let value = value.as_bytes();
        // `05` and 5 are the same number too, if it is one that is not rounded.
        canonical(value) == canonical(text)
            || number(value).filter(|number| number.abs() < EXACT).is_some_and(is_same)
    }

    /// The value that was expected in place of another one.
    fn expected(&self) -> String {
        let value = self.value.as_deref().map(|value| format!("`{value}`"));
        let value = value.unwrap_or_else(|| "no value".to_owned());
        format!("{value}, as the name of the file's folder says")
    }
}
