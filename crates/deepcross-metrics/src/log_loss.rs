//! Log loss, computed from probabilities.
//!
//! A wrong probability of exactly 0 or 1 has an infinite loss, and one such row would decide a mean
//! alone. Probabilities are therefore moved into [ε, 1 − ε], where ε is the machine epsilon of their
//! type (2⁻²³ for `f32`, 2⁻⁵² for `f64`), as scikit-learn does.
//! Rejected: losses from logits, which need no clamp, because predictions that come from a file, or
//! from another program, have no logits.

use crate::row::Row;
use crate::slices::for_each_row;
use crate::weighted_mean::WeightedMean;
use crate::{Metric, MetricError, Score};

/// The weighted mean of −ln of the probability that was given to the label, in nats; not negative, and `None` without
/// weight.
///
/// The probability is clamped by the [`EPSILON`](Score::EPSILON) of its type: a sure and wrong
/// prediction costs 15.9 nats in `f32` and 36.0 in `f64`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogLoss(WeightedMean);

impl Metric for LogLoss {
    fn add<S: Score>(&mut self, row: Row<S>) {
        self.0.add(row.weight * loss(row), row.weight);
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }

    fn value(&self) -> Option<f64> {
        self.0.value()
    }
}

/// The [`LogLoss`] of probabilities in memory. `weights` has one entry a row, or none if all
/// are 1 ([`UNWEIGHTED`](crate::UNWEIGHTED)).
///
/// # Errors
/// If slices differ in length, or a row is bad; the first bad row is named by its position.
pub fn log_loss<S: Score>(
    probabilities: &[S],
    labels: &[impl Copy + Into<f64>],
    weights: &[impl Copy + Into<f64>],
) -> Result<Option<f64>, MetricError> {
    let mut mean = LogLoss::default();
    for_each_row(probabilities, labels, weights, |probability, label, weight| {
        mean.push(probability, label, weight)
    })?;
    Ok(mean.value())
}

/// The loss of a row whose score is a probability, in nats.
pub(crate) fn loss<S: Score>(row: Row<S>) -> f64 {
    let probability = row.score().clamp(S::EPSILON, 1.0 - S::EPSILON);
    if row.positive { -libm::log(probability) } else { -libm::log1p(-probability) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::assert_close;

    #[track_caller]
    fn check<S: Score>(rows: &[(S, u8, f64)], expected: Option<f64>) {
        let mut mean = LogLoss::default();
        for &(probability, label, weight) in rows {
            mean.push(probability, label, weight).expect("rows of the table are good");
        }
        assert_close(mean.value(), expected);
    }

    #[test]
    fn is_the_mean_by_weight() {
        let ln_2 = std::f64::consts::LN_2;
        check(&[(0.5, 0, 1.0), (0.5, 1, 1.0)], Some(ln_2));
        check(&[(0.25, 1, 3.0), (0.5, 1, 1.0)], Some(7.0 * ln_2 / 4.0));
        check(&[(0.5, 1, 1.0), (0.1, 0, 0.0)], Some(ln_2));
    }

    #[test]
    fn probabilities_of_0_and_1_are_clamped_by_their_type() {
        check(&[(0.0_f64, 1, 1.0)], Some(-f64::EPSILON.ln()));
        check(&[(1.0_f64, 0, 1.0)], Some(-f64::EPSILON.ln()));
        check(&[(0.0_f32, 1, 1.0)], Some(-f64::from(f32::EPSILON).ln()));
        check(&[(1.0_f32, 0, 1.0)], Some(-f64::from(f32::EPSILON).ln()));
        check(&[(0.0_f64, 0, 1.0)], Some(f64::EPSILON));
    }

    #[test]
    fn needs_weight() {
        check::<f64>(&[], None);
        check(&[(0.5, 1, 0.0)], None);
    }

    #[test]
    fn a_bad_row_is_not_counted() {
        let mut mean = LogLoss::default();
        assert_eq!(mean.push(1.5, 0, 1), Err(MetricError::Probability { value: 1.5 }));
        assert_eq!(mean.value(), None);
    }
}
