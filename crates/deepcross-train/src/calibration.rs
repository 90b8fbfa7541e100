//! Calibrating a trained model on rows that it was not trained on.
//!
//! A calibrator is fitted to the logits of the model, as they are before any calibrator: a probability in `f32` has
//! rounded away which of two sure rows is the surer one.
//! What it brings is measured on the same rows without letting it know them: each row is calibrated by what was fitted to
//! the other folds. To measure on the rows of the fit lost: an isotonic map would find itself perfectly calibrated.

use crate::error::TrainError;
use crate::run::{InOrder, ROWS, ReadAhead};
use deepcross_calibration::{CalibrationError, Calibrator, Method, Observation, cross_fit};
use deepcross_data::RowReader;
use deepcross_features::Batch;
use deepcross_metrics::{Evaluation, Ranked, Summary};
use deepcross_model::{Predictor, Tapes};

/// A calibrator, and what it brings.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// Fitted to all rows.
    pub calibrator: Calibrator,
    /// The model without a calibrator.
    pub before: CalibrationMetrics,
    /// The model with calibrators that were fitted to other rows than they were measured on, see
    /// [`cross_fit`].
    pub after: CalibrationMetrics,
}

/// How good probabilities are.
#[derive(Clone, Debug)]
pub struct CalibrationMetrics {
    /// The metrics.
    pub summary: Summary,
    /// The rows in order, for reliability.
    pub ranked: Ranked<f32>,
}

/// Fits a calibrator to all rows that `reader` has not read yet, which must have labels, and measures what it brings.
///
/// A calibrator that the predictor has already plays no part. The result does not depend on the number of threads. Memory
/// holds some 60 bytes a row.
///
/// # Errors
/// As [`observations`]; [`TrainError::Calibration`] where a class is missing or a slope would not rise.
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

/// The logit, the label and the weight of each row that `reader` has not read yet; they must have labels.
///
/// # Errors
/// As [`RowReader::fill`], and [`TrainError::Calibration`] where a logit is not finite.
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
        // A batch has a weight for each row, or none where all are 1.
        let weight = weights.next().copied().unwrap_or(1.0);
        all.push(Observation::new(logit, label, weight)?);
    }
    Ok(())
}

fn measured(
    probabilities: impl IntoIterator<Item = f32>,
    rows: &[Observation],
) -> Result<CalibrationMetrics, TrainError> {
    let mut evaluation = Evaluation::default();
    for (probability, row) in probabilities.into_iter().zip(rows) {
        evaluation.push(probability, row.label(), row.weight())?;
    }
    let (summary, ranked) = evaluation.finish_ranked();
    Ok(CalibrationMetrics { summary, ranked })
}
