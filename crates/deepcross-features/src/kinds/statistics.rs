//! Running statistics of numbers, in one pass.
//!
//! Welford's method keeps the sum of squared differences from the mean so far.
//! Rejected: a sum of squares, because cancellation destroys its digits if the mean is large.

/// The count, the mean, the sum of squared differences from the mean, and the range of the numbers so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Statistics {
    count: u64,
    mean: f64,
    squares: f64,
    min: f64,
    max: f64,
}

impl Statistics {
    /// Adds `x`.
    ///
    /// Welford, *Note on a method for calculating corrected sums of squares and products*, Technometrics 4 (1962).
    pub(crate) fn push(&mut self, x: f64) {
        let first = self.count == 0;
        self.count += 1;
        let difference = x - self.mean;
        self.mean += difference / self.count as f64;
        self.squares += difference * (x - self.mean);
        self.min = if first { x } else { self.min.min(x) };
        self.max = if first { x } else { self.max.max(x) };
    }

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
    use super::*;

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
}
