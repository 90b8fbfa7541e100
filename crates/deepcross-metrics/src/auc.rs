//! The area under the ROC curve.
//!
//! It is exact: every score is kept, and the pairs of a positive and a negative row are counted
//! in one walk over the sorted scores, ties as half a pair (the Mann–Whitney statistic; Hanley
//! and McNeil 1982, "The meaning and use of the area under a receiver operating characteristic
//! curve").
//! A histogram of scores takes fixed memory, but makes ties that change the value.
//! [`BoundedAuc`](crate::ranking::BoundedAuc) is such a histogram, and reports by how much at most.

use crate::class_scores::{ClassScores, Entry, tied_groups, total_weight};
use crate::slices::for_each_row;
use crate::sum::Sum;
use crate::{MetricError, Ranked, Score, ScoredRows};

/// The exact area under the ROC curve, ties counted as half, with row weights.
///
/// It is the probability that a positive row, drawn by weight, scores above a negative one.
///
/// The value depends on the rows alone, to the bit: neither their order nor how they were parted
/// and merged matters. If all weights are 1, pairs are counted in integers.
///
/// Memory: 4 bytes a row for `f32` scores and 8 for `f64` while the weights of a class are all 1,
/// else 12 and 16; like any growing `Vec`, it may hold up to twice that in reserve.
#[derive(Clone, Debug, Default)]
pub struct Auc<S: Score> {
    scored: ScoredRows<S>,
}

impl<S: Score> Auc<S> {
    /// Takes a row: a score of any scale (probabilities and logits give the same value), a label
    /// (0 or 1), and a weight (0, or [`MIN_WEIGHT`](crate::MIN_WEIGHT) to
    /// [`MAX_WEIGHT`](crate::MAX_WEIGHT)).
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
        self.scored.push(score, label, weight)
    }

    /// Takes all rows of another part of the data.
    pub fn merge(&mut self, other: Self) {
        self.scored.merge(other.scored);
    }

    /// The area, in [0, 1]; `None` if a class has no weight.
    ///
    /// Sorts a copy of the scores: n log n time and as much memory again.
    /// [`into_value`](Self::into_value) needs no copy.
    pub fn value(&self) -> Option<f64> {
        self.clone().into_value()
    }

    /// The same as [`value`](Self::value), sorted in place.
    pub fn into_value(self) -> Option<f64> {
        self.scored.into_ranked().auc()
    }
}

impl<S: Score> Ranked<S> {
    /// The area under the ROC curve, in [0, 1], as [`Auc`] gives it; `None` if a class has no
    /// weight.
    pub fn auc(&self) -> Option<f64> {
        use ClassScores::{Unit, Weighted};
        match (self.positives(), self.negatives()) {
            (Unit(positives), Unit(negatives)) => counted_area(positives, negatives),
            (Unit(positives), Weighted(negatives)) => weighted_area(positives, negatives),
            (Weighted(positives), Unit(negatives)) => weighted_area(positives, negatives),
            (Weighted(positives), Weighted(negatives)) => weighted_area(positives, negatives),
        }
    }
}

/// The [`Auc`] of scores in memory. `weights` has one entry a row, or none if all are 1
/// ([`UNWEIGHTED`](crate::UNWEIGHTED)).
///
/// # Errors
/// If slices differ in length, or a row is bad; the first bad row is named by its position.
pub fn roc_auc<S: Score>(
    scores: &[S],
    labels: &[impl Copy + Into<f64>],
    weights: &[impl Copy + Into<f64>],
) -> Result<Option<f64>, MetricError> {
    let mut auc = Auc::default();
    for_each_row(scores, labels, weights, |score, label, weight| auc.push(score, label, weight))?;
    Ok(auc.into_value())
}

