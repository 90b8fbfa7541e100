//! `deepcross tune`: searches for better settings, and says whether anything was won.

use crate::arguments::{
    Json, RunChanges, Threads, TrainingFiles, TrainingPaths, files_help, help_texts,
};
use crate::call_error::CallError;
use crate::inputs::{DataPaths, check_standard_input, pipes_beside};
use crate::output::{self, read_text, resolved, say};
use crate::output_names::check_folder_name;
use crate::progress::tune_progress::TuneProgress;
use crate::signals::Signals;
use crate::text::tune_text::tuned_text;
use anyhow::Result;
use clap::{Args, ValueEnum};
use deepcross_train::config::{ColumnsOf, ConfigText, Monitor};
use deepcross_tune::{TuneError, TuneEvent, TuneOptions, Tuned, outputs, tune};
use std::path::PathBuf;

const TUNE_HELP: &str = concat!(
    "Examples:
  deepcross tune --config run.toml --data train.csv --test test.csv
  deepcross tune --config run.toml --data train.csv --trials 27 --jobs 2 \\
      --minutes 30 --out search
  deepcross tune --config run.toml --data train.csv --out search --resume

The section `[tune]` of the configuration has the ranges; without it, the program chooses usual ones \
and says them. Trial 0 is the configuration as it is. All trials train a few epochs, and the best third \
of them goes on with three times as many, up to all epochs. Winner and configuration are then trained \
with new seeds and compared on rows that the search has not seen: those of `--test`, or a share that is \
cut off the training rows before the search. The trials and the winner do not depend on `--jobs`, \
`--threads` or interruptions.

The folder then has `winner.toml`, `winner.dcx`, `trials.csv`, `report.html` and `journal.jsonl`, which \
has a line for each trial of a rung, and from which `--resume` goes on.

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(
    after_help = TUNE_HELP,
    mut_args(help_texts(&[
        ("threads", "The number of threads of all jobs together; the result does not depend on it [default: all processors]"),
    ])),
)]
pub(crate) struct TuneArgs {
    /// The configuration of a run, with the ranges in its section `[tune]`
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) files: TrainingFiles,
    /// Rows to compare the winner with the configuration on; without them, `tune.final_fraction` of the training rows is
    /// cut off
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) test: Vec<PathBuf>,
    /// The folder for the results and for all that the search keeps until its end
    #[arg(long, value_name = "FOLDER", default_value = "deepcross-tune")]
    pub(crate) out: PathBuf,
    /// Go on with the search in the folder; its configuration and files must be the same
    #[arg(long)]
    pub(crate) resume: bool,
    /// The number of trials; the first is the configuration as it is
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) trials: u32,
    /// End the search after this many minutes, with the trials that are complete; the comparison comes after them
    #[arg(long, value_name = "MINUTES")]
    pub(crate) minutes: Option<f64>,
    /// The trainings that run at the same time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) jobs: u32,
    /// The validation metric that trials are chosen by [default: that of `train.monitor`]
    #[arg(long, value_name = "METRIC", value_enum)]
    pub(crate) by: Option<By>,
    /// The number of seeds that winner and configuration are compared with
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) seeds: u32,
    /// The most GiB of encoded rows on disk
    #[arg(long, value_name = "GIB", default_value_t = 10.0)]
    pub(crate) cache_gib: f64,
    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) changes: RunChanges,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// The metric that trials are chosen by.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum By {
    /// The log loss; lower is better
    LogLoss,
    /// The AUC; higher is better
    Auc,
    /// AUC − log loss; higher is better
    AucLogLoss,
}

impl From<By> for Monitor {
    fn from(by: By) -> Self {
        match by {
            By::LogLoss => Self::LogLoss,
            By::Auc => Self::Auc,
            By::AucLogLoss => Self::AucLogLoss,
        }
    }
}

pub(crate) fn run(args: &TuneArgs) -> Result<()> {
    let (paths, test) = (args.files.paths()?, DataPaths::find(&args.test)?);
    check_standard_input(paths.iter().chain(test.iter()))?;
    check_folder_name("--out", &args.out)?;
    if !(args.cache_gib >= 0.0 && args.cache_gib.is_finite()) {
        let gib = args.cache_gib;
        return Err(CallError::with_message(format!(
            "`--cache-gib` must be at least 0, but is {gib}"
        )));
    }
    let (signals, mut progress) = (Signals::listen()?, TuneProgress::new(args.seeds, &args.out));
    let tuned = search(args, (&paths, &test), &signals, &mut progress);
    progress.end();
    let tuned = tuned.map_err(|error| ended(error, &signals))?;
    say(format_args!("wrote {}", args.out.join(outputs::WINNER_CONFIG).display()));
    say(format_args!("wrote {}", args.out.join(outputs::PAGE).display()));
    match args.json.is_asked {
        true => output::print(outputs::json(&tuned)?),
        false => output::print(tuned_text(&tuned)),
    }
}

fn search(
    args: &TuneArgs,
    (paths, test): (&TrainingPaths, &DataPaths),
    signals: &Signals,
    progress: &mut TuneProgress,
) -> Result<Tuned, TuneError> {
    // The folder of the search may not be there yet.
    let pipes = pipes_beside(&args.out);
    let (files, test) = (paths.files(&pipes), test.input(&pipes));
    let file = &args.config.display().to_string();
    let stop = || signals.interrupted().is_some();
    let options = options(args, &stop);
    args.changes.read(|overrides| {
        let text = &read_text(&args.config).map_err(|error| TuneError::Call(error.to_string()))?;
        let columns = Some(ColumnsOf::Files(&files.train));
        let text = ConfigText { text, file, overrides, columns };
        tune(text, &files, &test, &options, &mut |event| {
            // From here on there are checkpoints to keep.
            if let TuneEvent::Planned { .. } = event {
                signals.hold();
            }
            progress.observe(&event);
        })
    })
}

fn options<'a>(args: &TuneArgs, stop: &'a (dyn Fn() -> bool + Sync)) -> TuneOptions<'a> {
    TuneOptions {
        folder: resolved(&args.out),
        resume: args.resume,
        trials: args.trials as usize,
        minutes: args.minutes,
        jobs: args.jobs as usize,
        threads: args.threads.get(),
        by: args.by.map(Monitor::from),
        seeds: args.seeds as usize,
        cache_bytes: (args.cache_gib * f64::from(1 << 30)) as u64,
        stop,
    }
}

/// The error of the program for that of a search.
fn ended(error: TuneError, signals: &Signals) -> anyhow::Error {
    match (error, signals.interrupted()) {
        (TuneError::Interrupted, Some(signal)) => {
            say("interrupted: the same call with --resume continues the search");
            signal.into()
        }
        (TuneError::Train(error), _) => (*error).into(),
        (TuneError::Data(error), _) => error.into(),
        (
            error @ (TuneError::Call(_)
            | TuneError::OtherSearch { .. }
            | TuneError::TestSeen { .. }),
            _,
        ) => CallError::with_message(error.to_string()),
        (TuneError::Exists { folder }, _) => CallError::with_message(format!(
            "{} has a search already: `--resume` continues it, or name another folder with `--out`",
            folder.display()
        )),
        (error @ TuneError::NoValidation, _) => {
            CallError::with_message(format!("{error} with `--valid`"))
        }
        (error @ TuneError::NotCopied { .. }, _) => {
            CallError::with_message(format!("{error} with `--test`"))
        }
        (error, _) => error.into(),
    }
}
