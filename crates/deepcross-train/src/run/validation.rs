//! Computes the metrics of a model on rows with labels, which are streamed.

use super::read_ahead::{InOrder, OrderedRows, ReadAhead};
use crate::error::TrainError;
use deepcross_data::{RawValues, RowReader};
use deepcross_features::Batch;
use deepcross_metrics::{Evaluation, MetricError, Ranked, Summary};
use deepcross_model::{BLOCK, Predictor, Tapes};

/// The rows that are read at a time: a whole number of blocks, so that no block is filled in part.
pub(crate) const ROWS: usize = 16 * BLOCK;

/// The metrics of the model on the remaining rows of `reader`, which must have labels.
///
/// Memory holds one score a row, for the exact AUC.
///
/// # Errors
/// As [`RowReader::fill`], and [`TrainError::Evaluation`] if a prediction is NaN.
pub fn evaluate(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    tapes: &Tapes,
) -> Result<Summary, TrainError> {
    evaluate_ranked(predictor, reader, tapes).map(|(summary, _)| summary)
}

/// [`evaluate`] that also returns the scores in order, for curves and intervals.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_ranked(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    tapes: &Tapes,
) -> Result<(Summary, Ranked<f32>), TrainError> {
    evaluate_observed(predictor, reader, tapes, &mut |_| ())
}

/// Some rows of an evaluation.
#[derive(Clone, Copy, Debug)]
pub struct EvaluatedRows<'a> {
    /// The encoded rows, with labels and weights.
    pub batch: &'a Batch,
    /// The prediction of the model for each row.
    pub probabilities: &'a [f32],
    /// The raw values of the columns that the reader keeps.
    pub raw_values: &'a RawValues,
}

/// [`evaluate_ranked`] that passes all rows to `observe`, in their order.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_observed(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    tapes: &Tapes,
    observe: &mut (dyn FnMut(EvaluatedRows<'_>) + Send),
) -> Result<(Summary, Ranked<f32>), TrainError> {
    let mut evaluation = Evaluation::default();
    let mut ahead = ReadAhead::new(InOrder { reader, rows: ROWS });
    let mut probabilities = Vec::new();
    while let Some(pushed) = ahead.next(|rows| {
        let OrderedRows { batch, raw_values, .. } = rows;
        predictor.predict_batch(tapes, batch, &mut probabilities);
        evaluation.push_all(&probabilities, batch.labels(), batch.weights())?;
        observe(EvaluatedRows { batch, probabilities: &probabilities, raw_values });
        Ok::<(), MetricError>(())
    })? {
        pushed?;
    }
    Ok(evaluation.finish_ranked())
}
