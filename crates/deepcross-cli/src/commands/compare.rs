//! `deepcross compare`: trains and tests models of several kinds on the same rows.

use crate::arguments::{
    ConfigChanges, Json, ReportPage, Threads, TrainingFiles, TrainingPaths, files_help, help_texts,
};
use crate::call_error::CallError;
use crate::inputs::{DataPaths, check_standard_input, pipes_beside};
use crate::output::{
    self, Prints, check_apart, check_outputs, check_writable, read_text, resolved, say,
};
use crate::output_names::check_folder_name;
use crate::pages::comparison::{ComparedCall, Curves};
use crate::progress::compare_progress::CompareProgress;
use crate::signals::{Interrupted, Signals};
use crate::text::comparison_text::comparison_text;
use crate::text::pace::Pace;
use crate::warnings::Warnings;
use anyhow::{Context, Result};
use clap::Args;
use deepcross_data::Input;
use deepcross_model::ModelKind;
use deepcross_train::compare::{Candidate, CompareEvent, CompareOptions, Comparison, compare};
use deepcross_train::config::{ColumnsOf, ConfigText, KindConfig};
use deepcross_train::{Files, RunConfig, TrainError};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The probability that intervals cover.
const LEVEL: f64 = 0.95;

const COMPARE_HELP: &str = concat!(
    "Examples:
  deepcross compare --config run.toml --data train.csv --test test.csv
  deepcross compare --config run.toml --data train.csv --valid valid.csv \\
      --test test.csv --models lr,fm,deep-crossing --seeds 5 \\
      --report comparison.html --set compare.lr.train.optimizer=ftrl \\
      --set compare.lr.train.learning_rate=0.1

Each model uses the keys of `[model]` that its kind knows, and all keys of `[train]`; the sections \
`[compare.KIND.model]` and `[compare.KIND.train]` replace single keys for one kind. The encoder is \
fitted once, all models see the same rows, and they are tested when all are trained. Intervals are over test rows and seeds; p-values are \
for the difference to the best model, adjusted by Holm for all models.

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(
    after_help = COMPARE_HELP,
    mut_args(help_texts(&[
        ("set", "Replace a value of the configuration, as in `train.epochs=5`, `compare.lr.train.l2=1e-4` or \
                 `field.*.min_count=5`"),
    ])),
)]
pub(crate) struct CompareArgs {
    /// The configuration of the runs
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) files: TrainingFiles,
    /// Test rows; without them, models are tested on the validation rows, which flatters them a little
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) test: Vec<PathBuf>,
    /// The kinds of model, separated by commas
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = parse_kind,
        default_values_t = ModelKind::ALL)]
    pub(crate) models: Vec<ModelKind>,
    /// The number of seeds to train each model with: that of the configuration, and the following ones
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) seeds: u64,
    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) changes: ConfigChanges,
    #[command(flatten)]
    pub(crate) json: Json,
    /// Keep the models in this folder, under names such as `fm-seed2.dcx`
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) report: ReportPage,
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

pub(crate) fn run(args: &CompareArgs) -> Result<()> {
    let (paths, test) = (args.files.paths()?, DataPaths::find(&args.test)?);
    let data = || paths.iter().chain(test.iter());
    check_standard_input(data())?;
    let is_new = args.out.as_ref().filter(|folder| !folder.exists());
    // A comparison that ends before its first model leaves no folder behind.
    compare_and_show(args, (&paths, &test)).inspect_err(|_| {
        // A folder with models is not removed, and neither is one that another process has filled.
        is_new.iter().for_each(|folder| drop(std::fs::remove_dir(folder)));
    })
}

/// Compares the models that the call names, and shows the result.
fn compare_and_show(args: &CompareArgs, (paths, test): (&TrainingPaths, &DataPaths)) -> Result<()> {
    let data = || paths.iter().chain(test.iter());
    let inputs: Vec<PathBuf> = data().chain([&args.config]).cloned().collect();
    create_folder(args)?;
    let in_folder = args.out.as_ref().map(|folder| folder.join("model.dcx"));
    let beside = in_folder.as_ref().or(args.report.path.as_ref());
    let pipes = pipes_beside(beside.map_or(Path::new(""), |path| path));
    let (files, test) = (paths.files(&pipes), test.input(&pipes));
    let (candidates, left_out) = &candidates(args, &files)?;
    for (candidate, keys) in candidates.iter().zip(left_out).filter(|(_, keys)| !keys.is_empty()) {
        let keys: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
        say(format_args!("{} does not use {} of `[model]`", candidate.name, keys.join(", ")));
    }
    let first = candidates.first().map_or(1, |candidate| candidate.config.train.seed);
    let seeds: &[u64] = &(0..args.seeds).map(|n| first.saturating_add(n)).collect::<Vec<_>>();
    let artifacts = &artifacts(args, candidates, seeds);
    artifacts.iter().try_for_each(|path| check_apart(path, &inputs))?;
    args.report.check(&inputs)?;
    check_outputs(artifacts.iter().chain(&args.report.path), Prints::Results)?;
    artifacts.iter().try_for_each(|path| check_writable(path))?;

    let (mut progress, mut curves) = (CompareProgress::new(), Curves::default());
    let call = Call { candidates, files: &files, test: &test, seeds, args };
    let comparison = call.run(artifacts, &mut |event| {
        progress.observe(event);
        curves.observe(event);
    });
    let current = progress.end().to_owned();
    let comparison = comparison.inspect_err(|error| {
        if error.is::<Interrupted>() {
            say(format_args!("interrupted in {current}"));
        }
    })?;
    let paces = &progress.paces;
    args.report.write(|| Ok(curves.page(&named(args), candidates, (&comparison, paces))))?;
    if args.json.is_asked {
        return output::print(json(&comparison, (candidates, left_out), paces)?);
    }
    output::print(comparison_text(&comparison, paces))
}

