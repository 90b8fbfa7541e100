//! The training of a model on rows.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use deepcross_data::Input;
use deepcross_model::ModelKind;
use deepcross_train::config::{ColumnsOf, ConfigText, KindConfig, Overrides};
use deepcross_train::pages::Course;
use deepcross_train::{
    CacheEvent, Checkpoints, Event, Files, Next, RunConfig, RunOptions, TrainedRun,
    remove_checkpoint, train,
};
use pyo3::prelude::*;
use serde_json::json;

use crate::errors::Failure;
use crate::model::Model;
use crate::rows::Rows;
use crate::watched::{Watch, watched};

/// A message of a training: the name of its kind, and its text.
pub(crate) type Message = (&'static str, String);

/// The time after which another step is reported.
const STEP_INTERVAL: Duration = Duration::from_millis(100);

/// Trains a model on rows as a configuration says, of the kind `kind` if one is named.
///
/// `set` and `unset` are changes of single keys, as `--set` and `--unset` have them.
/// `checkpoint` is the file of checkpoints, from which the run continues with `resume`; the file is removed at the end.
/// `cache` is a file for encoded rows.
/// `observe` is called with the kind of a message and its text: `epoch` and a report in JSON, `warning` and a sentence,
/// `fitted` and the number of training rows, `built` and the number of weights, `resumed` and the reports of the epochs
/// before in JSON, and, a few times a second, `step` and the place of the run in JSON.
#[pyfunction]
#[pyo3(signature = (rows, valid, config, *, name, set, unset, kind, threads, checkpoint, resume, cache, observe))]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub(crate) fn fit(
    py: Python<'_>,
    rows: &Rows,
    valid: Option<&Rows>,
    config: &str,
    name: &str,
    set: Vec<String>,
    unset: Vec<String>,
    kind: Option<&str>,
    threads: usize,
    checkpoint: Option<PathBuf>,
    resume: bool,
    cache: Option<PathBuf>,
    observe: Py<PyAny>,
) -> PyResult<Model> {
    let files = files_of(rows, valid)?;
    let overrides = Overrides { set: &set, unset: &unset };
    let columns = Some(ColumnsOf::Files(&files.train));
    let text = ConfigText { text: config, file: name, overrides, columns };
    let config = py.detach(|| read(text, kind, &set))?;
    let kept = Kept { checkpoint: checkpoint.clone(), resume, cache };
    let observe = |py: Python<'_>, (kind, text): Message| observe.call1(py, (kind, text)).map(drop);
    let model = watched(py, observe, |watch| trained(config, &files, kept, threads, watch))??;
    // An interrupt just before may have asked for the checkpoint.
    let removed = checkpoint.iter().try_for_each(|file| remove_checkpoint(file));
    removed.map_err(Failure::from)?;
    Ok(model)
}

/// The names of all kinds of model.
#[pyfunction]
pub(crate) fn kinds() -> Vec<&'static str> {
    ModelKind::ALL.map(ModelKind::name).to_vec()
}

/// The rows of a run.
pub(crate) fn files_of(rows: &Rows, valid: Option<&Rows>) -> Result<Files, Failure> {
    Ok(Files { train: rows.input()?.clone(), valid: input_of(valid)? })
}

/// The rows of an argument that may be absent.
pub(crate) fn input_of(rows: Option<&Rows>) -> Result<Input, Failure> {
    rows.map_or_else(|| Ok(Input::default()), |rows| rows.input().cloned())
}

/// The files that a run keeps.
struct Kept {
    checkpoint: Option<PathBuf>,
    resume: bool,
    cache: Option<PathBuf>,
}

/// The configuration, with only those keys of `[model]` that the kind knows; a key that the call sets must be one of
/// them.
fn read(text: ConfigText<'_>, kind: Option<&str>, set: &[String]) -> Result<RunConfig, Failure> {
    match kind {
        None => Ok(RunConfig::read(text)?),
        Some(name) => read_kind(text, name, set),
    }
}

