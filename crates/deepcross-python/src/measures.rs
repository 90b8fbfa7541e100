//! What is measured on rows with labels: metrics, the importance of fields, and calibrators.

use deepcross_calibration::Method;
use deepcross_data::{Labels, Source};
use deepcross_model::{Tapes, TrainedModel};
use deepcross_train::importance::{ImportancePlan, RowSample, permutation_importance};
use deepcross_train::{
    EvaluateOptions, EvaluatedRows, EvaluationReport, TrainedRun, calibrate, evaluate,
};
use pyo3::prelude::*;
use serde::Serialize;
use serde_json::json;

use crate::errors::Failure;
use crate::model::{Model, Target, on_threads};
use crate::rows::Rows;
use crate::watched::{Watch, watched};

/// Results in JSON, and warnings about the rows.
type Measured = (String, Vec<String>);

/// The metrics of a model on rows with labels, in JSON, and warnings about the rows.
///
/// `label` and `weight` name the columns, if they are others than those of the training rows.
#[pyfunction]
pub(crate) fn metrics(
    py: Python<'_>,
    model: &Model,
    rows: &Rows,
    label: Option<String>,
    weight: Option<String>,
    threads: usize,
) -> PyResult<Measured> {
    let target = Target { label, weight };
    let ignore = |_: Python<'_>, (): ()| Ok(());
    let work = |_: &Watch<'_, ()>| on_threads(threads, || measured(model, rows, target));
    Ok(watched(py, ignore, work)???)
}

fn measured(model: &Model, rows: &Rows, target: Target) -> Result<Measured, Failure> {
    let run = model.run();
    let source = Source::open(rows.input()?, &model.data_config(rows, target)?)?;
    let mut reader = run.reader_of(&source, Labels::Required)?;
    let evaluated = evaluate(run.trained.predictor(), &mut reader, EvaluateOptions::default())?;
    let report = EvaluationReport::new(&evaluated, &reader, &run.trained)?;
    let warnings = model.warnings(&reader, evaluated.summary.rows);
    Ok((in_json(&report)?, warnings))
}

/// The importance of the fields, measured on rows with labels, in JSON, and warnings about the rows.
///
/// At most `max_rows` rows are permuted, chosen by their position.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub(crate) fn importance(
    py: Python<'_>,
    model: &Model,
    rows: &Rows,
    label: Option<String>,
    weight: Option<String>,
    repeats: u32,
    max_rows: usize,
    seed: u64,
    threads: usize,
) -> PyResult<Measured> {
    let target = Target { label, weight };
    let plan = ImportancePlan { repeats, seed, ..ImportancePlan::default() };
    let ignore = |_: Python<'_>, (): ()| Ok(());
    let work = |_: &Watch<'_, ()>| {
        on_threads(threads, || importances(model, rows, target, max_rows, &plan))
    };
    Ok(watched(py, ignore, work)???)
}

fn importances(
    model: &Model,
    rows: &Rows,
    target: Target,
    max_rows: usize,
    plan: &ImportancePlan,
) -> Result<Measured, Failure> {
    let run = model.run();
    let source = Source::open(rows.input()?, &model.data_config(rows, target)?)?;
    let mut reader = run.reader_of(&source, Labels::Required)?;
    let (tapes, predictor) = (Tapes::new(), run.trained.predictor());
    let mut sample = RowSample::new(reader.new_batch(), max_rows);
    let mut observe = |rows: EvaluatedRows<'_>| sample.push(rows.batch, rows.probabilities);
    let options = EvaluateOptions {
        tapes: Some(&tapes),
        observe: Some(&mut observe),
        ..EvaluateOptions::default()
    };
    let evaluated = evaluate(predictor, &mut reader, options)?;
    let warnings = model.warnings(&reader, evaluated.summary.rows);
    let sample = sample.into_rows();
    let found = permutation_importance(predictor, &run.trained.encoder, sample, plan, &tapes)?;
    Ok((in_json(&found)?, warnings))
}

/// The model with a calibrator that is fitted to rows with labels, the metrics before and after in JSON, and warnings.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub(crate) fn calibrated(
    py: Python<'_>,
    model: &Model,
    rows: &Rows,
    label: Option<String>,
    weight: Option<String>,
    method: &str,
    threads: usize,
) -> PyResult<(Model, String, Vec<String>)> {
    let target = Target { label, weight };
    let method = method_of(method)?;
    let ignore = |_: Python<'_>, (): ()| Ok(());
    let work =
        |_: &Watch<'_, ()>| on_threads(threads, || calibrate_on(model, rows, target, method));
    Ok(watched(py, ignore, work)???)
}

fn method_of(name: &str) -> Result<Method, Failure> {
    let known = [Method::Temperature, Method::Platt, Method::Isotonic];
    let found = known.into_iter().find(|method| method.name() == name);
    found.ok_or_else(|| {
        let known = known.map(|method| format!("\"{}\"", method.name())).join(", ");
        Failure::Config(format!("method: expected one of {known}, but got \"{name}\""))
    })
}

fn calibrate_on(
    model: &Model,
    rows: &Rows,
    target: Target,
    method: Method,
) -> Result<(Model, String, Vec<String>), Failure> {
    let source = Source::open(rows.input()?, &model.data_config(rows, target)?)?;
    let TrainedRun { trained, config } = model.run();
    // The labels were made with the recorded values.
    let run =
        TrainedRun { trained: trained.clone(), config: config.clone() }.with_recorded_values();
    let mut reader = run.reader_of(&source, Labels::Required)?;
    let found = calibrate(run.trained.predictor(), &mut reader, &Tapes::new(), method)?;
    let mut warnings = model.warnings(&reader, found.before.summary.rows);
    warnings.extend(found.warnings(&trained.training)?.iter().map(ToString::to_string));
    let report = json!({
        "method": method.name(),
        "before": found.before.summary,
        "after": found.after.summary,
    });
    let trained = TrainedModel { calibrator: Some(found.calibrator), ..trained.clone() };
    let run = TrainedRun { trained, config: config.clone() };
    Ok((model.with_run(run), report.to_string(), warnings))
}

/// The value in JSON.
pub(crate) fn in_json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::Data(error.to_string()))
}
