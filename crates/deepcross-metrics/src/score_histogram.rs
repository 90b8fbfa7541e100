//! Histograms of the probabilities of the two classes.

use crate::row::Row;
use crate::sum::Sum;
use crate::{MetricError, Score};

/// Weights by class in `BINS` bins of equal width over [0, 1]; 1 falls into the last.
///
/// The number of bins is part of the type, so that only histograms of the same bins merge.
#[derive(Clone, Copy, Debug)]
pub struct ScoreHistogram<const BINS: usize> {
    positive: [Sum; BINS],
    negative: [Sum; BINS],
}

impl<const BINS: usize> Default for ScoreHistogram<BINS> {
    fn default() -> Self {
        const { assert!(BINS > 0, "a histogram must have bins") }
        Self { positive: [Sum::default(); BINS], negative: [Sum::default(); BINS] }
    }
}

impl<const BINS: usize> ScoreHistogram<BINS> {
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
        let row = Row::predicted(probability, label, weight)?;
        let place = ((row.score() * BINS as f64) as usize).min(BINS - 1);
        let class = if row.positive { &mut self.positive } else { &mut self.negative };
        class[place].add(row.weight);
        Ok(())
    }

    /// Takes all rows of another part of the data.
    pub fn merge(&mut self, other: Self) {
        self.positive.iter_mut().zip(other.positive).for_each(|(own, other)| own.merge(other));
        self.negative.iter_mut().zip(other.negative).for_each(|(own, other)| own.merge(other));
    }

    /// The weight of positive rows in each bin, from 0 up.
    pub fn positive(&self) -> [f64; BINS] {
        self.positive.map(Sum::value)
    }

    /// The weight of negative rows in each bin, from 0 up.
    pub fn negative(&self) -> [f64; BINS] {
        self.negative.map(Sum::value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fall_by_class_and_probability() {
        let rows = [(0.0, 0, 1.0), (0.24, 1, 2.0), (0.25, 0, 0.5), (0.99, 1, 1.0), (1.0, 1, 1.0)];
        for split in 0..rows.len() {
            let [mut left, mut right] = [ScoreHistogram::<4>::default(); 2];
            for (n, (probability, label, weight)) in rows.into_iter().enumerate() {
                let part = if n < split { &mut left } else { &mut right };
                part.push(probability, label, weight).expect("rows of the table are good");
            }
            left.merge(right);
            assert_eq!(left.positive(), [2.0, 0.0, 0.0, 2.0]);
            assert_eq!(left.negative(), [1.0, 0.5, 0.0, 0.0]);
        }
        assert!(ScoreHistogram::<4>::default().push(f64::NAN, 0, 1).is_err());
    }
}
