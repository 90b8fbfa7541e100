//! The plan of slices: the columns by which rows are cut, the limits of slices, and what the rows of a slice have in
//! common.

use serde::Serialize;
use std::fmt;
use std::num::NonZeroUsize;

/// The settings by which rows are cut into slices, and slices are judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlicePlan {
    /// The rows that a value must have to be a slice; values with fewer rows are one slice together.
    pub min_rows: u64,
    /// The number of ranges of a column of numbers, of about equally many rows; fewer if ranges would have less than
    /// `min_rows`.
    pub ranges: NonZeroUsize,
    /// The number of values of a column that can be slices, the first to come; the others are in one slice with the
    /// rare ones.
    pub max_values: usize,
    /// The level of all intervals, in (0, 1).
    pub level: f64,
    /// The probability, in (0, 1), that any slice of a model whose probabilities are right has a cost above 0.
    pub false_alarm: f64,
}

impl Default for SlicePlan {
    fn default() -> Self {
        let ranges = NonZeroUsize::MIN.saturating_add(9);
        Self { min_rows: 100, ranges, max_values: 100_000, level: 0.95, false_alarm: 0.05 }
    }
}

/// A column by which rows are cut into slices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SliceColumn {
    /// The name of the column.
    pub name: String,
    /// The form of its values.
    pub form: SliceForm,
}

/// The form of the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SliceForm {
    /// Text; each value is a slice.
    Values,
    /// Numbers; each range is a slice, and a value that is not a number is missing.
    Numbers,
}

/// The value or range that the rows of a slice have in common.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum SliceKind {
    /// A value, or the beginning of a long one.
    Value {
        /// The text, with U+FFFD for bytes that are not UTF-8.
        text: String,
    },
    /// The numbers from the smallest to the largest of the range, both included.
    Range {
        /// The smallest number of the rows.
        low: f32,
        /// The largest number of the rows.
        high: f32,
    },
    /// The value is missing.
    Missing,
    /// Values of few rows, and values that came after [`SlicePlan::max_values`] others.
    Other {
        /// The number of values of few rows.
        values: u64,
        /// Whether there are more values, which were not counted.
        and_more: bool,
    },
}

impl fmt::Display for SliceKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { text } if text.is_empty() => out.write_str("(empty)"),
            Self::Value { text } => out.write_str(text),
            Self::Range { low, high } if low == high => low.fmt(out),
            Self::Range { low, high } => write!(out, "{low} to {high}"),
            Self::Missing => out.write_str("(missing)"),
            Self::Other { values, and_more: false } => write!(out, "(other: {values})"),
            Self::Other { values, and_more: true } => write!(out, "(other: more than {values})"),
        }
    }
}
