//! Simulated clicks, encoded as they are for training, and then turned into `f64`: a gradient of 1e-50 is 0 in `f32`.

use deepcross::features::batch::FieldShape;
use deepcross::features::{Batch, Encoder, Fitter};
use deepcross::simulate::{HEADER, SimulatedRow, Simulator, SimulatorConfig};
use deepcross::train::RunConfig;
use std::error::Error;

/// The fields of the configuration for simulated clicks, which the program `deepcross` takes too.
const CONFIG: &str = include_str!("../simulated.toml");
/// Rows of a training step.
pub(crate) const BATCH: usize = 128;

/// Rows to train on, and other rows to measure with.
pub(crate) struct Clicks {
    pub(crate) shapes: Vec<FieldShape>,
    pub(crate) train: Batch<f64>,
    pub(crate) measured: Batch<f64>,
}

impl Clicks {
    pub(crate) fn simulate(n_train: usize, n_measured: usize) -> Result<Self, Box<dyn Error>> {
        let simulator =
            Simulator::new(&SimulatorConfig::default()).map_err(|all| all.join("\n"))?;
        let rows: Vec<_> = simulator.rows().take(n_train + n_measured).collect();
        let (train, measured) = rows.split_at(n_train);
        let encoder = fit(train)?;
        Ok(Self {
            shapes: encoder.shapes().to_vec(),
            train: encode(&encoder, train)?,
            measured: encode(&encoder, measured)?,
        })
    }

    /// The mean log loss, on the measured rows, of a model that knows only their click rate.
    pub(crate) fn loss_of_click_rate(&self) -> f64 {
        let labels = self.measured.labels();
        let rate = labels.iter().sum::<f64>() / labels.len() as f64;
        let share = |p: f64| if p == 0.0 { 0.0 } else { -p * p.ln() };
        share(rate) + share(1.0 - rate)
    }
}

fn fit(rows: &[SimulatedRow<'_>]) -> Result<Encoder, Box<dyn Error>> {
    let schema = RunConfig::parse(CONFIG, &[], "simulated.toml")?.schema()?;
    let mut fitter = Fitter::new(&schema);
    let binding = fitter.bind(&HEADER.map(String::from))?;
    for row in rows {
        let line = line(row)?;
        fitter.observe(&binding, &fields(&line))?;
    }
    Ok(fitter.finish())
}

fn encode(encoder: &Encoder, rows: &[SimulatedRow<'_>]) -> Result<Batch<f64>, Box<dyn Error>> {
    let binding = encoder.bind(&HEADER.map(String::from))?;
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    for row in rows {
        let line = line(row)?;
        encoder.encode(&binding, &fields(&line), &mut batch, &mut counts)?;
        batch.labels_mut().push(f32::from(u8::from(row.click)));
    }
    Ok(batch.map_values(f64::from))
}

/// A row as it stands in a file.
fn line(row: &SimulatedRow<'_>) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    row.write_tsv(&mut line)?;
    Ok(line)
}

fn fields(line: &[u8]) -> Vec<&[u8]> {
    line.trim_ascii_end().split(|&byte| byte == b'\t').collect()
}
