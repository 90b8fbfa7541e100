//! A trained model.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use deepcross_data::{DataConfig, Labels, RowReader, Source};
use deepcross_features::Counts;
use deepcross_model::{BLOCK, Tapes};
use deepcross_train::pages::Course;
use deepcross_train::{Predictions, TrainedRun, Warning};
use pyo3::prelude::*;

use pyo3::types::{PyBytes, PyDict};

use crate::errors::Failure;
use crate::record::RecordColumns;
use crate::rows::Rows;
use crate::watched::{Watch, default_threads, watched};

/// A trained model with the configuration of its run.
#[pyclass(frozen, module = "deepcross._native")]
#[derive(Debug)]
pub(crate) struct Model {
    run: TrainedRun,
    /// Memory of calls with few rows, one for each call at the same time.
    idle: Mutex<Vec<Tapes>>,
    /// What a row that is a dictionary needs, from the first one on.
    columns: OnceLock<Option<RecordColumns>>,
    /// The events of its training that its page shows; none for a model that was read.
    course: Course,
}

/// The columns of labels and weights, if they are others than those of the training rows.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) label: Option<String>,
    pub(crate) weight: Option<String>,
}

/// The bytes of numbers, and warnings about the rows.
type Predicted<'py> = (Bound<'py, PyBytes>, Vec<String>);

/// The values of the negative and of the positive class.
type Classes = (Vec<String>, Vec<String>);

#[pymethods]
impl Model {
    /// Reads a model file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let run = py.detach(|| TrainedRun::load(&path)).map_err(Failure::from)?;
        Ok(Self::new(run, Course::default()))
    }

    /// Reads the bytes of a model file.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        let run = py.detach(|| TrainedRun::from_bytes(bytes)).map_err(Failure::from)?;
        Ok(Self::new(run, Course::default()))
    }

    /// Writes a model file.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        Ok(py.detach(|| self.run.trained.save(&path)).map_err(Failure::from)?)
    }

    /// The bytes of the model file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.run.trained.to_bytes()).map_err(Failure::from)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The configuration of the run, in TOML.
    fn config(&self) -> &str {
        &self.run.trained.config
    }

    /// The column of the label, and the classes if their values are named.
    fn label(&self) -> Option<(String, Option<Classes>)> {
        let label = self.run.config.data.label()?;
        Some((label.column, label.classes.map(|classes| (classes.negative, classes.positive))))
    }

    /// The column of the weights.
    fn weight(&self) -> Option<&str> {
        self.run.config.data.weight.as_deref()
    }

    /// The names of the fields.
    fn fields(&self) -> Vec<String> {
        self.run.config.field.iter().map(|field| field.name.clone()).collect()
    }

    /// The names of the columns that a prediction reads, in the order of the fields.
    fn columns(&self) -> Vec<&str> {
        self.run.trained.encoder.columns()
    }

    /// The kind of the model.
    fn kind(&self) -> String {
        self.run.trained.spec.kind().to_owned()
    }

    /// The summary of the training, in JSON.
    fn training(&self) -> PyResult<String> {
        serde_json::to_string(&self.run.trained.training)
            .map_err(|error| Failure::Model(error.to_string()).into())
    }

    /// The probabilities of rows as the bytes of 32-bit floating-point numbers, and warnings about the rows.
    ///
    /// With `logits` they are those of the logits. A row that cannot be read has a NaN.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        rows: &Rows,
        logits: bool,
        threads: usize,
    ) -> PyResult<Predicted<'py>> {
        if let Some(batch) = rows.only_row()
            && let Some(columns) = self.record_columns(py)
            && let Some(found) = columns.logit_of_batch(py, &self.run, batch)
        {
            let (number, warnings) = self.of_record(found, logits);
            return Ok((PyBytes::new(py, &number.to_ne_bytes()), warnings));
        }
        let (bytes, warnings) = match rows.n_rows() {
            Some(n_rows) if n_rows <= BLOCK => py.detach(|| self.few_numbers(rows, logits))?,
            _ => {
                let ignore = |_: Python<'_>, (): ()| Ok(());
                let work = |watch: &Watch<'_, ()>| {
                    on_threads(threads, || self.numbers(rows, logits, watch))
                };
                watched(py, ignore, work)???
            }
        };
        Ok((PyBytes::new(py, &bytes), warnings))
    }

    /// As [`predict`](Self::predict), for a row that is a dictionary; `None` if it has other values than plain ones, or
    /// cannot be read.
    fn predict_record(
        &self,
        record: &Bound<'_, PyDict>,
        logits: bool,
    ) -> PyResult<Option<(f32, Vec<String>)>> {
        let Some(columns) = self.record_columns(record.py()) else { return Ok(None) };
        let found = columns.logit(&self.run, record)?;
        Ok(found.map(|found| self.of_record(found, logits)))
    }
}

