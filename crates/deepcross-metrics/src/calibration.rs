//! Calibration: predicted clicks over observed ones.

use crate::row::Row;
use crate::sum::Sum;
use crate::{MetricError, Score};

/// The ratio of predicted to observed positives (He et al. 2014, section 2).
///
/// Above 1, the predictions are too high on average; a ratio of 1 does not mean that they are right
/// for any single row.
/// The order of rows, and how they are parted and merged, changes the value by a few units in the
/// last place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calibration {
    predicted: Sum,
    observed: Sum,
}

impl Calibration {
    /// Takes a row: the probability of label 1, a label (0 or 1), and a weight (0, or
    /// [`MIN_WEIGHT`](crate::MIN_WEIGHT) to [`MAX_WEIGHT`](crate::MAX_WEIGHT)).
    ///
    /// # Errors
    /// If the probability is outside [0, 1], the label is not a class, or the weight is out of
    /// range; the row is then not counted.
    pub fn push(
        &mut self,
        probability: impl Score,
        label: impl Into<f64>,
        weight: impl Into<f64>,
    ) -> Result<(), MetricError> {
        self.add(Row::predicted(probability, label, weight)?);
        Ok(())
    }

    /// Takes all rows of another part of the data.
    pub fn merge(&mut self, other: Self) {
        self.predicted.merge(other.predicted);
        self.observed.merge(other.observed);
    }

    /// The ratio, not negative; `None` if positive rows have no weight.
    pub fn value(&self) -> Option<f64> {
        let observed = self.observed.value();
        (observed > 0.0).then(|| self.predicted.value() / observed)
    }

    /// The weighted sum of the probabilities: the predicted positives.
    pub fn predicted(&self) -> f64 {
        self.predicted.value()
    }

    pub(crate) fn add<S: Score>(&mut self, row: Row<S>) {
        self.predicted.add(row.weight * row.probability());
        self.observed.add(if row.positive { row.weight } else { 0.0 });
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
