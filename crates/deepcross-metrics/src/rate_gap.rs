//! The least cost, in nats of log loss, of a mean prediction that is off.
//!
//! The mean prediction of a few rows is always off by something. The question is by how much it is off beyond chance, also
//! if clicks are rare and the rows have none: a normal interval then has no width, or is far too narrow.
//! So the bound is Hoeffding's, which holds for any number of rows and any rates, without an approximation (Hoeffding 1963,
//! "Probability Inequalities for Sums of Bounded Random Variables", Theorem 1; as an interval: Garivier and Cappé 2011,
//! "The KL-UCB Algorithm for Bounded Stochastic Bandits and Beyond").
//! Rejected: a z interval, which reports pure chance in some of a thousand sets of few clicks.

use crate::MetricError;

/// The number of steps of a bisection, beyond which an `f64` no longer changes.
const STEPS: usize = 60;
/// Rates are kept this far from 0 and 1, like `f32` predictions in a log loss.
const EPSILON: f64 = f32::EPSILON as f64;

/// The least log loss, in nats a row, that a wrong mean prediction costs; 0 if chance explains the gap.
///
/// With kl(q, p) = q ln(q/p) + (1 − q) ln((1 − q)/(1 − p)), the rates that chance allows beside a mean label y of n rows
/// are those q with n · kl(y, q) ≤ ln(2 / `false_alarm`). If rows are positive with their predicted probabilities, each
/// independently, their mean prediction is outside of these rates with a probability of at most `false_alarm`.
/// The result is kl(q, p) for the mean prediction p and the q nearest to it.
/// It is at most the loss that moving the predictions of these rows to the true rate would save.
///
/// If rows have weights, `rows` may be their effective number, (Σ w)² / Σ w²; the bound is then approximate.
///
/// # Errors
/// If a mean is outside [0, 1], or `false_alarm` outside (0, 1).
pub fn least_miscalibration(
    rows: f64,
    mean_label: f64,
    mean_prediction: f64,
    false_alarm: f64,
) -> Result<f64, MetricError> {
    for value in [mean_label, mean_prediction] {
        if !(0.0..=1.0).contains(&value) {
            return Err(MetricError::Probability { value });
        }
    }
    if !(false_alarm > 0.0 && false_alarm < 1.0) {
        let name = "false_alarm";
        return Err(MetricError::Setting { name, allowed: "in (0, 1)", value: false_alarm });
    }
    let predicted = mean_prediction.clamp(EPSILON, 1.0 - EPSILON);
    let allowed = libm::log(2.0 / false_alarm) / rows.max(f64::MIN_POSITIVE);
    if divergence(mean_label, predicted) <= allowed {
        return Ok(0.0);
    }
    // The nearest allowed rate lies between the mean label, which is allowed, and the prediction, which is not.
    let (mut near, mut far) = (mean_label, predicted);
    for _ in 0..STEPS {
        let middle = 0.5 * (near + far);
        if divergence(mean_label, middle) <= allowed { near = middle } else { far = middle }
    }
    Ok(divergence(near, predicted))
}

/// The divergence of a rate from another one, which is neither 0 nor 1; not negative.
fn divergence(rate: f64, from: f64) -> f64 {
    let part = |rate: f64, from: f64| if rate > 0.0 { rate * libm::log(rate / from) } else { 0.0 };
    (part(rate, from) + part(1.0 - rate, 1.0 - from)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn least(rows: f64, label: f64, prediction: f64) -> f64 {
        least_miscalibration(rows, label, prediction, 0.05).expect("rates")
    }

    #[test]
    fn chance_costs_nothing_and_a_gap_far_beyond_it_costs_nearly_all() {
        for (rows, label, prediction) in [
            (100.0, 0.0, 0.03),
            (100.0, 1.0, 0.97),
            (10.0, 0.5, 0.3),
            (1.0, 1.0, 0.1),
            (0.0, 1.0, 0.0),
        ] {
            assert_eq!(least(rows, label, prediction), 0.0, "{rows} {label} {prediction}");
        }
        let all = divergence(0.2, 0.1);
        let found = [1e2, 1e4, 1e6, 1e8].map(|rows| least(rows, 0.2, 0.1));
        assert!(found.is_sorted() && found[3] < all && found[3] > 0.99 * all, "{found:?} {all}");
        assert!(least(1e4, 0.0, 0.01) > 0.0 && least(1e4, 1.0, 0.99) > 0.0);
    }

    /// The least n for which (1 − p)ⁿ ≤ 0.025: the bound is exact if no row is positive.
    #[test]
    fn no_click_is_held_against_its_own_probability() {
        let p = 0.01_f64;
        let n = (0.025_f64.ln() / (1.0 - p).ln()).ceil();
        assert_eq!(least(n - 1.0, 0.0, p), 0.0);
        assert!(least(n, 0.0, p) > 0.0);
    }

    #[test]
    fn false_alarms_are_rare() {
        let mut state = 1_u64;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut alarms = 0;
        for _ in 0..2_000 {
            let rates: Vec<f64> = (0..150).map(|_| 0.04 * uniform()).collect();
            let positives = rates.iter().filter(|&&rate| uniform() < rate).count();
            let mean = rates.iter().sum::<f64>() / 150.0;
            alarms += usize::from(least(150.0, positives as f64 / 150.0, mean) > 0.0);
        }
        assert!(alarms <= 100, "{alarms} of 2000, and at most 5 % are allowed");
    }

    #[test]
    fn numbers_that_are_not_rates_are_refused() {
        assert!(least_miscalibration(1.0, 1.5, 0.5, 0.05).is_err());
        assert!(least_miscalibration(1.0, 0.5, f64::NAN, 0.05).is_err());
        assert!(least_miscalibration(1.0, 0.5, 0.5, 0.0).is_err());
    }
}
