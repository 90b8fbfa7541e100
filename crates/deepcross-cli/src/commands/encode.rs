//! `deepcross encode`: writes encoded rows for `train --cache`.

use crate::arguments::{RunChanges, Threads, TrainingFiles, files_help, help_texts};
use crate::inputs::{check_standard_input, pipes_beside};
use crate::output::{check_apart, check_writable, read_text, resolved, say};
use crate::output_names::{Content, check_file_name};
use crate::ranks::Job;
use crate::text::skipped_rows::skipped_lines;
use crate::text::tables::{grouped, percent};
use crate::warnings::{Warnings, line};
use anyhow::Result;
use clap::Args;
use deepcross_model::TrainedModel;
use deepcross_train::config::{ColumnsOf, ConfigText};
use deepcross_train::{EncodeOptions, Event, Files, RunConfig, encode, load_model};
use std::path::PathBuf;

const ENCODE_HELP: &str = concat!(
    "Examples:
  deepcross encode --config run.toml --data january.csv february.csv \\
      --out clicks.dcc
  deepcross train --config run.toml --cache clicks.dcc --out model.dcx

The file holds the encoded training and validation rows and the encoder that was fitted to them. \
`deepcross train --cache` reads it without the data files, or with `--data`, which checks that their \
content is the same. `[data]`, `[[field]]` and the rows held out must be the same too. Otherwise a \
call with `--data` reports the difference and rebuilds the file, and a call without it ends with an \
error.

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(
    after_help = ENCODE_HELP,
    mut_args(help_texts(&[
        ("set", "Replace a value of the configuration, as in `train.valid_fraction=0.2`"),
    ])),
)]
pub(crate) struct EncodeArgs {
    /// The configuration of later runs; without it, that of the model
    #[arg(long, value_name = "FILE", required_unless_present = "model")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) files: TrainingFiles,
    /// The model whose encoder encodes the rows, for runs that start from it with `--init`
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// The cache to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) changes: RunChanges,
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

pub(crate) fn run(args: &EncodeArgs, job: &Job) -> Result<()> {
    let paths = args.files.paths()?;
    job.check_inputs(paths.iter())?;
    check_standard_input(paths.iter())?;
    let inputs = paths.iter().chain(&args.config).chain(&args.model);
    check_apart(&args.out, inputs)?;
    check_file_name("--out", &args.out)?;
    Content::Cache.check_name(&args.out)?;
    let model = args.model.as_deref().map(load_model).transpose()?;
    let files = paths.files(&pipes_beside(&args.out));
    let config = config(args, model.as_ref(), &files)?;
    check_writable(&args.out)?;
    let (threads, strict) = (args.threads.get(), args.warnings.is_strict);
    let (init, ranks) = (model.as_ref(), job.ranks());
    let options = EncodeOptions { threads, init, strict, ranks, ..EncodeOptions::default() };
    let encoded =
        encode(&config, &files, options, &resolved(&args.out), &mut |event| match event {
            Event::Fitted { rows, positives, skipped } => {
                let clicks = percent(positives, rows);
                say(format_args!("{} training rows, {clicks} positive", grouped(rows)));
                skipped_lines(skipped).iter().for_each(say);
            }
            Event::Warning(warning) => say(line(warning)),
            _ => {}
        })?;
    let (valid, bytes) = (grouped(encoded.valid_rows), grouped(encoded.bytes));
    say(format_args!("wrote {}: {valid} validation rows, {bytes} bytes", args.out.display()));
    Ok(())
}

/// The configuration that the call names, or else that of the model.
fn config(args: &EncodeArgs, model: Option<&TrainedModel>, files: &Files) -> Result<RunConfig> {
    let (text, name) = match (&args.config, model) {
        (Some(file), _) => (read_text(file)?, file.display().to_string()),
        (None, Some(model)) => (model.config.clone(), "the configuration of the model".to_owned()),
        (None, None) => (String::new(), "the configuration".to_owned()),
    };
    args.changes.read(|overrides| {
        let (text, file, columns) = (&text, &name, Some(ColumnsOf::Files(&files.train)));
        Ok(RunConfig::read(ConfigText { text, file, overrides, columns })?)
    })
}