/// Does `work` in a pool of threads of its own, so that none is left that a copy of the process would lack.
///
/// 0 threads stand for as many as the process has processors.
pub(crate) fn on_threads<R: Send>(
    threads: usize,
    work: impl FnOnce() -> R + Send,
) -> Result<R, Failure> {
    let threads = if threads == 0 { default_threads() } else { threads };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool
        .map_err(|error| Failure::Training(format!("cannot start {threads} threads: {error}")))?;
    Ok(pool.install(work))
}

impl Model {
    pub(crate) fn new(run: TrainedRun, course: Course) -> Self {
        Self { run, course, idle: Mutex::default(), columns: OnceLock::new() }
    }

    /// The model with the configuration of its run.
    pub(crate) fn run(&self) -> &TrainedRun {
        &self.run
    }

    /// The course of its training.
    pub(crate) fn course(&self) -> &Course {
        &self.course
    }

    /// The same training with another model of it.
    pub(crate) fn with_run(&self, run: TrainedRun) -> Self {
        Self::new(run, self.course.clone())
    }

    fn record_columns(&self, py: Python<'_>) -> Option<&RecordColumns> {
        self.columns.get_or_init(|| RecordColumns::new(py, &self.run)).as_ref()
    }

    /// The probability, or the logit, and the warnings about one row.
    fn of_record(&self, (logit, counts): (f32, Counts), logits: bool) -> (f32, Vec<String>) {
        let trained = &self.run.trained;
        let number = if logits { logit } else { trained.predictor().probability(logit) };
        (number, trained.value_changes(&counts).iter().map(ToString::to_string).collect())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Tapes>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`numbers`](Self::numbers), for rows of one block, on the calling thread.
    fn few_numbers(&self, rows: &Rows, logits: bool) -> Result<(Vec<u8>, Vec<String>), Failure> {
        let mut reader = self.run.reader(rows.input()?, Labels::Ignored)?;
        let mut batch = reader.new_batch();
        let n_good = reader.fill(&mut batch, BLOCK)?;
        let (predictor, mut found) = (self.run.trained.predictor(), Vec::new());
        let tapes = self.idle().pop().unwrap_or_else(|| Tapes::for_threads(1));
        predictor.logits_batch(&tapes, &batch, &mut found);
        self.idle().push(tapes);
        if !logits {
            found.iter_mut().for_each(|number| *number = predictor.probability(*number));
        }
        for &at in reader.bad_positions() {
            found.insert(at, f32::NAN);
        }
        let bytes = found.into_iter().flat_map(f32::to_ne_bytes).collect();
        Ok((bytes, self.warnings(&reader, n_good as u64)))
    }

    fn numbers(
        &self,
        rows: &Rows,
        logits: bool,
        watch: &Watch<'_, ()>,
    ) -> Result<(Vec<u8>, Vec<String>), Failure> {
        let mut reader = self.run.reader(rows.input()?, Labels::Ignored)?;
        let (tapes, mut bytes, mut n_rows) = (Tapes::new(), Vec::new(), 0);
        let mut predictions = Predictions::new(self.run.trained.predictor(), &mut reader, &tapes);
        while let Some(chunk) = predictions.next_chunk()? {
            for prediction in chunk.predictions {
                let number =
                    prediction.map(|found| if logits { found.logit } else { found.probability });
                bytes.extend(number.unwrap_or(f32::NAN).to_ne_bytes());
                n_rows += u64::from(number.is_some());
            }
            if watch.is_stopped() {
                break;
            }
        }
        let warnings = self.warnings(&reader, n_rows);
        Ok((bytes, warnings))
    }

    /// The settings of rows with labels; without a name, the column of weights is that of the training rows if the rows
    /// have it.
    pub(crate) fn data_config(
        &self,
        rows: &Rows,
        Target { label, weight }: Target,
    ) -> Result<DataConfig, Failure> {
        let mut data = self.run.config.data.clone();
        if let (Some(name), Some(label)) = (label, &mut data.label) {
            label.column = name;
        }
        let own = data.weight.take();
        let header = Source::open(rows.input()?, &data)?;
        data.weight = weight.or(own.filter(|own| header.header().contains(own)));
        Ok(data)
    }

    /// The warnings about rows that were read, of which `n_rows` are good.
    pub(crate) fn warnings(&self, reader: &RowReader<'_>, n_rows: u64) -> Vec<String> {
        let skipped = reader.skipped();
        let most = skipped.are_most(n_rows);
        let most = most.then_some(Warning::MostSkipped { skipped: skipped.rows, read: n_rows });
        let changes = self.run.trained.value_changes(reader.counts());
        let most = most.map(|warning| warning.to_string());
        most.into_iter().chain(changes.iter().map(ToString::to_string)).collect()
    }
}
