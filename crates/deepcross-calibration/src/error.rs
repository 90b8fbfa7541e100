//! What can keep a calibrator from being fitted, or from being read.

use thiserror::Error;

/// Rows that no calibrator can be fitted to, or numbers that are no calibrator.
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
        /// The rows with weight.
        rows: u64,
        /// Those of them with label 1.
        positives: u64,
        /// How many there must be of each class.
        needed: u64,
    },
    /// All logits are equal, so that no slope can be told.
    #[error(
        "all rows with weight have the logit {logit}: a slope needs at least two different ones"
    )]
    Constant {
        /// The logit.
        logit: f32,
    },
    /// Higher logits go with fewer clicks, so that a sigmoid would turn the order round.
    #[error(
        "the fitted slope is {slope}, expected above 0: label 1 comes no more often where the logit is higher"
    )]
    Order {
        /// The slope.
        slope: f64,
    },
    /// Some of the rows that are cross-fitted cannot be fitted to.
    #[error("without the rows of fold {fold} of {folds}: {problem}")]
    Fold {
        /// The fold that is left out, from 1.
        fold: usize,
        /// How many there are.
        folds: usize,
        /// What is wrong with the others.
        problem: Box<CalibrationError>,
    },
    /// A number of a calibrator that is out of its range.
    #[error("{name} must be {allowed}, but is {value}")]
    Setting {
        /// What it is.
        name: &'static str,
        /// Its range.
        allowed: &'static str,
        /// The number.
        value: f64,
    },
}
