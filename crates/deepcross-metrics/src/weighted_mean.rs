//! A weighted mean of numbers that come one by one.

use crate::sum::Sum;

/// The sum of weighted numbers, and the sum of their weights.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WeightedMean {
    weighted: Sum,
    weight: Sum,
}

impl WeightedMean {
    /// Adds a number that was multiplied by its weight, and the weight.
    ///
    /// The caller multiplies, since the order of several factors decides the last bit of the product.
    pub(crate) fn add(&mut self, weighted: f64, weight: f64) {
        self.weighted.add(weighted);
        self.weight.add(weight);
    }

    /// Adds all numbers of another part of the data.
    pub(crate) fn merge(&mut self, other: Self) {
        self.weighted.merge(other.weighted);
        self.weight.merge(other.weight);
    }

    /// The mean; `None` if the sum of the weights is 0.
    pub(crate) fn value(&self) -> Option<f64> {
        let weight = self.weight.value();
        (weight > 0.0).then(|| self.weighted.value() / weight)
    }

    /// The sum of the weighted numbers.
    pub(crate) fn weighted(&self) -> f64 {
        self.weighted.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_the_mean_of_all_numbers() {
        let [mut left, mut right] = [WeightedMean::default(); 2];
        assert_eq!(left.value(), None);
        left.add(0.0, 0.0);
        assert_eq!(left.value(), None);
        left.add(3.0 * 2.0, 3.0);
        right.add(6.0, 1.0);
        left.merge(right);
        assert_eq!((left.value(), left.weighted()), (Some(3.0), 12.0));
    }
}
