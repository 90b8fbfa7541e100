//! Tails and quantiles of the normal distribution.
//!
//! They are needed once for each interval, so they are computed by series that converge to the last
//! digits. Rejected: a table of coefficients, which is faster and less exact.

use std::f64::consts::{PI, SQRT_2};

use crate::MetricError;

/// P(|Z| > z) of a standard normal Z, for z ≥ 0; the relative error is below 1e-12.
pub(crate) fn two_sided_tail(z: f64) -> f64 {
    let x = z / SQRT_2;
    if x < 2.0 { 1.0 - erf_series(x) } else { erfc_fraction(x) }
}

/// The z for which P(|Z| ≤ z) of a standard normal Z is `level`, as for the ends of an interval of that level.
///
/// # Errors
/// If the level is not in (0, 1).
pub fn two_sided_quantile(level: f64) -> Result<f64, MetricError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(MetricError::Setting { name: "level", allowed: "in (0, 1)", value: level });
    }
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if two_sided_tail(middle) > 1.0 - level { low = middle } else { high = middle }
    }
    Ok(0.5 * (low + high))
}

/// erf by the series 2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)), whose terms are all positive
/// (Abramowitz and Stegun 7.1.6).
fn erf_series(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    for n in 1..80 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    2.0 / PI.sqrt() * libm::exp(-x * x) * sum
}

/// erfc by the continued fraction of Abramowitz and Stegun 7.1.14, from the inside out.
fn erfc_fraction(x: f64) -> f64 {
    let inner = (1..=100).rev().fold(x, |rest, n| x + 0.5 * f64::from(n) / rest);
    libm::exp(-x * x) / PI.sqrt() / inner
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `math.erfc(z / math.sqrt(2))` in Python.
    #[test]
    fn tails_agree() {
        for (z, expected) in [
            (0.0, 1.0),
            (0.1, 0.920344325445942),
            (1.0, 0.31731050786291415),
            (1.959963984540054, 0.05000000000000004),
            (2.7, 0.006933947606081336),
            (2.9, 0.003731626600768077),
            (4.0, 6.334248366623993e-05),
            (8.0, 1.2441921148543639e-15),
            (30.0, 9.813427854297528e-198),
        ] {
            let found = two_sided_tail(z);
            assert!((found / expected - 1.0).abs() < 1e-12, "{z}: {found} {expected}");
        }
    }

    /// By `statistics.NormalDist().inv_cdf((1 + level) / 2)` in Python.
    #[test]
    fn quantiles_agree() {
        for (level, expected) in [
            (0.01, 0.012533469508069278),
            (0.5, 0.6744897501960817),
            (0.9, 1.6448536269514715),
            (0.95, 1.9599639845400536),
            (0.99, 2.5758293035489),
            (0.9999, 3.89059188641312),
        ] {
            let found = two_sided_quantile(level).expect("a level");
            assert!((found - expected).abs() < 1e-9, "{level}: {found} {expected}");
        }
        for level in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(two_sided_quantile(level).is_err());
        }
    }
}
