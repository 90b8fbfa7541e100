//! The search for better settings, which ends with a comparison on rows that it has not seen.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;

use deepcross_data::Input;
use deepcross_train::config::{ColumnsOf, ConfigText, Monitor, Overrides};
use deepcross_train::pages::Course;
use deepcross_train::{Event, Files, TrainedRun};
use deepcross_tune::{
    RunName, Rung, TrialRecord, TuneEvent, TuneOptions, outputs, space, tune as search,
};
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::errors::Failure;
use crate::fitting::{Message, files_of, input_of, read_kind};
use crate::model::Model;
use crate::rows::Rows;
use crate::watched::{Watch, watched};

/// Searches for better settings; returns the model of the winner, the result in JSON, and the page in HTML.
///
/// `ranges` are changes of the section `[tune]`, as `--set` has them, and `final_fraction` is one that stands beside ranges
/// of the configuration. Without test rows, a share of the rows is cut off for the last comparison.
/// `observe` is called with `trial` and a record in JSON, with `progress` and the place of the search in JSON, and with
/// `warning` and a sentence about the configuration as it is.
#[pyfunction]
#[pyo3(signature = (
    rows, valid, test, config, *, name, set, unset, kind, ranges, final_fraction, folder, resume, trials, minutes, jobs,
    threads, by, n_seeds, cache_bytes, observe
))]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub(crate) fn tune(
    py: Python<'_>,
    rows: &Rows,
    valid: Option<&Rows>,
    test: Option<&Rows>,
    config: &str,
    name: &str,
    set: Vec<String>,
    unset: Vec<String>,
    kind: Option<&str>,
    ranges: Vec<String>,
    final_fraction: Option<f64>,
    folder: PathBuf,
    resume: bool,
    trials: usize,
    minutes: Option<f64>,
    jobs: usize,
    threads: usize,
    by: Option<&str>,
    n_seeds: usize,
    cache_bytes: u64,
    observe: Py<PyAny>,
) -> PyResult<(Model, String, String)> {
    let (files, test) = (files_of(rows, valid)?, input_of(test)?);
    let options = TuneOptions {
        folder,
        resume,
        trials,
        minutes,
        jobs,
        threads,
        by: by.map(monitor_of).transpose()?,
        seeds: n_seeds,
        cache_bytes,
        stop: &|| false,
    };
    let overrides = Overrides { set: &set, unset: &unset };
    let columns = Some(ColumnsOf::Files(&files.train));
    let text = ConfigText { text: config, file: name, overrides, columns };
    let changes = Changes { kind, ranges, final_fraction };
    let set = py.detach(|| changes.set(text))?;
    let text = ConfigText { overrides: Overrides { set: &set, unset: &unset }, ..text };
    let call = Call { text, files: &files, test: &test, options };
    let observe = |py: Python<'_>, (kind, text): Message| observe.call1(py, (kind, text)).map(drop);
    Ok(watched(py, observe, |watch| call.searched(watch))??)
}

fn monitor_of(name: &str) -> Result<Monitor, Failure> {
    let monitor = toml::Value::String(name.to_owned()).try_into();
    monitor.map_err(|_| Failure::Config(format!("by: {name} is not a metric of a search")))
}

/// The changes of a configuration that a search makes, besides those of a training.
struct Changes<'a> {
    kind: Option<&'a str>,
    ranges: Vec<String>,
    final_fraction: Option<f64>,
}

impl Changes<'_> {
    /// All changes of the call, as `--set` has them.
    fn set(self, text: ConfigText<'_>) -> Result<Vec<String>, Failure> {
        let own = text.section(space::SECTION)?;
        if !self.ranges.is_empty() && own.keys().any(|key| space::SECTIONS.contains(&&**key)) {
            let message = "ranges: the configuration has ranges in its section `[tune]`: expected those or `ranges`";
            return Err(Failure::Config(message.to_owned()));
        }
        let mut set = text.overrides.set.to_vec();
        if let Some(name) = self.kind {
            set.extend(sections_of_kind(text, name)?);
        }
        set.extend(self.ranges);
        let fraction = self.final_fraction.map(|share| format!("tune.final_fraction={share:?}"));
        set.extend(fraction);
        Ok(set)
    }
}

