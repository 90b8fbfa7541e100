//! `deepcross simulate`

use crate::args::Simulate;
use crate::call_error::CallError;
use crate::output::{self, check_apart, say};
use crate::tables::{grouped, percent};
use anyhow::Result;
use deepcross_files::AtomicFile;
use deepcross_simulate::{SimulationSummary, Simulator, SimulatorConfig};
use std::io::Write;
use std::path::Path;

pub(crate) fn run(args: &Simulate) -> Result<()> {
    check_apart(&args.out, &args.truth)?;
    let Simulate { seed, campaign_deviation, .. } = *args;
    let config = SimulatorConfig { seed, campaign_deviation, ..SimulatorConfig::default() };
    let summary = write(config, args.rows, &args.out, args.truth.as_deref())?;
    let clicks = percent(summary.clicks, summary.rows);
    let (rows, out) = (grouped(summary.rows), args.out.display());
    say(format_args!("wrote {rows} rows, {clicks} clicked, to {out}"));
    if let Some(truth) = &args.truth {
        say(format_args!("wrote their true probabilities to {}", truth.display()));
    }
    Ok(())
}

/// Writes simulated rows, and their true probabilities apart; both files are there whole, or not at all.
pub(crate) fn write(
    config: SimulatorConfig,
    n_rows: u64,
    path: &Path,
    truth: Option<&Path>,
) -> Result<SimulationSummary> {
    let simulator =
        Simulator::new(&config).map_err(|problems| CallError::with_message(problems.join("\n")))?;
    let mut out = output::create(path)?;
    let mut truth = truth.map(output::create).transpose()?;
    let truth_writer = truth.as_mut().map(|truth| truth as &mut dyn Write);
    let summary = simulator.write_tsv(&mut out, truth_writer, n_rows)?;
    AtomicFile::finish_all(std::iter::once(out).chain(truth))?;
    Ok(summary)
}
