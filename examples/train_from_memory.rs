//! Trains on rows that are in memory, and measures and scores other such rows: no file is read or written.
//!
//! Rows of strings need no cargo feature.
//! With the feature `parquet`, `Input::from_batches` takes Arrow record batches instead, and their numbers are not
//! copied.
//!
//! ```text
//! cargo run --release --example train_from_memory
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use deepcross::data::{Input, Labels};
use deepcross::train::{
    EvaluateOptions, Files, PredictionPlan, RunConfig, RunOptions, TrainedRun, evaluate, train,
    write_predictions,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::error::Error;

const HEADER: [&str; 4] = ["click", "ad", "device", "age"];

const CONFIG: &str = r#"
    [data]
    label = "click"

    [[field]]
    name = "ad"
    kind = "categorical"

    [[field]]
    name = "device"
    kind = "categorical"

    [[field]]
    name = "age"
    kind = "number"
    transform = "standard"

    [model]
    embedding = 4
    hidden = [16]

    [train]
    epochs = 3
    batch = 128
    learning_rate = 0.02
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let config = RunConfig::parse(CONFIG, &[], "the example")?;
    let files = Files::new(rows(8_000, 1));
    let trained = train(&config, &files, RunOptions::on_threads(2), &mut |_| ())?;
    let run = TrainedRun { trained, config };

    let test = rows(2_000, 2);
    let mut labelled = run.reader(&test, Labels::Required)?;
    let options = EvaluateOptions::default();
    let summary = evaluate(run.trained.predictor(), &mut labelled, options)?.summary;
    println!("AUC on {} other rows: {:.4}", summary.rows, summary.auc.unwrap_or(f64::NAN));

    // Rows to score need no label.
    let header = HEADER.map(String::from)[1..].to_vec();
    let new = [["ad3", "phone", "31"], ["ad3", "desktop", "31"], ["ad9", "phone", ""]];
    let new = new.map(|row| row.map(String::from).to_vec()).to_vec();
    let mut unlabelled = run.reader(Input::from_rows(header, new), Labels::Ignored)?;
    let plan = PredictionPlan::default();
    let written = write_predictions(run.trained.predictor(), &mut unlabelled, Vec::new(), &plan)?;
    print!("{}", String::from_utf8(written.out)?);
    Ok(())
}

/// Rows whose clicks depend on the advertisement and the device.
fn rows(n_rows: usize, seed: u64) -> Input {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut row = || {
        let (ad, phone) = (random.random_range(0..10), random.random_bool(0.5));
        let age = random.random_range(18..80);
        let rate = 0.05 + 0.04 * f64::from(ad) + if phone { 0.2 } else { 0.0 };
        let click = u8::from(random.random_bool(rate));
        let device = if phone { "phone" } else { "desktop" };
        vec![click.to_string(), format!("ad{ad}"), device.to_owned(), age.to_string()]
    };
    Input::from_rows(HEADER.map(String::from).to_vec(), (0..n_rows).map(|_| row()).collect())
}
