//! Metrics of a model on rows with labels, streamed.

use crate::TrainError;
use crate::read_ahead::{InOrder, ReadAhead};
use deepcross_data::RowReader;
use deepcross_metrics::{Evaluation, Ranked, Summary};
use deepcross_model::{BLOCK, Predictor, Tapes};

/// Rows that are read at a time: a whole number of blocks, so that none is filled in part.
pub(crate) const ROWS: usize = 16 * BLOCK;

/// The metrics of the model on all rows that `reader` has not read yet; they must have labels.
///
/// Memory holds one score a row, for the exact AUC.
///
/// # Errors
/// As [`RowReader::fill`], and [`TrainError::Evaluation`] where a prediction is NaN.
pub fn evaluate(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    tapes: &Tapes,
) -> Result<Summary, TrainError> {
    evaluate_ranked(predictor, reader, tapes).map(|(summary, _)| summary)
}

/// [`evaluate`], and the scores in order: for curves and intervals.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_ranked(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    tapes: &Tapes,
) -> Result<(Summary, Ranked<f32>), TrainError> {
    let mut evaluation = Evaluation::default();
    let mut ahead = ReadAhead::new(InOrder { reader, rows: ROWS });
    let mut probabilities = Vec::new();
    while let Some(pushed) = ahead.next(|rows| {
        predictor.predict_batch(tapes, &rows.batch, &mut probabilities);
        evaluation.push_all(&probabilities, rows.batch.labels(), rows.batch.weights())
    })? {
        pushed?;
    }
    Ok(evaluation.finish_ranked())
}
