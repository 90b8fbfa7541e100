//! Computes the metrics of a model on rows with labels, which are streamed.

use super::read_ahead::{InOrder, OrderedRows, ReadAhead};
use crate::error::TrainError;
use crate::options::Stop;
use deepcross_data::rows::RawValues;
use deepcross_data::{DataError, RowReader};
use deepcross_features::Batch;
use deepcross_metrics::{Evaluated, Evaluation};
use deepcross_model::{BLOCK, Predictor, Tapes};
use std::fmt;

/// The rows that are read at a time: a whole number of blocks, so that no block is filled in part.
pub(crate) const ROWS: usize = 16 * BLOCK;

/// The options of an evaluation.
#[derive(Default)]
pub struct EvaluateOptions<'a> {
    /// The scratch memory of predictions; without it, the evaluation makes its own.
    pub tapes: Option<&'a Tapes>,
    /// Receives all evaluated rows, in the order of the reader.
    pub observe: Option<&'a mut (dyn FnMut(EvaluatedRows<'_>) + Send)>,
    /// Asked after some rows each; if it returns true, the evaluation ends with [`DataError::Stopped`].
    pub stop: Option<Stop<'a>>,
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

/// The metrics of the model on the remaining rows of `reader`, which must have labels, and the order of their scores.
///
/// Memory holds one score a row, for the exact AUC.
///
/// # Errors
/// As [`RowReader::fill`], and [`TrainError::Evaluation`] if a prediction is NaN.
pub fn evaluate(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    options: EvaluateOptions<'_>,
) -> Result<Evaluated<f32>, TrainError> {
    let EvaluateOptions { tapes, observe, stop } = options;
    let own = Tapes::new();
    let tapes = tapes.unwrap_or(&own);
    evaluate_with(reader, observe, |batch, probabilities| {
        predictor.predict_batch(tapes, batch, probabilities);
        match stop {
            Some(stop) if stop() => Err(DataError::Stopped.into()),
            _ => Ok(()),
        }
    })
}

/// [`evaluate`] with predictions of another origin: `predict` writes one for each row of a batch.
pub(super) fn evaluate_with(
    reader: &mut RowReader<'_>,
    mut observe: Option<&mut (dyn FnMut(EvaluatedRows<'_>) + Send)>,
    mut predict: impl FnMut(&Batch, &mut Vec<f32>) -> Result<(), TrainError> + Send,
) -> Result<Evaluated<f32>, TrainError> {
    let mut evaluation = Evaluation::default();
    let mut ahead = ReadAhead::new(InOrder { reader, rows: ROWS });
    let mut probabilities = Vec::new();
    while let Some(pushed) = ahead.next(|rows| {
        let OrderedRows { batch, raw_values, .. } = rows;
        predict(batch, &mut probabilities)?;
        evaluation.push_all(&probabilities, batch.labels(), batch.weights())?;
        if let Some(observe) = &mut observe {
            observe(EvaluatedRows { batch, probabilities: &probabilities, raw_values });
        }
        Ok::<(), TrainError>(())
    })? {
        pushed?;
    }
    Ok(evaluation.finish())
}

impl fmt::Debug for EvaluateOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EvaluateOptions").field("tapes", &self.tapes).finish_non_exhaustive()
    }
}
