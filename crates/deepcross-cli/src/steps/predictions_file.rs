//! Writes predictions as text.

use super::on_threads;
use crate::output;
use anyhow::Result;
use deepcross_data::RowReader;
use deepcross_model::{Predictor, Tapes};
use deepcross_train::Predictions;
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
/// The line of a row that could not be read is empty.
pub(crate) fn write_predictions(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    out: &mut impl Write,
) -> Result<u64> {
    let tapes = Tapes::new();
    let mut predictions = Predictions::new(predictor, reader, &tapes);
    let mut n_rows = 0;
    writeln!(out, "probability")?;
    while let Some(chunk) = predictions.next_chunk()? {
        for probability in chunk {
            match probability {
                Some(probability) => writeln!(out, "{probability}")?,
                None => writeln!(out)?,
            }
        }
        n_rows += chunk.len() as u64;
    }
    out.flush()?;
    Ok(n_rows)
}
