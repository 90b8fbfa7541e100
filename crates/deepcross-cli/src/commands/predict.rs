//! `deepcross predict`: writes the probability of a click for each row.

use crate::arguments::{DataFiles, FILES_HELP, FormatOverride, ModelFile, Threads, help_texts};
use crate::output::{check_apart, name_standard_output, say};
use crate::steps::{on_threads, predict_to_file, say_unusual_values, write_predictions};
use crate::text::tables::counted;
use anyhow::Result;
use clap::Args;
use deepcross_data::Labels;
use deepcross_train::TrainedRun;
use std::io::BufWriter;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_help = FILES_HELP,
    mut_args(help_texts(&[
        ("data", "Rows, with or without labels; several files are read in order"),
    ])),
)]
pub(crate) struct PredictArgs {
    #[command(flatten)]
    pub(crate) model: ModelFile,
    #[command(flatten)]
    pub(crate) data: DataFiles,
    #[command(flatten)]
    pub(crate) format: FormatOverride,
    /// The file to write; without it, predictions go to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

pub(crate) fn run(args: &PredictArgs) -> Result<()> {
    let data = args.data.files()?;
    if let Some(out) = &args.out {
        check_apart(out, data.iter().chain([&args.model.path]))?;
    }
    let mut run = TrainedRun::load(&args.model.path)?;
    args.format.apply(&mut run.config.data);
    let mut reader = run.reader(&data, Labels::Ignored)?;
    let predictor = run.trained.predictor();
    let threads = args.threads.get();
    match &args.out {
        Some(path) => {
            let n_rows = predict_to_file(predictor, &mut reader, threads, path)?;
            say(format_args!("wrote {} to {}", counted(n_rows, "prediction"), path.display()));
        }
        None => {
            let out = std::io::stdout();
            let work =
                || write_predictions(predictor, &mut reader, &mut BufWriter::new(out.lock()));
            on_threads(threads, work)?.map_err(name_standard_output)?;
        }
    }
    say_unusual_values(&reader);
    Ok(())
}
