//! Cross-fitting: measures a calibrator on rows that it was not fitted to, without a second set of rows.
//!
//! The rows are parted into folds, and each fold is calibrated by a map that was fitted to all other folds (Stone 1974,
//! "Cross-validatory choice and assessment of statistical predictions").
//! A fold has the same share of each class as all rows, so that a rare class is missing from none.
//! Rejected: folds of consecutive rows. Files are often sorted, and the rows of a fold would then differ from the rest.

use crate::observation::Totals;
use crate::{CalibrationError, CalibrationMap, Method, Observation};

/// The number of folds.
pub const FOLDS: usize = 5;

/// The probability of each row, by a map that was fitted to the rows of the other folds.
///
/// The i-th row of each class is in fold i modulo [`FOLDS`], so that the folds depend on the order of rows alone.
/// Rows of weight 0 are calibrated like others.
///
/// # Errors
/// If a class has fewer than two rows with weight, and as [`CalibrationMap::fit`] for the rows outside of a fold.
pub fn cross_fit(method: Method, rows: &[Observation]) -> Result<Vec<f32>, CalibrationError> {
    Totals::of(rows).check(2)?;
    let folds = folds(rows);
    let mut probabilities = vec![0.0; rows.len()];
    for fold in 0..FOLDS {
        let others: Vec<Observation> =
            rows.iter().zip(&folds).filter(|(_, of)| **of != fold).map(|(row, _)| *row).collect();
        let map = CalibrationMap::fit(method, &others).map_err(|problem| {
            CalibrationError::Fold { fold: fold + 1, folds: FOLDS, problem: Box::new(problem) }
        })?;
        for ((probability, row), of) in probabilities.iter_mut().zip(rows).zip(&folds) {
            if *of == fold {
                *probability = map.probability(row.logit());
            }
        }
    }
    Ok(probabilities)
}

/// The fold of each row. Rows without weight are dealt out separately, so that they move no other row.
fn folds(rows: &[Observation]) -> Vec<usize> {
    let mut next = [0; 3];
    let deal = |row: &Observation| {
        let class = if row.weight() > 0.0 { usize::from(row.is_positive()) } else { 2 };
        let fold = next[class] % FOLDS;
        next[class] += 1;
        fold
    };
    rows.iter().map(deal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(logit: f32, label: f32, weight: f32) -> Observation {
        Observation::new(logit, label, weight).unwrap()
    }

    #[test]
    fn each_class_is_dealt_out_separately() {
        let rows: Vec<_> =
            [1, 0, 0, 1, 0, 0, 0, 1].map(|label: u8| row(0.0, f32::from(label), 1.0)).into();
        assert_eq!(folds(&rows), [0, 0, 1, 1, 2, 3, 4, 2]);
        assert_eq!(folds(&[row(0.0, 1.0, 0.0), row(0.0, 1.0, 1.0)]), [0, 0]);
    }

    #[test]
    fn a_row_is_calibrated_by_the_others() {
        let label = |i: usize| f32::from(u8::from(i * 7 % 40 < i));
        let rows: Vec<_> = (0..40).map(|i| row(i as f32 / 8.0 - 2.0, label(i), 1.0)).collect();
        let folds = folds(&rows);
        for method in Method::ALL {
            let found = cross_fit(method, &rows).unwrap();
            for (i, row) in rows.iter().enumerate() {
                let others = rows.iter().zip(&folds).filter(|(_, fold)| **fold != folds[i]);
                let others: Vec<_> = others.map(|(row, _)| *row).collect();
                let map = CalibrationMap::fit(method, &others).unwrap();
                assert_eq!(found[i], map.probability(row.logit()));
            }
        }
    }

    #[test]
    fn a_fold_that_cannot_be_left_out_is_named() {
        let mut rows = vec![row(0.0, 0.0, 1.0); 20];
        rows.extend([row(10.0, 1.0, 1.0), row(-1.0, 1.0, 1.0)]);
        assert!(CalibrationMap::fit(Method::Platt, &rows).is_ok());
        let message = cross_fit(Method::Platt, &rows).unwrap_err().to_string();
        let expected = "without the rows of fold 1 of 5: the fitted slope is -";
        assert!(message.starts_with(expected), "{message}");
    }

    #[test]
    fn a_class_of_one_row_is_refused() {
        let mut rows = vec![row(-1.0, 0.0, 1.0); 20];
        rows.extend([row(1.0, 1.0, 1.0), row(1.0, 1.0, 0.0)]);
        let message = cross_fit(Method::Isotonic, &rows).unwrap_err().to_string();
        let expected = "a calibrator needs rows of both classes: of 21 rows with weight, 1 have the label 1, \
                        expected at least 2 of each label";
        assert_eq!(message, expected);
        rows.push(row(0.0, 1.0, 1.0));
        assert_eq!(cross_fit(Method::Isotonic, &rows).unwrap().len(), 23);
    }
}
