//! The confusion matrix of decisions at a threshold, and its quotients.

use crate::row::Row;
use crate::sum::Sum;
use crate::{MetricError, Ranked, Score};

/// The weights of right and wrong decisions; a row is predicted positive if its score is at least
/// the threshold.
///
/// A quotient whose denominator has no weight is `None`.
/// The order of rows, and how they are parted and merged, changes values by a few units in the last
/// place.
#[derive(Clone, Copy, Debug)]
pub struct Confusion {
    threshold: f64,
    true_positive: Sum,
    false_positive: Sum,
    true_negative: Sum,
    false_negative: Sum,
}

impl Confusion {
    /// Decisions without rows. The threshold is on the scale of the scores, and compared in `f64`.
    ///
    /// # Errors
    /// If the threshold is NaN.
    pub fn at(threshold: f64) -> Result<Self, MetricError> {
        if threshold.is_nan() {
            return Err(setting(threshold, "a number"));
        }
        let none = Sum::default();
        Ok(Self {
            threshold,
            true_positive: none,
            false_positive: none,
            true_negative: none,
            false_negative: none,
        })
    }

    /// Takes a row: a score of any scale, a label (0 or 1), and a weight (0, or
    /// [`MIN_WEIGHT`](crate::MIN_WEIGHT) to [`MAX_WEIGHT`](crate::MAX_WEIGHT)).
    ///
    /// # Errors
    /// If the score is NaN, the label is not a class, or the weight is out of range; the row is then
    /// not counted.
    pub fn push(
        &mut self,
        score: impl Score,
        label: impl Into<f64>,
        weight: impl Into<f64>,
    ) -> Result<(), MetricError> {
        self.add(Row::scored(score, label, weight)?);
        Ok(())
    }

    /// Takes all rows of another part of the data.
    ///
    /// # Errors
    /// If the other part has another threshold; no row is then taken.
    pub fn merge(&mut self, other: Self) -> Result<(), MetricError> {
        if other.threshold != self.threshold {
            return Err(setting(other.threshold, "that of the other part"));
        }
        self.true_positive.merge(other.true_positive);
        self.false_positive.merge(other.false_positive);
        self.true_negative.merge(other.true_negative);
        self.false_negative.merge(other.false_negative);
        Ok(())
    }

    /// The threshold.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// The weight of positive rows that were predicted positive.
    pub fn true_positive(&self) -> f64 {
        self.true_positive.value()
    }

    /// The weight of negative rows that were predicted positive.
    pub fn false_positive(&self) -> f64 {
        self.false_positive.value()
    }

    /// The weight of negative rows that were predicted negative.
    pub fn true_negative(&self) -> f64 {
        self.true_negative.value()
    }

    /// The weight of positive rows that were predicted negative.
    pub fn false_negative(&self) -> f64 {
        self.false_negative.value()
    }

    /// The share of right decisions, in [0, 1]; `None` without weight.
    pub fn accuracy(&self) -> Option<f64> {
        let right = self.true_positive() + self.true_negative();
        share(right, self.false_positive() + self.false_negative())
    }

    /// The share of the predicted positives that are positive; `None` if no row is predicted positive.
    pub fn precision(&self) -> Option<f64> {
        share(self.true_positive(), self.false_positive())
    }

    /// The share of the positives that are predicted positive; `None` if there are no positives.
    pub fn recall(&self) -> Option<f64> {
        share(self.true_positive(), self.false_negative())
    }

    /// The harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN), in [0, 1]; `None` if
    /// no row is positive or predicted positive.
    pub fn f1(&self) -> Option<f64> {
        share(2.0 * self.true_positive(), self.false_positive() + self.false_negative())
    }

    /// Matthews' correlation coefficient of decisions and labels, in [−1, 1] (Matthews 1975).
    ///
    /// `None` if all rows have one label or one decision: a constant has no correlation.
    /// scikit-learn returns 0 in that case.
    pub fn mcc(&self) -> Option<f64> {
        let all = [
            self.true_positive(),
            self.false_positive(),
            self.true_negative(),
            self.false_negative(),
        ];
        let weight: f64 = all.iter().sum();
        if weight <= 0.0 {
            return None;
        }
        // Shares instead of weights, and roots before products, so that no product overflows or vanishes.
        let [tp, fp, tn, fn_] = all.map(|part| part / weight);
        let norm = (tp + fp).sqrt() * (tn + fn_).sqrt() * (tp + fn_).sqrt() * (tn + fp).sqrt();
        (norm > 0.0).then(|| ((tp * tn - fp * fn_) / norm).clamp(-1.0, 1.0))
    }

    pub(crate) fn add<S: Score>(&mut self, row: Row<S>) {
        let cell = match (row.score.into() >= self.threshold, row.positive) {
            (true, true) => &mut self.true_positive,
            (true, false) => &mut self.false_positive,
            (false, false) => &mut self.true_negative,
            (false, true) => &mut self.false_negative,
        };
        cell.add(row.weight);
    }
}

