//! The errors of fitting, encoding and storing.

/// The reason why a row could not be encoded, a header not bound, or a state or batch not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeatureError {
    /// The header lacks a column that a field reads.
    #[error("field `{field}`: there is no column `{column}`{}", suggestion(.nearest))]
    MissingColumn {
        /// The field that reads the column.
        field: String,
        /// The column that is missing.
        column: String,
        /// The header's column with the most similar name; `None` for an empty header.
        nearest: Option<String>,
    },
    /// The header has a column more than once, so that it is not clear which one a field reads.
    #[error(
        "field `{field}`: the column `{column}` occurs {times} times in the header, but must occur once"
    )]
    AmbiguousColumn {
        /// The field that reads the column.
        field: String,
        /// The column's name.
        column: String,
        /// The number of times that the header has the column.
        times: usize,
    },
    /// A value cannot be encoded by its field.
    #[error("field `{field}`, column `{column}`: `{value}` is not {expected}{}", hinted(.hint))]
    Value {
        /// The field that reads the column.
        field: String,
        /// The column's name.
        column: String,
        /// The value, cut to 40 characters.
        value: String,
        /// A description of the values that the field can encode.
        expected: &'static str,
        /// What the value may be instead, and what helps; empty if this is not known.
        hint: String,
    },
    /// A value is not valid UTF-8.
    #[error("field `{field}`, column `{column}`: `{value}` is not valid UTF-8")]
    Utf8 {
        /// The field that reads the column.
        field: String,
        /// The column's name.
        column: String,
        /// The value with `U+FFFD` in place of invalid bytes, cut to 40 characters.
        value: String,
    },
    /// A vocabulary or a column has more values than 32-bit ids allow.
    #[error(
        "field `{field}`, column `{column}`: more than {limit} values, the most that 32-bit ids allow"
    )]
    TooManyValues {
        /// The field.
        field: String,
        /// The column's name.
        column: String,
        /// The largest number of values.
        limit: u32,
    },
    /// A field has not learned the value that it has at prediction.
    #[error(
        "field `{field}`: `at_prediction` is `{value}`, a value that {}{}",
        if *.is_missing { "means \"missing\" in this field" } else { "the field has not learned" },
        learned_values(.examples)
    )]
    AtPrediction {
        /// The field.
        field: String,
        /// The value, cut to 40 characters.
        value: String,
        /// Whether the value means "missing".
        is_missing: bool,
        /// Some values that the field has learned; empty if there are none.
        examples: String,
    },
    /// A stored encoder is not valid: no fitting could have made it.
    #[error("stored encoder: {problem}")]
    State {
        /// The problem, with the name of the field.
        problem: String,
    },
    /// A batch does not fit the shapes it is checked against.
    #[error("batch: {problem}")]
    Batch {
        /// The problem, with the name of the field.
        problem: String,
    },
}

/// A hint, for the end of a message.
fn hinted(hint: &str) -> String {
    if hint.is_empty() { String::new() } else { format!("; {hint}") }
}

/// Values that a field has learned, for the end of a message.
fn learned_values(examples: &str) -> String {
    if examples.is_empty() {
        String::new()
    } else {
        format!("; expected one that it has, such as {examples}")
    }
}

/// The suggestion of a column, for the end of a message.
fn suggestion(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!("; the nearest is `{name}`"))
}
