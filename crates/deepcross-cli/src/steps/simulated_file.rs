//! Writes simulated rows.

use crate::call_error::CallError;
use crate::output;
use anyhow::Result;
use deepcross_files::AtomicFile;
use deepcross_simulate::{SimulationSummary, Simulator, SimulatorConfig};
use std::io::Write;
use std::path::Path;

/// Writes simulated rows, and their true probabilities to a file of their own if `truth` names one.
///
/// Both files are written whole, or not at all.
pub(crate) fn write_simulated(
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
