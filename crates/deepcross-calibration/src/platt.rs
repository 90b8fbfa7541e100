//! Platt scaling: `sigmoid(a·logit + b)` (Platt 1999, "Probabilistic Outputs for Support Vector Machines").
//!
//! The labels are Platt's smoothed targets: (P + 1) / (P + 2) for label 1 and 1 / (N + 2) for label 0, where P and N are
//! the weights of the classes. With them the loss has a finite optimum even if the rows are separable, and for many rows
//! they approach the labels. Rejected: plain maximum likelihood, which would need a bound on the slope, and a rule for a
//! slope at that bound.
//!
//! The optimum is found by Newton's method with a line search (Lin, Lin and Weng 2007, "A note on Platt's probabilistic
//! outputs for support vector machines"), on logits that are centred and scaled, so that the two unknowns weigh alike.

use crate::logistic::{log_loss, sigmoid};
use crate::observation::Totals;
use crate::{CalibrationError, Observation};

const MAX_STEPS: usize = 100;
const MAX_HALVINGS: usize = 60;
/// Armijo's constant: the share of the promised descent that a step must bring.
const DESCENT: f64 = 1e-4;
/// The search ends with a step that promises a descent below this, per unit of weight.
///
/// Rounding hides the effect of such a step on the loss, and the unknowns are then wrong by less than the square of the
/// step.
const LAST: f64 = 1e-12;

/// The least slope that counts as above 0, for logits with a standard deviation of 1: less is rounding.
const LEAST_SLOPE: f64 = 1e-6;

/// `sigmoid(slope · logit + intercept)`, whose slope is above 0, so that the order of rows stays as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Platt {
    slope: f64,
    intercept: f64,
}

impl Platt {
    /// The map of these numbers.
    ///
    /// # Errors
    /// If the slope is not above 0, or a number is not finite.
    pub fn new(slope: f64, intercept: f64) -> Result<Self, CalibrationError> {
        if !(slope.is_finite() && slope > 0.0) {
            let (name, allowed) = ("slope", "finite and above 0");
            return Err(CalibrationError::Setting { name, allowed, value: slope });
        }
        if !intercept.is_finite() {
            let (name, allowed) = ("intercept", "finite");
            return Err(CalibrationError::Setting { name, allowed, value: intercept });
        }
        Ok(Self { slope, intercept })
    }

    /// Fits slope and intercept, with the least log loss on the smoothed targets.
    ///
    /// # Errors
    /// If all rows are of one class or have one logit, or if the slope would be 0 or less.
    pub fn fit(rows: &[Observation]) -> Result<Self, CalibrationError> {
        let objective = Objective::new(rows)?;
        let [scaled, intercept] = objective.minimum();
        let slope = scaled / objective.scale;
        if scaled > LEAST_SLOPE {
            return Self::new(slope, intercept - slope * objective.centre);
        }
        Err(CalibrationError::Order { slope })
    }

    /// The factor of the logit.
    pub fn slope(&self) -> f64 {
        self.slope
    }

    /// The term that is added to the product.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The probability of label 1; see [`CalibrationMap::probability`](crate::CalibrationMap::probability).
    #[inline]
    pub fn probability(&self, logit: f32) -> f32 {
        sigmoid(self.slope * f64::from(logit) + self.intercept) as f32
    }
}

/// The loss of the rows, as a function of the slope and the intercept of (logit − centre) / scale.
struct Objective<'a> {
    rows: &'a [Observation],
    /// The targets of label 0 and label 1.
    targets: [f64; 2],
    centre: f64,
    scale: f64,
    weight: f64,
}

/// The loss and its derivatives of first and second order at a point.
struct Local {
    loss: f64,
    gradient: [f64; 2],
    /// The second derivatives: by slope twice, by slope and intercept, by intercept twice.
    hessian: [f64; 3],
}

impl<'a> Objective<'a> {
    fn new(rows: &'a [Observation]) -> Result<Self, CalibrationError> {
        let totals = Totals::of(rows);
        totals.check(1)?;
        let (positive, weight) = (totals.positive_weight, totals.weight);
        let negative = weight - positive;
        let weighted = || rows.iter().filter(|row| row.weight() > 0.0);
        let first = weighted().next().map_or(0.0, Observation::logit);
        if weighted().all(|row| row.logit() == first) {
            return Err(CalibrationError::Constant { logit: first });
        }
        let sum = |of: &dyn Fn(f64) -> f64| -> f64 {
            weighted().map(|row| f64::from(row.weight()) * of(f64::from(row.logit()))).sum()
        };
        let centre = sum(&|logit| logit) / weight;
        let scale = (sum(&|logit| (logit - centre) * (logit - centre)) / weight).sqrt();
        let targets = [1.0 / (negative + 2.0), (positive + 1.0) / (positive + 2.0)];
        Ok(Self { rows, targets, centre, scale, weight })
    }

    fn minimum(&self) -> [f64; 2] {
        let mut point = [0.0, 0.0];
        let mut local = self.at(point);
        for _ in 0..MAX_STEPS {
            let direction = local.newton();
            let descent: f64 = local.gradient.iter().zip(direction).map(|(g, d)| g * d).sum();
            if descent.abs() <= LAST * self.weight {
                return along(point, direction, 1.0);
            }
            let Some((next, there)) = self.search(point, &local, (direction, descent)) else {
                break;
            };
            (point, local) = (next, there);
        }
        point
    }

