//! `deepcross compare`

use crate::args::Compare;
use crate::call_error::CallError;
use crate::inputs::{self, check_standard_input, keep_pipes_beside};
use crate::output::{self, check_apart, check_writable, read_text, resolved, say};
use crate::pages::comparison::Curves;
use crate::pages::write;
use crate::race::{Pace, Race};
use crate::signals::{Interrupted, Signals};
use crate::tables::{counted, grouped, table};
use anyhow::{Context, Result};
use deepcross_metrics::{SeedDifference, SeedEstimate};
use deepcross_model::TrainingSummary;
use deepcross_train::{
    Candidate, CompareEvent, CompareOptions, ComparedModel, Comparison, Files, RunConfig, TestedOn,
    TrainError, compare,
};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// The probability that intervals cover.
const LEVEL: f64 = 0.95;

pub(crate) fn run(args: &Compare) -> Result<()> {
    let files = Files { train: inputs::files(&args.data)?, valid: inputs::files(&args.valid)? };
    let test = inputs::files(&args.test)?;
    let data = || files.train.iter().chain(&files.valid).chain(&test);
    check_standard_input(data())?;
    let contenders = contenders(args)?;
    let first = contenders.first().map_or(1, |contender| contender.config.train.seed);
    let seeds: Vec<u64> = (0..args.seeds).map(|n| first.saturating_add(n)).collect();
    let artifacts = artifacts(args, &contenders, &seeds)?;
    let inputs: Vec<PathBuf> = data().chain([&args.config]).cloned().collect();
    artifacts.iter().try_for_each(|path| check_apart(path, &inputs))?;
    if let Some(report) = &args.report {
        check_apart(report, inputs.iter().chain(&artifacts))?;
        check_writable(report)?;
    }
    artifacts.iter().try_for_each(|path| check_writable(path))?;
    let beside = artifacts.first().or(args.report.as_ref());
    keep_pipes_beside(&beside.map_or_else(PathBuf::new, |path| resolved(path)));

    let (mut race, mut curves) = (Race::new(), Curves::default());
    let call = Call { contenders: &contenders, files: &files, test: &test, seeds: &seeds };
    let comparison = call.run(args.threads.get(), &artifacts, &mut |event| {
        race.observe(event);
        curves.observe(event);
    });
    let current = race.end().to_owned();
    let comparison = comparison.inspect_err(|error| {
        if error.is::<Interrupted>() {
            say(format_args!("interrupted in {current}"));
        }
    })?;
    if let Some(report) = &args.report {
        write(report, &curves.page(args, &contenders, (&comparison, &race.paces)))?;
        say(format_args!("wrote {}", report.display()));
    }
    if args.json {
        return output::print(json(&comparison, &contenders, &race)?);
    }
    output::print(text(&comparison, &race))
}

/// The models that the call names, each with its configuration.
fn contenders(args: &Compare) -> Result<Vec<Candidate>> {
    let models = &args.models;
    if let Some(twice) = (1..models.len()).find(|&n| models[..n].contains(&models[n])) {
        let name = models[twice].name();
        return Err(CallError::with_message(format!("`--models`: `{name}` is named twice")));
    }
    let (text, file) = (read_text(&args.config)?, args.config.display().to_string());
    let configs = RunConfig::parse_kinds(&text, &args.overrides, &file, models)?;
    let contender =
        |config: RunConfig| Candidate { name: config.model.kind.name().to_owned(), config };
    Ok(configs.into_iter().map(contender).collect())
}

/// Where the models are kept, in the order of the runs; none where they are not. The folder is made.
fn artifacts(args: &Compare, contenders: &[Candidate], seeds: &[u64]) -> Result<Vec<PathBuf>> {
    let Some(folder) = &args.out else { return Ok(Vec::new()) };
    if folder.exists() && !folder.is_dir() {
        let message = format!("{}: is a file, but a folder is to be written to", folder.display());
        return Err(CallError::with_message(message));
    }
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{}: cannot be made", folder.display()))?;
    let name = |contender: &Candidate, seed: &u64| format!("{}-seed{seed}.dcx", contender.name);
    let names =
        contenders.iter().flat_map(|contender| seeds.iter().map(move |seed| name(contender, seed)));
    Ok(names.map(|name| folder.join(name)).collect())
}

/// What is compared.
struct Call<'a> {
    contenders: &'a [Candidate],
    files: &'a Files,
    test: &'a [PathBuf],
    seeds: &'a [u64],
}

