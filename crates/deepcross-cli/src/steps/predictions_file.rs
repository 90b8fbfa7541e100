//! Writes predictions.

use super::on_threads;
use crate::output::{self, plain};
use anyhow::Result;
use deepcross_data::RowReader;
use deepcross_files::Output;
use deepcross_train::{
    PredictionPlan, Predictors, TrainError, WrittenPredictions, write_predictions,
};
use std::path::Path;

/// Writes the predictions for all rows of a reader; the caller finishes the output, so that a file takes its name.
pub(crate) fn predict_to(
    path: &Path,
    predictors: Predictors<'_>,
    reader: &mut RowReader<'_>,
    plan: &PredictionPlan,
    threads: usize,
) -> Result<WrittenPredictions<Output>> {
    let out = output::create(path)?;
    let written = on_threads(threads, || write_predictions(predictors, reader, out, plan))?;
    written.map_err(|error| match error {
        TrainError::Data(error) => plain(error),
        other => other.into(),
    })
}
