//! `deepcross export`

use super::{load, reader};
use crate::args::{Export, ExportFormat};
use crate::inputs::{self, check_standard_input};
use crate::output::{check_apart, check_writable, resolved, say};
use crate::tables::counted;
use anyhow::{Result, bail};
use deepcross_data::Labels;
use deepcross_features::Batch;
use deepcross_model::TrainedModel;
use deepcross_model::interchange::{write_onnx, write_safetensors, write_sample};
use deepcross_train::RunConfig;
use std::path::PathBuf;

/// The most rows of a sample.
const SAMPLE_ROWS: usize = 1000;

pub(crate) fn run(args: &Export) -> Result<()> {
    let data = inputs::files(&args.sample)?;
    check_standard_input(&data)?;
    check_apart(&args.out, data.iter().chain([&args.model]))?;
    check_writable(&args.out)?;
    if let Some(sample_out) = &args.sample_out {
        check_apart(sample_out, data.iter().chain([&args.model, &args.out]))?;
        check_writable(sample_out)?;
    }
    let (trained, config) = load(&args.model)?;
    let sample = args.sample_out.as_ref().map(|_| first_rows(&trained, &config, &data));
    let sample = sample.transpose()?;
    let out = resolved(&args.out);
    match args.format {
        ExportFormat::Safetensors => write_safetensors(&out, &trained.params)?,
        ExportFormat::Onnx => write_onnx(&out, &trained)?,
    }
    say(format_args!("wrote {}", args.out.display()));
    if let Some((sample_out, batch)) = args.sample_out.as_ref().zip(sample) {
        write_sample(&resolved(sample_out), &trained, &batch)?;
        let rows = counted(batch.n_rows() as u64, "row");
        say(format_args!("wrote {}: {rows}", sample_out.display()));
    }
    Ok(())
}

/// The first rows of files, encoded.
fn first_rows(trained: &TrainedModel, config: &RunConfig, data: &[PathBuf]) -> Result<Batch> {
    let mut reader = reader(trained, config, data, Labels::Ignored)?;
    let mut batch = reader.new_batch();
    if reader.fill(&mut batch, SAMPLE_ROWS)? == 0 {
        bail!("--sample: there is no row in the files");
    }
    Ok(batch)
}