impl Call<'_> {
    /// Compares, keeps the models in `artifacts`, one a run if any, and ends when a signal asks for it.
    fn run(
        &self,
        threads: usize,
        artifacts: &[PathBuf],
        observe: &mut (dyn FnMut(&CompareEvent<'_>) + Send),
    ) -> Result<Comparison> {
        let signals = Signals::listen()?;
        let (mut unsaved, is_unsaved) = (None, AtomicBool::new(false));
        let stop = || signals.interrupted().is_some() || is_unsaved.load(Ordering::Relaxed);
        let options = CompareOptions { seeds: self.seeds, threads, level: LEVEL, stop: &stop };
        let compared = compare(self.contenders, self.files, self.test, options, &mut |event| {
            observe(&event);
            match &event {
                // From here on, there is something that a first signal ends in good order.
                CompareEvent::Begins(_) => signals.hold(),
                CompareEvent::Trained(place, trained) => {
                    let path =
                        artifacts.get(place.run - 1).map(|path| trained.save(&resolved(path)));
                    if let Some(Err(error)) = path {
                        unsaved.get_or_insert(error);
                        is_unsaved.store(true, Ordering::Relaxed);
                    }
                }
                _ => {}
            }
        });
        match (unsaved, compared, signals.interrupted()) {
            (Some(error), ..) => Err(error.into()),
            (None, Err(TrainError::Interrupted { .. }), Some(signal)) => Err(signal.into()),
            (None, compared, _) => Ok(compared?),
        }
    }
}

/// What `--json` prints: the comparison, and of each run its time, of each model its configuration.
fn json(comparison: &Comparison, contenders: &[Candidate], race: &Race) -> Result<Value> {
    let mut value = serde_json::to_value(comparison)?;
    let mut paces = race.paces.iter();
    let models = value["models"].as_array_mut().into_iter().flatten();
    for (model, contender) in models.zip(contenders) {
        model["config"] = json!(contender.config.to_toml()?);
        let runs = model["runs"].as_array_mut().into_iter().flatten();
        for (run, pace) in runs.zip(&mut paces) {
            run["seconds"] = json!(pace.seconds);
            run["rows_per_second"] = json!(pace.rows_per_second());
        }
    }
    Ok(value)
}

fn text(comparison: &Comparison, race: &Race) -> String {
    let mut metrics = table(&["model", "AUC", "to the best", "p", "log loss", "to the best", "p"]);
    let mut sizes = table(&["model", "weights", "epochs", "kept", "seconds a run", "rows/s"]);
    for (model, cost) in comparison.models.iter().zip(costs(comparison, &race.paces)) {
        metrics.add_row(cells(model));
        sizes.add_row([vec![model.name.clone()], cost].concat());
    }
    let notes = notes(comparison).join("\n");
    format!("{}\n\n{}\n\n{}\n\n{notes}", head(comparison), metrics.trim_fmt(), sizes.trim_fmt())
}

fn head(comparison: &Comparison) -> String {
    let rows = counted(comparison.rows, "row");
    let what = match comparison.tested_on {
        TestedOn::Test => "tested on",
        TestedOn::Validation => "tested on the validation rows,",
    };
    let seeds = comparison.models.first().map_or(0, |model| model.runs.len());
    let positives = grouped(comparison.positives);
    format!("{what} {rows}, {positives} positive; means of {}", counted(seeds as u64, "seed"))
}

/// How the numbers are to be read.
pub(crate) fn notes(comparison: &Comparison) -> Vec<String> {
    let seeds = comparison.models.first().map_or(0, |model| model.runs.len());
    let over = match seeds {
        1 => "over rows alone: one seed says nothing of others",
        _ => "over rows and seeds",
    };
    let mut notes = vec![format!("± is half a 95 % interval, {over}.")];
    if comparison.models.len() > 1 {
        notes.push(
            "The best has the highest AUC; p-values are two-sided, paired on the same rows, and adjusted by Holm for all models of the table."
                .to_owned(),
        );
    }
    if comparison.tested_on == TestedOn::Validation {
        notes.push(
            "The validation rows chose the epoch that is kept, so that all models look a little better than they are: --test names rows that did not."
                .to_owned(),
        );
    }
    notes
}

/// A row of the table of metrics.
pub(crate) fn cells(model: &ComparedModel) -> Vec<String> {
    let mut cells = vec![model.name.clone(), estimate(&model.auc)];
    let (auc, loss) = match &model.to_best {
        None => (["best".to_owned(), String::new()], [String::new(), String::new()]),
        Some(to_best) => (
            [difference(&to_best.auc), p_value(to_best.auc_p_adjusted)],
            [difference(&to_best.log_loss), p_value(to_best.log_loss_p_adjusted)],
        ),
    };
    cells.extend(auc);
    cells.push(estimate(&model.log_loss));
    cells.extend(loss);
    cells
}

/// Weights, epochs, epochs kept, seconds and rows per second of each model, the means of its runs.
pub(crate) fn costs(comparison: &Comparison, paces: &[Pace]) -> Vec<Vec<String>> {
    let mut paces = paces.iter();
    let of_model = |model: &ComparedModel| {
        let n = model.runs.len();
        let own: Vec<_> = paces.by_ref().take(n).collect();
        let mean = |sum: f64| sum / n as f64;
        let seconds: f64 = own.iter().map(|pace| pace.seconds).sum();
        let rows: u64 = own.iter().map(|pace| pace.rows).sum();
        let epochs = |of: fn(&TrainingSummary) -> u32| {
            let sum: f64 = model.runs.iter().map(|run| f64::from(of(&run.training))).sum();
            format!("{:.1}", mean(sum))
        };
        vec![
            grouped(model.n_parameters),
            epochs(|training| training.epochs),
            epochs(|training| training.best_epoch),
            format!("{:.1}", mean(seconds)),
            grouped((rows as f64 / seconds.max(1e-9)) as u64),
        ]
    };
    comparison.models.iter().map(of_model).collect()
}

fn estimate(found: &SeedEstimate) -> String {
    format!("{:.4} ±{:.4}", found.value, 0.5 * (found.high - found.low))
}

fn difference(found: &SeedDifference) -> String {
    let sign = if found.difference < 0.0 { '−' } else { '+' };
    let half = 0.5 * (found.high - found.low);
    format!("{sign}{:.4} ±{half:.4}", found.difference.abs())
}

fn p_value(p: Option<f64>) -> String {
    match p {
        None => "–".to_owned(),
        Some(p) if p < 1e-4 => "<0.0001".to_owned(),
        Some(p) => format!("{p:.4}"),
    }
}
