//! What can be wrong with a row.

use thiserror::Error;

/// A row, or a set of slices, that no metric takes.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum MetricError {
    /// A score that has no place in an order.
    #[error("score must be a number, but is NaN")]
    Score,
    /// A prediction that is no probability.
    #[error("probability must be in [0, 1], but is {value}")]
    Probability {
        /// The prediction, widened to `f64`.
        value: f64,
    },
    /// A label of neither class.
    #[error("label must be 0 or 1, but is {value}")]
    Label {
        /// The label, widened to `f64`.
        value: f64,
    },
    /// A weight that is negative, not finite, or out of the range in which sums are safe.
    #[error("weight must be 0 or in [1e-100, 1e100], but is {value}")]
    Weight {
        /// The weight, widened to `f64`.
        value: f64,
    },
    /// Slices that belong together and differ in length.
    #[error("{slice} must have one entry for each of the {expected} scores, but has {found}")]
    Length {
        /// The slice that differs: `labels` or `weights`.
        slice: &'static str,
        /// The number of scores.
        expected: usize,
        /// The number of entries in the slice.
        found: usize,
    },
    /// A setting of a metric, as a level or a share, that is out of its range.
    #[error("{name} must be {allowed}, but is {value}")]
    Setting {
        /// What is set.
        name: &'static str,
        /// The range of the setting.
        allowed: &'static str,
        /// What it was set to.
        value: f64,
    },
    /// A metric of the caller that is NaN or infinite.
    #[error("metric must be finite, but is {value}")]
    Value {
        /// What the metric returned.
        value: f64,
    },
    /// A bad row inside slices.
    #[error("row {row}: {problem}")]
    Row {
        /// The position in the slices, from 0.
        row: usize,
        /// What is wrong with the row.
        problem: Box<MetricError>,
    },
}
