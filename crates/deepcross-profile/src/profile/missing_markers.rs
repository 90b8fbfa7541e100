//! Missing markers: texts such as `?` that programs write for a missing value.
//!
//! Some of them have no other meaning.
//! Others may be ordinary values, and count as missing only if all other values of the column are numbers, times or lists.

use deepcross_features::{MissingSpelling, missing_spelling};

/// A marker as a column has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) text: Box<str>,
    /// Whether it has no other meaning.
    pub(crate) is_sure: bool,
}

impl Marker {
    /// The marker that a text is in any case.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let is_sure = missing_spelling(text.as_bytes())? == MissingSpelling::Sure;
        Some(Self { text: text.into(), is_sure })
    }
}
