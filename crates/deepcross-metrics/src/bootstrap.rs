//! Percentile intervals of any metric, by resampling rows.
//!
//! In each replicate a row counts k times, with k drawn from a Poisson distribution of mean 1
//! (Chamandy et al. 2012, "Estimating Uncertainty for Massive Data Streams"; intervals as Efron
//! and Tibshirani 1993, chapter 13). A count is a function of seed, replicate and row alone, so
//! that two models are resampled alike, and parts of the data can be resampled separately.
//! Rejected: drawing n of n rows, because a row's count would depend on the number of rows.

use crate::MetricError;
use crate::slices::check_length;

/// The settings of resampling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// The number of replicates: some hundred for an interval of 90 %, a thousand for 95 %.
    pub replicates: u32,
    /// The seed of all draws.
    pub seed: u64,
    /// The probability that the interval covers the true value, in (0, 1).
    pub level: f64,
}

/// The interval that a [`Bootstrap`] found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BootstrapInterval {
    /// The lower percentile.
    pub low: f64,
    /// The upper percentile.
    pub high: f64,
    /// The standard deviation of the replicates.
    pub standard_error: f64,
    /// The number of replicates that were left out, because the metric was not defined.
    pub undefined: u32,
}

impl Bootstrap {
    /// Resamples `n_rows` rows. `weights` has one entry a row, or none if all are 1.
    ///
    /// `metric` takes the weights of a replicate, each row's weight times its count, and returns the
    /// metric with these weights, for a model or for the difference of two models:
    ///
    /// ```
    /// use deepcross_metrics::MetricError;
    /// use deepcross_metrics::inference::Bootstrap;
    /// use deepcross_metrics::probability::log_loss;
    ///
    /// # fn main() -> Result<(), MetricError> {
    /// let (old, new) = ([0.5, 0.4, 0.6, 0.5], [0.8, 0.2, 0.7, 0.4]);
    /// let labels = [1, 0, 1, 0];
    /// let bootstrap = Bootstrap { replicates: 200, seed: 1, level: 0.9 };
    /// let difference = bootstrap.interval(labels.len(), &[], |weights| {
    ///     let new = log_loss(&new, &labels, weights)?;
    ///     let old = log_loss(&old, &labels, weights)?;
    ///     Ok(new.zip(old).map(|(new, old)| new - old))
    /// })?;
    /// assert!(difference.is_some_and(|interval| interval.high < 0.0));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Percentiles are interpolated in a straight line between neighbouring replicates. `None` if the
    /// metric was defined in fewer than two replicates.
    ///
    /// # Errors
    /// If the level is out of range, if the length of `weights` is neither `n_rows` nor 0, if a
    /// weight times its count (at most 18) is out of range, and as `metric`.
    /// [`MetricError::Value`] if the metric is not finite.
    pub fn interval(
        &self,
        n_rows: usize,
        weights: &[f64],
        mut metric: impl FnMut(&[f64]) -> Result<Option<f64>, MetricError>,
    ) -> Result<Option<BootstrapInterval>, MetricError> {
        let Self { level, replicates, .. } = *self;
        if !(level > 0.0 && level < 1.0) {
            return Err(MetricError::Setting { name: "level", allowed: "in (0, 1)", value: level });
        }
        if !weights.is_empty() {
            check_length("weights", weights.len(), n_rows)?;
        }
        let mut resampled = vec![0.0; n_rows];
        let mut values = Vec::new();
        for replicate in 0..replicates {
            self.resample(replicate, weights, &mut resampled);
            if let Some(value) = metric(&resampled)? {
                if !value.is_finite() {
                    return Err(MetricError::Value { value });
                }
                values.push(value);
            }
        }
        values.sort_by(f64::total_cmp);
        let undefined = replicates - values.len() as u32;
        Ok((values.len() >= 2).then(|| BootstrapInterval {
            low: percentile(&values, (1.0 - level) / 2.0),
            high: percentile(&values, (1.0 + level) / 2.0),
            standard_error: standard_deviation(&values),
            undefined,
        }))
    }