/// The sections of a training of one kind of model, which has only those keys of `[model]` that the kind knows.
fn sections_of_kind(text: ConfigText<'_>, name: &str) -> Result<[String; 2], Failure> {
    let config = read_kind(text, name, text.overrides.set)?;
    let inline = |section: Result<toml::Value, toml::ser::Error>| {
        section.map_err(|error| Failure::Config(error.to_string()))
    };
    let model = inline(toml::Value::try_from(&config.model))?;
    let train = inline(toml::Value::try_from(&config.train))?;
    Ok([format!("model={model}"), format!("train={train}")])
}

struct Call<'a> {
    text: ConfigText<'a>,
    files: &'a Files,
    test: &'a Input,
    options: TuneOptions<'a>,
}

impl Call<'_> {
    fn searched(&self, watch: &Watch<'_, Message>) -> Result<(Model, String, String), Failure> {
        let (messages, is_stopped) = watch.parts();
        let stop = || is_stopped.load(Ordering::Relaxed);
        let options = TuneOptions { stop: &stop, ..self.options.clone() };
        let mut progress = Progress { messages, rungs: Vec::new(), place: Value::Null };
        let found = search(self.text, self.files, self.test, &options, &mut |event| {
            progress.observe(&event);
        })?;
        let mut report = outputs::json(&found)?;
        read_settings(&mut report["settings"]);
        let trials = report["trials"].as_array_mut().into_iter().flatten();
        trials.for_each(|trial| read_settings(&mut trial["settings"]));
        let folder = &options.folder;
        let run = TrainedRun::load(&folder.join(outputs::WINNER_MODEL))?;
        let page = std::fs::read_to_string(folder.join(outputs::PAGE))
            .map_err(|error| Failure::Data(format!("the page cannot be read: {error}")))?;
        Ok((Model::new(run, Course::default()), report.to_string(), page))
    }
}

/// Passes the events of a search on, and counts what is done.
struct Progress {
    messages: Sender<Message>,
    rungs: Vec<Rung>,
    /// The place of the search.
    place: Value,
}

impl Progress {
    fn observe(&mut self, event: &TuneEvent<'_>) {
        match event {
            TuneEvent::Planned { rungs, .. } => self.rungs = rungs.to_vec(),
            TuneEvent::Rung { rung, trials, n_open } => {
                let epochs = self.rungs.get(*rung).map(|rung| rung.epochs);
                self.begin(json!({
                    "phase": "trials", "done": trials.len() - n_open, "total": trials.len(),
                    "rung": rung, "rungs": self.rungs.len(), "epochs": epochs,
                }));
            }
            TuneEvent::Trial(record) => {
                self.send("trial", trial_json(record).to_string());
                self.advance();
            }
            TuneEvent::Final { runs, .. } => self.begin(json!({
                "phase": "comparison", "done": 0, "total": runs,
                "rung": null, "rungs": self.rungs.len(), "epochs": null,
            })),
            TuneEvent::FinalRun { .. } => self.advance(),
            TuneEvent::Training(RunName::Trial(0), Event::Warning(warning)) => {
                self.send("warning", warning.to_string());
            }
            TuneEvent::TimeIsUp => {
                let text = "the time is up: the search ends with the trials that are complete";
                self.send("warning", text.to_owned());
            }
            _ => {}
        }
    }

    fn begin(&mut self, place: Value) {
        self.place = place;
        self.send("progress", self.place.to_string());
    }

    fn advance(&mut self) {
        let done = self.place["done"].as_u64().unwrap_or_default();
        self.place["done"] = json!(done + 1);
        self.send("progress", self.place.to_string());
    }

    fn send(&self, kind: &'static str, text: String) {
        // The receiver is there until the work has ended.
        let _ = self.messages.send((kind, text));
    }
}

fn trial_json(record: &TrialRecord) -> Value {
    let mut trial = json!(record);
    read_settings(&mut trial["settings"]);
    trial
}

/// Reads the values of settings, which are texts of TOML.
fn read_settings(settings: &mut Value) {
    let Value::Object(settings) = settings else { return };
    for value in settings.values_mut() {
        let text = value.as_str().unwrap_or_default();
        let read = toml::from_str::<BTreeMap<String, Value>>(&format!("value = {text}"));
        if let Some(read) = read.ok().and_then(|mut table| table.remove("value")) {
            *value = read;
        }
    }
}
