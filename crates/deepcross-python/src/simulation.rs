//! Simulated clicks, as `deepcross simulate` writes them.

use deepcross_simulate::{Simulator, SimulatorConfig};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::Failure;
use crate::watched::watched;

/// Simulates rows; returns them as TSV with a header, and their true probabilities as the bytes of 64-bit floating-point
/// numbers.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub(crate) fn simulate<'py>(
    py: Python<'py>,
    n_rows: u64,
    seed: u64,
    campaign_deviation: Option<f64>,
    liking: Option<f64>,
    returning: Option<f64>,
    users: Option<usize>,
) -> PyResult<(String, Bound<'py, PyBytes>)> {
    let default = SimulatorConfig::default();
    let config = SimulatorConfig {
        seed,
        campaign_deviation: campaign_deviation.unwrap_or(default.campaign_deviation),
        liking: liking.unwrap_or(default.liking),
        returning: returning.unwrap_or(default.returning),
        users: users.unwrap_or(default.users),
        ..default
    };
    let ignore = |_: Python<'_>, (): ()| Ok(());
    let (text, truth) = watched(py, ignore, |_| simulated(&config, n_rows))??;
    Ok((text, PyBytes::new(py, &truth)))
}

fn simulated(config: &SimulatorConfig, n_rows: u64) -> Result<(String, Vec<u8>), Failure> {
    let simulator = Simulator::new(config);
    let simulator = simulator.map_err(|problems| Failure::Config(problems.join("; ")))?;
    let mut text = Vec::new();
    let written = simulator.write_tsv(&mut text, None, n_rows);
    written.map_err(|error| Failure::Data(error.to_string()))?;
    let text = String::from_utf8(text).map_err(|error| Failure::Data(error.to_string()))?;
    let truth = (0..n_rows).flat_map(|row| simulator.row(row).probability.to_ne_bytes());
    Ok((text, truth.collect()))
}
