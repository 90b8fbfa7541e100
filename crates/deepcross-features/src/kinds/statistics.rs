//! Running statistics of numbers, in one pass.
//!
//! Welford's method keeps the sum of squared differences from the mean so far.
//! Rejected: a sum of squares, because cancellation destroys its digits if the mean is large.

use crate::kinds::by_chunk::Summary;

/// The count, the mean, the sum of squared differences from the mean, and the range of the numbers so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Statistics {
    count: u64,
    mean: f64,
    squares: f64,
    min: f64,
    max: f64,
}

impl Summary for Statistics {
    fn empty(&self, _is_second: bool) -> Self {
        Self::default()
    }

    /// Welford, *Note on a method for calculating corrected sums of squares and products*, Technometrics 4 (1962).
    fn push(&mut self, x: f64) {
        let first = self.count == 0;
        self.count += 1;
        let difference = x - self.mean;
        self.mean += difference / self.count as f64;
        self.squares += difference * (x - self.mean);
        self.min = if first { x } else { self.min.min(x) };
        self.max = if first { x } else { self.max.max(x) };
    }

    /// Chan, Golub and LeVeque, *Updating formulae and a pairwise algorithm for computing sample variances*, Stanford
    /// University, STAN-CS-79-773 (1979).
    fn merge(&mut self, later: Self, _is_second: bool) {
        if self.count == 0 || later.count == 0 {
            *self = if self.count == 0 { later } else { *self };
            return;
        }
        let (a, b) = (self.count as f64, later.count as f64);
        let (difference, share) = (later.mean - self.mean, b / (a + b));
        self.count += later.count;
        self.mean += difference * share;
        self.squares += later.squares + difference * difference * a * share;
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
    }
}

impl Statistics {
    /// Whether there are no numbers.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The mean; 0 without numbers.
    pub(crate) fn mean(&self) -> f64 {
        // Rounding may move the mean slightly out of the range.
        self.mean.clamp(self.min, self.max)
    }

    /// The standard deviation of the population; 0 without numbers.
    pub(crate) fn deviation(&self) -> f64 {
        (self.squares.max(0.0) / self.count.max(1) as f64).sqrt()
    }

    /// The least and the greatest number; 0 and 0 without numbers.
    pub(crate) fn range(&self) -> (f64, f64) {
        (self.min, self.max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::kinds::by_chunk::ByChunk;

    #[track_caller]
    fn check(numbers: &[f64], mean: f64, deviation: f64, range: (f64, f64)) {
        let mut statistics = Statistics::default();
        numbers.iter().for_each(|&x| statistics.push(x));
        assert_eq!((statistics.mean(), statistics.range()), (mean, range));
        let error = (statistics.deviation() - deviation).abs();
        assert!(error <= 1e-12 * deviation, "{} is not {deviation}", statistics.deviation());
    }

    #[test]
    fn mean_deviation_and_range() {
        check(&[], 0.0, 0.0, (0.0, 0.0));
        check(&[-3.0], -3.0, 0.0, (-3.0, -3.0));
        check(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], 5.0, 2.0, (2.0, 9.0));
        check(&[0.1; 7], 0.1, 0.0, (0.1, 0.1));
    }

    #[test]
    fn a_large_mean_costs_no_digits() {
        check(
            &[1e15 + 1.0, 1e15 + 2.0, 1e15 + 3.0],
            1e15 + 2.0,
            (2.0_f64 / 3.0).sqrt(),
            (1e15 + 1.0, 1e15 + 3.0),
        );
    }

    proptest! {
        /// Sums in f64 of whole numbers are exact.
        #[test]
        fn statistics_of_chunks_are_those_of_all_numbers(
            chunks in vec(vec(-1_000_000_i32..1_000_000, 0..40), 1..20),
            offset in prop::sample::select(vec![0.0, 1e9]),
        ) {
            let mut by_chunk = ByChunk::new(Statistics::default());
            for (number, chunk) in chunks.iter().enumerate() {
                by_chunk.begin(number as u64);
                chunk.iter().for_each(|&x| by_chunk.push(f64::from(x) + offset));
            }
            let statistics = by_chunk.finish();
            let numbers: Vec<_> = chunks.concat().into_iter().map(f64::from).collect();
            prop_assert_eq!(statistics.is_empty(), numbers.is_empty());
            if numbers.is_empty() {
                return Ok(());
            }
            let n = numbers.len() as f64;
            let mean = numbers.iter().sum::<f64>() / n;
            let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            let (min, max) = statistics.range();
            prop_assert_eq!(min - offset, numbers.iter().copied().fold(f64::INFINITY, f64::min));
            prop_assert_eq!(max - offset, numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max));
            let error = statistics.mean() - offset - mean;
            prop_assert!(error.abs() <= 1e-6, "the mean differs by {error}");
            let error = statistics.deviation() - variance.sqrt();
            prop_assert!(error.abs() <= 1e-9 * variance.sqrt(), "the deviation differs by {error}");
        }

        #[test]
        fn chunks_without_numbers_change_no_bits(x in vec(-1e9..1e9_f64, 1..50), at in 0..60_usize) {
            let [mut with, mut without] = [Statistics::default(); 2].map(ByChunk::new);
            for (number, &x) in x.iter().enumerate() {
                // Of two neighbouring chunks, the second has no numbers.
                without.begin(2 * number as u64);
                with.begin(2 * number as u64);
                if number != at {
                    with.push(x);
                    without.push(x);
                    with.begin(2 * number as u64 + 1);
                }
            }
            let bits = |of: ByChunk<Statistics>| {
                let of = of.finish();
                [of.mean(), of.deviation()].map(f64::to_bits)
            };
            prop_assert_eq!(bits(with), bits(without));
        }
    }
}
