//! The errors of rows, slices and settings.

use thiserror::Error;

/// Why a metric does not take a row, slices or a setting.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum MetricError {
    /// A score is NaN, which has no place in an order.
    #[error("score must be a number, but is NaN")]
    Score,
    /// A prediction is not a probability.
    #[error("probability must be in [0, 1], but is {value}")]
    Probability {
        /// The prediction, widened to `f64`.
        value: f64,
    },
    /// A label is of neither class.
    #[error("label must be 0 or 1, but is {value}")]
    Label {
        /// The label, widened to `f64`.
        value: f64,
    },
    /// A weight is negative, not finite, or out of the range in which sums are safe.
    #[error("weight must be 0 or in [1e-100, 1e100], but is {value}")]
    Weight {
        /// The weight, widened to `f64`.
        value: f64,
    },
    /// Slices that belong together differ in length.
    #[error("{slice} must have one entry for each of the {expected} scores, but has {found}")]
    Length {
        /// The slice that differs: `labels` or `weights`.
        slice: &'static str,
        /// The number of scores.
        expected: usize,
        /// The number of entries in the slice.
        found: usize,
    },
    /// A setting of a metric, such as a level or a share, is out of its range.
    #[error("{name} must be {allowed}, but is {value}")]
    Setting {
        /// The name of the setting.
        name: &'static str,
        /// The range of the setting.
        allowed: &'static str,
        /// The value of the setting.
        value: f64,
    },
    /// A metric of the caller is NaN or infinite.
    #[error("metric must be finite, but is {value}")]
    Value {
        /// The value that the metric returned.
        value: f64,
    },
    /// A row of slices is bad.
    #[error("row {row}: {problem}")]
    Row {
        /// The position in the slices, from 0.
        row: usize,
        /// The problem of the row.
        problem: Box<MetricError>,
    },
}
