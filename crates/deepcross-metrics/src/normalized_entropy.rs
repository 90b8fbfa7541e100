//! Normalized entropy: the log loss relative to that of the base rate, so that rare clicks do not lower it.

use crate::base_rate::BaseRate;
use crate::log_loss::LogLoss;
use crate::row::Row;
use crate::{Metric, Score};

/// The log loss divided by the log loss of always predicting the base rate (He et al. 2014,
/// "Practical Lessons from Predicting Clicks on Ads at Facebook", equation 1).
///
/// 1 is as good as knowing the base rate, lower is better, and 0 is perfect; `None` if fewer than two classes have
/// weight, because the base rate then predicts without loss.
#[derive(Clone, Copy, Debug, Default)]
pub struct NormalizedEntropy {
    log_loss: LogLoss,
    base_rate: BaseRate,
}

impl NormalizedEntropy {
    /// The relative information gain: 1 minus [`value`](Metric::value), the share of the labels'
    /// entropy that the predictions explain (He et al. 2014, section 2).
    ///
    /// 0 is as good as knowing the base rate, negative is worse, and 1 is perfect; `None` if
    /// fewer than two classes have weight.
    pub fn relative_information_gain(&self) -> Option<f64> {
        self.value().map(|value| 1.0 - value)
    }

    /// The numerator of the quotient.
    pub fn log_loss(&self) -> &LogLoss {
        &self.log_loss
    }

    /// The base rate, whose log loss is the denominator.
    pub fn base_rate(&self) -> &BaseRate {
        &self.base_rate
    }
}

impl Metric for NormalizedEntropy {
    fn add<S: Score>(&mut self, row: Row<S>) {
        self.log_loss.add(row);
        self.base_rate.add(row);
    }

    fn merge(&mut self, other: Self) {
        self.log_loss.merge(other.log_loss);
        self.base_rate.merge(other.base_rate);
    }

    fn value(&self) -> Option<f64> {
        let base = self.base_rate.log_loss()?;
        if base > 0.0 { Some(self.log_loss.value()? / base) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::assert_close;

    #[track_caller]
    fn check(rows: &[(f64, u8, f64)], expected: Option<f64>) {
        let mut entropy = NormalizedEntropy::default();
        for &(probability, label, weight) in rows {
            entropy.push(probability, label, weight).expect("rows of the table are good");
        }
        assert_close(entropy.value(), expected);
        assert_close(entropy.relative_information_gain(), expected.map(|value| 1.0 - value));
    }

    #[test]
    fn is_1_for_the_base_rate_and_less_for_better() {
        check(&[(0.5, 0, 1.0), (0.5, 1, 1.0)], Some(1.0));
        check(&[(0.25, 0, 1.0), (0.25, 1, 1.0)], Some((16.0_f64 / 3.0).log2() / 2.0));
        check(&[(0.0, 0, 1.0), (0.5, 1, 1.0), (0.5, 0, 0.0)], Some(0.5));
    }

    #[test]
    fn needs_weight_in_both_classes() {
        check(&[], None);
        check(&[(0.5, 1, 1.0)], None);
        check(&[(0.5, 1, 1.0), (0.5, 0, 0.0)], None);
        check(&[(0.5, 1, 0.0), (0.5, 0, 0.0)], None);
    }

    #[test]
    fn stays_a_number_at_the_ends_of_the_range_of_weights() {
        let mut entropy = NormalizedEntropy::default();
        for (label, weight) in [(0, 1e100), (1, 1e-100)] {
            entropy.push(0.5, label, weight).expect("the weights are in range");
        }
        assert!(entropy.value().is_some_and(f64::is_finite));
    }
}
