//! Finite distributions, drawn from by binary search in their cumulative weights.
//!
//! Rejected: an alias table, which draws in constant time.
//! The search takes exactly one random number for each draw and keeps the order of the outcomes, which makes the share
//! of the first outcomes easy to state.

use rand::Rng;

/// A distribution over `0..len`.
#[derive(Clone, Debug)]
pub(crate) struct Discrete {
    cumulative: Vec<f64>,
}

impl Discrete {
    /// The distribution whose probabilities are proportional to `weights`, which must be finite, not negative and not
    /// all zero.
    pub(crate) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut total = 0.0;
        let cumulative: Vec<f64> = weights
            .into_iter()
            .map(|weight| {
                total += weight;
                total
            })
            .collect();
        debug_assert!(total > 0.0 && total.is_finite());
        Self { cumulative }
    }

    /// Zipf's law over `len` ranks: rank `k` (from 1) has a weight of `1 / k^exponent`.
    pub(crate) fn zipf(len: usize, exponent: f64) -> Self {
        Self::zipf_mandelbrot(len, exponent, 0.0)
    }

    /// The Zipf–Mandelbrot law: rank `k` has a weight of `1 / (k + offset)^exponent`, which is a flatter head with the
    /// same tail.
    pub(crate) fn zipf_mandelbrot(len: usize, exponent: f64, offset: f64) -> Self {
        Self::new((1..=len).map(|rank| libm::pow(rank as f64 + offset, -exponent)))
    }

    /// A random outcome, for which one random number is drawn.
    pub(crate) fn sample(&self, rng: &mut impl Rng) -> usize {
        self.outcome_at(rng.random())
    }

    /// The outcome at this quantile (0 to 1): the inverse of the distribution function.
    pub(crate) fn outcome_at(&self, quantile: f64) -> usize {
        let point = quantile * self.total();
        let outcome = self.cumulative.partition_point(|&bound| bound <= point);
        // Rounding may carry the product up to the total itself.
        outcome.min(self.cumulative.len() - 1)
    }

    /// The probability of `outcome`.
    pub(crate) fn probability(&self, outcome: usize) -> f64 {
        let below = if outcome == 0 { 0.0 } else { self.cumulative[outcome - 1] };
        (self.cumulative[outcome] - below) / self.total()
    }

    fn total(&self) -> f64 {
        self.cumulative[self.cumulative.len() - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::row_stream;

    fn check(distribution: &Discrete, expected: &[f64]) {
        let mut rng = row_stream(3, 0);
        let mut counts = vec![0_u32; expected.len()];
        let n_draws = 50_000;
        for _ in 0..n_draws {
            counts[distribution.sample(&mut rng)] += 1;
        }
        for (outcome, (&count, &probability)) in counts.iter().zip(expected).enumerate() {
            assert!((distribution.probability(outcome) - probability).abs() < 1e-12);
            let share = f64::from(count) / f64::from(n_draws);
            assert!((share - probability).abs() < 0.01, "outcome {outcome}: {share}");
        }
    }

    #[test]
    fn outcomes_come_in_proportion_to_their_weights() {
        check(&Discrete::new([1.0, 0.0, 3.0]), &[0.25, 0.0, 0.75]);
        check(&Discrete::zipf(3, 1.0), &[6.0 / 11.0, 3.0 / 11.0, 2.0 / 11.0]);
        check(&Discrete::zipf_mandelbrot(2, 1.0, 1.0), &[0.6, 0.4]);
        check(&Discrete::new([5.0]), &[1.0]);
    }
}
