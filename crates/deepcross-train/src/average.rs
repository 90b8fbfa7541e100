//! The mean of the probabilities that several models give a row.
//!
//! All sums are in `f64` and begin with the least term, so that the order of the models changes no bit.

use deepcross_model::Predictor;

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
    /// The standard deviation of the probabilities that several models give, over these models; 0 for one model.
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

    /// The models, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Predictor<'a>> {
        [&self.first].into_iter().chain(&self.others)
    }

    /// The prediction of row `row`, given the logits of each model; `terms` is scratch.
    pub(crate) fn prediction(
        &self,
        logits: &[Vec<f32>],
        row: usize,
        terms: &mut Terms,
    ) -> Prediction {
        let members = self.iter().zip(logits).map(|(member, logits)| (member, logits[row]));
        if self.others.is_empty() {
            let logit = logits[0][row];
            return Prediction { probability: self.first.probability(logit), logit, spread: 0.0 };
        }
        terms.clear();
        for (member, logit) in members {
            let own = member.calibrator.is_none().then_some(logit);
            terms.push(member.probability(logit), own);
        }
        terms.prediction()
    }
}

/// The terms of the mean for one row: scratch.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    probabilities: Vec<f64>,
    /// The logarithms of the probabilities, and those of the probabilities of no click.
    logs: [Vec<f64>; 2],
}

impl Terms {
    fn clear(&mut self) {
        self.probabilities.clear();
        self.logs.iter_mut().for_each(Vec::clear);
    }

    /// Adds the probability of a model, which belongs to `logit`, if the model is not calibrated.
    fn push(&mut self, probability: f32, logit: Option<f32>) {
        let p = f64::from(probability);
        self.probabilities.push(p);
        let logs = match logit.map(f64::from) {
            Some(logit) => [ln_sigmoid(logit), ln_sigmoid(-logit)],
            None => [libm::log(p.max(LEAST)), libm::log((1.0 - p).max(LEAST))],
        };
        for (all, log) in self.logs.iter_mut().zip(logs) {
            all.push(log);
        }
    }

    /// The mean, its logit, and the standard deviation of the probabilities.
    fn prediction(&mut self) -> Prediction {
        let Self { probabilities, logs: [clicks, others] } = self;
        for terms in [&mut *probabilities, clicks, others] {
            terms.sort_by(f64::total_cmp);
        }
        let n = probabilities.len() as f64;
        let mean = probabilities.iter().sum::<f64>() / n;
        let square = |p: &f64| (p - mean) * (p - mean);
        let spread = (probabilities.iter().map(square).sum::<f64>() / n).sqrt();
        // The number of models is in both sums, and cancels.
        let logit = ln_sum(clicks) - ln_sum(others);
        Prediction { probability: mean as f32, logit: logit as f32, spread: spread as f32 }
    }
}

/// The logarithm of the probability that belongs to a logit, without rounding it to 0.
fn ln_sigmoid(logit: f64) -> f64 {
    logit.min(0.0) - libm::log1p(libm::exp(-logit.abs()))
}

/// The logarithm of the sum of e to the power of each term; the terms are sorted.
fn ln_sum(terms: &[f64]) -> f64 {
    let greatest = terms.last().copied().unwrap_or(f64::NEG_INFINITY);
    let sum: f64 = terms.iter().map(|term| libm::exp(term - greatest)).sum();
    greatest + libm::log(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The prediction of models without calibrators, by their logits.
    fn of(logits: &[f32]) -> Prediction {
        let mut terms = Terms::default();
        for &logit in logits {
            let probability = 1.0 / (1.0 + (-f64::from(logit)).exp());
            terms.push(probability as f32, Some(logit));
        }
        terms.prediction()
    }

    /// The prediction of calibrated models, by their probabilities.
    fn of_calibrated(probabilities: &[f32]) -> Prediction {
        let mut terms = Terms::default();
        probabilities.iter().for_each(|&p| terms.push(p, None));
        terms.prediction()
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
