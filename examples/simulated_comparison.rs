//! Measures how close each model comes to the best possible result: four predictors on simulated clicks whose true
//! probabilities are known: the campaign's click rate alone, an additive model, Deep Crossing, and the true
//! probabilities.
//!
//! ```text
//! cargo run --release --example simulated_comparison -- [TRAINING_ROWS [TEST_ROWS [SEEDS]]]
//! ```
//!
//! The numbers of `docs/results.md` are those of the defaults: 300000 100000 3.

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

mod clicks;

use clicks::{Clicks, Result, best_possible, tested, trained};
use deepcross::metrics::{Evaluation, Summary};
use deepcross::simulate::SimulatorConfig;
use deepcross::train::RunConfig;
use std::collections::HashMap;

const CONFIG: &str = include_str!("simulated.toml");
const ADDITIVE: [&str; 2] = ["model.preset=fuxictr", "model.hidden=[]"];
/// The weight, in rows, of the prior belief that a campaign has the overall click rate.
const PRIOR_ROWS: f64 = 20.0;

fn main() -> Result<()> {
    let given: Vec<u64> =
        std::env::args().skip(1).map(|arg| arg.parse()).collect::<std::result::Result<_, _>>()?;
    let number = |i: usize, default| given.get(i).copied().unwrap_or(default);
    let (train_rows, test_rows, seeds) = (number(0, 300_000), number(1, 100_000), number(2, 3));
    let folder = tempfile::tempdir()?;
    let write = |seed, n_rows| {
        let config = SimulatorConfig { seed, ..SimulatorConfig::default() };
        Clicks::write(folder.path(), &config, n_rows)
    };
    let (clicks, test) = (write(1, train_rows)?, write(2, test_rows)?);

    let campaign = of_campaign_rates(&clicks, &test)?;
    let additive = mean_auc(&clicks, &test, &ADDITIVE, seeds)?;
    let deep = mean_auc(&clicks, &test, &[], seeds)?;
    let best = best_possible(&test)?.auc.ok_or("the test rows are of one class")?;
    println!("{train_rows} rows to train on, {test_rows} to test with, mean AUC of {seeds} seeds");
    println!("campaign's click rate  {:.4}", campaign.auc.unwrap_or(f64::NAN));
    println!("additive model         {additive:.4}");
    println!("Deep Crossing          {deep:.4}");
    println!("best possible          {best:.4}");
    let closed = (deep - additive) / (best - additive);
    println!("Deep Crossing closes {:.0} % of the gap", 100.0 * closed);
    if train_rows >= 300_000 && closed < 1.0 / 3.0 {
        return Err("less than a third of the gap: the model has become worse".into());
    }
    Ok(())
}

fn mean_auc(clicks: &Clicks, test: &Clicks, overrides: &[&str], seeds: u64) -> Result<f64> {
    let mut sum = 0.0;
    for seed in 1..=seeds {
        let mut overrides: Vec<String> =
            overrides.iter().map(|&setting| setting.to_owned()).collect();
        overrides.push(format!("train.seed={seed}"));
        let config = RunConfig::parse(CONFIG, &overrides, "simulated.toml")?;
        let model = trained(&config, clicks, None)?;
        let summary = tested(&model, &config, test)?;
        sum += summary.auc.ok_or("the test rows are of one class")?;
    }
    Ok(sum / seeds as f64)
}

fn of_campaign_rates(clicks: &Clicks, test: &Clicks) -> Result<Summary> {
    let mut campaigns: HashMap<String, (f64, f64)> = HashMap::new();
    let mut overall = 0.0;
    for index in clicks.indices() {
        let row = clicks.simulator.row(index);
        let (n_clicks, n_rows) = campaigns.entry(row.campaign.to_string()).or_default();
        let click = f64::from(u8::from(row.click));
        (*n_clicks, *n_rows, overall) = (*n_clicks + click, *n_rows + 1.0, overall + click);
    }
    let prior = overall / clicks.n_rows as f64;
    let mut evaluation = Evaluation::default();
    for index in test.indices() {
        let row = test.simulator.row(index);
        let (n_clicks, n_rows) =
            campaigns.get(&row.campaign.to_string()).copied().unwrap_or_default();
        evaluation.push((n_clicks + PRIOR_ROWS * prior) / (n_rows + PRIOR_ROWS), row.click, 1.0)?;
    }
    Ok(evaluation.finish().summary)
}
