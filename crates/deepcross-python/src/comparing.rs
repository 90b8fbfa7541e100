//! Models of several kinds, compared on the same rows.

use std::sync::atomic::Ordering;

use deepcross_data::Input;
use deepcross_train::compare::{Candidate, CompareEvent, CompareOptions, compare as compare_all};
use deepcross_train::config::{ColumnsOf, ConfigText, KindConfig, Overrides};
use deepcross_train::{Event, Files, RunConfig};
use pyo3::prelude::*;
use serde_json::json;

use crate::errors::Failure;
use crate::fitting::{Message, files_of, input_of, kind_of};
use crate::rows::Rows;
use crate::watched::{Watch, watched};

/// The probability that intervals cover.
const LEVEL: f64 = 0.95;

/// Trains models of several kinds with several seeds each, and compares them on test rows, in JSON.
///
/// Without test rows, they are compared on the validation rows.
/// `observe` is called with `run` and the current run in JSON, with `epoch` and a report, and with `warning` and a
/// sentence.
#[pyfunction]
#[pyo3(signature = (rows, valid, test, config, *, name, set, unset, kinds, n_seeds, threads, observe))]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub(crate) fn compare(
    py: Python<'_>,
    rows: &Rows,
    valid: Option<&Rows>,
    test: Option<&Rows>,
    config: &str,
    name: &str,
    set: Vec<String>,
    unset: Vec<String>,
    kinds: Vec<String>,
    n_seeds: u64,
    threads: usize,
    observe: Py<PyAny>,
) -> PyResult<String> {
    let (files, test) = (files_of(rows, valid)?, input_of(test)?);
    let overrides = Overrides { set: &set, unset: &unset };
    let columns = Some(ColumnsOf::Files(&files.train));
    let text = ConfigText { text: config, file: name, overrides, columns };
    let kinds = kinds.iter().map(|name| kind_of(name)).collect::<Result<Vec<_>, _>>()?;
    let configs = py.detach(|| RunConfig::read_kinds(text, &kinds)).map_err(Failure::from)?;
    let call = Call { configs, files, test, n_seeds, threads };
    let observe = |py: Python<'_>, (kind, text): Message| observe.call1(py, (kind, text)).map(drop);
    Ok(watched(py, observe, |watch| call.compared(watch))??)
}

/// The models, rows and seeds of a comparison.
struct Call {
    configs: Vec<KindConfig>,
    files: Files,
    test: Input,
    n_seeds: u64,
    threads: usize,
}

impl Call {
    fn compared(&self, watch: &Watch<'_, Message>) -> Result<String, Failure> {
        let (messages, is_stopped) = watch.parts();
        let stop = || is_stopped.load(Ordering::Relaxed);
        let candidates = self.configs.iter().map(|KindConfig { config, .. }| Candidate {
            name: config.model.kind.name().to_owned(),
            config: config.clone(),
        });
        let candidates: Vec<_> = candidates.collect();
        let first = candidates.first().map_or(1, |candidate| candidate.config.train.seed);
        let seeds: Vec<_> = (0..self.n_seeds).map(|n| first.saturating_add(n)).collect();
        let options = CompareOptions {
            seeds: &seeds,
            threads: self.threads,
            level: LEVEL,
            stop: &stop,
            strict: false,
        };
        let found = compare_all(&candidates, &self.files, &self.test, options, &mut |event| {
            let message = message(&event);
            // The receiver is there until the work has ended.
            message.into_iter().for_each(|message| drop(messages.send(message)));
        })?;
        let mut report = json!(found);
        let models = report["models"].as_array_mut().into_iter().flatten();
        for (model, KindConfig { config, left_out }) in models.zip(&self.configs) {
            model["config"] = json!(config.to_toml()?);
            model["left_out"] = json!(left_out);
        }
        Ok(report.to_string())
    }
}

fn message(event: &CompareEvent<'_>) -> Option<Message> {
    Some(match event {
        CompareEvent::Warning(warning) | CompareEvent::Training(_, Event::Warning(warning)) => {
            ("warning", warning.to_string())
        }
        CompareEvent::Begins(place) => {
            let (name, seed, run, of) = (place.name, place.seed, place.run, place.of);
            ("run", json!({ "kind": name, "seed": seed, "run": run, "of": of }).to_string())
        }
        CompareEvent::Training(_, Event::Epoch(report)) => ("epoch", json!(report).to_string()),
        _ => return None,
    })
}
