//! Rows of Python objects and of files.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{ArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::{
    Array, ArrayReader, ArrayRef, ArrowPrimitiveType, Float64Array, PrimitiveArray, RecordBatch,
    RecordBatchOptions, StringArray, UInt8Array, make_array, new_empty_array,
};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use deepcross_data::input::Pipes;
use deepcross_data::{Input, find_files};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::errors::Failure;
use crate::values::column_of;

/// The rows of a table in memory, or those of files.
#[pyclass(frozen, module = "deepcross._native")]
#[derive(Debug)]
pub(crate) struct Rows {
    /// The batches of a table, at least one; none for files.
    batches: Vec<RecordBatch>,
    /// Made of the batches when it is first used, since a batch of one row may do without.
    input: OnceLock<Input>,
    /// The temporary file that has the rows.
    #[expect(dead_code, reason = "it is removed with the rows")]
    kept: Option<KeptFile>,
}

/// A temporary file, which is removed with its rows.
#[derive(Debug)]
struct KeptFile(PathBuf);

impl Drop for KeptFile {
    fn drop(&mut self) {
        // A file that cannot be removed is left to the system.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[pymethods]
impl Rows {
    /// The rows of files, which are found as the program finds them.
    #[staticmethod]
    fn from_files(paths: Vec<PathBuf>) -> PyResult<Self> {
        let found = find_files(&paths).map_err(Failure::from)?;
        let input = Input::found(&found.files, &Pipes::kept_in(&std::env::temp_dir()));
        Ok(Self { batches: Vec::new(), input: input.into(), kept: None })
    }

    /// The rows of a temporary file, which is written after this call and removed with these rows.
    #[staticmethod]
    fn from_kept(path: PathBuf) -> PyResult<Self> {
        let kept = Some(KeptFile(path.clone()));
        Ok(Self { kept, ..Self::from_files(vec![path])? })
    }

    /// The rows of a capsule of the Arrow PyCapsule interface, named `arrow_array_stream`.
    #[staticmethod]
    fn from_stream(capsule: &Bound<'_, PyCapsule>) -> PyResult<Self> {
        let stream = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
        // SAFETY: a capsule of this name holds a valid stream by the specification of the interface. The stream is moved
        // out of the capsule, whose destructor then leaves it alone.
        #[expect(unsafe_code, reason = "the interface hands over a pointer")]
        let stream = unsafe { FFI_ArrowArrayStream::from_raw(stream.cast().as_ptr()) };
        let py = capsule.py();
        let batches = py.detach(|| batches_of(stream))?;
        Ok(Self::from_batches(batches)?)
    }

    /// The rows of the two capsules of the Arrow PyCapsule interface, named `arrow_schema` and `arrow_array`; the array
    /// has structs.
    #[staticmethod]
    fn from_array(schema: &Bound<'_, PyCapsule>, array: &Bound<'_, PyCapsule>) -> PyResult<Self> {
        let schema = schema.pointer_checked(Some(c"arrow_schema"))?.cast::<FFI_ArrowSchema>();
        let array = array.pointer_checked(Some(c"arrow_array"))?.cast::<FFI_ArrowArray>();
        // SAFETY: capsules of these names hold a valid schema and a valid array of it by the specification of the
        // interface. The array is moved out of its capsule, whose destructor then leaves it alone.
        #[expect(unsafe_code, reason = "the interface hands over pointers")]
        let data = unsafe { from_ffi(FFI_ArrowArray::from_raw(array.as_ptr()), schema.as_ref()) };
        let data = data.map_err(unread)?;
        let batch = batch_of(&make_array(data), 0)?;
        Ok(Self::from_batches(vec![batch])?)
    }

    /// The rows of columns of Python values: truth values, integers, floating-point numbers, strings, times, or lists of
    /// these; `None` and NaN are missing.
    #[staticmethod]
    fn from_columns(columns: Vec<(String, Vec<Bound<'_, PyAny>>)>) -> PyResult<Self> {
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (name, values) in columns {
            let array = column_of(&values)?;
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays);
        Ok(Self::from_batches(vec![batch.map_err(unread)?])?)
    }

    /// The same rows with a column of labels: one byte a row, 1 for the positive class.
    ///
    /// With `texts` the column has the texts of the negative and the positive class.
    fn with_labels(
        &self,
        name: &str,
        labels: &[u8],
        texts: Option<(String, String)>,
    ) -> PyResult<Self> {
        let array: ArrayRef = match texts {
            None => Arc::new(UInt8Array::from(labels.to_vec())),
            Some((negative, positive)) => {
                let text = |&label: &u8| if label == 0 { &*negative } else { &*positive };
                Arc::new(StringArray::from_iter_values(labels.iter().map(text)))
            }
        };
        Ok(self.with_column(name, &array, "labels")?)
    }

    /// The same rows with a column of weights: the bytes of 64-bit floating-point numbers.
    fn with_weights(&self, name: &str, weights: &[u8]) -> PyResult<Self> {
        let (weights, _) = weights.as_chunks();
        let weights = weights.iter().map(|&bytes| f64::from_ne_bytes(bytes));
        let array: ArrayRef = Arc::new(Float64Array::from_iter_values(weights));
        Ok(self.with_column(name, &array, "weights")?)
    }

    /// The names of the columns of a table, in order; `None` for files.
    fn columns(&self) -> Option<Vec<String>> {
        let schema = self.batches.first()?.schema();
        Some(schema.fields().iter().map(|field| field.name().clone()).collect())
    }

    /// The number of rows of a table; `None` for files.
    pub(crate) fn n_rows(&self) -> Option<usize> {
        let is_table = !self.batches.is_empty();
        is_table.then(|| self.batches.iter().map(RecordBatch::num_rows).sum())
    }
}

impl Rows {
    /// The rows as the library reads them.
    pub(crate) fn input(&self) -> Result<&Input, Failure> {
        if let Some(input) = self.input.get() {
            return Ok(input);
        }
        let batches = self.batches.iter().cloned().map(without_nan);
        let input = Input::from_batches(&batches.collect::<Result<Vec<_>, _>>().map_err(unread)?)?;
        Ok(self.input.get_or_init(|| input))
    }

    /// The batch of a table of one row in one batch.
    pub(crate) fn only_row(&self) -> Option<&RecordBatch> {
        let [batch] = &self.batches[..] else { return None };
        (batch.num_rows() == 1).then_some(batch)
    }

    /// Whether the rows are those of files.
    pub(crate) fn are_files(&self) -> bool {
        self.batches.is_empty()
    }

    /// The rows of batches, in which a number that is NaN is a missing value: data frames use it as one.
    fn from_batches(batches: Vec<RecordBatch>) -> Result<Self, Failure> {
        let rows = Self { batches, input: OnceLock::new(), kept: None };
        if rows.only_row().is_none() {
            rows.input()?;
        }
        Ok(rows)
    }

    /// The rows with a further column, which `what` describes in a message.
    fn with_column(&self, name: &str, array: &ArrayRef, what: &str) -> Result<Self, Failure> {
        let n_rows = self.n_rows().unwrap_or_default();
        if array.len() != n_rows {
            let found = array.len();
            return Err(Failure::Data(format!("there are {found} {what} for {n_rows} rows")));
        }
        let mut start = 0;
        let mut batches = Vec::with_capacity(self.batches.len());
        for batch in &self.batches {
            let mut fields: Vec<_> = batch.schema().fields().iter().cloned().collect();
            fields.push(Arc::new(Field::new(name, array.data_type().clone(), false)));
            let columns = batch.columns().iter().cloned();
            let columns = columns.chain([array.slice(start, batch.num_rows())]).collect();
            start += batch.num_rows();
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let schema = Arc::new(Schema::new(fields));
            let batch = RecordBatch::try_new_with_options(schema, columns, &options);
            batches.push(batch.map_err(unread)?);
        }
        Self::from_batches(batches)
    }
}

/// The batches of a stream, at least one.
fn batches_of(stream: FFI_ArrowArrayStream) -> Result<Vec<RecordBatch>, Failure> {
    let reader = ArrayStreamReader::try_new(stream).map_err(unread)?;
    let kind = reader.field().data_type().clone();
    let (mut batches, mut n_rows) = (Vec::new(), 0);
    for array in reader {
        let batch = batch_of(&array.map_err(unread)?, n_rows)?;
        n_rows += batch.num_rows();
        batches.push(batch);
    }
    if batches.is_empty() {
        batches.push(batch_of(&new_empty_array(&kind), 0)?);
    }
    Ok(batches)
}

/// The batch of an array of structs, whose first row is the row `start`.
fn batch_of(array: &ArrayRef, start: usize) -> Result<RecordBatch, Failure> {
    let Some(structs) = array.as_struct_opt() else {
        let kind = array.data_type();
        let message = format!("expected columns with names, but got one column of {kind}");
        return Err(Failure::Data(message));
    };
    // The values below a struct that is missing mean nothing.
    if let Some(at) = (0..structs.len()).find(|&at| structs.is_null(at)) {
        let row = start + at;
        return Err(Failure::Data(format!("row {row} is missing as a whole: expected a struct")));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(structs.len()));
    let schema = Arc::new(Schema::new(structs.fields().clone()));
    let batch = RecordBatch::try_new_with_options(schema, structs.columns().to_vec(), &options);
    batch.map_err(unread)
}

/// The batch with nulls in place of NaN.
fn without_nan(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    let (n_rows, schema) = (batch.num_rows(), batch.schema());
    let replaced: Vec<Option<ArrayRef>> = batch.columns().iter().map(nulls_for_nan).collect();
    if replaced.iter().all(Option::is_none) {
        return Ok(batch);
    }
    let fields = schema.fields().iter().zip(&replaced);
    let fields: Vec<_> = fields
        .map(|(field, replaced)| match replaced {
            Some(_) => Arc::new(field.as_ref().clone().with_nullable(true)),
            None => Arc::clone(field),
        })
        .collect();
    let columns = replaced.into_iter().zip(batch.columns());
    let columns = columns.map(|(replaced, own)| replaced.unwrap_or_else(|| Arc::clone(own)));
    let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
    let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
    RecordBatch::try_new_with_options(schema, columns.collect(), &options)
}

/// The column with nulls in place of NaN; `None` if it has no NaN.
fn nulls_for_nan(column: &ArrayRef) -> Option<ArrayRef> {
    match column.data_type() {
        DataType::Float16 => nulls_for::<Float16Type>(column, |number| number.is_nan()),
        DataType::Float32 => nulls_for::<Float32Type>(column, f32::is_nan),
        DataType::Float64 => nulls_for::<Float64Type>(column, f64::is_nan),
        _ => None,
    }
}

fn nulls_for<T: ArrowPrimitiveType>(
    column: &ArrayRef,
    is_nan: impl Fn(T::Native) -> bool,
) -> Option<ArrayRef> {
    let numbers = column.as_primitive::<T>();
    if !numbers.values().iter().any(|&number| is_nan(number)) {
        return None;
    }
    let numbers = numbers.iter().map(|number| number.filter(|&number| !is_nan(number)));
    Some(Arc::new(numbers.collect::<PrimitiveArray<T>>()))
}

fn unread(error: ArrowError) -> Failure {
    Failure::Data(format!("the rows cannot be read: {error}"))
}
