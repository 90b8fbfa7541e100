//! Files that are made of a model, and its page.

use std::io::Write;
use std::path::{Path, PathBuf};

use deepcross_data::Labels;
use deepcross_files::{FileError, Output, TemporaryNames};
use deepcross_model::interchange::{encode_sample, write_onnx, write_safetensors};
use deepcross_report::{Plot, Report};
use deepcross_train::EpochReport;
use deepcross_train::pages::{CourseFiles, epoch_curves};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::Failure;
use crate::model::{Model, on_threads};
use crate::rows::Rows;
use crate::watched::{Watch, watched};

/// Writes the graph of a model, from ids and numbers to a probability.
#[pyfunction]
pub(crate) fn export_onnx(py: Python<'_>, model: &Model, path: PathBuf) -> PyResult<()> {
    Ok(py.detach(|| write_onnx(&path, &model.run().trained)).map_err(Failure::from)?)
}

/// Writes the weights of a model.
#[pyfunction]
pub(crate) fn export_safetensors(py: Python<'_>, model: &Model, path: PathBuf) -> PyResult<()> {
    let written = py.detach(|| write_safetensors(&path, &model.run().trained.members()));
    Ok(written.map_err(Failure::from)?)
}

/// The most rows that are encoded at once.
const MOST_ENCODED: usize = 1 << 20;

/// The rows as the inputs of a model's graph, with their probabilities and logits, as the bytes of safetensors.
#[pyfunction]
pub(crate) fn encoded<'py>(
    py: Python<'py>,
    model: &Model,
    rows: &Rows,
    threads: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let ignore = |_: Python<'_>, (): ()| Ok(());
    let work = |_: &Watch<'_, ()>| on_threads(threads, || encode(model, rows));
    let bytes = watched(py, ignore, work)???;
    Ok(PyBytes::new(py, &bytes))
}

fn encode(model: &Model, rows: &Rows) -> Result<Vec<u8>, Failure> {
    let mut reader = model.run().reader(rows.input()?, Labels::Ignored)?;
    let mut batch = reader.new_batch();
    reader.fill(&mut batch, MOST_ENCODED)?;
    if batch.n_rows() == MOST_ENCODED && reader.fill(&mut reader.new_batch(), 1)? > 0 {
        let message = format!("X: more than {MOST_ENCODED} rows cannot be encoded at once");
        return Err(Failure::Data(message));
    }
    encode_sample(&model.run().trained, &batch)
        .map_err(|problem| Failure::Data(problem.to_string()))
}

/// Writes the HTML page of a model's training; `data` and `valid` are what the page calls the rows.
///
/// `epochs` are the reports of the epochs in JSON, for a model that has lost them since it was copied.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub(crate) fn write_page(
    py: Python<'_>,
    model: &Model,
    path: PathBuf,
    name: String,
    data: String,
    valid: String,
    epochs: &str,
) -> PyResult<()> {
    let course = model.course().clone().with_epochs(epochs_of(epochs)?);
    let page = course.page(CourseFiles { model: name, data, valid }, &model.run().trained);
    let written = py.detach(|| write(&path, &page));
    Ok(written.map_err(Failure::from)?)
}

fn write(path: &Path, page: &Report) -> Result<(), FileError> {
    let mut out = Output::create(path, &TemporaryNames::new(".deepcross-", ""))?;
    let written = write!(out, "{page}");
    written.map_err(|source| FileError::Unwritable { path: path.to_owned(), source })?;
    out.finish()
}

/// The curves of the epochs in JSON, as figures of HTML; `kept` is the number of the kept epoch.
#[pyfunction]
pub(crate) fn curves(epochs: &str, kept: u32) -> PyResult<Vec<String>> {
    let plots = epoch_curves(&epochs_of(epochs)?, kept);
    Ok(plots.iter().map(ToString::to_string).collect())
}

/// The style of plots in the elements that the selector `within` names.
#[pyfunction]
pub(crate) fn plot_style(within: &str) -> String {
    Plot::style(within)
}

fn epochs_of(text: &str) -> Result<Vec<EpochReport>, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::Data(error.to_string()))
}

/// The name, the columns and the encoding of each field of a model.
#[pyfunction]
pub(crate) fn encodings(model: &Model) -> Vec<(String, String, String)> {
    let fields = model.run().trained.encoder.fields().into_iter();
    fields.map(|field| (field.name.clone(), field.column(), field.encoding)).collect()
}

/// The number of weights of a model.
#[pyfunction]
pub(crate) fn n_weights(model: &Model) -> usize {
    model.run().trained.n_parameters()
}
