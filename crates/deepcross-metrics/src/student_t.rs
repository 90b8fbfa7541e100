//! Tails and quantiles of Student's t distribution, for standard errors that are themselves estimated
//! from few values.
//!
//! Degrees of freedom need not be whole. From [`NORMAL_FROM`] on, the normal distribution is
//! used instead: its tails differ from those of Student's t only in the sixth digit or later.

use std::f64::consts::PI;

use crate::MetricError;
use crate::normal::{two_sided_quantile as normal_quantile, two_sided_tail as normal_tail};

/// The degrees of freedom from which the normal distribution is used.
const NORMAL_FROM: f64 = 1e6;

/// P(|T| > t) for t ≥ 0 and degrees of freedom above 0, infinite ones included; the relative error
/// is below 1e-9.
///
/// It is the incomplete beta function I_x(df / 2, 1 / 2) at x = df / (df + t²) (Abramowitz and
/// Stegun 26.7.1 and 26.5.27).
pub(crate) fn two_sided_tail(t: f64, df: f64) -> f64 {
    if df >= NORMAL_FROM {
        return normal_tail(t);
    }
    let (x, rest) = (df / (df + t * t), t * t / (df + t * t));
    let (a, b) = (0.5 * df, 0.5);
    // The fraction for x converges fast below the mean of the beta distribution; above it, the fraction for 1 − x does.
    if x < (a + 1.0) / (a + b + 2.0) {
        beta_fraction(a, b, x, rest)
    } else {
        1.0 - beta_fraction(b, a, rest, x)
    }
}

/// The t for which P(|T| ≤ t) is `level`, by bisection.
///
/// # Errors
/// If the level is not in (0, 1).
pub(crate) fn two_sided_quantile(level: f64, df: f64) -> Result<f64, MetricError> {
    let normal = normal_quantile(level)?;
    if df >= NORMAL_FROM {
        return Ok(normal);
    }
    let (mut low, mut high) = (normal, 2.0 * normal);
    while two_sided_tail(high, df) > 1.0 - level && high < 1e100 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if two_sided_tail(middle, df) > 1.0 - level { low = middle } else { high = middle }
    }
    Ok(0.5 * (low + high))
}

/// I_x(a, b) by the continued fraction of Abramowitz and Stegun 26.5.8, in the form of Lentz;
/// `rest` is 1 − x.
fn beta_fraction(a: f64, b: f64, x: f64, rest: f64) -> f64 {
    if x == 0.0 {
        return 0.0;
    }
    let scale =
        ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * libm::log(x) + b * libm::log(rest);
    let away_from_0 = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away_from_0(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..500 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / away_from_0(1.0 + term * d);
            c = away_from_0(1.0 + term / c);
            change *= d * c;
        }
        fraction *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    libm::exp(scale) * fraction / a
}

/// ln Γ(x) for x > 0 by Stirling's series (Abramowitz and Stegun 6.1.41), at x + n from 12 on,
/// where the series is accurate.
fn ln_gamma(x: f64) -> f64 {
    let (mut shifted, mut product) = (x, 1.0);
    while shifted < 12.0 {
        product *= shifted;
        shifted += 1.0;
    }
    let (inverse, square) = (1.0 / shifted, 1.0 / (shifted * shifted));
    let series = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0];
    let tail = series.iter().rev().fold(0.0, |sum, term| sum * square + term) * inverse;
    (shifted - 0.5) * libm::log(shifted) - shifted + 0.5 * libm::log(2.0 * PI) + tail
        - libm::log(product)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `mpmath.betainc(df / 2, 1 / 2, 0, df / (df + t * t), regularized=True)` in Python.
    #[test]
    fn tails_agree() {
        for (t, df, expected) in [
            (0.0, 3.0, 1.0),
            (0.5, 1.0, 0.7048327646991335),
            (1.0, 2.5, 0.4040610272782735),
            (2.0, 2.0, 0.183503419072274),
            (4.302652729911275, 2.0, 0.04999999999651663),
            (2.5, 7.3, 0.03965023466560047),
            (10.0, 4.0, 0.0005620036227159912),
            (1.96, 1000.0, 0.05027318495574872),
            (6.0, 50.0, 2.188939485079993e-7),
            (40.0, 3.0, 3.438068078915853e-5),
            (0.001, 8.0, 0.9992266021030893),
            (2.0, 200000.0, 0.0455016136737269),
        ] {
            let found = two_sided_tail(t, df);
            assert!((found / expected - 1.0).abs() < 1e-9, "{t} {df}: {found} {expected}");
        }
        assert_eq!(two_sided_tail(1.5, f64::INFINITY), normal_tail(1.5));
    }

    /// The quantiles that belong to these tails, by `mpmath.findroot`.
    #[test]
    fn quantiles_agree() {
        for (level, df, expected) in [
            (0.5, 2.0, 0.816496580927726),
            (0.95, 2.0, 4.302652729749464),
            (0.95, 4.7, 2.62072607535317),
            (0.95, 1.0, 12.7062047361747),
            (0.99, 30.0, 2.749995653567225),
            (0.9, 100000.0, 1.64486886478497),
        ] {
            let found = two_sided_quantile(level, df).expect("a level");
            assert!((found / expected - 1.0).abs() < 1e-9, "{level} {df}: {found} {expected}");
        }
        assert_eq!(two_sided_quantile(0.9, f64::INFINITY), normal_quantile(0.9));
        for level in [0.0, 1.0, f64::NAN] {
            assert!(two_sided_quantile(level, 3.0).is_err());
        }
    }
}
