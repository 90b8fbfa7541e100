//! `deepcross simulate`: writes simulated clicks.

use crate::output::{Prints, check_outputs, say_written};
use crate::steps::{Truth, write_simulated};
use crate::text::tables::{grouped, percent};
use anyhow::Result;
use clap::Args;
use deepcross_simulate::SimulatorConfig;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// The number of rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rows: u64,
    /// The seed of the rows; files of different seeds are samples of the same simulated world
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The standard deviation of the click rates of campaigns, in logits
    #[arg(long, value_name = "LOGITS", allow_negative_numbers = true, default_value_t = SimulatorConfig::default().campaign_deviation)]
    pub(crate) campaign_deviation: f64,
    /// The liking of a user for an ad: one in four pairs has this effect in logits, and the others the opposite third
    #[arg(long, value_name = "LOGITS", allow_negative_numbers = true, default_value_t = SimulatorConfig::default().liking)]
    pub(crate) liking: f64,
    /// The share of rows with one of the five ads that the user returns to
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, default_value_t = SimulatorConfig::default().returning)]
    pub(crate) returning: f64,
    /// The number of users
    #[arg(long, value_name = "N", default_value_t = SimulatorConfig::default().users)]
    pub(crate) users: usize,
    /// The file to write; the end of its name gives the format, TSV if there is none, and `-` is the
    /// standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Also write the true probability of each row to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
    /// Write the probabilities that the rows would have if all ads were at position 1
    #[arg(long, requires = "truth")]
    pub(crate) truth_at_top: bool,
}

pub(crate) fn run(args: &SimulateArgs) -> Result<()> {
    check_outputs([&args.out].into_iter().chain(&args.truth), Prints::Nothing)?;
    let SimulateArgs { seed, campaign_deviation, liking, returning, users, .. } = *args;
    let sizes = SimulatorConfig::default();
    let config = SimulatorConfig { seed, campaign_deviation, liking, returning, users, ..sizes };
    let truth = args.truth.as_deref();
    let truth = truth.map(|path| Truth { path, is_at_top: args.truth_at_top });
    let summary = write_simulated(config, args.rows, &args.out, truth)?;
    let clicks = percent(summary.clicks, summary.rows);
    let (rows, out) = (grouped(summary.rows), args.out.display());
    say_written(&args.out, format_args!("wrote {rows} rows, {clicks} clicked, to {out}"));
    if let Some(truth) = &args.truth {
        let line = format!("wrote their true probabilities to {}", truth.display());
        say_written(truth, line);
    }
    Ok(())
}
