//! The reasons why a calibrator cannot be fitted or read.

use thiserror::Error;

/// Why no calibrator can be fitted to some rows, or why some numbers are not a calibrator.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum CalibrationError {
    /// A logit that is NaN or infinite.
    #[error("logit must be finite, but is {value}")]
    Logit {
        /// The logit.
        value: f32,
    },
    /// A label of neither class.
    #[error("label must be 0 or 1, but is {value}")]
    Label {
        /// The label.
        value: f32,
    },
    /// A weight that is negative, NaN or infinite.
    #[error("weight must be finite and not negative, but is {value}")]
    Weight {
        /// The weight.
        value: f32,
    },
    /// Too few rows with weight of a class.
    #[error(
        "a calibrator needs rows of both classes: of {rows} rows with weight, {positives} have the label 1, \
         expected at least {needed} of each label"
    )]
    Class {
        /// The number of rows with weight.
        rows: u64,
        /// The number of those rows with label 1.
        positives: u64,
        /// The number of rows that each class must have.
        needed: u64,
    },
    /// All logits are equal, so that no slope can be found.
    #[error(
        "all rows with weight have the logit {logit}: a slope needs at least two different ones"
    )]
    Constant {
        /// The logit.
        logit: f32,
    },
    /// Higher logits go with fewer clicks, so that a sigmoid would reverse the order of rows.
    #[error(
        "the fitted slope is {slope}, expected above 0: label 1 is not more frequent at higher logits"
    )]
    Order {
        /// The slope.
        slope: f64,
    },
    /// No map can be fitted to the rows outside of a fold.
    #[error("without the rows of fold {fold} of {folds}: {problem}")]
    Fold {
        /// The fold that is left out, from 1.
        fold: usize,
        /// The number of folds.
        folds: usize,
        /// The problem of the rows outside of the fold.
        problem: Box<CalibrationError>,
    },
    /// A number of a calibrator is out of its range.
    #[error("{name} must be {allowed}, but is {value}")]
    Setting {
        /// The name of the number.
        name: &'static str,
        /// The range that is allowed.
        allowed: &'static str,
        /// The number.
        value: f64,
    },
}
