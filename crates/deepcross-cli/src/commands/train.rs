//! `deepcross train`

use crate::args::Train;
use crate::inputs::{self, check_standard_input, keep_pipes_beside};
use crate::output::{check_apart, check_writable, read_text, resolved, say};
use crate::progress::Progress;
use anyhow::Result;
use deepcross_model::TrainedModel;
use deepcross_train::{Files, RunConfig, train};
use std::path::Path;

pub(crate) fn run(args: &Train) -> Result<()> {
    let files = Files { train: inputs::files(&args.data)?, valid: inputs::files(&args.valid)? };
    check_standard_input(files.train.iter().chain(&files.valid))?;
    check_apart(&args.out, files.train.iter().chain(&files.valid).chain([&args.config]))?;
    let mut overrides = args.overrides.clone();
    overrides.extend(args.seed.map(|seed| format!("train.seed={seed}")));
    let text = read_text(&args.config)?;
    let config = RunConfig::parse(&text, &overrides, &args.config.display().to_string())?;
    // The pass that fits and each epoch read all rows again.
    keep_pipes_beside(&resolved(&args.out));
    train_and_save(&config, &files, args.threads.get(), &args.out).map(drop)
}

/// Trains with a progress bar and a summary, and writes the artifact.
pub(crate) fn train_and_save(
    config: &RunConfig,
    files: &Files,
    threads: usize,
    out: &Path,
) -> Result<TrainedModel> {
    check_writable(out)?;
    let mut progress = Progress::new(threads, config.train.negative_rate);
    let trained = train(config, files, threads, &mut |event| progress.observe(&event))?;
    progress.finish();
    trained.save(&resolved(out))?;
    say(format_args!("wrote {}", out.display()));
    Ok(trained)
}
