//! Uses the facade from end to end: simulated clicks, training, an artifact, and the same predictions after reload.
//!
//! ```text
//! cargo run --release --example train_and_reload
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use deepcross::model::{Scorer, TrainedModel};
use deepcross::simulate::{HEADER, Simulator, SimulatorConfig};
use deepcross::train::{Event, Files, RunConfig, RunOptions, train};
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

const CONFIG: &str = include_str!("simulated.toml");

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("clicks.tsv");
    simulate(&data)?;

    // The configuration for 300,000 rows, with fewer epochs, a smaller batch and a smaller unit.
    let smaller = ["train.epochs=3", "train.batch=256", "model.hidden=[32]"].map(String::from);
    let config = RunConfig::parse(CONFIG, &smaller, "simulated.toml")?;
    let trained = train(&config, &Files::new(vec![data]), RunOptions::on_threads(2), &mut report)?;
    let before = Scorer::new(trained);

    let artifact = folder.path().join("clicks.dcx");
    before.trained().save(&artifact)?;
    println!("stored in {} bytes", artifact.metadata()?.len());
    let after = Scorer::new(TrainedModel::load(&artifact)?);

    let (old, new) = (score_new_rows(&before)?, score_new_rows(&after)?);
    println!("new rows, before:       {old:.6?}");
    println!("new rows, after reload: {new:.6?}");
    println!("equal to the bit: {}", old == new);
    Ok(())
}

fn simulate(path: &Path) -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::new(&SimulatorConfig::default()).map_err(|all| all.join("\n"))?;
    let mut file = BufWriter::new(File::create(path)?);
    let summary = simulator.write_tsv(&mut file, None, 20_000)?;
    file.flush()?;
    println!("simulated {} rows, {} clicks", summary.rows, summary.clicks);
    Ok(())
}

fn report(event: Event<'_>) {
    if let Event::Epoch(report) = event {
        let auc = report.valid.and_then(|valid| valid.auc).unwrap_or(f64::NAN);
        println!(
            "epoch {}: log loss {:.4}, held out AUC {auc:.4}",
            report.epoch, report.train_loss
        );
    }
}

/// Scores raw rows as a service would: columns by name, values as they come, including unknown values.
fn score_new_rows(scorer: &Scorer) -> Result<Vec<f32>, Box<dyn Error>> {
    let world = SimulatorConfig { seed: 2, ..SimulatorConfig::default() };
    let simulator = Simulator::new(&world).map_err(|all| all.join("\n"))?;
    let binding = scorer.encoder().bind(&HEADER.map(String::from))?;
    let mut session = scorer.session();
    for row in simulator.rows().take(3) {
        let mut line = Vec::new();
        row.write_tsv(&mut line)?;
        let fields: Vec<&[u8]> = line.trim_ascii_end().split(|&byte| byte == b'\t').collect();
        scorer.push(&mut session, &binding, &fields)?;
    }
    scorer.push(&mut session, &binding, &["0", "a query never seen", "", "a new title"])?;
    Ok(scorer.score(&mut session).to_vec())
}