/// As [`read`], for one kind.
pub(crate) fn read_kind(
    text: ConfigText<'_>,
    name: &str,
    set: &[String],
) -> Result<RunConfig, Failure> {
    let mut configs = RunConfig::read_kinds(text, &[kind_of(name)?])?;
    let Some(KindConfig { config, left_out }) = configs.pop() else {
        return Err(Failure::Config(format!("there is no kind `{name}`")));
    };
    let is_set = |key: &&String| {
        let path = format!("model.{key}=");
        set.iter().any(|assignment| assignment.starts_with(&path))
    };
    match left_out.iter().find(is_set) {
        None => Ok(config),
        Some(key) => Err(Failure::Config(format!(
            "`model.{key}`: models of the kind `{name}` do not use it"
        ))),
    }
}

/// The kind of model with this name.
pub(crate) fn kind_of(name: &str) -> Result<ModelKind, Failure> {
    ModelKind::of_name(name).ok_or_else(|| {
        let known = ModelKind::ALL.map(|kind| format!("`{}`", kind.name())).join(", ");
        Failure::Config(format!(
            "kind: there is no kind `{name}` of model, expected one of {known}"
        ))
    })
}

fn trained(
    config: RunConfig,
    files: &Files,
    kept: Kept,
    threads: usize,
    watch: &Watch<'_, Message>,
) -> Result<Model, Failure> {
    let (messages, is_stopped) = watch.parts();
    let stop = || is_stopped.load(Ordering::Relaxed);
    let Kept { checkpoint, resume, cache } = kept;
    let minutes = config.train.checkpoint_minutes();
    let checkpoints = checkpoint
        .as_ref()
        .map(|file| Checkpoints::new(file).resume(resume).ask(next(minutes, is_stopped)));
    // With checkpoints, the run is asked by these, so that it leaves one.
    let stop = checkpoints.is_none().then_some(&stop as &(dyn Fn() -> bool + Sync));
    let options = RunOptions { checkpoints, stop, cache, ..RunOptions::on_threads(threads) };
    let mut course = Course::new(&config.train);
    let mut last_step = Instant::now();
    let trained = train(&config, files, options, &mut |event| {
        course.observe(&event);
        send(&messages, &event, &mut last_step);
    })?;
    Ok(Model::new(TrainedRun { trained, config }, course))
}

/// Decides after each step whether to write a checkpoint, and to end.
fn next(minutes: Option<f64>, is_stopped: &AtomicBool) -> impl FnMut(u64) -> Next + Send {
    let interval = minutes.and_then(|minutes| Duration::try_from_secs_f64(60.0 * minutes).ok());
    let mut last = Instant::now();
    move |_| {
        if is_stopped.load(Ordering::Relaxed) {
            return Next::Stop;
        }
        let is_due = interval.is_some_and(|interval| last.elapsed() >= interval);
        if is_due {
            last = Instant::now();
        }
        if is_due { Next::Checkpoint } else { Next::Continue }
    }
}

fn send(messages: &Sender<Message>, event: &Event<'_>, last_step: &mut Instant) {
    let message = match event {
        Event::Fitted { rows, .. } => ("fitted", rows.to_string()),
        Event::Built { n_parameters, n_members, .. } => {
            ("built", (n_parameters * n_members).to_string())
        }
        Event::Resumed { reports, .. } => ("resumed", json!(reports).to_string()),
        Event::Epoch(report) => ("epoch", json!(report).to_string()),
        Event::Warning(warning) => ("warning", warning.to_string()),
        Event::Cache(CacheEvent::Refused { file, reasons }) => {
            let (file, reasons) = (file.display(), reasons.join("; "));
            ("warning", format!("the cache {file} is made again: {reasons}"))
        }
        Event::Step { epoch, member, rows, loss } => {
            if last_step.elapsed() < STEP_INTERVAL {
                return;
            }
            *last_step = Instant::now();
            let step = json!({
                "epoch": epoch, "member": member.number, "members": member.of, "rows": rows,
                "loss": loss,
            });
            ("step", step.to_string())
        }
        _ => return,
    };
    // The receiver is there until the work has ended.
    let _ = messages.send(message);
}
