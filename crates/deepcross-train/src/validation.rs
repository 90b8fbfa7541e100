//! Metrics of a model on rows with labels, streamed.

use crate::TrainError;
use deepcross_data::RowReader;
use deepcross_features::Batch;
use deepcross_metrics::{Evaluation, Summary};
use deepcross_model::{BLOCK, Predictor, Tapes};

/// Rows that are read at a time: a whole number of blocks, so that the cut runs on.
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
    let mut evaluation = Evaluation::default();
    let (mut batch, mut probabilities) = (reader.new_batch(), Vec::new());
    while read(reader, &mut batch)? > 0 {
        predictor.predict_batch(tapes, &batch, &mut probabilities);
        evaluation.push_all(&probabilities, batch.labels(), batch.weights())?;
    }
    Ok(evaluation.finish())
}

/// Fills an emptied batch.
pub(crate) fn read(reader: &mut RowReader<'_>, batch: &mut Batch) -> Result<usize, TrainError> {
    batch.clear();
    Ok(reader.fill(batch, ROWS)?)
}
