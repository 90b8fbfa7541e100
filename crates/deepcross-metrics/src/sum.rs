//! A compensated sum.
//!
//! Neumaier's variant of Kahan's sum: the part of each addend that the total is too coarse to hold is
//! collected separately. If no term is negative, the sum of a billion rows is right to about two units
//! in the last place, in any order of rows and merged parts.
//! Rejected: a wide fixed-point accumulator, whose sum is the same to the bit in every order. It costs
//! tens of additions a row, and no reader of a metric sees the last bit.

/// A sum of finite numbers, exact except for the last bits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    /// Adds one term.
    pub(crate) fn add(&mut self, term: f64) {
        let total = self.total + term;
        let (large, small) =
            if self.total.abs() >= term.abs() { (self.total, term) } else { (term, self.total) };
        self.lost += (large - total) + small;
        self.total = total;
    }

    /// Adds all terms of another sum.
    pub(crate) fn merge(&mut self, other: Self) {
        self.add(other.total);
        self.lost += other.lost;
    }

    /// The sum so far; 0 if nothing was added.
    pub(crate) fn value(self) -> f64 {
        self.total + self.lost
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(terms: &[f64], expected: f64) {
        for split in 0..=terms.len() {
            let mut sum: Sum = terms[..split].iter().copied().collect();
            sum.merge(terms[split..].iter().copied().collect());
            assert_eq!(sum.value(), expected, "parted at {split}");
        }
    }

    #[test]
    fn keeps_what_a_plain_sum_loses() {
        check(&[], 0.0);
        check(&[1.0, 2.0, 3.0], 6.0);
        check(&[1.0, 1e100, 1.0, -1e100], 2.0);
        check(&[1e16, 1.0, 1.0, 1.0, 1.0], 1e16 + 4.0);
        check(&[0.1; 10], 1.0);
    }
}
