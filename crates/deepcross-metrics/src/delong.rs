//! Intervals and a test of areas under ROC curves, by DeLong, DeLong and Clarke-Pearson (1988),
//! "Comparing the Areas under Two or More Correlated Receiver Operating Characteristic Curves".
//!
//! The *placement* of a positive row is the share of negative weight below it, with ties as half; that
//! of a negative row is the share of positive weight above it. The area is the mean placement of
//! either class, and its variance follows from the variances of both.
//! One sort gives all placements, without a matrix of all pairs, like the midranks of Sun and Xu
//! (2014), "Fast Implementation of DeLong's Algorithm".

use std::cmp::Ordering;

use crate::normal::{two_sided_quantile, two_sided_tail};
use crate::row::Row;
use crate::slices::for_each_row;
use crate::sum::Sum;
use crate::{MetricError, Score};

/// An area with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AucInterval {
    /// The area.
    pub auc: f64,
    /// The estimated standard deviation of `auc` over other samples of rows.
    pub standard_error: f64,
    /// The lower end of the interval, cut off at 0.
    pub low: f64,
    /// The upper end of the interval, cut off at 1.
    pub high: f64,
}

/// The areas of two models on the same rows, compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AucDifference {
    /// The area of the first model.
    pub first: f64,
    /// The area of the second model.
    pub second: f64,
    /// `second` − `first`.
    pub difference: f64,
    /// The estimated standard deviation of `difference` over other samples of rows.
    pub standard_error: f64,
    /// The lower end of the interval of the difference, cut off at −1.
    pub low: f64,
    /// The upper end of that interval, cut off at 1.
    pub high: f64,
    /// The probability of a difference as great, in either direction, if both true areas are the same;
    /// `None` if the standard error is 0.
    pub p_value: Option<f64>,
}

/// The area of scores with an interval that covers the true one with a probability of about
/// `level`, in (0, 1).
///
/// `weights` has one entry a row, or none if all are 1. They are importances and not counts:
/// a row of weight 2 is one observation, and two rows of weight 1 are two. With weights, the variance
/// is that of weighted means, m / (m − 1) · Σ wᵢ² (Vᵢ − A)² / (Σ wᵢ)² for the m rows of a class that
/// have weight and their placements V; without, it is DeLong's.
///
/// The interval is symmetric, and of no use near an area of 0 or 1: if all pairs are in order, its
/// width is 0. It takes n log n time for n rows.
///
/// `None` if a class has fewer than two rows with weight.
///
/// # Errors
/// If the level is out of range, if slices differ in length, or if a row is bad; the first bad row
/// is named by its position.
pub fn auc_interval<S: Score>(
    scores: &[S],
    labels: &[impl Copy + Into<f64>],
    weights: &[impl Copy + Into<f64>],
    level: f64,
) -> Result<Option<AucInterval>, MetricError> {
    let z = two_sided_quantile(level)?;
    let placed = placements(&rows(scores, labels, weights)?);
    Ok(estimate(&placed).map(|(auc, standard_error)| AucInterval {
        auc,
        standard_error,
        low: (auc - z * standard_error).max(0.0),
        high: (auc + z * standard_error).min(1.0),
    }))
}

/// The difference of the areas of two models on the same rows, with an interval and a p-value.
///
/// Level, weights and cost are as in [`auc_interval`], and so are the conditions for `None`.
///
/// # Errors
/// As [`auc_interval`].
pub fn auc_difference<S: Score>(
    first: &[S],
    second: &[S],
    labels: &[impl Copy + Into<f64>],
    weights: &[impl Copy + Into<f64>],
    level: f64,
) -> Result<Option<AucDifference>, MetricError> {
    let z = two_sided_quantile(level)?;
    let first = placements(&rows(first, labels, weights)?);
    let second = placements(&rows(second, labels, weights)?);
    let mut change = first.clone();
    change.iter_mut().zip(&second).for_each(|(own, other)| own.value = other.value - own.value);
    let areas = area(&first).zip(area(&second));
    Ok(areas.zip(estimate(&change)).map(|((first, second), (difference, standard_error))| {
        AucDifference {
            first,
            second,
            difference,
            standard_error,
            low: (difference - z * standard_error).max(-1.0),
            high: (difference + z * standard_error).min(1.0),
            p_value: (standard_error > 0.0)
                .then(|| two_sided_tail(difference.abs() / standard_error)),
        }
    }))
}