/// The area by counts, for sorted scores. Half pairs are counted, so that a tie is a whole number.
fn counted_area<S: Score>(positives: &[S], negatives: &[S]) -> Option<f64> {
    let mut half_pairs = 0_u128;
    let mut below = 0_u128;
    for (tied_positives, tied_negatives) in tied_groups(positives, negatives) {
        let n_tied = tied_negatives.len() as u128;
        half_pairs += tied_positives.len() as u128 * (2 * below + n_tied);
        below += n_tied;
    }
    let all_half_pairs = 2 * positives.len() as u128 * negatives.len() as u128;
    (all_half_pairs > 0).then(|| half_pairs as f64 / all_half_pairs as f64)
}

/// The area by weights, for sorted entries: a pair weighs the product of its two weights.
fn weighted_area<S: Score>(
    positives: &[impl Entry<S>],
    negatives: &[impl Entry<S>],
) -> Option<f64> {
    let mut pairs = Sum::default();
    let mut below = Sum::default();
    for (tied_positives, tied_negatives) in tied_groups(positives, negatives) {
        let tied = total_weight(tied_negatives);
        pairs.add(total_weight(tied_positives) * (below.value() + 0.5 * tied));
        below.add(tied);
    }
    let all_pairs = total_weight(positives) * below.value();
    // Rounding may lift a perfect order above 1 by the last bit.
    (all_pairs > 0.0).then(|| (pairs.value() / all_pairs).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rows: &[(f64, u8, f64)], expected: Option<f64>) {
        let mut auc = Auc::default();
        for &(score, label, weight) in rows {
            auc.push(score, label, weight).expect("rows of the table are good");
        }
        assert_eq!(auc.value(), expected);
    }

    #[test]
    fn pairs_in_order_count_and_ties_count_half() {
        check(&[(0.1, 0, 1.0), (0.9, 1, 1.0)], Some(1.0));
        check(&[(0.9, 0, 1.0), (0.1, 1, 1.0)], Some(0.0));
        check(&[(0.5, 0, 1.0), (0.5, 1, 1.0)], Some(0.5));
        check(&[(0.0, 0, 1.0), (-0.0, 1, 1.0)], Some(0.5));
        check(&[(0.2, 0, 1.0), (0.2, 1, 1.0), (0.1, 0, 1.0)], Some(0.75));
        check(&[(f64::NEG_INFINITY, 0, 1.0), (f64::INFINITY, 1, 1.0)], Some(1.0));
    }

    #[test]
    fn weights_weigh_pairs() {
        check(&[(0.1, 0, 3.0), (0.5, 1, 1.0), (0.9, 0, 1.0)], Some(0.75));
        check(&[(0.1, 0, 1.0), (0.5, 1, 2.0), (0.5, 0, 1.0)], Some(0.75));
        check(&[(0.1, 0, 1e100), (0.5, 1, 1e100), (0.9, 0, 1e100)], Some(0.5));
        check(&[(0.1, 0, 1e-100), (0.5, 1, 1e-100), (0.9, 0, 1e-100)], Some(0.5));
        check(&[(0.1, 0, 1.0), (0.5, 1, 1.0), (0.9, 0, 0.0)], Some(1.0));
        // Without care, these round to an area above 1.
        check(&[(0.1, 0, 0.1), (0.5, 1, 0.1), (0.9, 1, 0.4)], Some(1.0));
    }

    #[test]
    fn needs_weight_in_both_classes() {
        check(&[], None);
        check(&[(0.1, 1, 1.0), (0.2, 1, 2.0)], None);
        check(&[(0.1, 0, 1.0), (0.2, 0, 1.0)], None);
        check(&[(0.1, 0, 1.0), (0.2, 1, 0.0)], None);
        check(&[(0.1, 0, 0.0), (0.2, 1, 0.0)], None);
    }

    #[test]
    fn a_bad_row_is_not_counted() {
        let mut auc = Auc::default();
        assert_eq!(auc.push(f32::NAN, 0, 1), Err(MetricError::Score));
        assert_eq!(auc.push(0.5, 3, 1), Err(MetricError::Label { value: 3.0 }));
        assert_eq!(auc.push(0.5, 0, -1), Err(MetricError::Weight { value: -1.0 }));
        assert_eq!(auc.value(), None);
    }
}
