//! Lift: the positives among the best-scored rows, over those of a random choice of as many.

use crate::sum::Sum;
use crate::{MetricError, Ranked, Score};

impl<S: Score> Ranked<S> {
    /// The rate of positives among the best-scored `share` of the weight, divided by the base
    /// rate. `share` is in (0, 1].
    ///
    /// Rows that are tied at the border count in part, which is the mean over all orders of them.
    /// 1 is no better than chance; the greatest value is the lesser of `1 / share` and one divided by
    /// the base rate; `None` if positive rows have no weight.
    ///
    /// # Errors
    /// If the share is out of range.
    pub fn lift(&self, share: f64) -> Result<Option<f64>, MetricError> {
        if !(share > 0.0 && share <= 1.0) {
            return Err(MetricError::Setting { name: "share", allowed: "in (0, 1]", value: share });
        }
        let totals = self.totals();
        let wanted = share * totals.weight();
        let (mut passed, mut positive) = (Sum::default(), Sum::default());
        self.for_each_tied(|tied| {
            let part = ((wanted - passed.value()) / tied.weight()).clamp(0.0, 1.0);
            positive.add(part * tied.positive);
            passed.add(part * tied.weight());
        });
        let is_defined = totals.positive > 0.0 && wanted > 0.0;
        Ok(is_defined.then(|| positive.value() / totals.positive / share))
    }
}

#[cfg(test)]
mod tests {
    use crate::ScoredRows;
    use crate::test_support::assert_close;

    #[track_caller]
    fn check(rows: &[(f64, u8, f64)], share: f64, expected: Option<f64>) {
        let mut scored = ScoredRows::default();
        for &(score, label, weight) in rows {
            scored.push(score, label, weight).expect("rows of the table are good");
        }
        assert_close(scored.into_ranked().lift(share).expect("a share"), expected);
    }

    #[test]
    fn compares_the_best_with_all() {
        let rows = [(0.9, 1, 1.0), (0.8, 0, 1.0), (0.7, 1, 1.0), (0.1, 0, 1.0)];
        check(&rows, 0.25, Some(2.0));
        check(&rows, 0.5, Some(1.0));
        check(&rows, 0.125, Some(2.0));
        check(&rows, 1.0, Some(1.0));
        check(&[(0.9, 1, 1.0), (0.9, 0, 3.0)], 0.3, Some(1.0));
        check(&[(0.9, 1, 1.0), (0.5, 0, 3.0)], 0.25, Some(4.0));
    }

    #[test]
    fn needs_positive_weight_and_a_share() {
        check(&[], 0.5, None);
        check(&[(0.5, 0, 1.0)], 0.5, None);
        for share in [0.0, 1.5, f64::NAN] {
            let found = ScoredRows::<f64>::default().into_ranked().lift(share);
            let message = format!("share must be in (0, 1], but is {share}");
            assert_eq!(found.map_err(|problem| problem.to_string()), Err(message));
        }
    }
}
