//! The mean of the probabilities that several models give a row.
//!
//! All sums are in `f64` and begin with the least term, so that the order of the models changes no bit.
//! A model with several members has made a mean of its own, which counts as one probability beside other models.

use deepcross_model::{Predictor, mean_logit};

/// The distance from 0 and 1 that a calibrated probability of exactly 0 or 1 counts as, in a logit: the least `f32`.
const LEAST: f64 = f32::from_bits(1) as f64;

/// The prediction for a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The probability of a click.
    pub probability: f32,
    /// The logit of the model, before any calibration; of several models, that of their mean probability.
    ///
    /// It has an order where probabilities are rounded to 0 or 1.
    /// Of several models, it is found from the logits, and for a calibrated model from its probability; a calibrated
    /// probability of exactly 0 or 1 then counts as the least `f32` away from it.
    pub logit: f32,
    /// The standard deviation of the probabilities that several models give, over these models; of a single model, over
    /// its members, and 0 if it has one.
    pub spread: f32,
}

/// Models whose probabilities are averaged, row by row; there may be just one.
///
/// The probability of a row is the arithmetic mean of the models' probabilities, after their calibration.
/// One model keeps its own prediction, to the bit.
#[derive(Clone, Debug)]
pub struct Predictors<'a> {
    first: Predictor<'a>,
    others: Vec<Predictor<'a>>,
}

impl<'a> From<Predictor<'a>> for Predictors<'a> {
    fn from(first: Predictor<'a>) -> Self {
        Self { first, others: Vec::new() }
    }
}

impl<'a> Predictors<'a> {
    /// The model of a reader's encoder, and those of its [other
    /// encoders](deepcross_data::RowReader::with_encoders), in the same order.
    pub fn new(first: Predictor<'a>, others: Vec<Predictor<'a>>) -> Self {
        Self { first, others }
    }

    /// The number of models.
    pub(crate) fn len(&self) -> usize {
        1 + self.others.len()
    }

    /// The predictors whose probabilities are averaged, in order, each with the place of the model among all: the
    /// models, or the members of a single one.
    pub(crate) fn averaged(&self) -> Vec<(usize, Predictor<'a>)> {
        match self.others.is_empty() {
            true => self.first.members().map(|member| (0, member)).collect(),
            false => {
                [self.first].into_iter().chain(self.others.iter().copied()).enumerate().collect()
            }
        }
    }

    /// The prediction of row `row`, given the logits of each of the [`averaged`](Self::averaged) predictors; `terms` is
    /// scratch.
    pub(crate) fn prediction(
        &self,
        logits: &[Vec<f32>],
        row: usize,
        terms: &mut Terms,
    ) -> Prediction {
        if !self.others.is_empty() {
            let models = [&self.first].into_iter().chain(&self.others);
            return terms.prediction(models.zip(logits).map(|(model, logits)| {
                let logit = logits[row];
                (model.probability(logit), model.calibrator.is_none().then_some(logit))
            }));
        }
        let (logit, spread) = match logits {
            [single] => (single[row], 0.0),
            // The members are averaged before the calibration of the model.
            members => {
                let of_member = |logit| (self.first.probability(logit), Some(logit));
                let found = terms.prediction(members.iter().map(|logits| of_member(logits[row])));
                (found.logit, found.spread)
            }
        };
        Prediction { probability: self.first.probability(logit), logit, spread }
    }
}

/// The terms of the mean for one row: scratch.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    probabilities: Vec<f64>,
    logits: Vec<f64>,
}

impl Terms {
    /// The mean of the probabilities of models, its logit, and the standard deviation of the probabilities.
    ///
    /// Each comes with the logit that it belongs to, if the model is not calibrated.
    fn prediction(&mut self, of_models: impl Iterator<Item = (f32, Option<f32>)>) -> Prediction {
        let Self { probabilities, logits } = self;
        probabilities.clear();
        logits.clear();
        for (probability, logit) in of_models {
            let p = f64::from(probability);
            probabilities.push(p);
            logits.push(logit.map_or_else(|| logit_of(p), f64::from));
        }
        probabilities.sort_by(f64::total_cmp);
        let n = probabilities.len() as f64;
        let mean = probabilities.iter().sum::<f64>() / n;
        let square = |p: &f64| (p - mean) * (p - mean);
        let spread = (probabilities.iter().map(square).sum::<f64>() / n).sqrt();
        let logit = mean_logit(logits);
        Prediction { probability: mean as f32, logit: logit as f32, spread: spread as f32 }
    }
}

