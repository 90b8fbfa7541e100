//! Calibration: predicted clicks over observed ones.

use crate::row::Row;
use crate::weighted_mean::WeightedMean;
use crate::{Metric, Score};

/// The ratio of predicted to observed positives (He et al. 2014, section 2), not negative; `None` if positive rows
/// have no weight.
///
/// Above 1, the predictions are too high on average; a ratio of 1 does not mean that they are right
/// for any single row.
/// It is a mean of all probabilities in which only positive rows count as weight.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calibration(WeightedMean);

impl Calibration {
    /// The weighted sum of the probabilities: the predicted positives.
    pub fn predicted(&self) -> f64 {
        self.0.weighted()
    }
}

impl Metric for Calibration {
    fn add<S: Score>(&mut self, row: Row<S>) {
        let observed = if row.positive { row.weight } else { 0.0 };
        self.0.add(row.weight * row.score(), observed);
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }

    fn value(&self) -> Option<f64> {
        self.0.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rows: &[(f64, u8, f64)], expected: Option<f64>) {
        let mut calibration = Calibration::default();
        for &(probability, label, weight) in rows {
            calibration.push(probability, label, weight).expect("rows of the table are good");
        }
        assert_eq!(calibration.value(), expected);
    }

    #[test]
    fn compares_predicted_with_observed() {
        check(&[(0.5, 0, 1.0), (0.5, 1, 1.0)], Some(1.0));
        check(&[(0.5, 0, 3.0), (0.5, 1, 1.0)], Some(2.0));
        check(&[(0.0, 1, 1.0)], Some(0.0));
    }

    #[test]
    fn needs_a_positive_row() {
        check(&[], None);
        check(&[(0.5, 0, 1.0)], None);
        check(&[(0.5, 1, 0.0), (0.5, 0, 1.0)], None);
    }
}
