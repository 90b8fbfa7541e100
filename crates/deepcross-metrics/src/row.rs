//! A checked row.
//!
//! Rows are checked once, when they enter the crate, and metrics then add valid rows.
//! Rejected: checks inside each metric, because [`Evaluation`](crate::Evaluation) feeds several metrics,
//! and would check each row several times.

use std::fmt::Debug;

use crate::MetricError;

/// The smallest weight other than 0.
///
/// Between this and [`MAX_WEIGHT`], no sum over 2⁶⁴ rows, and no product of two such sums,
/// overflows or vanishes, so that no quotient of them can be NaN.
/// Every `f32` weight that is finite and not negative lies inside.
pub const MIN_WEIGHT: f64 = 1e-100;

/// The largest weight; see [`MIN_WEIGHT`].
pub const MAX_WEIGHT: f64 = 1e100;

/// The type of scores and probabilities: `f32` or `f64`.
///
/// Sealed, because metrics rely on an order of all numbers except NaN.
pub trait Score: sealed::Sealed + Copy + Debug + Default + Into<f64> + PartialOrd {
    /// The distance from 1 to the next number of the type, by which
    /// [`LogLoss`](crate::probability::LogLoss) keeps probabilities away from 0 and 1.
    const EPSILON: f64;
}

impl Score for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;
}

impl Score for f64 {
    const EPSILON: f64 = f64::EPSILON;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A checked row: the score is not NaN, the label is a class, and the weight is in range.
#[derive(Clone, Copy, Debug)]
pub struct Row<S> {
    pub(crate) score: S,
    pub(crate) positive: bool,
    pub(crate) weight: f64,
}

impl<S: Score> Row<S> {
    /// A row whose score is used for its order only: any number, including infinities.
    ///
    /// # Errors
    /// If the score is NaN, the label is not a class, or the weight is out of range.
    pub fn scored(
        score: S,
        label: impl Into<f64>,
        weight: impl Into<f64>,
    ) -> Result<Self, MetricError> {
        if score.into().is_nan() {
            return Err(MetricError::Score);
        }
        Ok(Self {
            score,
            positive: check_label(label.into())?,
            weight: check_weight(weight.into())?,
        })
    }

    /// A row whose score is a probability, in [0, 1].
    ///
    /// # Errors
    /// As [`scored`](Self::scored), and if the probability is out of range.
    pub fn predicted(
        probability: S,
        label: impl Into<f64>,
        weight: impl Into<f64>,
    ) -> Result<Self, MetricError> {
        let value = probability.into();
        if !(0.0..=1.0).contains(&value) {
            return Err(MetricError::Probability { value });
        }
        Self::scored(probability, label, weight)
    }

    /// The score as an `f64`; the probability of label 1, if the row is [`predicted`](Self::predicted).
    pub fn score(&self) -> f64 {
        self.score.into()
    }

    /// Whether the label is 1.
    pub fn is_positive(&self) -> bool {
        self.positive
    }

    /// The weight: 0, or [`MIN_WEIGHT`] to [`MAX_WEIGHT`].
    pub fn weight(&self) -> f64 {
        self.weight
    }
}

fn check_label(value: f64) -> Result<bool, MetricError> {
    match value {
        0.0 => Ok(false),
        1.0 => Ok(true),
        _ => Err(MetricError::Label { value }),
    }
}

fn check_weight(value: f64) -> Result<f64, MetricError> {
    if value == 0.0 || (MIN_WEIGHT..=MAX_WEIGHT).contains(&value) {
        Ok(value)
    } else {
        Err(MetricError::Weight { value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;
    const INFINITY: f64 = f64::INFINITY;

    #[track_caller]
    fn check(row: Result<Row<f64>, MetricError>, message: &str) {
        let found = row.map_or_else(|problem| problem.to_string(), |_| "taken".to_owned());
        assert_eq!(found, message);
    }

    #[test]
    fn scores_are_numbers() {
        check(Row::scored(-INFINITY, 0, 1), "taken");
        check(Row::scored(3.5, 1.0, 0.0), "taken");
        check(Row::scored(NAN, 0, 1), "score must be a number, but is NaN");
    }

    #[test]
    fn probabilities_are_in_the_unit_interval() {
        check(Row::predicted(0.0, false, 1), "taken");
        check(Row::predicted(1.0, true, 1), "taken");
        check(Row::predicted(1.5, 0, 1), "probability must be in [0, 1], but is 1.5");
        check(Row::predicted(-1e-9, 0, 1), "probability must be in [0, 1], but is -0.000000001");
        check(Row::predicted(NAN, 0, 1), "probability must be in [0, 1], but is NaN");
    }

    #[test]
    fn labels_are_0_or_1() {
        check(Row::scored(0.5, 2, 1), "label must be 0 or 1, but is 2");
        check(Row::scored(0.5, -1, 1), "label must be 0 or 1, but is -1");
        check(Row::scored(0.5, 0.5, 1), "label must be 0 or 1, but is 0.5");
        check(Row::scored(0.5, NAN, 1), "label must be 0 or 1, but is NaN");
    }

    #[test]
    fn weights_are_finite_and_not_negative() {
        let bad = |value: &str| format!("weight must be 0 or in [1e-100, 1e100], but is {value}");
        check(Row::scored(0.5, 1, f32::MAX), "taken");
        check(Row::scored(0.5, 1, f32::from_bits(1)), "taken");
        check(Row::scored(0.5, 1, -2), &bad("-2"));
        check(Row::scored(0.5, 1, INFINITY), &bad("inf"));
        check(Row::scored(0.5, 1, NAN), &bad("NaN"));
        check(Row::scored(0.5, 1, 1e101), &bad(&1e101.to_string()));
    }
}