    /// The first point at which the loss falls as promised, of the whole step, its half, and so on.
    ///
    /// `None` if differences are down to rounding.
    fn search(
        &self,
        point: [f64; 2],
        local: &Local,
        (direction, descent): ([f64; 2], f64),
    ) -> Option<([f64; 2], Local)> {
        let mut length = 1.0;
        for _ in 0..MAX_HALVINGS {
            let next = along(point, direction, length);
            let there = self.at(next);
            if there.loss < local.loss + DESCENT * length * descent {
                return Some((next, there));
            }
            length *= 0.5;
        }
        None
    }

    fn at(&self, [slope, intercept]: [f64; 2]) -> Local {
        let mut local = Local { loss: 0.0, gradient: [0.0; 2], hessian: [0.0; 3] };
        for row in self.rows.iter().filter(|row| row.weight() > 0.0) {
            let logit = (f64::from(row.logit()) - self.centre) / self.scale;
            let (weight, target) =
                (f64::from(row.weight()), self.targets[usize::from(row.is_positive())]);
            let x = slope * logit + intercept;
            let p = sigmoid(x);
            let (first, second) = (weight * (p - target), weight * p * (1.0 - p));
            local.loss += weight * log_loss(x, target);
            local.gradient[0] += first * logit;
            local.gradient[1] += first;
            local.hessian[0] += second * logit * logit;
            local.hessian[1] += second * logit;
            local.hessian[2] += second;
        }
        local
    }
}

fn along(point: [f64; 2], direction: [f64; 2], length: f64) -> [f64; 2] {
    [point[0] + length * direction[0], point[1] + length * direction[1]]
}

impl Local {
    /// −H⁻¹ g, with a little added to the diagonal, so that the inverse exists.
    fn newton(&self) -> [f64; 2] {
        let [mut a, b, mut c] = self.hessian;
        let ridge = 1e-12 * (a + c) + f64::MIN_POSITIVE;
        (a, c) = (a + ridge, c + ridge);
        let [g, h] = self.gradient;
        let determinant = a * c - b * b;
        [-(c * g - b * h) / determinant, -(a * h - b * g) / determinant]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(f32, u8, f32)]) -> Vec<Observation> {
        let row = |&(z, y, w): &(f32, u8, f32)| Observation::new(z, f32::from(y), w).unwrap();
        rows.iter().map(row).collect()
    }

    #[test]
    fn the_gradient_is_that_of_the_loss_and_vanishes_at_the_fit() {
        let rows =
            rows(&[(3.0, 1, 1.0), (2.0, 0, 2.0), (-1.0, 0, 1.5), (-4.0, 1, 0.25), (0.5, 1, 1.0)]);
        let objective = Objective::new(&rows).unwrap();
        let step = 1e-5;
        let differences = |point: [f64; 2]| {
            [[step, 0.0], [0.0, step]].map(|[s, i]| {
                let loss =
                    |sign: f64| objective.at([point[0] + sign * s, point[1] + sign * i]).loss;
                (loss(1.0) - loss(-1.0)) / (2.0 * step)
            })
        };
        let point = [0.3, -0.7];
        for (found, expected) in objective.at(point).gradient.into_iter().zip(differences(point)) {
            assert!((found - expected).abs() < 1e-8, "{found}, {expected}");
        }
        for slope in differences(objective.minimum()) {
            assert!(slope.abs() < 1e-8, "{slope}");
        }
    }

    #[test]
    fn two_logits_get_the_smoothed_rates() {
        // Two unknowns meet two rates: at 1, three clicks and one miss; at −1, one click and five misses.
        let fit =
            Platt::fit(&rows(&[(1.0, 1, 3.0), (1.0, 0, 1.0), (-1.0, 1, 1.0), (-1.0, 0, 5.0)]));
        let (fit, targets) = (fit.unwrap(), [1.0 / 8.0, 5.0 / 6.0]);
        let rate = |clicks: f64, misses: f64| {
            (clicks * targets[1] + misses * targets[0]) / (clicks + misses)
        };
        for (logit, rate) in [(1.0, rate(3.0, 1.0)), (-1.0, rate(1.0, 5.0))] {
            let found = sigmoid(fit.slope() * logit + fit.intercept());
            assert!((found - rate).abs() < 1e-10, "{found}, {rate}");
        }
    }

    #[test]
    fn separable_rows_have_a_finite_slope() {
        let mut list = vec![(1.0, 1, 1.0); 50];
        list.extend([(-1.0, 0, 1.0); 50]);
        let fit = Platt::fit(&rows(&list)).unwrap();
        // sigmoid(slope) is the target of label 1: 51 / 52.
        assert!((fit.slope() - 51.0_f64.ln()).abs() < 1e-8, "{fit:?}");
        let apart = Platt::fit(&rows(&[(f32::MAX, 1, 1.0), (f32::MIN, 0, 1.0), (0.0, 0, 1.0)]));
        assert!(apart.unwrap().slope() > 0.0);
    }

    #[test]
    fn rows_without_a_rising_sigmoid_are_refused() {
        let refused = |list: &[(f32, u8, f32)]| Platt::fit(&rows(list)).unwrap_err().to_string();
        let message = refused(&[(1.0, 0, 1.0), (-1.0, 1, 1.0), (0.0, 1, 1.0)]);
        assert!(message.starts_with("the fitted slope is -"), "{message}");
        let message = refused(&[(1.5, 0, 1.0), (1.5, 1, 1.0), (7.0, 1, 0.0)]);
        let expected =
            "all rows with weight have the logit 1.5: a slope needs at least two different ones";
        assert_eq!(message, expected);
        for (slope, intercept) in [(0.0, 0.0), (-1.0, 0.0), (f64::NAN, 0.0), (1.0, f64::NAN)] {
            assert!(Platt::new(slope, intercept).is_err());
        }
    }
}