impl<S: Score> Ranked<S> {
    /// The decisions at a threshold on the scale of the scores.
    ///
    /// # Errors
    /// If the threshold is NaN.
    pub fn confusion(&self, threshold: f64) -> Result<Confusion, MetricError> {
        let mut confusion = Confusion::at(threshold)?;
        self.for_each_tied(|tied| {
            let is_predicted = tied.score >= threshold;
            let (positive, negative) = match is_predicted {
                true => (&mut confusion.true_positive, &mut confusion.false_positive),
                false => (&mut confusion.false_negative, &mut confusion.true_negative),
            };
            positive.add(tied.positive);
            negative.add(tied.negative);
        });
        Ok(confusion)
    }
}

fn setting(value: f64, allowed: &'static str) -> MetricError {
    MetricError::Setting { name: "threshold", allowed, value }
}

fn share(part: f64, rest: f64) -> Option<f64> {
    (part + rest > 0.0).then(|| part / (part + rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::assert_close;

    /// True positives, false positives, true negatives, false negatives.
    fn confusion(weights: [f64; 4]) -> Confusion {
        let mut confusion = Confusion::at(0.5).expect("a number");
        let rows = [(0.5, 1), (0.7, 0), (0.4, 0), (0.1, 1)];
        for ((score, label), weight) in rows.into_iter().zip(weights) {
            confusion.push(score, label, weight).expect("good rows");
        }
        confusion
    }

    /// Checks accuracy, precision, recall, F1 and MCC, in this order.
    #[track_caller]
    fn check(weights: [f64; 4], expected: [Option<f64>; 5]) {
        let found = confusion(weights);
        let all = [found.accuracy(), found.precision(), found.recall(), found.f1(), found.mcc()];
        all.into_iter().zip(expected).for_each(|(found, expected)| assert_close(found, expected));
    }

    #[test]
    fn quotients_agree_with_the_definitions() {
        let mcc = (6.0 * 3.0 - 1.0 * 2.0) / (7.0_f64 * 8.0 * 4.0 * 5.0).sqrt();
        let f1 = 12.0 / 15.0;
        check([6.0, 1.0, 3.0, 2.0], [Some(0.75), Some(6.0 / 7.0), Some(0.75), Some(f1), Some(mcc)]);
        check([1.0, 0.0, 1.0, 0.0], [Some(1.0); 5]);
        check([0.0, 1.0, 0.0, 1.0], [Some(0.0), Some(0.0), Some(0.0), Some(0.0), Some(-1.0)]);
    }

    #[test]
    fn ranked_rows_decide_as_rows_do() {
        let mut scored = crate::ScoredRows::default();
        let rows =
            [(0.25_f32, 1, 2.0), (0.5, 0, 1.0), (0.5, 1, 3.0), (0.75, 1, 0.5), (0.1, 0, 4.0)];
        for (score, label, weight) in rows {
            scored.push(score, label, weight).expect("good rows");
        }
        let ranked = scored.into_ranked();
        for threshold in [0.0, 0.25, 0.5, 0.6, 1.0] {
            let mut expected = Confusion::at(threshold).expect("a number");
            for (score, label, weight) in rows {
                expected.push(score, label, weight).expect("good rows");
            }
            let found = ranked.confusion(threshold).expect("a number");
            let all = |c: &Confusion| {
                [c.true_positive(), c.false_positive(), c.true_negative(), c.false_negative()]
            };
            assert_eq!(all(&found), all(&expected), "{threshold}");
        }
        assert!(ranked.confusion(f64::NAN).is_err());
    }

    #[test]
    fn quotients_without_a_denominator_are_undefined() {
        check([0.0; 4], [None; 5]);
        check([0.0, 0.0, 2.0, 0.0], [Some(1.0), None, None, None, None]);
        check([0.0, 0.0, 1.0, 1.0], [Some(0.5), None, Some(0.0), Some(0.0), None]);
    }

    #[test]
    fn stays_a_number_at_the_ends_of_the_range_of_weights() {
        for weights in [[1e100; 4], [1e-100, 1e100, 1e-100, 1e-100], [1e100, 1e-100, 1e-100, 1e100]]
        {
            assert!(confusion(weights).mcc().is_some_and(f64::is_finite));
        }
    }

    #[test]
    fn thresholds_are_numbers_and_the_same_for_all_parts() {
        assert!(Confusion::at(f64::NAN).is_err());
        let mut whole = confusion([1.0; 4]);
        whole.merge(confusion([2.0; 4])).expect("the same threshold");
        assert_eq!(whole.false_negative(), 3.0);
        assert!(whole.merge(Confusion::at(0.25).expect("a number")).is_err());
    }
}
