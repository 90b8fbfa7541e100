//! All scores in order, for the metrics that need the order.
//!
//! One store and one sort serve AUC, average precision, lift, curves and reliability.
//! Rejected: a store in each of them, which would hold and sort each score several times.

use crate::class_scores::{ClassScores, Entry, tied_groups_down};
use crate::row::Row;
use crate::sum::Sum;
use crate::{MetricError, Score};

/// Collects rows, to be ranked by their scores.
///
/// Memory: 4 bytes a row for `f32` scores and 8 for `f64` while the weights of a class are all 1,
/// else 12 and 16; like any growing `Vec`, it may hold up to twice that in reserve.
#[derive(Clone, Debug, Default)]
pub struct ScoredRows<S: Score> {
    positives: ClassScores<S>,
    negatives: ClassScores<S>,
}

impl<S: Score> ScoredRows<S> {
    /// Takes a row: a score of any scale, a label (0 or 1), and a weight (0, or
    /// [`MIN_WEIGHT`](crate::MIN_WEIGHT) to [`MAX_WEIGHT`](crate::MAX_WEIGHT)).
    ///
    /// # Errors
    /// If the score is NaN, the label is not a class, or the weight is out of range; the row is then
    /// not counted.
    pub fn push(
        &mut self,
        score: S,
        label: impl Into<f64>,
        weight: impl Into<f64>,
    ) -> Result<(), MetricError> {
        self.add(Row::scored(score, label, weight)?);
        Ok(())
    }

    /// Takes all rows of another part of the data.
    pub fn merge(&mut self, other: Self) {
        self.positives.merge(other.positives);
        self.negatives.merge(other.negatives);
    }

    /// Sorts the rows, in place and in n log n time.
    ///
    /// The result depends on the rows alone, to the bit: neither their order nor how they were parted
    /// and merged matters.
    pub fn into_ranked(mut self) -> Ranked<S> {
        self.positives.sort();
        self.negatives.sort();
        Ranked { positives: self.positives, negatives: self.negatives }
    }

    pub(crate) fn add(&mut self, row: Row<S>) {
        // A row without weight has no place in an order.
        if row.weight > 0.0 {
            let class = if row.positive { &mut self.positives } else { &mut self.negatives };
            class.push(row.score, row.weight);
        }
    }
}

/// Rows in order of their scores; rows without weight are left out.
#[derive(Clone, Debug)]
pub struct Ranked<S: Score> {
    positives: ClassScores<S>,
    negatives: ClassScores<S>,
}

/// The rows that have one score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tied {
    pub(crate) score: f64,
    pub(crate) rows: u64,
    /// The weight of the positive rows.
    pub(crate) positive: f64,
    /// The weight of the negative rows.
    pub(crate) negative: f64,
    /// The sum of squared weights.
    pub(crate) squares: f64,
    /// The number of positive ones among `rows`, and their part of `squares`.
    pub(crate) positive_rows: u64,
    pub(crate) positive_squares: f64,
}

impl Tied {
    pub(crate) fn weight(&self) -> f64 {
        self.positive + self.negative
    }
}

/// The weights of the two classes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals {
    pub(crate) positive: f64,
    pub(crate) negative: f64,
}

impl Totals {
    pub(crate) fn weight(&self) -> f64 {
        self.positive + self.negative
    }
}

impl<S: Score> Ranked<S> {
    pub(crate) fn positives(&self) -> &ClassScores<S> {
        &self.positives
    }

    pub(crate) fn negatives(&self) -> &ClassScores<S> {
        &self.negatives
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals { positive: self.positives.weight(), negative: self.negatives.weight() }
    }

    /// Passes each distinct score, from the highest down, with the rows that have it.
    pub(crate) fn for_each_tied(&self, mut take: impl FnMut(Tied)) {
        use ClassScores::{Unit, Weighted};
        match (&self.positives, &self.negatives) {
            (Unit(a), Unit(b)) => tied_groups_down(a, b).map(tied).for_each(&mut take),
            (Unit(a), Weighted(b)) => tied_groups_down(a, b).map(tied).for_each(&mut take),
            (Weighted(a), Unit(b)) => tied_groups_down(a, b).map(tied).for_each(&mut take),
            (Weighted(a), Weighted(b)) => tied_groups_down(a, b).map(tied).for_each(&mut take),
        }
    }
}

fn tied<S: Score, A: Entry<S>, B: Entry<S>>((positives, negatives): (&[A], &[B])) -> Tied {
    let (positive, positive_squares) = sums(positives);
    let (negative, negative_squares) = sums(negatives);
    let score = positives.first().map(Entry::score).or(negatives.first().map(Entry::score));
    Tied {
        score: score.unwrap_or_default().into(),
        rows: (positives.len() + negatives.len()) as u64,
        positive,
        negative,
        squares: positive_squares + negative_squares,
        positive_rows: positives.len() as u64,
        positive_squares,
    }
}

/// The sums of weights and of their squares.
fn sums<S>(entries: &[impl Entry<S>]) -> (f64, f64) {
    let (mut weight, mut squares) = (Sum::default(), Sum::default());
    for entry in entries {
        weight.add(entry.weight());
        squares.add(entry.weight() * entry.weight());
    }
    (weight.value(), squares.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_come_from_the_highest_down() {
        let mut scored = ScoredRows::default();
        for (score, label, weight) in [(1.0, 0, 2.0), (3.0, 1, 1.0), (1.0, 1, 3.0), (9.0, 1, 0.0)] {
            scored.push(score, label, weight).expect("rows of the table are good");
        }
        let mut seen = Vec::new();
        scored.into_ranked().for_each_tied(|tied| {
            seen.push((tied.score, tied.rows, tied.positive, tied.negative, tied.squares));
        });
        assert_eq!(seen, [(3.0, 1, 1.0, 0.0, 1.0), (1.0, 2, 3.0, 2.0, 13.0)]);
    }
}
