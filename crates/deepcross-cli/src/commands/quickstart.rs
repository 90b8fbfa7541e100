//! `deepcross quickstart`: simulates clicks with known probabilities, trains, evaluates and predicts.

use crate::arguments::Threads;
use crate::output::{self, open, say};
use crate::output_names::check_folder_name;
use crate::progress::train_progress::TrainProgress;
use crate::steps::{Truth, on_threads, predict_to, warn_of_rows, write_simulated};
use crate::text::tables::{grouped, metric, table};
use crate::text::undefined_metrics::UndefinedMetrics;
use crate::warnings::Warnings;
use anyhow::{Context, Result, anyhow};
use clap::Args;
use deepcross_data::Labels;
use deepcross_metrics::{Evaluation, Summary};
use deepcross_model::TrainedModel;
use deepcross_simulate::SimulatorConfig;
use deepcross_train::{
    EvaluateOptions, Files, PredictionPlan, RunConfig, RunOptions, TrainedRun, evaluate, train,
};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct QuickstartArgs {
    /// The folder to write all files to
    #[arg(long, value_name = "FOLDER", default_value = "deepcross-quickstart")]
    pub(crate) out: PathBuf,
    /// The number of training rows; a quarter as many are simulated for testing
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rows: u64,
    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

const CONFIG: &str = include_str!("quickstart.toml");
/// The number of training rows for each test row.
const TRAIN_ROWS_PER_TEST_ROW: u64 = 4;

/// The files of a quickstart.
struct Folder {
    config: PathBuf,
    train: PathBuf,
    test: PathBuf,
    truth: PathBuf,
    model: PathBuf,
    predictions: PathBuf,
}

impl Folder {
    fn new(folder: &Path) -> Self {
        let file = |name| folder.join(name);
        Self {
            config: file("run.toml"),
            train: file("train.tsv"),
            test: file("test.tsv"),
            truth: file("test-truth.tsv"),
            model: file("model.dcx"),
            predictions: file("predictions.csv"),
        }
    }

    fn files(&self) -> [&Path; 6] {
        [&self.config, &self.train, &self.test, &self.truth, &self.model, &self.predictions]
    }

    fn say_what_is_overwritten(&self) {
        for file in self.files().into_iter().filter(|file| file.exists()) {
            say(format_args!("overwriting {}", file.display()));
        }
    }
}

pub(crate) fn run(args: &QuickstartArgs) -> Result<()> {
    check_folder_name("--out", &args.out)?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("{}: cannot be created", args.out.display()))?;
    let folder = Folder::new(&args.out);
    folder.say_what_is_overwritten();
    simulate_files(&folder, args.rows)?;
    let config = RunConfig::parse(CONFIG, &[], &folder.config.display().to_string())?;
    let files = Files::new(vec![folder.train.clone()]);
    let threads = args.threads.get();
    let options = RunOptions { strict: args.warnings.is_strict, ..RunOptions::on_threads(threads) };
    output::check_writable(&folder.model)?;
    let run = TrainedRun { trained: trained(&config, &files, options)?, config };
    let test = std::slice::from_ref(&folder.test);
    let mut labelled = run.reader(test, Labels::Required)?;
    let predictor = run.trained.predictor();
    let model =
        on_threads(threads, || evaluate(predictor, &mut labelled, EvaluateOptions::default()))??;
    UndefinedMetrics::of(&model.summary)
        .map_or(Ok(()), |undefined| args.warnings.warn(undefined))?;
    let mut unlabelled = run.reader(test, Labels::Ignored)?;
    let plan = PredictionPlan::default();
    let written =
        predict_to(&folder.predictions, predictor.into(), &mut unlabelled, &plan, threads)?;
    warn_of_rows(args.warnings, &run.trained, &unlabelled, written.rows)?;
    // Model and predictions take their places after the last warning.
    run.trained.save(&output::resolved(&folder.model))?;
    say(format_args!("wrote {}", folder.model.display()));
    written.out.finish()?;
    print(&model.summary, &best_possible(&folder)?)?;
    what_next(&folder);
    Ok(())
}

fn simulate_files(folder: &Folder, n_train: u64) -> Result<()> {
    let mut out = output::create(&folder.config)?;
    out.write_all(CONFIG.as_bytes())?;
    out.finish()?;
    let n_test = n_train.div_ceil(TRAIN_ROWS_PER_TEST_ROW);
    let (train_rows, test_rows) = (grouped(n_train), grouped(n_test));
    say(format_args!("simulating {train_rows} rows to train on and {test_rows} to test with"));
    let world = SimulatorConfig::default();
    write_simulated(SimulatorConfig { seed: 1, ..world }, n_train, &folder.train, None)?;
    let test = SimulatorConfig { seed: 2, ..world };
    let truth = Truth { path: &folder.truth, is_at_top: false };
    write_simulated(test, n_test, &folder.test, Some(truth)).map(drop)
}

/// Trains with a progress bar and a summary, without checkpoints.
fn trained(config: &RunConfig, files: &Files, options: RunOptions<'_>) -> Result<TrainedModel> {
    let mut progress = TrainProgress::new(options.threads, &config.train);
    let trained = train(config, files, options, &mut |event| progress.observe(&event))?;
    progress.finish();
    Ok(trained)
}

/// The metrics of the true probabilities, which a model can exceed only by chance.
fn best_possible(folder: &Folder) -> Result<Summary> {
    let mut evaluation = Evaluation::default();
    let rows = lines(&folder.test)?.zip(lines(&folder.truth)?).skip(1);
    for (row, truth) in rows {
        let (row, truth) = (row?, truth?);
        let click = row.split('\t').next().unwrap_or_default() == "1";
        let probability: f64 =
            truth.parse().with_context(|| format!("{truth}: is not a probability"))?;
        evaluation.push(probability, click, 1.0).map_err(|error| anyhow!("{error}"))?;
    }
    Ok(evaluation.finish().summary)
}

fn lines(path: &Path) -> Result<std::io::Lines<BufReader<std::fs::File>>> {
    Ok(BufReader::new(open(path)?).lines())
}

fn print(model: &Summary, best: &Summary) -> Result<()> {
    let mut table = table(&["on the test rows", "model", "best possible", "always the base rate"]);
    table.add_row([
        "AUC".to_owned(),
        metric(model.auc),
        metric(best.auc),
        metric(model.auc.map(|_| 0.5)),
    ]);
    let losses = [model.log_loss, best.log_loss, model.base_log_loss].map(metric);
    table.add_row(std::iter::once("log loss".to_owned()).chain(losses));
    output::print(format_args!("\n{}\n", table.trim_fmt()))
}

fn what_next(folder: &Folder) {
    let [config, train, _, _, model, predictions] =
        folder.files().map(|file| file.display().to_string());
    say(format_args!("wrote {predictions}"));
    say(format_args!("\nnext steps:\n  deepcross inspect --model {model}"));
    say(format_args!(
        "  deepcross train --config {config} --data {train} --out {model} --set model.hidden=[256,128]"
    ));
}
