//! `deepcross train`: trains a model, with checkpoints.

use crate::arguments::{
    Json, ReportPage, RunChanges, Threads, TrainingFiles, files_help, help_texts, read_config,
    required_unless,
};
use crate::call_error::CallError;
use crate::inputs::{check_standard_input, pipes_beside};
use crate::output::{
    Prints, check_apart, check_outputs, check_writable, is_standard_output, is_stream, resolved,
    say, say_written,
};
use crate::output_names::{Content, check_file_name};
use crate::progress::json_lines::JsonLines;
use crate::progress::train_progress::TrainProgress;
use crate::ranks::Job;
use crate::signals::{Interrupted, Signals};
use crate::steps::say_given_values;
use crate::text::pace::Pace;
use crate::warnings::Warnings;
use anyhow::Result;
use clap::Args;
use deepcross_data::DataError;
use deepcross_model::TrainedModel;
use deepcross_train::config::ColumnsOf;
use deepcross_train::pages::{Course, CourseFiles, name, names};
use deepcross_train::{
    Checkpoints, Event, Files, Next, RunConfig, RunOptions, TrainError, cached_columns, load_model,
    remove_checkpoint, save_on_ranks, train,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const TRAIN_HELP: &str = concat!(
    "Examples:
  deepcross train --config run.toml --data january.csv february.csv \\
      --valid march.csv --out model.dcx --set train.epochs=5
  deepcross train --config run.toml --data today.csv --init yesterday.dcx \\
      --out today.dcx
  deepcross encode --config run.toml --data january.csv --out clicks.dcc
  deepcross train --config run.toml --cache clicks.dcc --out model.dcx

A run without --data reads the cache alone: its rows, its encoder and the rows held out. `[data]`, \
`[[field]]` and the choice of the rows held out must be those that the cache was made with.

The run keeps a checkpoint beside the artifact, for instance `model.dcx.checkpoint`. It is written \
every ten minutes (see `train.checkpoint_minutes` and `train.checkpoint_steps`), and on SIGINT \
(Ctrl-C) and SIGTERM, which then end the run; a second signal ends it at once. The same call with \
--resume continues from the checkpoint, and gives the same artifact as a run without a break. The \
checkpoint is removed when the artifact is written.

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(
    after_help = TRAIN_HELP,
    mut_args(help_texts(&[
        ("data", "Training data; several files are read in order; without it, the rows are those of the cache"),
        ("json", "Print a JSON object for each epoch as it ends, and one for the run, each on its own line"),
        ("report", "Also write an HTML page with the course of the training to this file"),
    ])),
    mut_args(required_unless("data", "cache")),
)]
pub(crate) struct TrainArgs {
    /// The configuration of the run
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) files: TrainingFiles,
    /// The artifact to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Continue from the checkpoint beside the artifact; if there is none, start from the beginning
    #[arg(long)]
    pub(crate) resume: bool,
    /// Start from the encoder and weights of this model or checkpoint, which must have the same fields
    /// and layers
    #[arg(long, value_name = "FILE")]
    pub(crate) init: Option<PathBuf>,
    /// Keep the encoded rows in this file, so that text is parsed once; later runs on the same rows and
    /// fields use it, and other runs rebuild it; without `--data`, it must be there, and is read alone
    #[arg(long, value_name = "FILE")]
    pub(crate) cache: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) changes: RunChanges,
    #[command(flatten)]
    pub(crate) json: Json,
    #[command(flatten)]
    pub(crate) report: ReportPage,
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

