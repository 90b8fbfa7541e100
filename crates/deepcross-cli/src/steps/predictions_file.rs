//! Writes predictions as text.

use super::on_threads;
use crate::output;
use anyhow::Result;
use deepcross_data::RowReader;
use deepcross_model::Predictor;
use deepcross_train::TrainError;
use std::io::Write;
use std::path::Path;

/// Writes the predictions for all rows of a reader to a file, and returns the number of rows.
pub(crate) fn predict_to_file(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    threads: usize,
    path: &Path,
) -> Result<u64> {
    let mut out = output::create(path)?;
    let n_rows = on_threads(threads, || write_predictions(predictor, reader, &mut out))??;
    out.finish()?;
    Ok(n_rows)
}

/// Writes a header and a line for each row, and returns the number of rows.
///
/// An error of the output is given as its cause, which names the output.
pub(crate) fn write_predictions(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    out: &mut impl Write,
) -> Result<u64> {
    deepcross_train::write_predictions(predictor, reader, out).map_err(|error| match error {
        TrainError::Output { source } => source.into(),
        other => other.into(),
    })
}
