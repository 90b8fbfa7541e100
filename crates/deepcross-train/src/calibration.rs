//! Calibrates a trained model on rows that it was not trained on.
//!
//! A calibrator is fitted to the logits of the model before any calibration: rounded to a probability in `f32`, two
//! rows near 0 or 1 may have the same value.
//! Its effect is measured on the same rows by cross-fitting: each row is calibrated by a calibrator that was fitted to
//! the other folds.
//! Rejected: measuring on the rows of the fit, where an isotonic map is always perfectly calibrated.

use crate::error::TrainError;
use crate::run::{InOrder, ROWS, ReadAhead};
use crate::warning::{LEAST_TO_CALIBRATE, Warning};
use deepcross_calibration::{
    CalibrationError, CalibrationMap, Calibrator, Method, Observation, cross_fit,
};
use deepcross_data::RowReader;
use deepcross_features::Batch;
use deepcross_metrics::{Evaluated, Evaluation, Summary};
use deepcross_model::{Predictor, Tapes, TrainingSummary};

/// The probability that the interval of the AUC covers, by which rows are judged to be in reversed order.
const LEVEL: f64 = 0.95;

/// A calibrator, and the metrics without and with it.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// The calibrator, fitted to all rows.
    pub calibrator: Calibrator,
    /// The metrics of the model without a calibrator.
    pub before: Evaluated<f32>,
    /// The metrics of the model with calibrators that were fitted to other rows than they are measured on; see
    /// [`cross_fit`].
    pub after: Evaluated<f32>,
}

impl Calibration {
    /// The warnings that the rows and the fitted map give, for a model with this training.
    ///
    /// # Errors
    /// [`TrainError::Evaluation`] if no interval can be computed.
    pub fn warnings(&self, training: &TrainingSummary) -> Result<Vec<Warning>, TrainError> {
        let Calibrator { map, rows, positives } = &self.calibrator;
        let (rows, positives) = (*rows, *positives);
        let few = (positives.min(rows - positives) < LEAST_TO_CALIBRATE)
            .then_some(Warning::FewToCalibrate { rows, positives });
        let Evaluated { summary, ranked } = &self.before;
        let interval = ranked.intervals(LEVEL)?.auc;
        let is_reversed = interval.is_some_and(|interval| interval.high < 0.5);
        let order = match summary.auc {
            Some(auc) if is_reversed => Some(Warning::ReversedOrder { auc }),
            _ => is_flat(map).then_some(Warning::FlatCalibrator),
        };
        let of_training = self.is_like_training(training).then_some(Warning::CalibratedOnTraining);
        let at_bound = match map {
            CalibrationMap::Temperature(map) if map.is_at_bound() => {
                Some(Warning::TemperatureAtBound { temperature: map.temperature() })
            }
            _ => None,
        };
        Ok(of_training.into_iter().chain(at_bound).chain(few).chain(order).collect())
    }

    /// Whether there are exactly as many rows and clicks as the model was trained on, or as many rows as it was trained
    /// and validated on.
    ///
    /// The rows then are most likely those of the training, and the calibrator makes the model overconfident.
    fn is_like_training(&self, training: &TrainingSummary) -> bool {
        let Summary { rows, positives, .. } = self.before.summary;
        has_counts_of(training, rows, positives)
    }
}

/// Whether an isotonic map gives the same probability to all logits; the other maps rise by construction.
fn is_flat(map: &CalibrationMap) -> bool {
    let CalibrationMap::Isotonic(map) = map else { return false };
    let ends = map.points().first().zip(map.points().last());
    ends.is_none_or(|(low, high)| low.1 == high.1)
}

/// Whether the counts of rows and clicks are those of the training, with its validation rows or without.
fn has_counts_of(training: &TrainingSummary, rows: u64, positives: u64) -> bool {
    let same = rows == training.rows && positives == training.positives;
    same || (training.valid_rows > 0 && rows == training.rows + training.valid_rows)
}

/// Fits a calibrator to the remaining rows of `reader`, which must have labels, and measures its effect.
///
/// A calibrator of the predictor is not used. The result does not depend on the number of threads. Memory holds about
/// 60 bytes a row.
///
/// # Errors
/// As [`observations`]; [`TrainError::Calibration`] if a class is missing or a slope would not rise.
pub fn calibrate(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    tapes: &Tapes,
    method: Method,
) -> Result<Calibration, TrainError> {
    let rows = observations(predictor, reader, tapes)?;
    let calibrator = Calibrator::fit(method, &rows)?;
    let plain = predictor.with_calibrator(None);
    let before = rows.iter().map(|row| plain.probability(row.logit()));
    Ok(Calibration {
        calibrator,
        before: measured(before, &rows)?,
        after: measured(cross_fit(method, &rows)?, &rows)?,
    })
}

/// The logit, the label and the weight of each remaining row of `reader`; the rows must have labels.
///
/// # Errors
/// As [`RowReader::fill`], and [`TrainError::Calibration`] if a logit is not finite.
pub fn observations(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    tapes: &Tapes,
) -> Result<Vec<Observation>, TrainError> {
    let mut ahead = ReadAhead::new(InOrder { reader, rows: ROWS });
    let (mut logits, mut all) = (Vec::new(), Vec::new());
    while let Some(pushed) = ahead.next(|rows| {
        predictor.logits_batch(tapes, &rows.batch, &mut logits);
        push(&mut all, &logits, &rows.batch)
    })? {
        pushed?;
    }
    Ok(all)
}

fn push(all: &mut Vec<Observation>, logits: &[f32], batch: &Batch) -> Result<(), CalibrationError> {
    let mut weights = batch.weights().iter();
    for (&logit, &label) in logits.iter().zip(batch.labels()) {
        // A batch has a weight for each row, or no weights if all are 1.
        let weight = weights.next().copied().unwrap_or(1.0);
        all.push(Observation::new(logit, label, weight)?);
    }
    Ok(())
}

fn measured(
    probabilities: impl IntoIterator<Item = f32>,
    rows: &[Observation],
) -> Result<Evaluated<f32>, TrainError> {
    let mut evaluation = Evaluation::default();
    for (probability, row) in probabilities.into_iter().zip(rows) {
        evaluation.push(probability, row.label(), row.weight())?;
    }
    Ok(evaluation.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_like_those_of_training_if_their_counts_are() {
        let of = |valid_rows| TrainingSummary {
            rows: 100,
            positives: 20,
            valid_rows,
            ..TrainingSummary::default()
        };
        let cases = [
            (of(0), 100, 20, true),
            (of(0), 100, 21, false),
            (of(0), 99, 20, false),
            (of(10), 100, 20, true),
            (of(10), 110, 23, true),
            (of(10), 10, 3, false),
        ];
        for (training, rows, positives, expected) in cases {
            let found = has_counts_of(&training, rows, positives);
            assert_eq!(found, expected, "{rows} rows, {positives} positive, {training:?}");
        }
    }
}
