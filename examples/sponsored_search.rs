//! Measures the gain from the paper's features: Deep Crossing on simulated clicks with all features of
//! `sponsored-search.toml`, without the tri-letter grams, and without the companion counts, compared with an additive
//! model and the true probabilities.
//!
//! ```text
//! cargo run --release --example sponsored_search -- [TRAINING_ROWS [TEST_ROWS [SEEDS]]]
//! ```
//!
//! The numbers of `docs/results.md` are those of the defaults: 1000000 200000 3.

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

mod clicks;

use clicks::{Clicks, Result, best_possible, tested, trained};
use deepcross::simulate::SimulatorConfig;
use deepcross::train::RunConfig;
use toml::{Table, Value};

const CONFIG: &str = include_str!("sponsored-search.toml");
const ADDITIVE: [&str; 2] = ["model.preset=fuxictr", "model.hidden=[]"];
/// With at least this number of rows, the result must agree with `docs/results.md`; with fewer rows, chance decides.
const ENOUGH_ROWS: u64 = 1_000_000;

/// The files of one simulated world.
struct World {
    train: Clicks,
    valid: Clicks,
    test: Clicks,
}

/// The results of one kind of model: means over seeds.
struct Reached {
    valid_log_loss: f64,
    /// The difference between the best and the worst seed, in log loss on validation rows.
    spread: f64,
    auc: f64,
}

fn main() -> Result<()> {
    let given: Vec<u64> =
        std::env::args().skip(1).map(|arg| arg.parse()).collect::<std::result::Result<_, _>>()?;
    let number = |i: usize, default| given.get(i).copied().unwrap_or(default);
    let (train_rows, test_rows, seeds) = (number(0, 1_000_000), number(1, 200_000), number(2, 3));
    let folder = tempfile::tempdir()?;
    let write = |seed, n_rows| {
        let config =
            SimulatorConfig { seed, campaign_deviation: 1.0, ..SimulatorConfig::default() };
        Clicks::write(folder.path(), &config, n_rows)
    };
    let (train, valid, test) = (write(1, train_rows)?, write(3, test_rows)?, write(2, test_rows)?);
    let world = World { train, valid, test };

    println!(
        "{train_rows} rows to train on, {test_rows} to validate and to test with; {seeds} seeds"
    );
    println!("                          validation log loss   spread   test log loss   test AUC");
    let all = reached("all features", CONFIG, &[], &world, seeds)?;
    let no_grams = reached("without tri-letter grams", &without_grams()?, &[], &world, seeds)?;
    let no_counts = reached("without companion counts", &without_counts()?, &[], &world, seeds)?;
    let additive = reached("additive, all features", CONFIG, &ADDITIVE, &world, seeds)?;
    let best = best_possible(&world.test)?;
    let best_auc = best.auc.ok_or("the test rows are of one class")?;
    let best_log_loss = best.log_loss.ok_or("there are no test rows")?;
    println!("{:54}{best_log_loss:16.4}{best_auc:11.4}", "best possible");

    let closed = (all.auc - additive.auc) / (best_auc - additive.auc);
    println!("Deep Crossing closes {:.0} % of the gap", 100.0 * closed);
    let found = [
        ("the tri-letter grams", all.is_clearly_better_than(&no_grams)),
        ("the companion counts", all.is_clearly_better_than(&no_counts)),
        ("half of the gap", closed >= 0.5),
    ];
    match found.iter().find(|(_, holds)| !holds) {
        Some((what, _)) if train_rows >= ENOUGH_ROWS => {
            Err(format!("{what}: the gain is smaller than it should be").into())
        }
        _ => Ok(()),
    }
}

/// Trains with each seed, prints a line of the table, and returns its numbers.
fn reached(
    name: &str,
    config: &str,
    overrides: &[&str],
    world: &World,
    seeds: u64,
) -> Result<Reached> {
    let (mut valid, mut log_loss, mut auc) = (Vec::new(), 0.0, 0.0);
    for seed in 1..=seeds {
        let seed = format!("train.seed={seed}");
        let overrides: Vec<String> =
            overrides.iter().copied().chain([seed.as_str()]).map(str::to_owned).collect();
        let config = RunConfig::parse(config, &overrides, "sponsored-search.toml")?;
        let model = trained(&config, &world.train, Some(&world.valid))?;
        let summary = tested(&model, &config, &world.test)?;
        valid.push(model.training.valid_log_loss.ok_or("there are no validation rows")?);
        log_loss += summary.log_loss.ok_or("there are no test rows")?;
        auc += summary.auc.ok_or("the test rows are of one class")?;
    }
    let n = seeds as f64;
    let (best, worst) = (
        valid.iter().copied().fold(f64::INFINITY, f64::min),
        valid.iter().copied().fold(0.0, f64::max),
    );
    let (valid_log_loss, spread) = (valid.iter().sum::<f64>() / n, worst - best);
    let (log_loss, auc) = (log_loss / n, auc / n);
    println!("{name:26}{valid_log_loss:19.4}{spread:9.4}{log_loss:16.4}{auc:11.4}");
    Ok(Reached { valid_log_loss, spread, auc })
}

impl Reached {
    /// Whether the difference is greater than the spread over the seeds of either model.
    fn is_clearly_better_than(&self, other: &Self) -> bool {
        other.valid_log_loss - self.valid_log_loss > self.spread.max(other.spread)
    }
}

/// The configuration without the fields that hold texts.
fn without_grams() -> Result<String> {
    let mut config: Table = CONFIG.parse()?;
    fields(&mut config)?.retain(|field| field.get("kind") != Some(&Value::from("text")));
    Ok(config.to_string())
}

/// The configuration without companion counts, and without the keys that only companion counts use.
fn without_counts() -> Result<String> {
    let mut config: Table = CONFIG.parse()?;
    for field in fields(&mut config)?.iter_mut().filter_map(Value::as_table_mut) {
        field.remove("counts");
        field.remove("smoothing");
    }
    if let Some(data) = config.get_mut("data").and_then(Value::as_table_mut) {
        data.remove("order");
    }
    Ok(config.to_string())
}

fn fields(config: &mut Table) -> Result<&mut Vec<Value>> {
    let fields = config.get_mut("field").and_then(Value::as_array_mut);
    Ok(fields.ok_or("the configuration has no fields")?)
}
