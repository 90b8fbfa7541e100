//! The log losses of two sets of predictions for the same rows, compared row by row.
//!
//! A row that is hard is hard for both, so that the difference of a row's losses varies far less than the losses do.
//! An interval of the difference of two means that ignored that their rows are the same would be many times wider.

use crate::normal::two_sided_quantile;
use crate::row::Row;
use crate::slices::for_each_row;
use crate::sum::Sum;
use crate::{MetricError, Score};

/// The mean log losses of two sets of predictions on the same rows, compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogLossDifference {
    /// The mean loss of the first predictions, in nats.
    pub first: f64,
    /// The mean loss of the second predictions.
    pub second: f64,
    /// `second` − `first`.
    pub difference: f64,
    /// The estimated standard deviation of `difference` over other samples of rows.
    pub standard_error: f64,
    /// The lower end of the interval of the difference.
    pub low: f64,
    /// The upper end of that interval.
    pub high: f64,
}

/// The difference of mean log losses, with an interval that covers the true one with a probability of about `level`, in
/// (0, 1).
///
/// For the difference dᵢ of the losses of row i, the weighted mean d, and m rows that have weight, the standard error is
/// the root of m / (m − 1) · Σ wᵢ² (dᵢ − d)² / (Σ wᵢ)², and the interval d ± z standard errors (a paired z interval).
/// `weights` has one entry a row, or none if all are 1; losses are clamped as those of
/// [`LogLoss`](crate::probability::LogLoss).
///
/// `None` if fewer than two rows have weight.
///
/// # Errors
/// If the level is out of range, if slices differ in length, or if a row is bad; the first bad row
/// is named by its position.
pub fn log_loss_difference<S: Score>(
    first: &[S],
    second: &[S],
    labels: &[impl Copy + Into<f64>],
    weights: &[impl Copy + Into<f64>],
    level: f64,
) -> Result<Option<LogLossDifference>, MetricError> {
    let z = two_sided_quantile(level)?;
    let (first, second) = (losses(first, labels, weights)?, losses(second, labels, weights)?);
    let n = first.iter().filter(|loss| loss.weight > 0.0).count();
    if n < 2 {
        return Ok(None);
    }
    let weight = first.iter().map(|loss| loss.weight).collect::<Sum>().value();
    let mean = |losses: &[Loss]| {
        losses.iter().map(|loss| loss.weight / weight * loss.loss).collect::<Sum>().value()
    };
    let pairs = || first.iter().zip(&second);
    let change = |(first, second): (&Loss, &Loss)| second.loss - first.loss;
    let difference =
        pairs().map(|pair| pair.0.weight / weight * change(pair)).collect::<Sum>().value();
    let squares = pairs()
        .map(|pair| (pair.0.weight / weight * (change(pair) - difference)).powi(2))
        .collect::<Sum>()
        .value();
    let standard_error = (squares * (n as f64 / (n - 1) as f64)).sqrt();
    Ok(Some(LogLossDifference {
        first: mean(&first),
        second: mean(&second),
        difference,
        standard_error,
        low: difference - z * standard_error,
        high: difference + z * standard_error,
    }))
}

/// The loss of a row, with its weight.
struct Loss {
    weight: f64,
    loss: f64,
}

fn losses<S: Score>(
    probabilities: &[S],
    labels: &[impl Copy + Into<f64>],
    weights: &[impl Copy + Into<f64>],
) -> Result<Vec<Loss>, MetricError> {
    let mut losses = Vec::with_capacity(probabilities.len());
    for_each_row(probabilities, labels, weights, |probability, label, weight| {
        let row = Row::predicted(probability, label, weight)?;
        losses.push(Loss { weight: row.weight, loss: crate::log_loss::loss(row) });
        Ok(())
    })?;
    Ok(losses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_loss::log_loss;

    const FIRST: [f64; 5] = [0.5, 0.25, 0.9, 0.1, 0.6];
    const SECOND: [f64; 5] = [0.4, 0.3, 0.8, 0.2, 0.5];
    const LABELS: [u8; 5] = [1, 0, 1, 0, 1];

    /// By numpy: d = l2 - l1; d.std(ddof=1) / sqrt(5).
    #[test]
    fn the_error_agrees_with_that_of_paired_differences() {
        let none: [f64; 0] = [];
        let found = log_loss_difference(&FIRST, &SECOND, &LABELS, &none, 0.95).expect("good rows");
        let found = found.expect("five rows");
        let losses = |p: &[f64]| -> Vec<f64> {
            p.iter()
                .zip(LABELS)
                .map(|(p, y)| if y == 1 { -p.ln() } else { -(1.0 - p).ln() })
                .collect()
        };
        let changes: Vec<f64> =
            losses(&SECOND).iter().zip(losses(&FIRST)).map(|(b, a)| b - a).collect();
        let mean = changes.iter().sum::<f64>() / 5.0;
        let variance = changes.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 4.0 / 5.0;
        assert!((found.difference - mean).abs() < 1e-15, "{found:?}");
        assert!((found.standard_error - variance.sqrt()).abs() < 1e-15, "{found:?}");
        assert!((found.high - mean - 1.959_963_984_540_054 * variance.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn means_are_log_losses_and_weights_count() {
        let weights = [1.0, 0.0, 2.0, 0.5, 1.0];
        let found = log_loss_difference(&FIRST, &SECOND, &LABELS, &weights, 0.9).unwrap().unwrap();
        let mean = |p: &[f64]| log_loss(p, &LABELS, &weights).unwrap().unwrap();
        assert!((found.first - mean(&FIRST)).abs() < 1e-15);
        assert!((found.second - mean(&SECOND)).abs() < 1e-15);
        assert!((found.difference - (mean(&SECOND) - mean(&FIRST))).abs() < 1e-15);
        let equal = [7.0; 5];
        let of = |weights: &[f64]| log_loss_difference(&FIRST, &SECOND, &LABELS, weights, 0.9);
        let (plain, equal) = (of(&[]).unwrap().unwrap(), of(&equal).unwrap().unwrap());
        assert!((plain.standard_error - equal.standard_error).abs() < 1e-15);
    }

    #[test]
    fn predictions_that_cannot_be_compared_are_refused() {
        let none: [f64; 0] = [];
        assert_eq!(log_loss_difference(&[0.5], &[0.5], &[1], &none, 0.9), Ok(None));
        assert!(log_loss_difference(&FIRST, &SECOND[..4], &LABELS, &none, 0.9).is_err());
        assert!(log_loss_difference(&FIRST, &SECOND, &LABELS, &none, 1.0).is_err());
        assert!(log_loss_difference(&FIRST, &[1.5; 5], &LABELS, &none, 0.9).is_err());
    }
}
