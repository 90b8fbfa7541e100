//! Reliability: mean prediction against mean label, in bins of equal mass.
//!
//! Bins of equal mass have enough rows each, wherever predictions lie. If clicks are rare, bins of
//! equal width would all be empty except for the first (Nixon et al. 2019, "Measuring Calibration in
//! Deep Learning").

use std::num::NonZeroUsize;

use crate::normal::two_sided_quantile;
use crate::sum::Sum;
use crate::{MetricError, Ranked, Score};

/// The rows of one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// The number of rows that have weight.
    pub rows: u64,
    /// The sum of their weights.
    pub weight: f64,
    /// The weighted mean of the probabilities.
    pub mean_prediction: f64,
    /// The share of positive weight.
    pub mean_label: f64,
    /// The lower end of Wilson's interval of the rate that `mean_label` estimates.
    pub low: f64,
    /// The upper end of that interval.
    pub high: f64,
}

impl<S: Score> Ranked<S> {
    /// Bins of about equal weight, at most `n_bins`, from the lowest predictions up.
    ///
    /// Rows of one score stay together: a tied group goes to the bin in which the middle of its
    /// weight lies. Bins that get no rows are left out, so that none is empty.
    ///
    /// The interval is Wilson's (1927), and covers with a probability of `level`, in (0, 1). For
    /// weighted rows n is Kish's effective number, (Σw)² / Σw², by which a row of weight 2 counts less
    /// than two rows.
    ///
    /// # Errors
    /// If a score is outside [0, 1], or the level is out of range.
    pub fn reliability(
        &self,
        n_bins: NonZeroUsize,
        level: f64,
    ) -> Result<Vec<ReliabilityBin>, MetricError> {
        let z = two_sided_quantile(level)?;
        Ok(self.checked_bins(n_bins)?.iter().rev().map(|bin| bin.reliability(z)).collect())
    }

    /// The expected calibration error, in [0, 1]: the weighted mean over the bins of
    /// [`reliability`](Self::reliability) of |mean prediction − mean label| (Naeini et al. 2015,
    /// with bins of equal mass).
    ///
    /// `None` if there is no weight.
    ///
    /// # Errors
    /// If a score is outside [0, 1].
    pub fn expected_calibration_error(
        &self,
        n_bins: NonZeroUsize,
    ) -> Result<Option<f64>, MetricError> {
        let bins = self.checked_bins(n_bins)?;
        let weight = bins.iter().map(Bin::weight).collect::<Sum>().value();
        let gaps = bins.iter().map(|bin| (bin.residual()).abs()).collect::<Sum>().value();
        Ok((weight > 0.0).then(|| (gaps / weight).min(1.0)))
    }

    /// The bins that have rows, from the highest predictions down.
    pub(crate) fn checked_bins(&self, n_bins: NonZeroUsize) -> Result<Vec<Bin>, MetricError> {
        let total = self.totals().weight();
        let mut bins: Vec<Bin> = Vec::new();
        let mut above = Sum::default();
        let mut bad = None;
        self.for_each_tied(|tied| {
            let middle = (above.value() + 0.5 * tied.weight()) / total;
            above.add(tied.weight());
            if !(0.0..=1.0).contains(&tied.score) {
                bad = Some(tied.score);
            }
            let place = ((middle * n_bins.get() as f64) as usize).min(n_bins.get() - 1);
            if bins.last().is_none_or(|bin| bin.place != place) {
                bins.push(Bin { place, anchor: tied.score, ..Bin::default() });
            }
            if let Some(bin) = bins.last_mut() {
                bin.rows += tied.rows;
                bin.squares.add(tied.squares);
                bin.positive.add(tied.positive);
                bin.negative.add(tied.negative);
                let offset = tied.score - bin.anchor;
                bin.offset.add(tied.weight() * offset);
                bin.offset_squares.add(tied.weight() * offset * offset);
                bin.positive_offset.add(tied.positive * offset);
            }
        });
        bad.map_or(Ok(bins), |value| Err(MetricError::Probability { value }))
    }
}

/// Sums over one bin. Predictions are relative to the highest one in the bin, so that their variance
/// loses no digits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bin {
    place: usize,
    anchor: f64,
    rows: u64,
    squares: Sum,
    positive: Sum,
    negative: Sum,
    offset: Sum,
    offset_squares: Sum,
    positive_offset: Sum,
}

impl Bin {
    pub(crate) fn weight(&self) -> f64 {
        self.positive.value() + self.negative.value()
    }

    pub(crate) fn mean_label(&self) -> f64 {
        self.positive.value() / self.weight()
    }

    pub(crate) fn mean_prediction(&self) -> f64 {
        (self.anchor + self.offset.value() / self.weight()).clamp(0.0, 1.0)
    }

    /// Predicted minus observed positives.
    fn residual(&self) -> f64 {
        self.weight() * (self.mean_prediction() - self.mean_label())
    }

