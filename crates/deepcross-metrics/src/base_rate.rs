//! The base rate: the share of positive rows, and the log loss of always predicting it.

use crate::row::Row;
use crate::sum::Sum;
use crate::{Metric, Score};

/// The share of the weight that positive rows have, in [0, 1]; `None` without weight.
///
/// Probabilities do not matter.
/// Each class has its own sum, since the entropy of the labels needs both shares.
#[derive(Clone, Copy, Debug, Default)]
pub struct BaseRate {
    positive: Sum,
    negative: Sum,
}

impl BaseRate {
    /// The log loss of always predicting the base rate, in nats: the entropy of the labels.
    ///
    /// 0 if only one class has weight, `None` if there is no weight.
    pub fn log_loss(&self) -> Option<f64> {
        Some(surprise(self.share(self.positive)?) + surprise(self.share(self.negative)?))
    }

    /// The sum of all weights.
    pub fn weight(&self) -> f64 {
        self.positive.value() + self.negative.value()
    }

    /// The sum of the weights of positive rows.
    pub fn positive_weight(&self) -> f64 {
        self.positive.value()
    }

    fn share(&self, class: Sum) -> Option<f64> {
        let weight = self.weight();
        (weight > 0.0).then(|| class.value() / weight)
    }
}

impl Metric for BaseRate {
    fn add<S: Score>(&mut self, row: Row<S>) {
        let class = if row.positive { &mut self.positive } else { &mut self.negative };
        class.add(row.weight);
    }

    fn merge(&mut self, other: Self) {
        self.positive.merge(other.positive);
        self.negative.merge(other.negative);
    }

    fn value(&self) -> Option<f64> {
        self.share(self.positive)
    }
}

/// −p ln p; 0 for 0, its limit.
fn surprise(share: f64) -> f64 {
    // `+ 0.0` turns the −0 of a share of 1 into 0.
    if share > 0.0 { -share * libm::log(share) + 0.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::assert_close;

    #[track_caller]
    fn check(rows: &[(u8, f64)], rate: Option<f64>, log_loss: Option<f64>) {
        let mut base_rate = BaseRate::default();
        for &(label, weight) in rows {
            base_rate.push(0.5, label, weight).expect("rows of the table are good");
        }
        assert_eq!(base_rate.value(), rate);
        assert_close(base_rate.log_loss(), log_loss);
    }

    #[test]
    fn is_the_share_of_positive_weight() {
        check(&[(0, 1.0), (1, 1.0)], Some(0.5), Some(std::f64::consts::LN_2));
        let quarter = 0.25 * 4_f64.ln() + 0.75 * (4_f64 / 3.0).ln();
        check(&[(0, 3.0), (1, 1.0)], Some(0.25), Some(quarter));
    }

    #[test]
    fn one_class_has_no_entropy() {
        check(&[(1, 2.0)], Some(1.0), Some(0.0));
        check(&[(0, 2.0), (1, 0.0)], Some(0.0), Some(0.0));
    }

    #[test]
    fn needs_weight() {
        check(&[], None, None);
        check(&[(1, 0.0)], None, None);
    }
}
