//! The spread of the scores of each class, in bins over the part of the scale that has nearly all.
//!
//! If clicks are rare, nearly all probabilities are small: bins over [0, 1], like those of
//! [`ScoreHistogram`](crate::probability::ScoreHistogram), would show them as one bar.

use crate::{Ranked, Score};

/// Shares of each class in bins of equal width, from `0` to `upper`.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// The upper end of the last bin, which also has all scores above it.
    pub upper: f64,
    /// The share of the positive weight in each bin. The shares sum to 1, or are all 0 if there is no
    /// positive weight.
    pub positive: Vec<f64>,
    /// The share of the negative weight in each bin, likewise.
    pub negative: Vec<f64>,
}

impl<S: Score> Ranked<S> {
    /// The spread of scores in at least one bin; a share of `above`, in [0, 1), of all weight may
    /// lie beyond the upper end. Scores below 0 are in the first bin.
    pub fn spread(&self, n_bins: usize, above: f64) -> Spread {
        let (totals, n_bins) = (self.totals(), n_bins.max(1));
        let (mut upper, mut passed) = (0.0, 0.0);
        self.for_each_tied(|tied| {
            if passed <= above * totals.weight() {
                upper = tied.score;
            }
            passed += tied.weight();
        });
        let upper = if upper > 0.0 && upper.is_finite() { upper } else { 1.0 };
        let (mut positive, mut negative) = (vec![0.0; n_bins], vec![0.0; n_bins]);
        self.for_each_tied(|tied| {
            let place = ((tied.score / upper * n_bins as f64) as usize).min(n_bins - 1);
            positive[place] += tied.positive;
            negative[place] += tied.negative;
        });
        let share = |weights: &mut Vec<f64>, total: f64| {
            if total > 0.0 {
                weights.iter_mut().for_each(|weight| *weight /= total);
            }
        };
        share(&mut positive, totals.positive);
        share(&mut negative, totals.negative);
        Spread { upper, positive, negative }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScoredRows;

    #[test]
    fn classes_have_shares_and_the_tail_is_in_the_last_bin() {
        let mut scored = ScoredRows::<f64>::default();
        let rows = [(0.01, 0, 3.0), (0.04, 1, 1.0), (0.08, 0, 1.0), (0.08, 1, 2.0), (0.9, 1, 1.0)];
        for (score, label, weight) in rows {
            scored.push(score, label, weight).expect("rows of the table are good");
        }
        let ranked = scored.into_ranked();
        let spread = ranked.spread(4, 0.125);
        assert_eq!(spread.upper, 0.08);
        assert_eq!(spread.negative, [0.75, 0.0, 0.0, 0.25]);
        assert_eq!(spread.positive, [0.0, 0.0, 0.25, 0.75]);
        assert_eq!(ranked.spread(4, 0.1).upper, 0.9);
    }

    #[test]
    fn without_rows_all_shares_are_0() {
        let spread = ScoredRows::<f32>::default().into_ranked().spread(0, 0.1);
        assert_eq!(spread, Spread { upper: 1.0, positive: vec![0.0], negative: vec![0.0] });
    }
}
