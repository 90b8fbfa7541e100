//! `deepcross predict`

use super::{load, on_threads, reader, set_format};
use crate::args::Predict;
use crate::inputs::{self, check_standard_input};
use crate::output::{self, check_apart, name_standard_output, say};
use crate::tables::counted;
use crate::values::report_values;
use anyhow::Result;
use deepcross_data::{Labels, RowReader};
use deepcross_model::{Predictor, Tapes};
use deepcross_train::Predictions;
use std::io::{BufWriter, Write};
use std::path::Path;

pub(crate) fn run(args: &Predict) -> Result<()> {
    let data = inputs::files(&args.data)?;
    check_standard_input(&data)?;
    if let Some(out) = &args.out {
        check_apart(out, data.iter().chain([&args.model]))?;
    }
    let (trained, mut config) = load(&args.model)?;
    set_format(&mut config.data, args.format);
    let mut reader = reader(&trained, &config, &data, Labels::Ignored)?;
    let predictor = trained.predictor();
    let threads = args.threads.get();
    match &args.out {
        Some(path) => {
            let n_rows = predict_to_file(predictor, &mut reader, threads, path)?;
            say(format_args!("wrote {} to {}", counted(n_rows, "prediction"), path.display()));
        }
        None => {
            let out = std::io::stdout();
            let work = || write_all(predictor, &mut reader, &mut BufWriter::new(out.lock()));
            on_threads(threads, work)?.map_err(name_standard_output)?;
        }
    }
    report_values(&reader);
    Ok(())
}

/// Writes the predictions for all rows of a reader; how many.
pub(crate) fn predict_to_file(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    threads: usize,
    path: &Path,
) -> Result<u64> {
    let mut out = output::create(path)?;
    let n_rows = on_threads(threads, || write_all(predictor, reader, &mut out))??;
    out.finish()?;
    Ok(n_rows)
}

/// Writes a header and a line for each row, empty for one that could not be read; how many.
fn write_all(
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