pub(crate) fn run(args: &TrainArgs, job: &Job) -> Result<()> {
    let paths = args.files.paths()?;
    job.check_inputs(paths.iter())?;
    check_standard_input(paths.iter())?;
    let checkpoint = checkpoint_of(args)?;
    check_names(args, paths.iter(), checkpoint.as_ref())?;
    // Fitting the encoder reads all rows, and so does each epoch.
    let files = paths.files(&pipes_beside(&args.out));
    let config = config(args, &files)?;
    let init = args.init.as_deref().map(load_model).transpose()?;
    if init.as_ref().is_some_and(|init| init.calibrator.is_some()) {
        say(
            "the calibrator of the initial model is dropped: it does not fit weights that are trained further",
        );
    }
    check_writable(&args.out)?;
    args.report.check_writable()?;
    checkpoint.iter().for_each(|checkpoint| say_where_the_run_begins(args, checkpoint));
    let signals = Signals::listen()?;
    let checkpoints = checkpoint.as_deref().map(|checkpoint| {
        Checkpoints::new(checkpoint)
            .resume(args.resume)
            .ask(next(&signals, config.train.checkpoint_minutes()))
    });
    let threads = args.threads.get();
    let cache = args.cache.as_deref().map(resolved);
    let strict = args.warnings.is_strict;
    let ranks = job.ranks();
    let options =
        RunOptions { threads, init, checkpoints, cache, strict, ranks, ..RunOptions::default() };
    let mut shown = Shown::new(args, &config);
    let trained = train_keeping(&config, &files, options, &signals, &mut shown);
    let (trained, pace) = trained.map_err(|error| of_cache_alone(args, error))?;
    say_given_values(&trained.encoder);
    let out = resolved(&args.out);
    match ranks {
        None => trained.save(&out)?,
        Some(ranks) => save_on_ranks(ranks, &trained, &out)?,
    }
    if !job.is_first() {
        return Ok(());
    }
    checkpoint.iter().try_for_each(|checkpoint| remove_checkpoint(checkpoint))?;
    say_written(&args.out, format_args!("wrote {}", args.out.display()));
    let named = named_files(args);
    let Shown { course, json } = shown;
    args.report.write(|| Ok(course.page(named, &trained)))?;
    json.map_or(Ok(()), |json| json.end(&args.out, &trained, pace))
}

/// The configuration with the changes of the call.
fn config(args: &TrainArgs, files: &Files) -> Result<RunConfig> {
    let cache = args.cache_alone();
    let names = cache.map(cached_columns).transpose();
    let names = names.map_err(|error| of_cache_alone(args, error.into()))?;
    let columns = names.as_deref().map_or(ColumnsOf::Files(&files.train), ColumnsOf::Names);
    args.changes.read(|overrides| read_config(&args.config, overrides, columns))
}

/// The names of the files on a page.
fn named_files(args: &TrainArgs) -> CourseFiles {
    let data = args.cache_alone().map_or_else(|| names(&args.files.data), name);
    CourseFiles { model: name(&args.out), data, valid: names(&args.files.valid) }
}

impl TrainArgs {
    /// The cache, if the run reads it alone.
    fn cache_alone(&self) -> Option<&Path> {
        self.cache.as_deref().filter(|_| self.files.data.is_empty())
    }
}

/// The forms in which a run is shown beside its progress.
struct Shown {
    course: Course,
    /// With `--json`.
    json: Option<JsonLines>,
}

impl Shown {
    fn new(args: &TrainArgs, config: &RunConfig) -> Self {
        let json = args.json.is_asked.then(JsonLines::default);
        Self { course: Course::new(&config.train), json }
    }

    fn observe(&mut self, event: &Event<'_>) {
        self.course.observe(event);
        self.json.iter_mut().for_each(|json| json.observe(event));
    }
}

/// The error of a run that reads a cache alone; if the cache cannot be used, with the call that makes it.
fn of_cache_alone(args: &TrainArgs, error: anyhow::Error) -> anyhow::Error {
    let Some(cache) = args.cache_alone() else { return error };
    let is_of_cache = match error.downcast_ref::<TrainError>() {
        Some(TrainError::OtherCache { .. }) => true,
        Some(TrainError::Data(error)) => is_no_cache(error),
        _ => error.downcast_ref::<DataError>().is_some_and(is_no_cache),
    };
    if !is_of_cache {
        return error;
    }
    let (config, cache) = (args.config.display(), cache.display());
    let model = args.init.as_ref().map(|init| format!(" --model {}", init.display()));
    let model = model.unwrap_or_default();
    let call = format!("deepcross encode --config {config}{model} --data FILE --out {cache}");
    anyhow::anyhow!("{error:#}\nto make the cache from its files: {call}")
}

/// Whether the cache is missing or not valid.
fn is_no_cache(error: &DataError) -> bool {
    matches!(error, DataError::MissingFile { .. } | DataError::Cache { .. })
}

/// The path of a run's checkpoint: beside the artifact; `None` if that is a stream, which nothing is beside.
fn checkpoint_of(args: &TrainArgs) -> Result<Option<PathBuf>> {
    if is_stream(&args.out) {
        let out = args.out.display();
        return match args.resume {
            false => Ok(None),
            true => Err(CallError::with_message(format!(
                "`--resume`: `--out {out}` has no checkpoint, expected the name of a file"
            ))),
        };
    }
    let mut path = resolved(&args.out).into_os_string();
    path.push(".checkpoint");
    Ok(Some(path.into()))
}

