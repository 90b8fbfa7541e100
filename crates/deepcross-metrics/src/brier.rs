//! The Brier score, and its decomposition.

use std::num::NonZeroUsize;

use crate::row::Row;
use crate::sum::Sum;
use crate::weighted_mean::WeightedMean;
use crate::{Metric, MetricError, Ranked, Score};

/// The weighted mean of (probability − label)² (Brier 1950), in [0, 1], lower is better; `None` without weight.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brier(WeightedMean);

impl Metric for Brier {
    fn add<S: Score>(&mut self, row: Row<S>) {
        let distance = row.score() - f64::from(u8::from(row.positive));
        self.0.add(row.weight * distance * distance, row.weight);
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }

    fn value(&self) -> Option<f64> {
        self.0.value().map(|mean| mean.min(1.0))
    }
}

/// The Brier score as a sum of five terms over bins of predictions.
///
/// The first three are Murphy's (1973). They add up to the score only if all predictions of a bin
/// are equal; the last two account for differences within bins (Stephenson, Coelho and Jolliffe
/// 2008, "Two Extra Components in the Brier Score Decomposition").
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BrierDecomposition {
    /// The mean square of mean prediction − mean label: lower is better.
    pub reliability: f64,
    /// The mean square of mean label − base rate: higher is better.
    pub resolution: f64,
    /// The variance of the labels, which no prediction changes.
    pub uncertainty: f64,
    /// The mean variance of predictions within bins.
    pub within_bin_variance: f64,
    /// Twice the mean covariance of predictions and labels within bins.
    pub within_bin_covariance: f64,
}

impl BrierDecomposition {
    /// reliability − resolution + uncertainty + within-bin variance − within-bin covariance: the
    /// Brier score, up to rounding.
    pub fn score(&self) -> f64 {
        self.reliability - self.resolution + self.uncertainty + self.within_bin_variance
            - self.within_bin_covariance
    }
}

impl<S: Score> Ranked<S> {
    /// The decomposition over the bins of [`reliability`](Self::reliability); `None` if there
    /// is no weight.
    ///
    /// # Errors
    /// If a score is outside [0, 1].
    pub fn brier_decomposition(
        &self,
        n_bins: NonZeroUsize,
    ) -> Result<Option<BrierDecomposition>, MetricError> {
        let bins = self.checked_bins(n_bins)?;
        let totals = self.totals();
        let weight = totals.weight();
        if weight <= 0.0 {
            return Ok(None);
        }
        let rate = totals.positive / weight;
        let mean = |terms: &mut dyn Iterator<Item = f64>| terms.collect::<Sum>().value() / weight;
        let gap = |bin: &crate::reliability::Bin| bin.mean_prediction() - bin.mean_label();
        let gain = |bin: &crate::reliability::Bin| bin.mean_label() - rate;
        Ok(Some(BrierDecomposition {
            reliability: mean(&mut bins.iter().map(|bin| bin.weight() * gap(bin).powi(2))),
            resolution: mean(&mut bins.iter().map(|bin| bin.weight() * gain(bin).powi(2))),
            uncertainty: rate * (totals.negative / weight),
            within_bin_variance: mean(&mut bins.iter().map(|bin| bin.prediction_squares())),
            within_bin_covariance: mean(&mut bins.iter().map(|bin| 2.0 * bin.products())),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScoredRows;
    use crate::test_support::assert_close;

    const ROWS: [(f64, u8, f64); 4] =
        [(0.25, 0, 1.0), (0.25, 1, 1.0), (0.75, 1, 2.0), (1.0, 0, 0.0)];

    #[test]
    fn is_the_mean_square() {
        let mut brier = Brier::default();
        assert_eq!(brier.value(), None);
        for (probability, label, weight) in ROWS {
            brier.push(probability, label, weight).expect("rows of the table are good");
        }
        assert_close(brier.value(), Some((0.0625 + 0.5625 + 2.0 * 0.0625) / 4.0));
        assert!(brier.push(1.5, 0, 1).is_err());
    }

    #[test]
    fn terms_agree_with_the_definition() {
        let mut scored = ScoredRows::default();
        for (probability, label, weight) in ROWS {
            scored.push(probability, label, weight).expect("rows of the table are good");
        }
        let n_bins = NonZeroUsize::new(2).expect("not 0");
        let found = scored.into_ranked().brier_decomposition(n_bins).expect("probabilities");
        let expected = BrierDecomposition {
            reliability: 0.0625,
            resolution: 0.0625,
            uncertainty: 0.1875,
            within_bin_variance: 0.0,
            within_bin_covariance: 0.0,
        };
        assert_eq!(found, Some(expected));
        let empty = ScoredRows::<f64>::default().into_ranked().brier_decomposition(n_bins);
        assert_eq!(empty, Ok(None));
    }
}
