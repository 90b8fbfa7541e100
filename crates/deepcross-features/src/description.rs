//! Descriptions of the fields of a fitted encoder, for inspecting a model and for giving values to it.

use crate::problem::listed;
use crate::raw::value_rules::ValueRules;

/// One field of a fitted encoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDescription {
    /// The field's name.
    pub name: String,
    /// The columns that it reads: two or more for a cross, and one for every other kind.
    pub columns: Vec<String>,
    /// The kind in the field's configuration; for companion counts, the kind of the field that they belong to.
    pub kind: &'static str,
    /// The encoding of its values, in one line.
    pub encoding: String,
    /// The form of its raw values.
    pub form: ValueForm,
    /// Which raw values are missing in this field alone, and the value of all rows outside of training, if there is one.
    pub rules: ValueRules,
}

/// The form of a field's raw values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueForm {
    /// Any text, which is one value.
    Text,
    /// A text with several values.
    Texts,
    /// A list of elements, each a value.
    List {
        /// The character between elements.
        separator: char,
    },
    /// A number.
    Number,
    /// A list of numbers, which are one value.
    Vector,
    /// A time.
    Time {
        /// Whether it is written as a number on a scale.
        is_number: bool,
    },
}

impl FieldDescription {
    /// The columns that the field reads, as in `a and b`.
    pub fn column(&self) -> String {
        listed(&self.columns)
    }
}
