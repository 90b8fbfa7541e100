//! The normalized discounted cumulative gain of a list (Järvelin and Kekäläinen 2002, "Cumulated Gain-Based Evaluation
//! of IR Techniques").
//!
//! The gain of a row is its label, and its discount 1 / log₂(1 + rank).

use std::num::NonZeroUsize;

use crate::sum::Sum;
use crate::{Ranked, Score};

impl<S: Score> Ranked<S> {
    /// The discounted gain of the first `at` rows, divided by that of the best order, in [0, 1]; `None` if no positive
    /// row has weight.
    ///
    /// Tied rows have no order: the value is its mean over all their orders (McSherry and Najork 2008, "Computing
    /// Information Retrieval Performance Measures Efficiently in the Presence of Tied Scores", section 2.5).
    /// Rows without weight are left out, and a weight does not change a rank or a gain: a rank is a place in a list.
    pub fn ndcg(&self, at: NonZeroUsize) -> Option<f64> {
        let at = at.get() as u64;
        let (mut above, mut positives, mut gain) = (0, 0, Sum::default());
        self.for_each_tied(|tied| {
            if above < at && tied.positive_rows > 0 {
                // Each of the tied rows is in each of their places equally often.
                let share = tied.positive_rows as f64 / tied.rows as f64;
                gain.add(share * discounts(above, at.min(above + tied.rows)));
            }
            above += tied.rows;
            positives += tied.positive_rows;
        });
        // Rounding may lift the best order above 1 by the last bit.
        let ratio = || (gain.value() / discounts(0, at.min(positives))).min(1.0);
        (positives > 0).then(ratio)
    }
}

/// The sum of the discounts of the ranks after `first`, up to `last`.
fn discounts(first: u64, last: u64) -> f64 {
    (first..last).map(|before| 1.0 / libm::log2(before as f64 + 2.0)).collect::<Sum>().value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScoredRows;
    use crate::test_support::assert_close;

    #[track_caller]
    fn check(rows: &[(f64, u8, f64)], at: usize, expected: Option<f64>) {
        let mut scored = ScoredRows::default();
        for &(score, label, weight) in rows {
            scored.push(score, label, weight).expect("rows of the table are good");
        }
        let at = NonZeroUsize::new(at).expect("not 0");
        assert_close(scored.into_ranked().ndcg(at), expected);
    }

    #[test]
    fn gains_are_discounted_by_rank() {
        let rows = [(0.9, 0, 1.0), (0.8, 1, 1.0), (0.7, 0, 1.0), (0.6, 1, 1.0)];
        let [second, fourth] = [1.0 / 3_f64.log2(), 1.0 / 5_f64.log2()];
        check(&rows, 1, Some(0.0));
        check(&rows, 2, Some(second / (1.0 + second)));
        check(&rows, 100, Some((second + fourth) / (1.0 + second)));
        check(&rows[1..2], 1, Some(1.0));
        check(&rows[..1], 10, None);
        check(&[], 10, None);
    }

    #[test]
    fn tied_rows_share_their_places() {
        let second = 1.0 / 3_f64.log2();
        check(&[(0.5, 1, 1.0), (0.5, 0, 1.0)], 1, Some(0.5));
        check(&[(0.5, 1, 1.0), (0.5, 0, 1.0)], 2, Some(0.5 * (1.0 + second)));
    }

    #[test]
    fn a_weight_is_not_a_place() {
        check(&[(0.9, 0, 5.0), (0.5, 1, 0.25)], 2, Some(1.0 / 3_f64.log2()));
        check(&[(0.9, 0, 0.0), (0.5, 1, 1.0)], 1, Some(1.0));
        check(&[(0.9, 0, 1.0), (0.5, 1, 0.0)], 1, None);
    }
}
