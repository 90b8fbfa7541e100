//! `deepcross export`: writes weights, or the graph of a model, for other programs.

use crate::arguments::{ModelFile, files_help};
use crate::inputs::{DataPaths, check_standard_input};
use crate::output::{Prints, check_apart, check_outputs, check_writable, resolved, say_written};
use crate::output_names::Content;
use crate::text::tables::counted;
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use deepcross_data::Labels;
use deepcross_features::Batch;
use deepcross_model::interchange::{write_onnx, write_safetensors, write_sample};
use deepcross_train::TrainedRun;
use std::path::PathBuf;

const EXPORT_HELP: &str = concat!(
    "Examples:
  deepcross export --model model.dcx --format safetensors \\
      --out weights.safetensors
  deepcross export --model model.dcx --format onnx --out model.onnx \\
      --sample rows.csv --sample-out sample.safetensors

A safetensors file holds only the weights, under the names that `deepcross inspect` shows. An ONNX \
file holds the graph from ids and numbers to a probability, without the encoder. The sample holds \
the first 1,000 rows as encoded, with their probabilities, to check another program.

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(after_help = EXPORT_HELP)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) model: ModelFile,
    /// The format to write
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: ExportFormat,
    /// The file to write; `-` is the standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Rows to write as encoded, with their probabilities; several files are read in order
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "sample_out")]
    pub(crate) sample: Vec<PathBuf>,
    /// The file to write the encoded rows to, as safetensors
    #[arg(long, value_name = "FILE", requires = "sample")]
    pub(crate) sample_out: Option<PathBuf>,
}

/// A file format of other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// The weights, as PyTorch stores them
    Safetensors,
    /// The graph from ids and numbers to a probability
    Onnx,
}

impl ExportFormat {
    fn content(self) -> Content {
        match self {
            Self::Safetensors => Content::Tensors,
            Self::Onnx => Content::Graph,
        }
    }
}

/// The most rows of a sample.
const SAMPLE_ROWS: usize = 1000;

pub(crate) fn run(args: &ExportArgs) -> Result<()> {
    let data = DataPaths::find(&args.sample)?;
    check_standard_input(data.iter())?;
    let outputs = || [&args.out].into_iter().chain(&args.sample_out);
    for out in outputs() {
        check_apart(out, data.iter().chain([&args.model.path]))?;
        check_writable(out)?;
    }
    check_outputs(outputs(), Prints::Nothing)?;
    args.format.content().check_name(&args.out)?;
    args.sample_out.iter().try_for_each(|out| Content::Tensors.check_name(out))?;
    let run = TrainedRun::load(&args.model.path)?;
    let sample = args.sample_out.as_ref().map(|_| first_rows(&run, &data));
    let sample = sample.transpose()?;
    let out = resolved(&args.out);
    match args.format {
        ExportFormat::Safetensors => write_safetensors(&out, &run.trained.members())?,
        ExportFormat::Onnx => write_onnx(&out, &run.trained)?,
    }
    say_written(&args.out, format_args!("wrote {}", args.out.display()));
    if let Some((sample_out, batch)) = args.sample_out.as_ref().zip(sample) {
        write_sample(&resolved(sample_out), &run.trained, &batch)?;
        let rows = counted(batch.n_rows() as u64, "row");
        say_written(sample_out, format_args!("wrote {}: {rows}", sample_out.display()));
    }
    Ok(())
}

/// The first rows of files, encoded.
fn first_rows(run: &TrainedRun, data: &DataPaths) -> Result<Batch> {
    let mut reader = run.reader(data, Labels::Ignored)?;
    let mut batch = reader.new_batch();
    if reader.fill(&mut batch, SAMPLE_ROWS)? == 0 {
        bail!("--sample: the files have no rows");
    }
    Ok(batch)
}
