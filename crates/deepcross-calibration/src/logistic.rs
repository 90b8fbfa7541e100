//! The logistic function and its loss, without overflow.

/// 1 / (1 + e⁻ˣ).
pub(crate) fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + libm::exp(-x))
    } else {
        let power = libm::exp(x);
        power / (1.0 + power)
    }
}

/// The log loss in nats of the probability `sigmoid(x)`, if label 1 has the probability `target`.
pub(crate) fn log_loss(x: f64, target: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs())) - target * x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_overflows() {
        assert_eq!((sigmoid(-1e9), sigmoid(0.0), sigmoid(1e9)), (0.0, 0.5, 1.0));
        assert_eq!((log_loss(1e9, 1.0), log_loss(-1e9, 0.0), log_loss(1e9, 0.0)), (0.0, 0.0, 1e9));
        for x in [-30.0, -1.5, 0.0, 2.0] {
            let expected = -0.3 * sigmoid(x).ln() - 0.7 * sigmoid(-x).ln();
            assert!((log_loss(x, 0.3) - expected).abs() < 1e-12, "{x}");
        }
    }
}
