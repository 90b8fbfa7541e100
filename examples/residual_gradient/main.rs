//! Shows whether the gradient reaches the bottom of a stack: the norm of ∂L/∂h at every depth of plain and residual
//! stacks of 4 to 64 layers, at the start and after training, on simulated clicks, as a table, in sentences and as
//! plots.
//!
//! ```text
//! cargo run --release --example residual_gradient -- [FOLDER [STEPS]]
//! ```
//!
//! The plots are written to FOLDER, by default `residual-gradient`; the number of training STEPS is 300 by default.
//! The example asserts nothing: it reports decay and growth as measured.

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

mod clicks;
mod flow;
mod plot;
mod report;
mod stack;

use clicks::{BATCH, Clicks};
use flow::{Measured, measure};
use plot::Plot;
use rayon::prelude::*;
use stack::{KINDS, WIDTH};
use std::error::Error;
use std::path::{Path, PathBuf};

/// The deepest stacks come first: they take longest, and the run should not wait for them at the end.
const DEPTHS: [usize; 5] = [64, 32, 16, 8, 4];
/// The depth that the sentences and the plots show.
const SHOWN: usize = 32;
/// The number of batches to train on; after the last batch comes the first again.
const BATCHES: usize = 300;
/// The number of rows that are never trained on; norms and losses are measured on them.
const MEASURED_ROWS: usize = 2048;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "residual-gradient".to_owned()));
    let steps = arguments.next().map_or(Ok(300), |steps| steps.parse())?;
    std::fs::create_dir_all(&folder)?;

    let clicks = Clicks::simulate(BATCHES * BATCH, MEASURED_ROWS)?;
    println!("{WIDTH} columns, {steps} steps of Adam on batches of {BATCH} simulated clicks,");
    println!("measured with {MEASURED_ROWS} other clicks.\n");
    let all = measure_all(&clicks, steps)?;
    print!("{}", report::table(&all));
    println!("\nFrom h({SHOWN}) down to h(0), the gradient of each stack:");
    let shown: Vec<_> = all.into_iter().filter(|measured| measured.depth == SHOWN).collect();
    for measured in &shown {
        println!("* {}", report::sentence(measured, clicks.loss_of_click_rate()));
    }
    println!();
    draw(&folder, &shown)
}

/// Every kind at every depth, in the order of the table.
fn measure_all(clicks: &Clicks, steps: usize) -> Result<Vec<Measured>, Box<dyn Error>> {
    let cases = DEPTHS.iter().flat_map(|&depth| KINDS.map(|kind| (kind, depth)));
    let mut all = cases
        .collect::<Vec<_>>()
        .into_par_iter()
        .with_max_len(1)
        .map(|(kind, depth)| measure(kind, depth, clicks, steps))
        .collect::<Result<Vec<_>, _>>()?;
    // The sorts are stable: within a kind the depths rise, and the kinds keep their order.
    all.sort_by_key(|measured| measured.depth);
    all.sort_by_key(|measured| KINDS.iter().position(|&kind| kind == measured.kind));
    Ok(all)
}

/// Two plots with the same axes, so that they can be compared.
fn draw(folder: &Path, shown: &[Measured]) -> Result<(), Box<dyn Error>> {
    let exponents = plot::exponents(shown.iter().flat_map(|m| [&m.start, &m.trained]));
    let moments = [("start", "at the start"), ("trained", "after training")];
    for (i, (name, moment)) in moments.into_iter().enumerate() {
        let flows = shown.iter().map(|m| (m.kind, [&m.start, &m.trained][i])).collect();
        let title = format!("The gradient in {SHOWN} layers of {WIDTH} columns, {moment}");
        let path = folder.join(format!("residual-gradient-{name}.svg"));
        std::fs::write(&path, Plot { title, flows, exponents: exponents.clone() }.svg()?)?;
        println!("plot {moment}: {}", path.display());
    }
    Ok(())
}
