//! Columns of values as Python has them.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, StringArray};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyString, PyTuple};

/// A value, told apart by its type.
enum Value<'py> {
    Missing,
    Bool(bool),
    Integer(i64),
    Float(f64),
    List(Vec<Self>),
    Text(String),
    /// An integer beyond 64 bits, or an object whose text is the value, such as a date.
    Object(Bound<'py, PyAny>),
}

/// The values as a column of the narrowest type that has them all.
pub(crate) fn column_of(values: &[Bound<'_, PyAny>]) -> PyResult<ArrayRef> {
    let values = values.iter().map(Value::of).collect::<PyResult<Vec<_>>>()?;
    array_of(&values)
}

impl<'py> Value<'py> {
    fn of(value: &Bound<'py, PyAny>) -> PyResult<Self> {
        if value.is_none() {
            return Ok(Self::Missing);
        }
        if let Ok(text) = value.cast::<PyString>() {
            return Ok(Self::Text(text.to_str()?.to_owned()));
        }
        if let Ok(number) = value.cast::<PyFloat>() {
            let number = number.value();
            return Ok(if number.is_nan() { Self::Missing } else { Self::Float(number) });
        }
        if let Ok(truth) = value.cast::<PyBool>() {
            return Ok(Self::Bool(truth.is_true()));
        }
        if value.is_instance_of::<PyInt>() {
            let number = value.extract().map(Self::Integer);
            return Ok(number.unwrap_or_else(|_| Self::Object(value.clone())));
        }
        if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            let elements = value.try_iter()?.map(|element| Self::of(&element?));
            return Ok(Self::List(elements.collect::<PyResult<_>>()?));
        }
        Self::of_object(value)
    }

    /// A value of another type: scalars and arrays of NumPy, and of what behaves like it, are those of Python.
    fn of_object(value: &Bound<'py, PyAny>) -> PyResult<Self> {
        for method in ["tolist", "to_pylist"] {
            if value.hasattr(method)? {
                return Self::of(&value.call_method0(method)?);
            }
        }
        if value.hasattr("__len__")? {
            let kind = value.get_type();
            let message = format!("a value of {kind} is not read, expected a number or a string");
            return Err(PyTypeError::new_err(message));
        }
        // A missing time of pandas, and a missing value of its types that are nullable.
        if matches!(value.get_type().name()?.to_str()?, "NaTType" | "NAType") {
            return Ok(Self::Missing);
        }
        Ok(Self::Object(value.clone()))
    }

    fn elements(&self) -> Option<&[Self]> {
        if let Self::List(elements) = self { Some(elements) } else { None }
    }

    fn text(&self) -> PyResult<Option<String>> {
        match self {
            Self::Missing => Ok(None),
            Self::Bool(truth) => Ok(Some(if *truth { "True" } else { "False" }.to_owned())),
            Self::Integer(number) => Ok(Some(number.to_string())),
            Self::Float(number) => Ok(Some(format!("{number:?}"))),
            Self::Text(text) => Ok(Some(text.clone())),
            Self::Object(value) => value.str()?.extract().map(Some),
            Self::List(_) => Err(PyTypeError::new_err(
                "a list stands among other values, expected lists of values or values alone",
            )),
        }
    }
}

/// The values of one variant; `None` if there are others that are not missing.
fn all_of<T>(
    values: &[Value<'_>],
    variant: impl Fn(&Value<'_>) -> Option<T>,
) -> Option<Vec<Option<T>>> {
    let value = |value: &Value<'_>| match value {
        Value::Missing => Some(None),
        value => variant(value).map(Some),
    };
    values.iter().map(value).collect()
}

fn truths(values: &[Value<'_>]) -> Option<Vec<Option<bool>>> {
    all_of(values, |value| if let Value::Bool(truth) = value { Some(*truth) } else { None })
}

fn integers(values: &[Value<'_>]) -> Option<Vec<Option<i64>>> {
    all_of(values, |value| if let Value::Integer(number) = value { Some(*number) } else { None })
}

/// The numbers, some of them floating-point numbers.
#[expect(clippy::cast_precision_loss, reason = "NumPy rounds integers among other numbers, too")]
fn floats(values: &[Value<'_>]) -> Option<Vec<Option<f64>>> {
    all_of(values, |value| match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    })
}

fn texts(values: &[Value<'_>]) -> PyResult<Vec<Option<String>>> {
    values.iter().map(Value::text).collect()
}

fn array_of(values: &[Value<'_>]) -> PyResult<ArrayRef> {
    if let Some(truths) = truths(values) {
        return Ok(Arc::new(BooleanArray::from(truths)));
    }
    if let Some(numbers) = integers(values) {
        return Ok(Arc::new(Int64Array::from(numbers)));
    }
    if let Some(numbers) = floats(values) {
        return Ok(Arc::new(Float64Array::from(numbers)));
    }
    let list = |value: &Value<'_>| value.elements().map(<[_]>::len);
    match all_of(values, list) {
        Some(_) => lists(values),
        None => Ok(Arc::new(StringArray::from(texts(values)?))),
    }
}

/// The lists as a column, whose elements are of the narrowest type that has them all.
fn lists(values: &[Value<'_>]) -> PyResult<ArrayRef> {
    let lists = || values.iter().map(Value::elements);
    let each = |is: fn(&[Value<'_>]) -> bool| lists().flatten().all(is);
    if each(|list| integers(list).is_some()) {
        let lists = lists().map(|list| integers(list?));
        return Ok(Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(lists)));
    }
    if each(|list| floats(list).is_some()) {
        let lists = lists().map(|list| floats(list?));
        return Ok(Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(lists)));
    }
    let mut builder = ListBuilder::new(StringBuilder::new());
    for list in lists() {
        let list = list.map(texts).transpose()?;
        builder.append_option(list);
    }
    Ok(Arc::new(builder.finish()))
}
