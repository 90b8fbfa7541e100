//! Average precision: the area under the precision–recall curve, by steps.
//!
//! Σ (Rₙ − Rₙ₋₁) Pₙ over the distinct scores from the highest down, as scikit-learn defines it;
//! rows that are tied pass the threshold together.
//! Rejected: the trapezoidal rule. Precision is not a straight line between two points, and the rule
//! is too high (Davis and Goadrich 2006, "The relationship between precision–recall and ROC curves").

use crate::slices::for_each_row;
use crate::sum::Sum;
use crate::{MetricError, Ranked, Score, ScoredRows};

impl<S: Score> Ranked<S> {
    /// The average precision, in (0, 1]; `None` if positive rows have no weight.
    ///
    /// Random scores give about the base rate. A perfect order gives 1, and so do rows of which none
    /// is negative.
    pub fn average_precision(&self) -> Option<f64> {
        let (mut positive, mut negative, mut area) =
            (Sum::default(), Sum::default(), Sum::default());
        self.for_each_tied(|tied| {
            positive.add(tied.positive);
            negative.add(tied.negative);
            let passed = positive.value() + negative.value();
            area.add(tied.positive * (positive.value() / passed));
        });
        let positive = positive.value();
        // Rounding may lift a perfect order above 1 by the last bit.
        (positive > 0.0).then(|| (area.value() / positive).min(1.0))
    }
}

/// The [average precision](Ranked::average_precision) of scores in memory. `weights` has one
/// entry a row, or none if all are 1.
///
/// # Errors
/// If slices differ in length, or a row is bad; the first bad row is named by its position.
pub fn average_precision<S: Score>(
    scores: &[S],
    labels: &[impl Copy + Into<f64>],
    weights: &[impl Copy + Into<f64>],
) -> Result<Option<f64>, MetricError> {
    let mut scored = ScoredRows::default();
    for_each_row(scores, labels, weights, |score, label, weight| {
        scored.push(score, label, weight)
    })?;
    Ok(scored.into_ranked().average_precision())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::assert_close;

    #[track_caller]
    fn check(scores: &[f64], labels: &[u8], weights: &[f64], expected: Option<f64>) {
        assert_close(average_precision(scores, labels, weights).expect("good rows"), expected);
    }

    #[test]
    fn is_the_mean_precision_at_positive_rows() {
        check(&[0.9, 0.5, 0.1], &[1, 0, 1], &[], Some((1.0 + 2.0 / 3.0) / 2.0));
        check(&[0.9, 0.5, 0.1], &[1, 0, 1], &[1.0, 2.0, 1.0], Some(0.75));
        check(&[0.5, 0.5], &[1, 0], &[], Some(0.5));
    }

    #[test]
    fn needs_positive_weight() {
        check(&[], &[], &[], None);
        check(&[0.5, 0.6], &[0, 1], &[1.0, 0.0], None);
        check(&[0.5], &[1], &[], Some(1.0));
    }
}