/// The place of a row among the rows of the other class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placement {
    pub(crate) positive: bool,
    pub(crate) weight: f64,
    pub(crate) value: f64,
}

fn rows<S: Score>(
    scores: &[S],
    labels: &[impl Copy + Into<f64>],
    weights: &[impl Copy + Into<f64>],
) -> Result<Vec<Row<S>>, MetricError> {
    let mut rows = Vec::with_capacity(scores.len());
    for_each_row(scores, labels, weights, |score, label, weight| {
        rows.push(Row::scored(score, label, weight)?);
        Ok(())
    })?;
    Ok(rows)
}

/// The placements of all rows, in their order; 0 if the other class has no weight.
pub(crate) fn placements<S: Score>(rows: &[Row<S>]) -> Vec<Placement> {
    let total = |positive| {
        rows.iter().filter(|row| row.positive == positive).map(|row| row.weight).collect::<Sum>()
    };
    let (positives, negatives) = (total(true).value(), total(false).value());
    let mut order: Vec<usize> = (0..rows.len()).collect();
    // A stable sort by row number within ties, so that the sums have a fixed order.
    let by_score = |&a: &usize, &b: &usize| rows[a].score.partial_cmp(&rows[b].score);
    order.sort_by(|a, b| by_score(a, b).unwrap_or(Ordering::Equal));
    let mut placed: Vec<Placement> = rows
        .iter()
        .map(|row| Placement { positive: row.positive, weight: row.weight, value: 0.0 })
        .collect();
    let (mut positive_below, mut negative_below) = (Sum::default(), Sum::default());
    for tied in order.chunk_by(|&a, &b| rows[a].score == rows[b].score) {
        let weight = |positive| {
            let class = tied.iter().filter(|&&row| rows[row].positive == positive);
            class.map(|&row| rows[row].weight).collect::<Sum>().value()
        };
        let (positive, negative) = (weight(true), weight(false));
        let below = negative_below.value() + 0.5 * negative;
        let above = positives - positive_below.value() - 0.5 * positive;
        for &row in tied {
            placed[row].value =
                if rows[row].positive { share(below, negatives) } else { share(above, positives) };
        }
        positive_below.add(positive);
        negative_below.add(negative);
    }
    placed
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 }
}

/// The mean placement of positive rows; `None` if they have no weight.
fn area(placed: &[Placement]) -> Option<f64> {
    let positives = || placed.iter().filter(|placement| placement.positive);
    let weight = positives().map(|placement| placement.weight).collect::<Sum>().value();
    let sum = positives().map(|placement| placement.weight * placement.value).collect::<Sum>();
    (weight > 0.0).then(|| sum.value() / weight)
}

/// The mean placement of positive rows, and its standard error over both classes.
fn estimate(placed: &[Placement]) -> Option<(f64, f64)> {
    area_and_variance(placed).map(|(area, variance)| (area, variance.sqrt()))
}

/// The mean placement of positive rows, and its variance over both classes.
pub(crate) fn area_and_variance(placed: &[Placement]) -> Option<(f64, f64)> {
    let (mean, above) = mean_and_variance(placed, |row| row.positive)?;
    let (_, below) = mean_and_variance(placed, |row| !row.positive)?;
    Some((mean, above + below))
}

