//! What the program is called with.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Data goes to standard output, everything else to standard error.
Exit codes: 0 done, 1 the run failed, 2 the call or the configuration was wrong.";

const TRAIN_HELP: &str = "\
Example:
  deepcross train --config run.toml --data january.csv february.csv --valid march.csv \\
      --out model.dcx --set train.epochs=5";

/// Click-through-rate prediction with Deep Crossing: from raw logs to a trained, evaluated model.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Simulate clicks, train on them, evaluate and predict; needs no files
    Quickstart(Quickstart),
    /// Write simulated sponsored-search clicks
    Simulate(Simulate),
    /// Train a model
    Train(Train),
    /// Measure a model on rows with labels
    Evaluate(Evaluate),
    /// Predict the probability of a click for each row
    Predict(Predict),
    /// Show what a model is made of and how it was trained
    Inspect(Inspect),
}

#[derive(Debug, Args)]
pub(crate) struct Quickstart {
    /// The folder that everything is written to
    #[arg(long, value_name = "FOLDER", default_value = "deepcross-quickstart")]
    pub(crate) out: PathBuf,
    /// The number of rows to train on; a quarter as many are made to test with
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rows: u64,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The number of rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rows: u64,
    /// Chooses the rows; files of different seeds are draws from one world
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The file to write, tab-separated
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Also write the true probability of each row here
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = TRAIN_HELP)]
pub(crate) struct Train {
    /// The configuration of the run
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Training data; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// Validation data; without it, a share of the training rows is held out
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) valid: Vec<PathBuf>,
    /// The artifact to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) threads: Threads,
    /// The seed of the run, instead of the configuration's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,
    /// Replace a value of the configuration, as in `train.epochs=5` or `field.age.transform=standard`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// The artifact
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Rows with labels; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// The artifact
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Rows, with or without labels; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// The file to write; without it, predictions go to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The artifact
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Threads {
    /// The number of threads; the result does not depend on it [default: all processors]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<usize>,
}

fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("must be a number from 1 to 1024".to_owned()),
    }
}

impl Threads {
    pub(crate) fn get(self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}
