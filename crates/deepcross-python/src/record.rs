//! One row that is a dictionary of Python or a record batch: scored without a table, since making one takes longer than
//! scoring.

use std::sync::{Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use deepcross_features::{Batch, Binding, Cell, Counts, RowFields, blanks};
use deepcross_model::Tapes;
use deepcross_train::TrainedRun;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString};

/// The columns that a model reads, as keys of dictionaries, and memory for calls.
#[derive(Debug)]
pub(crate) struct RecordColumns {
    columns: Vec<String>,
    /// The same names for Python.
    names: Vec<Py<PyString>>,
    binding: Binding,
    /// Memory of calls, one for each call at the same time.
    idle: Mutex<Vec<Memory>>,
}

#[derive(Debug)]
struct Memory {
    batch: Batch,
    tapes: Tapes,
    results: Vec<f32>,
}

/// The cells of a row, in the order of the columns.
struct Record<'a> {
    cells: Vec<Cell<'a>>,
}

impl RowFields for Record<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        self.cells.get(column).copied().unwrap_or(Cell::Null)
    }
}

impl RecordColumns {
    /// The columns of a model; `None` if its encoder does not find them by their names.
    pub(crate) fn new(py: Python<'_>, run: &TrainedRun) -> Option<Self> {
        let encoder = &run.trained.encoder;
        let columns: Vec<String> = encoder.columns().into_iter().map(str::to_owned).collect();
        let binding = encoder.bind(&columns).ok()?;
        let names = columns.iter().map(|name| PyString::new(py, name).unbind()).collect();
        Some(Self { columns, names, binding, idle: Mutex::default() })
    }

    /// The logit of a row, and its counts.
    ///
    /// `None` if a column is not there, or if a value is not a plain one or not valid: a table then tells it, or reads
    /// it.
    pub(crate) fn logit(
        &self,
        run: &TrainedRun,
        record: &Bound<'_, PyDict>,
    ) -> PyResult<Option<(f32, Counts)>> {
        let py = record.py();
        let mut values = Vec::with_capacity(self.names.len());
        for name in &self.names {
            let Some(value) = record.get_item(name.bind(py))? else { return Ok(None) };
            values.push(value);
        }
        let trim = run.config.data.trim;
        let cells =
            values.iter().map(|value| cell(value, trim)).collect::<PyResult<Option<_>>>()?;
        Ok(cells.and_then(|cells| self.logit_of_cells(py, run, cells)))
    }

    /// As [`logit`](Self::logit), for a batch of one row.
    pub(crate) fn logit_of_batch(
        &self,
        py: Python<'_>,
        run: &TrainedRun,
        batch: &RecordBatch,
    ) -> Option<(f32, Counts)> {
        let (schema, trim) = (batch.schema_ref(), run.config.data.trim);
        let (mut cells, mut next) = (Vec::with_capacity(self.columns.len()), 0);
        for name in &self.columns {
            // The columns mostly have the order of those of training.
            let fields = schema.fields();
            let is_next = fields.get(next).is_some_and(|field| field.name() == name);
            let at = if is_next { next } else { schema.index_of(name).ok()? };
            cells.push(cell_of_array(batch.column(at), trim)?);
            next = at + 1;
        }
        self.logit_of_cells(py, run, cells)
    }

    fn logit_of_cells(
        &self,
        py: Python<'_>,
        run: &TrainedRun,
        cells: Vec<Cell<'_>>,
    ) -> Option<(f32, Counts)> {
        let encoder = &run.trained.encoder;
        let mut memory = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Memory { batch, tapes, results } = memory.get_or_insert_with(|| Memory {
            batch: encoder.new_batch(),
            tapes: Tapes::for_threads(1),
            results: Vec::new(),
        });
        let (row, mut counts) = (Record { cells }, encoder.new_counts());
        let encoded = encoder.encode(&self.binding, &row, batch, &mut counts);
        let logit = encoded.is_ok().then(|| {
            py.detach(|| run.trained.predictor().logits_batch(tapes, batch, results));
            results[0]
        });
        batch.clear();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(memory);
        logit.map(|logit| (logit, counts))
    }
}

/// The longest text that is read without a check of the length of its row.
const LONGEST: usize = 1 << 12;

/// The cell of a value, as a column of this value alone would have it; `None` for other values than plain ones.
fn cell<'a>(value: &'a Bound<'_, PyAny>, trim: bool) -> PyResult<Option<Cell<'a>>> {
    if let Ok(text) = value.cast_exact::<PyString>() {
        return Ok(cell_of_text(text.to_str()?, trim));
    }
    if let Ok(number) = value.cast_exact::<PyFloat>() {
        let number = number.value();
        return Ok(Some(if number.is_nan() { Cell::Null } else { Cell::Double(number) }));
    }
    if let Ok(truth) = value.cast_exact::<PyBool>() {
        return Ok(Some(Cell::Boolean(truth.is_true())));
    }
    if value.cast_exact::<PyInt>().is_ok() {
        return Ok(value.extract().ok().map(Cell::Integer));
    }
    Ok(value.is_none().then_some(Cell::Null))
}

/// The cell of the first value of a column, if its type is a plain one; NaN is missing.
fn cell_of_array(array: &ArrayRef, trim: bool) -> Option<Cell<'_>> {
    if array.is_null(0) {
        return Some(Cell::Null);
    }
    let text = match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(0),
        DataType::LargeUtf8 => array.as_string::<i64>().value(0),
        DataType::Utf8View => array.as_string_view().value(0),
        DataType::Int64 => return Some(Cell::Integer(array.as_primitive::<Int64Type>().value(0))),
        DataType::Int32 => {
            return Some(Cell::Integer(array.as_primitive::<Int32Type>().value(0).into()));
        }
        DataType::Float64 => {
            let number = array.as_primitive::<Float64Type>().value(0);
            return Some(if number.is_nan() { Cell::Null } else { Cell::Double(number) });
        }
        DataType::Float32 => {
            let number = array.as_primitive::<Float32Type>().value(0);
            return Some(if number.is_nan() { Cell::Null } else { Cell::Single(number) });
        }
        DataType::Boolean => return Some(Cell::Boolean(array.as_boolean().value(0))),
        _ => return None,
    };
    cell_of_text(text, trim)
}

fn cell_of_text(text: &str, trim: bool) -> Option<Cell<'_>> {
    let text = if trim { blanks::trim(text.as_bytes()) } else { text.as_bytes() };
    (text.len() <= LONGEST).then_some(Cell::Text(text))
}