/// The weighted mean of the chosen rows, and the variance of that mean; `None` for fewer than two.
pub(crate) fn mean_and_variance(
    placed: &[Placement],
    chosen: impl Fn(&Placement) -> bool,
) -> Option<(f64, f64)> {
    let class = || placed.iter().filter(|row| row.weight > 0.0 && chosen(row));
    let n = class().count();
    if n < 2 {
        return None;
    }
    let weight = class().map(|row| row.weight).collect::<Sum>().value();
    let mean = class().map(|row| row.weight / weight * row.value).collect::<Sum>().value();
    let squares = class().map(|row| (row.weight / weight * (row.value - mean)).powi(2));
    let variance = squares.collect::<Sum>().value() * (n as f64 / (n - 1) as f64);
    Some((mean, variance))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f64; 6] = [0.1, 0.4, 0.35, 0.8, 0.4, 0.9];
    const LABELS: [u8; 6] = [0, 0, 1, 1, 1, 0];

    /// Area and variance from all pairs: S10 / m + S01 / n of DeLong.
    fn by_pairs(scores: &[f64], labels: &[u8]) -> (f64, f64) {
        let class = |label| {
            let rows = scores.iter().zip(labels).filter(move |row| *row.1 == label);
            rows.map(|row| *row.0).collect::<Vec<f64>>()
        };
        let (up, down) = (class(1), class(0));
        let psi = |x: f64, y: f64| (f64::from(x > y) + f64::from(x >= y)) / 2.0;
        let mean = |terms: &[f64]| terms.iter().sum::<f64>() / terms.len() as f64;
        let above: Vec<f64> = up
            .iter()
            .map(|&x| mean(&down.iter().map(|&y| psi(x, y)).collect::<Vec<_>>()))
            .collect();
        let below: Vec<f64> = down
            .iter()
            .map(|&y| mean(&up.iter().map(|&x| psi(x, y)).collect::<Vec<_>>()))
            .collect();
        let area = mean(&above);
        let variance = |values: &[f64]| {
            let n = values.len() as f64;
            values.iter().map(|value| (value - area).powi(2)).sum::<f64>() / (n - 1.0) / n
        };
        (area, variance(&above) + variance(&below))
    }

    #[test]
    fn agrees_with_all_pairs() {
        let none: [f64; 0] = [];
        let found = auc_interval(&SCORES, &LABELS, &none, 0.95).expect("good rows");
        let found = found.expect("three rows of each class");
        let (area, variance) = by_pairs(&SCORES, &LABELS);
        assert!((found.auc - area).abs() < 1e-15, "{found:?} {area}");
        assert!((found.standard_error.powi(2) - variance).abs() < 1e-15, "{found:?} {variance}");
        let random: Vec<f64> =
            (0..200_u32).map(|n| f64::from(n.wrapping_mul(2_654_435_769) >> 25)).collect();
        let labels: Vec<u8> = (0..200).map(|n| u8::from(n % 3 == 0)).collect();
        let found = auc_interval(&random, &labels, &none, 0.95).expect("good rows");
        let found = found.expect("rows of each class");
        let (area, variance) = by_pairs(&random, &labels);
        assert!((found.auc - area).abs() < 1e-14, "{found:?} {area}");
        assert!((found.standard_error.powi(2) - variance).abs() < 1e-14, "{found:?} {variance}");
    }

    #[test]
    fn equal_weights_change_nothing() {
        let none: [f64; 0] = [];
        let plain = auc_interval(&SCORES, &LABELS, &none, 0.9).unwrap().expect("defined");
        let weighted = auc_interval(&SCORES, &LABELS, &[7.0; 6], 0.9).unwrap().expect("defined");
        assert!((plain.standard_error - weighted.standard_error).abs() < 1e-15);
        assert!((plain.low - weighted.low).abs() < 1e-15 && plain.auc == weighted.auc);
    }

    #[test]
    fn a_model_does_not_differ_from_itself() {
        let none: [f64; 0] = [];
        let found = auc_difference(&SCORES, &SCORES, &LABELS, &none, 0.95).unwrap();
        let found = found.expect("defined");
        assert_eq!((found.difference, found.standard_error, found.p_value), (0.0, 0.0, None));
    }

    #[test]
    fn needs_two_rows_of_each_class() {
        let none: [f64; 0] = [];
        assert_eq!(auc_interval(&[0.5, 0.6, 0.7], &[0, 1, 1], &none, 0.95), Ok(None));
        assert_eq!(auc_interval::<f64>(&[], &none, &none, 0.95), Ok(None));
        let two = auc_interval(&[0.5, 0.6, 0.7, 0.8], &[0, 0, 1, 1], &[1.0, 0.0, 1.0, 1.0], 0.95);
        assert_eq!(two, Ok(None));
        assert!(auc_interval(&SCORES, &LABELS, &none, 1.5).is_err());
        assert!(auc_interval(&[f64::NAN], &[0], &none, 0.95).is_err());
        assert!(auc_difference(&SCORES, &SCORES[..5], &LABELS, &none, 0.95).is_err());
    }
}
