//! `deepcross simulate`

use crate::args::Simulate;
use crate::output::OutputFile;
use crate::tables::{grouped, percent};
use anyhow::{Result, bail};
use deepcross_data::simulate::{SimulationSummary, Simulator, SimulatorConfig};
use std::io::Write;
use std::path::Path;

pub(crate) fn run(args: &Simulate) -> Result<()> {
    if args.truth.as_ref() == Some(&args.out) {
        bail!("{}: rows and true probabilities cannot go to one file", args.out.display());
    }
    let config = SimulatorConfig { seed: args.seed, ..SimulatorConfig::default() };
    let summary = write(config, args.rows, &args.out, args.truth.as_deref())?;
    let clicks = percent(summary.clicks, summary.rows);
    eprintln!("wrote {} rows, {clicks} clicked, to {}", grouped(summary.rows), args.out.display());
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
        Simulator::new(&config).map_err(|problems| anyhow::anyhow!(problems.join("\n")))?;
    let mut out = OutputFile::create(path)?;
    let mut truth = truth.map(OutputFile::create).transpose()?;
    let truth_writer = truth.as_mut().map(|truth| truth as &mut dyn Write);
    let written = simulator.write_tsv(&mut out, truth_writer, n_rows);
    let summary = out.written(written)?;
    out.finish()?;
    truth.map(OutputFile::finish).transpose()?;
    Ok(summary)
}