    /// The weighted sum of squared distances of predictions from their mean.
    pub(crate) fn prediction_squares(&self) -> f64 {
        let offset = self.offset.value();
        (self.offset_squares.value() - offset * (offset / self.weight())).max(0.0)
    }

    /// The weighted sum of products of the distances of predictions and of labels from their
    /// means.
    pub(crate) fn products(&self) -> f64 {
        self.positive_offset.value() - self.offset.value() * self.mean_label()
    }

    fn reliability(&self, z: f64) -> ReliabilityBin {
        let (weight, mean_label) = (self.weight(), self.mean_label());
        let n = weight * (weight / self.squares.value());
        let (low, high) = wilson(mean_label, n, z);
        ReliabilityBin {
            rows: self.rows,
            weight,
            mean_prediction: self.mean_prediction(),
            mean_label,
            low,
            high,
        }
    }
}

/// Wilson's score interval of a rate, for n > 0 trials and a normal quantile z.
fn wilson(rate: f64, n: f64, z: f64) -> (f64, f64) {
    let scale = 1.0 + z * z / n;
    let middle = (rate + z * z / (2.0 * n)) / scale;
    let half = z / scale * (rate * (1.0 - rate) / n + z * z / (4.0 * n * n)).sqrt();
    ((middle - half).clamp(0.0, rate), (middle + half).clamp(rate, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScoredRows;
    use crate::test_support::assert_close;

    fn ranked(rows: &[(f64, u8, f64)]) -> Ranked<f64> {
        let mut scored = ScoredRows::default();
        for &(score, label, weight) in rows {
            scored.push(score, label, weight).expect("rows of the table are good");
        }
        scored.into_ranked()
    }

    fn bins(n: usize) -> NonZeroUsize {
        NonZeroUsize::new(n).expect("not 0")
    }

    const ROWS: [(f64, u8, f64); 4] = [(0.1, 0, 1.0), (0.3, 1, 1.0), (0.6, 1, 1.0), (0.8, 1, 1.0)];

    #[test]
    fn bins_have_equal_mass() {
        let found = ranked(&ROWS).reliability(bins(2), 0.95).expect("probabilities");
        let seen: Vec<_> = found.iter().map(|bin| (bin.rows, bin.weight, bin.mean_label)).collect();
        assert_eq!(seen, [(2, 2.0, 0.5), (2, 2.0, 1.0)]);
        assert_close(Some(found[0].mean_prediction), Some(0.2));
        assert_close(Some(found[1].mean_prediction), Some(0.7));
    }

    #[test]
    fn error_is_the_mean_gap() {
        let error = |n| ranked(&ROWS).expected_calibration_error(bins(n)).expect("probabilities");
        assert_close(error(1), Some(0.3));
        assert_close(error(2), Some(0.3));
        assert_close(error(4), Some((0.1 + 0.7 + 0.4 + 0.2) / 4.0));
        assert_close(ranked(&[]).expected_calibration_error(bins(3)).expect("no rows"), None);
    }

    #[test]
    fn ties_stay_together() {
        let tied = [(0.5, 1, 1.0), (0.5, 0, 1.0), (0.5, 0, 1.0), (0.9, 1, 1.0)];
        let found = ranked(&tied).reliability(bins(10), 0.95).expect("probabilities");
        assert_eq!(found.iter().map(|bin| bin.rows).collect::<Vec<_>>(), [3, 1]);
        // The weight of 0.5 begins in the upper half, but its middle lies in the lower.
        let broad = [(0.9, 1, 2.0), (0.5, 0, 4.0), (0.1, 0, 1.0)];
        let found = ranked(&broad).reliability(bins(2), 0.95).expect("probabilities");
        assert_eq!(found.iter().map(|bin| bin.weight).collect::<Vec<_>>(), [5.0, 2.0]);
    }

    /// The interval of 8 of 10 at 95 %, by the formula in Python.
    #[test]
    fn intervals_are_wilson_s() {
        let (low, high) = wilson(0.8, 10.0, 1.959_963_984_540_054);
        assert!((low - 0.490_162_471_536_641_8).abs() < 1e-14, "{low}");
        assert!((high - 0.943_317_848_545_624_8).abs() < 1e-14, "{high}");
        assert_eq!(wilson(0.0, 5.0, 2.0).0, 0.0);
        assert_eq!(wilson(1.0, 5.0, 2.0).1, 1.0);
    }

    #[test]
    fn logits_and_levels_out_of_range_are_refused() {
        let logits = ranked(&[(1.5, 1, 1.0)]).reliability(bins(2), 0.95);
        assert_eq!(logits, Err(MetricError::Probability { value: 1.5 }));
        assert!(ranked(&ROWS).reliability(bins(2), 1.0).is_err());
        assert!(ranked(&ROWS).reliability(bins(2), f64::NAN).is_err());
    }
}