    fn resample(&self, replicate: u32, weights: &[f64], resampled: &mut [f64]) {
        let stream = mix(mix(self.seed).wrapping_add(u64::from(replicate)));
        for (row, resampled) in resampled.iter_mut().enumerate() {
            let weight = weights.get(row).copied().unwrap_or(1.0);
            *resampled = weight * f64::from(poisson(uniform(mix(stream ^ mix(row as u64)))));
        }
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014) after one step of its counter.
fn mix(counter: u64) -> u64 {
    let z = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number in [0, 1) of 53 bits.
fn uniform(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// The count whose distribution function first exceeds `uniform`; at most 18.
fn poisson(uniform: f64) -> u8 {
    let mut probability = libm::exp(-1.0);
    let mut below = probability;
    let mut count = 0;
    while uniform >= below && count < 18 {
        count += 1;
        probability /= f64::from(count);
        below += probability;
    }
    count
}

/// The value below which `share` of the sorted values lie.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    low + (high - low) * place.fract()
}

fn standard_deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOTSTRAP: Bootstrap = Bootstrap { replicates: 1000, seed: 7, level: 0.95 };

    #[test]
    fn counts_have_mean_and_variance_1() {
        let mut counts = vec![0.0; 100_000];
        BOOTSTRAP.resample(3, &[], &mut counts);
        let mean = counts.iter().sum::<f64>() / 1e5;
        let variance = counts.iter().map(|count| (count - 1.0_f64).powi(2)).sum::<f64>() / 1e5;
        // Four standard errors: variance of a count 1, of its squared distance 3.
        assert!((mean - 1.0).abs() < 4.0 * 1e-5_f64.sqrt(), "{mean}");
        assert!((variance - 1.0).abs() < 4.0 * 3e-5_f64.sqrt(), "{variance}");
        let mut other = vec![0.0; 100_000];
        BOOTSTRAP.resample(4, &[], &mut other);
        let product = counts.iter().zip(&other).map(|(a, b)| (a - 1.0) * (b - 1.0)).sum::<f64>();
        assert!((product / 1e5).abs() < 4.0 * 1e-5_f64.sqrt(), "{product}");
    }

    fn mean(weights: &[f64]) -> Result<Option<f64>, MetricError> {
        let sum: f64 = weights.iter().enumerate().map(|(n, weight)| n as f64 * weight).sum();
        let weight: f64 = weights.iter().sum();
        Ok((weight > 0.0).then(|| sum / weight))
    }

    #[test]
    fn the_spread_of_a_mean_agrees_with_theory() {
        let n = 1000_usize;
        let found = BOOTSTRAP.interval(n, &[], mean).unwrap().expect("defined");
        let expected = (((n * n - 1) / 12) as f64 / n as f64).sqrt();
        assert!((found.standard_error / expected - 1.0).abs() < 0.1, "{found:?} {expected}");
        assert!(((found.high - found.low) / (3.92 * expected) - 1.0).abs() < 0.1, "{found:?}");
        assert_eq!(
            Ok(Some(found)),
            BOOTSTRAP.interval(n, &[], mean),
            "a seed gives the same interval again"
        );
        let other = Bootstrap { seed: 8, ..BOOTSTRAP };
        assert_ne!(Ok(Some(found)), other.interval(n, &[], mean));
    }

    #[test]
    fn the_ends_are_the_percentiles() {
        let ends = |replicates, level| {
            let mut value = f64::from(replicates);
            let count_down = |_: &[f64]| {
                value -= 1.0;
                Ok(Some(value))
            };
            let bootstrap = Bootstrap { replicates, level, ..BOOTSTRAP };
            let found = bootstrap.interval(3, &[], count_down).unwrap().expect("defined");
            [found.low, found.high].map(|end| (end * 1000.0).round() / 1000.0)
        };
        assert_eq!(ends(101, 0.9), [5.0, 95.0]);
        assert_eq!(ends(101, 0.5), [25.0, 75.0]);
        assert_eq!(ends(2, 0.8), [0.1, 0.9]);
    }

    #[test]
    fn undefined_replicates_are_counted() {
        let found = BOOTSTRAP.interval(1, &[2.0], mean).unwrap().expect("defined");
        assert!((300..440).contains(&found.undefined), "{found:?}");
        assert_eq!(BOOTSTRAP.interval(0, &[], mean), Ok(None));
        assert_eq!(Bootstrap { replicates: 0, ..BOOTSTRAP }.interval(9, &[], mean), Ok(None));
    }

    #[test]
    fn bad_settings_and_values_are_refused() {
        assert!(Bootstrap { level: f64::NAN, ..BOOTSTRAP }.interval(9, &[], mean).is_err());
        assert!(BOOTSTRAP.interval(9, &[1.0], mean).is_err());
        let nan = BOOTSTRAP.interval(9, &[], |_| Ok(Some(f64::NAN))).map_err(|e| e.to_string());
        assert_eq!(nan, Err("metric must be finite, but is NaN".to_owned()));
    }
}
