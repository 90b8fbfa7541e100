//! Temperature scaling: `sigmoid(logit / T)` (Guo et al. 2017, "On Calibration of Modern Neural Networks").
//!
//! The log loss is convex in the slope β = 1 / T, so its derivative Σ w (sigmoid(βz) − y) z never falls and has one root,
//! which Newton's method finds inside of a bracket that bisection keeps.
//! This is maximum likelihood, with labels as they are: one number cannot follow chance far, and its optimum is the least
//! log loss on the rows.
//! Some rows have no finite optimum above 0: the optimal slope of separable rows is ∞, and that of rows without information
//! is 0 or less. The bracket then bounds the slope.
//! Rejected: Newton's method in T, because the loss is not convex in T.

use crate::logistic::sigmoid;
use crate::observation::Totals;
use crate::{CalibrationError, Observation};

/// The lowest temperature.
pub const MIN_TEMPERATURE: f64 = 0.01;
/// The highest temperature.
pub const MAX_TEMPERATURE: f64 = 100.0;

/// The greatest number of steps; a bisection alone would need some 60.
const MAX_STEPS: usize = 200;

/// `sigmoid(logit / T)`: a T above 1 makes the model less sure, a T below 1 surer.
///
/// The order of rows stays as it is, and so does a probability of one half.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temperature {
    temperature: f64,
}

impl Temperature {
    /// The map of this temperature.
    ///
    /// # Errors
    /// If the temperature is outside [[`MIN_TEMPERATURE`], [`MAX_TEMPERATURE`]].
    pub fn new(temperature: f64) -> Result<Self, CalibrationError> {
        if (MIN_TEMPERATURE..=MAX_TEMPERATURE).contains(&temperature) {
            return Ok(Self { temperature });
        }
        let (name, allowed) = ("temperature", "in [0.01, 100]");
        Err(CalibrationError::Setting { name, allowed, value: temperature })
    }

    /// Fits the temperature of the least log loss within the bounds; 1 if all logits are 0.
    ///
    /// # Errors
    /// If all rows are of one class.
    pub fn fit(rows: &[Observation]) -> Result<Self, CalibrationError> {
        Totals::of(rows).check(1)?;
        let (mut low, mut high) = (1.0 / MAX_TEMPERATURE, 1.0 / MIN_TEMPERATURE);
        let mut slope = 1.0;
        let at = |slope: f64| derivatives(rows, slope);
        if at(slope).0 == 0.0 {
            return Self::new(1.0);
        }
        if at(low).0 >= 0.0 {
            return Self::new(MAX_TEMPERATURE);
        }
        if at(high).0 <= 0.0 {
            return Self::new(MIN_TEMPERATURE);
        }
        for _ in 0..MAX_STEPS {
            let (first, second) = at(slope);
            if first > 0.0 {
                high = slope
            } else {
                low = slope
            }
            let newton = slope - first / second;
            let next = if (low..=high).contains(&newton) { newton } else { 0.5 * (low + high) };
            let done = (next - slope).abs() <= 4.0 * f64::EPSILON * slope;
            slope = next;
            if done {
                break;
            }
        }
        Self::new((1.0 / slope).clamp(MIN_TEMPERATURE, MAX_TEMPERATURE))
    }

    /// The temperature T.
    pub fn temperature(&self) -> f64 {
        self.temperature
    }

    /// Whether the temperature is at one of its bounds, so that the best one for the rows may lie beyond.
    pub fn is_at_bound(&self) -> bool {
        self.temperature == MIN_TEMPERATURE || self.temperature == MAX_TEMPERATURE
    }

    /// The probability of label 1; see [`CalibrationMap::probability`](crate::CalibrationMap::probability).
    #[inline]
    pub fn probability(&self, logit: f32) -> f32 {
        sigmoid(f64::from(logit) / self.temperature) as f32
    }
}

/// The first and the second derivative of the rows' log loss with respect to the slope.
fn derivatives(rows: &[Observation], slope: f64) -> (f64, f64) {
    let (mut first, mut second) = (0.0, 0.0);
    for row in rows.iter().filter(|row| row.weight() > 0.0) {
        let (logit, weight) = (f64::from(row.logit()), f64::from(row.weight()));
        let p = sigmoid(slope * logit);
        first += weight * (p - f64::from(row.label())) * logit;
        second += weight * p * (1.0 - p) * logit * logit;
    }
    (first, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logistic::log_loss;

    fn rows(rows: &[(f32, u8, f32)]) -> Vec<Observation> {
        let row = |&(z, y, w): &(f32, u8, f32)| Observation::new(z, f32::from(y), w).unwrap();
        rows.iter().map(row).collect()
    }

    #[track_caller]
    fn fitted(list: &[(f32, u8, f32)]) -> f64 {
        Temperature::fit(&rows(list)).unwrap().temperature()
    }

    #[test]
    fn two_logits_have_the_temperature_of_their_odds() {
        // Three clicks in four at 2, one in four at −2: sigmoid(2 / T) = 3/4.
        let found = fitted(&[(2.0, 1, 3.0), (2.0, 0, 1.0), (-2.0, 1, 1.0), (-2.0, 0, 3.0)]);
        assert!((found - 2.0 / 3.0_f64.ln()).abs() < 1e-12, "{found}");
    }

    #[test]
    fn the_loss_rises_on_both_sides_and_its_slope_vanishes() {
        let rows =
            rows(&[(3.0, 1, 1.0), (2.0, 0, 1.0), (-1.0, 0, 1.5), (-4.0, 1, 0.25), (0.5, 1, 1.0)]);
        let temperature = Temperature::fit(&rows).unwrap().temperature();
        let loss = |t: f64| -> f64 {
            let loss = |row: &Observation| {
                f64::from(row.weight())
                    * log_loss(f64::from(row.logit()) / t, f64::from(row.label()))
            };
            rows.iter().map(loss).sum()
        };
        let step = 1e-5 * temperature;
        let difference = (loss(temperature + step) - loss(temperature - step)) / (2.0 * step);
        assert!(difference.abs() < 1e-8, "{difference}");
        assert!(loss(temperature) < loss(0.9 * temperature).min(loss(1.1 * temperature)));
    }

    #[test]
    fn a_temperature_without_an_optimum_is_bounded() {
        let separable = fitted(&[(1.0, 1, 1.0), (-1.0, 0, 1.0)]);
        let reversed = fitted(&[(1.0, 0, 1.0), (-1.0, 1, 1.0)]);
        assert_eq!((separable, reversed), (MIN_TEMPERATURE, MAX_TEMPERATURE));
        assert_eq!(fitted(&[(0.0, 1, 1.0), (0.0, 0, 1.0)]), 1.0);
        for at_bound in [separable, reversed] {
            assert!(Temperature::new(at_bound).unwrap().is_at_bound());
        }
        // Logits at the ends of their range, whose squares must stay within the range of `f64`.
        assert!(fitted(&[(f32::MAX, 1, 1.0), (f32::MAX, 0, 2.0), (-1.0, 0, 1.0)]).is_finite());
    }

    #[test]
    fn temperatures_out_of_range_are_refused() {
        for value in [0.0, -1.0, 1e3, f64::NAN, f64::INFINITY] {
            assert!(Temperature::new(value).is_err(), "{value}");
        }
    }
}