/// Fails if an output would replace another file of the call, or has the name of another format.
fn check_names<'p>(
    args: &'p TrainArgs,
    data: impl Iterator<Item = &'p PathBuf>,
    checkpoint: Option<&'p PathBuf>,
) -> Result<()> {
    let inputs: Vec<_> = data.chain([&args.config]).cloned().collect();
    check_apart(&args.out, &inputs)?;
    let others = || checkpoint.into_iter().chain(&args.cache);
    for out in others() {
        check_apart(out, inputs.iter().chain(&args.init))?;
    }
    args.report.check_apart(inputs.iter().chain(&args.init))?;
    if args.json.is_asked && is_standard_output(&args.out) {
        let out = args.out.display();
        return Err(CallError::with_message(format!(
            "`--json` and `--out {out}` would both write to the standard output; name a file for `--out`"
        )));
    }
    let prints = if args.json.is_asked { Prints::Results } else { Prints::Nothing };
    check_outputs([&args.out].into_iter().chain(others()).chain(&args.report.path), prints)?;
    Content::Model.check_name(&args.out)?;
    let Some(cache) = &args.cache else { return Ok(()) };
    check_file_name("--cache", cache)?;
    Content::Cache.check_name(cache)
}

fn say_where_the_run_begins(args: &TrainArgs, checkpoint: &Path) {
    let file = checkpoint.display();
    match (args.resume, checkpoint.exists()) {
        (true, false) => {
            say(format_args!("there is no checkpoint {file}: starting from the beginning"))
        }
        (false, true) => say(format_args!(
            "starting from the beginning: the first checkpoint replaces {file}; --resume would continue from it"
        )),
        _ => {}
    }
}

/// Decides after each step, by signals and the clock, whether to write a checkpoint or stop.
fn next(signals: &Signals, minutes: Option<f64>) -> impl FnMut(u64) -> Next + Send + use<> {
    let interval = minutes.and_then(|minutes| Duration::try_from_secs_f64(60.0 * minutes).ok());
    let (signals, mut last, mut begun) = (signals.clone(), Instant::now(), false);
    move |_| {
        if !begun {
            signals.hold();
            begun = true;
        }
        if signals.interrupted().is_some() {
            return Next::Stop;
        }
        let is_due = interval.is_some_and(|interval| last.elapsed() >= interval);
        if is_due {
            last = Instant::now();
        }
        if is_due { Next::Checkpoint } else { Next::Continue }
    }
}

/// Trains with a progress bar and a summary; names the checkpoint if the run ends early.
fn train_keeping(
    config: &RunConfig,
    files: &Files,
    options: RunOptions<'_>,
    signals: &Signals,
    shown: &mut Shown,
) -> Result<(TrainedModel, Pace)> {
    let mut progress = TrainProgress::new(options.threads, &config.train);
    let mut last_checkpoint = None;
    let trained = train(config, files, options, &mut |event| {
        if let Event::Resumed { file, step, .. } | Event::Checkpoint { file, step } = event {
            last_checkpoint = Some((file.to_owned(), step));
        }
        progress.observe(&event);
        shown.observe(&event);
    });
    match trained {
        Ok(trained) => {
            let pace = progress.finish();
            Ok((trained, pace))
        }
        Err(error) => {
            progress.clear();
            Err(ended(error, last_checkpoint, signals))
        }
    }
}

/// The error of a run that ended early, with advice on how to continue from its last checkpoint.
fn ended(
    error: TrainError,
    last_checkpoint: Option<(PathBuf, u64)>,
    signals: &Signals,
) -> anyhow::Error {
    match (error, last_checkpoint) {
        (TrainError::Stopped { file, step }, _) => {
            let file = file.display();
            say(format_args!(
                "interrupted after step {step}; the checkpoint is {file}: the same call with --resume continues from it"
            ));
            signals.interrupted().unwrap_or(Interrupted::OF_ANOTHER_RANK).into()
        }
        (error @ TrainError::OtherRun { .. }, _) | (error, None) => error.into(),
        (error, Some((file, step))) => {
            let file = file.display();
            let advice = match error {
                TrainError::NotFinite { .. } => format!(
                    "to continue from step {step} of the run with other settings, such as a lower learning rate, rename {file} and \
                     give its new name to --init"
                ),
                _ => format!(
                    "the checkpoint of step {step} is {file}: the same call with --resume continues from it"
                ),
            };
            let error = anyhow::Error::from(error);
            anyhow::anyhow!("{error:#}\n{advice}")
        }
    }
}