/// The logit of a probability, of which 0 and 1 are a little away from themselves.
fn logit_of(p: f64) -> f64 {
    libm::log(p.max(LEAST)) - libm::log((1.0 - p).max(LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The prediction of models without calibrators, by their logits.
    fn of(logits: &[f32]) -> Prediction {
        let probability = |logit: f32| (1.0 / (1.0 + (-f64::from(logit)).exp())) as f32;
        let models = logits.iter().map(|&logit| (probability(logit), Some(logit)));
        Terms::default().prediction(models)
    }

    /// The prediction of calibrated models, by their probabilities.
    fn of_calibrated(probabilities: &[f32]) -> Prediction {
        Terms::default().prediction(probabilities.iter().map(|&p| (p, None)))
    }

    #[test]
    fn the_logit_is_that_of_the_mean_probability() {
        for logits in [&[0.5, -1.0][..], &[2.0, 3.0, -4.0], &[-9.0, 0.0, 9.0, 1.5]] {
            let found = of(logits);
            let p = logits.iter().map(|&logit| 1.0 / (1.0 + (-f64::from(logit)).exp()));
            let mean = p.clone().sum::<f64>() / logits.len() as f64;
            let spread = p.map(|p| (p - mean).powi(2)).sum::<f64>() / logits.len() as f64;
            assert!((f64::from(found.logit) - (mean / (1.0 - mean)).ln()).abs() < 1e-6);
            assert!((f64::from(found.probability) - mean).abs() < 1e-7);
            assert!((f64::from(found.spread) - spread.sqrt()).abs() < 1e-7);
        }
    }

    #[test]
    fn logits_have_an_order_where_probabilities_are_rounded() {
        for sign in [1.0, -1.0] {
            let at = |logit: f32| of(&[sign * logit, sign * (logit + 10.0)]);
            let found: Vec<_> = (0..50_u8).map(|step| at(20.0 + 5.0 * f32::from(step))).collect();
            let rises = |pair: &[Prediction]| sign * pair[0].logit < sign * pair[1].logit;
            assert!(found.windows(2).all(rises));
            let rounded = if sign > 0.0 { 1.0 } else { 0.0 };
            assert_eq!(found[49].probability, rounded);
        }
        // The mean of two far tails is led by the nearer one: ln((1 + e^-1000) / 2).
        let expected = -1000.0 - 2.0_f64.ln();
        assert_eq!(of(&[-1000.0, -2000.0]).logit, expected as f32);
        let found = [of(&[f32::MAX, f32::MAX]), of(&[f32::MIN, f32::MIN])].map(|one| one.logit);
        assert_eq!(found, [f32::MAX, f32::MIN]);
        assert!(of(&[f32::MAX, f32::MIN]).logit.abs() < 1e-6);
    }

    #[test]
    fn the_order_of_models_changes_no_bit() {
        // The mean is about one half, so that its logit is what the rounding of the sums leaves.
        let mut logits = [1.7, -1.7, 3.1, -3.1, 0.3, -0.3, 2.2, -2.2_f32];
        let expected = of(&logits);
        for _ in 0..8 {
            logits.rotate_left(1);
            assert_eq!(of(&logits), expected);
            logits.swap(2, 5);
            assert_eq!(of(&logits), expected);
        }
    }

    #[test]
    fn the_same_model_many_times_is_that_model() {
        for n in 2..9 {
            for step in -40..40_i8 {
                let logit = f32::from(step) * 0.37;
                let one = of(&[logit]);
                let found = of(&vec![logit; n]);
                assert_eq!((found.probability, found.spread), (one.probability, 0.0));
                assert!((found.logit - logit).abs() <= 1e-6 * logit.abs(), "{logit}");
            }
        }
    }

    #[test]
    fn calibrated_probabilities_of_0_and_1_have_a_logit() {
        let mixed = of_calibrated(&[0.25, 0.5]);
        assert_eq!((mixed.probability, mixed.spread), (0.375, 0.125));
        assert!((mixed.logit - (0.375_f32 / 0.625).ln()).abs() < 1e-6);
        let [low, lower, high, higher] =
            [&[1e-40; 2], &[0.0; 2], &[1.0, 1.0 - f32::EPSILON], &[1.0; 2]]
                .map(|p| of_calibrated(p).logit);
        assert!(lower < low && low < high && high < higher, "{lower} {low} {high} {higher}");
        assert!(lower.is_finite() && higher.is_finite());
    }
}
