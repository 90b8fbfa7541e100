//! `deepcross train`

use crate::args::Train;
use crate::output::{check_apart, check_writable, read_text, resolved, say};
use crate::progress::Progress;
use anyhow::Result;
use deepcross_model::TrainedModel;
use deepcross_train::{Files, RunConfig, train};
use std::path::Path;

pub(crate) fn run(args: &Train) -> Result<()> {
    check_apart(&args.out, args.data.iter().chain(&args.valid).chain([&args.config]))?;
    let mut overrides = args.overrides.clone();
    overrides.extend(args.seed.map(|seed| format!("train.seed={seed}")));
    let text = read_text(&args.config)?;
    let config = RunConfig::parse(&text, &overrides, &args.config.display().to_string())?;
    let files = Files { train: args.data.clone(), valid: args.valid.clone() };
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
    let mut progress = Progress::new();
    let trained = train(config, files, threads, &mut |event| progress.observe(&event))?;
    progress.finish();
    trained.save(&resolved(out))?;
    say(format_args!("wrote {}", out.display()));
    Ok(trained)
}
