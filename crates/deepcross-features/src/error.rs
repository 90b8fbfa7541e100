//! What can go wrong between raw values and a batch.

/// Why a row could not be encoded, a header bound, or a state or batch accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeatureError {
    /// The header lacks a column that a field reads.
    #[error("field `{field}`: there is no column `{column}`{}", did_you_mean(.nearest))]
    MissingColumn {
        /// The field that reads the column.
        field: String,
        /// The column wanted.
        column: String,
        /// The header's column with the most similar name; `None` for an empty header.
        nearest: Option<String>,
    },
    /// The header has a column twice, so that it is not clear which one a field reads.
    #[error(
        "field `{field}`: the column `{column}` occurs {times} times in the header, but must occur once"
    )]
    AmbiguousColumn {
        /// The field that reads the column.
        field: String,
        /// The column's name.
        column: String,
        /// How often the header has it.
        times: usize,
    },
    /// A value is not what its field can encode.
    #[error("field `{field}`, column `{column}`: `{value}` is not {expected}")]
    Value {
        /// The field that reads the column.
        field: String,
        /// The column's name.
        column: String,
        /// The value, cut to 40 characters.
        value: String,
        /// What was expected instead.
        expected: &'static str,
    },
    /// A value is not UTF-8.
    #[error("field `{field}`, column `{column}`: `{value}` is not valid UTF-8")]
    Utf8 {
        /// The field that reads the column.
        field: String,
        /// The column's name.
        column: String,
        /// The value with `U+FFFD` for what is not UTF-8, cut to 40 characters.
        value: String,
    },
    /// A vocabulary or a column outgrew the ids of 32 bits.
    #[error(
        "field `{field}`, column `{column}`: more than {limit} values, the most that 32-bit ids allow"
    )]
    TooManyValues {
        /// The field.
        field: String,
        /// The column's name.
        column: String,
        /// How many values there may be.
        limit: u32,
    },
    /// A stored encoder is not one that could have been fitted.
    #[error("stored encoder: {problem}")]
    State {
        /// What is wrong, naming the field.
        problem: String,
    },
    /// A batch does not fit the shapes it is checked against.
    #[error("batch: {problem}")]
    Batch {
        /// What is wrong, naming the field.
        problem: String,
    },
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!("; the nearest is `{name}`"))
}