/// The facts of the call for the page.
fn named(args: &CompareArgs) -> ComparedCall<'_> {
    ComparedCall {
        config: &args.config,
        data: &args.files.data,
        valid: &args.files.valid,
        test: &args.test,
        seeds: args.seeds,
        threads: args.threads.get(),
    }
}

fn parse_kind(text: &str) -> Result<ModelKind, String> {
    let names = || ModelKind::ALL.map(ModelKind::name).join(", ");
    ModelKind::of_name(text)
        .ok_or_else(|| format!("unknown kind of model; the known kinds are {}", names()))
}

/// The models that the call names, each with its configuration; and the keys of `[model]` that each does not use.
fn candidates(args: &CompareArgs, files: &Files) -> Result<(Vec<Candidate>, Vec<Vec<String>>)> {
    let models = &args.models;
    if let Some(twice) = (1..models.len()).find(|&n| models[..n].contains(&models[n])) {
        let name = models[twice].name();
        return Err(CallError::with_message(format!("`--models`: `{name}` is named twice")));
    }
    let (text, file) = (&read_text(&args.config)?, &args.config.display().to_string());
    let (overrides, columns) = (args.changes.get(), Some(ColumnsOf::Files(&files.train)));
    let text = ConfigText { text, file, overrides, columns };
    let configs = RunConfig::read_kinds(text, models)?;
    let candidate = |KindConfig { config, left_out }: KindConfig| {
        let name = config.model.kind.name().to_owned();
        (Candidate { name, config }, left_out)
    };
    Ok(configs.into_iter().map(candidate).unzip())
}

/// Creates the folder for the models, if they are kept.
fn create_folder(args: &CompareArgs) -> Result<()> {
    let Some(folder) = &args.out else { return Ok(()) };
    check_folder_name("--out", folder)?;
    if folder.exists() && !folder.is_dir() {
        let message = format!("{}: is a file, expected a folder", folder.display());
        return Err(CallError::with_message(message));
    }
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{}: cannot be created", folder.display()))
}

/// The paths of the models in the order of the runs, empty if they are not kept.
fn artifacts(args: &CompareArgs, candidates: &[Candidate], seeds: &[u64]) -> Vec<PathBuf> {
    let Some(folder) = &args.out else { return Vec::new() };
    let name = |candidate: &Candidate, seed: &u64| format!("{}-seed{seed}.dcx", candidate.name);
    let names =
        candidates.iter().flat_map(|candidate| seeds.iter().map(move |seed| name(candidate, seed)));
    names.map(|name| folder.join(name)).collect()
}

/// The models, files and seeds of a comparison.
struct Call<'a> {
    candidates: &'a [Candidate],
    files: &'a Files,
    test: &'a Input,
    seeds: &'a [u64],
    args: &'a CompareArgs,
}

impl Call<'_> {
    /// Compares, and ends if a signal asks for it; keeps the model of each run in `artifacts`, unless that is empty.
    fn run(
        &self,
        artifacts: &[PathBuf],
        observe: &mut (dyn FnMut(&CompareEvent<'_>) + Send),
    ) -> Result<Comparison> {
        let signals = Signals::listen()?;
        let (mut unsaved, is_unsaved) = (None, AtomicBool::new(false));
        let stop = || signals.interrupted().is_some() || is_unsaved.load(Ordering::Relaxed);
        let (threads, strict) = (self.args.threads.get(), self.args.warnings.is_strict);
        let seeds = self.seeds;
        let options = CompareOptions { seeds, threads, level: LEVEL, stop: &stop, strict };
        let compared = compare(self.candidates, self.files, self.test, options, &mut |event| {
            observe(&event);
            match &event {
                // From here on, the first signal ends the comparison in good order.
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

/// The object that `--json` prints: the comparison, with the time of each run and the configuration of each model.
fn json(
    comparison: &Comparison,
    (candidates, left_out): (&[Candidate], &[Vec<String>]),
    paces: &[Pace],
) -> Result<Value> {
    let mut value = serde_json::to_value(comparison)?;
    let mut paces = paces.iter();
    let models = value["models"].as_array_mut().into_iter().flatten();
    for ((model, candidate), left_out) in models.zip(candidates).zip(left_out) {
        model["config"] = json!(candidate.config.to_toml()?);
        model["left_out"] = json!(left_out);
        let runs = model["runs"].as_array_mut().into_iter().flatten();
        for (run, pace) in runs.zip(&mut paces) {
            run["seconds"] = json!(pace.seconds);
            run["rows_per_second"] = json!(pace.rows_per_second());
        }
    }
    Ok(value)
}
