//! Weights as safetensors: a header in JSON, then the raw numbers.
//!
//! The library checks that header and bytes fit together. This module checks names, shapes, types and numbers.

use super::error::{ExportError, InterchangeError, TensorProblem, WeightsError};
use super::tensors::{Tensor, tensors};
use crate::artifact::{read_all, replace};
use crate::graph::{little_endian, member_prefix};
use deepcross_autodiff::Params;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, View};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::path::Path;

/// Writes all weights of the members of a model to a file, whole or not at all.
///
/// The same weights give the same bytes.
///
/// # Errors
/// [`InterchangeError`] with the path and the cause.
pub fn write_safetensors(file: &Path, members: &[&Params<f32>]) -> Result<(), InterchangeError> {
    let bytes = encode_safetensors(members)
        .map_err(|problem| InterchangeError::Unwritable { file: file.to_owned(), problem })?;
    Ok(replace(file, |out| out.write_all(&bytes))?)
}

/// Reads the weights of as many members as `like` has, with the same names and shapes.
///
/// # Errors
/// [`InterchangeError`] with the path and the cause.
pub fn read_safetensors(
    file: &Path,
    like: &[&Params<f32>],
) -> Result<Vec<Params<f32>>, InterchangeError> {
    let bytes = read_all(file)?;
    decode_safetensors(&bytes, like)
        .map_err(|problem| InterchangeError::Weights { file: file.to_owned(), problem })
}

/// Encodes all weights, as [`write_safetensors`] does for a file.
///
/// # Errors
/// [`ExportError::Quantised`] if the model is quantised, and [`ExportError::Format`] if the names alone take more than
/// 100 MB.
pub fn encode_safetensors(members: &[&Params<f32>]) -> Result<Vec<u8>, ExportError> {
    if members.iter().any(|params| params.is_compact()) {
        return Err(ExportError::Quantised);
    }
    let tensors = members.iter().zip(named(members)).flat_map(|(params, tensors)| {
        tensors.into_iter().map(|tensor| {
            let numbers = Numbers::Floats(tensor.id.values(params));
            (tensor.name, NamedTensor { shape: tensor.shape, numbers })
        })
    });
    encode(tensors)
}

/// The tensors of each member, whose names in a file begin with that of the member if there are several.
fn named(members: &[&Params<f32>]) -> Vec<Vec<Tensor>> {
    let of_member = |(member, params): (usize, &&Params<f32>)| {
        let prefix = member_prefix(member, members.len());
        let tensors = tensors(params).into_iter();
        tensors
            .map(|tensor| Tensor { name: format!("{prefix}{}", tensor.name), ..tensor })
            .collect()
    };
    members.iter().enumerate().map(of_member).collect()
}

/// Decodes weights, as [`read_safetensors`] does from a file.
///
/// # Errors
/// [`WeightsError`] for bytes of another format, or for tensors that are missing, unknown, of another shape or type, or
/// have NaN or infinity; all tensors are reported at once.
pub fn decode_safetensors(
    bytes: &[u8],
    like: &[&Params<f32>],
) -> Result<Vec<Params<f32>>, WeightsError> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| WeightsError::Format { reason: error.to_string() })?;
    let (expected, mut problems) = (named(like), Vec::new());
    let mut members: Vec<Params<f32>> = like.iter().map(|&params| params.clone()).collect();
    for (params, tensors) in members.iter_mut().zip(&expected) {
        let found = tensors.iter().filter_map(|tensor| {
            let problem = take(tensor, &file, params).err()?;
            Some(TensorProblem { name: tensor.name.clone(), problem })
        });
        problems.extend(found);
    }
    let known = expected.iter().flatten().map(|tensor| tensor.name.as_str());
    let known: BTreeSet<&str> = known.collect();
    let found: BTreeSet<&str> = file.names().into_iter().collect();
    problems.extend(found.difference(&known).map(|&name| TensorProblem {
        name: name.to_owned(),
        problem: "is unknown: the model has no such tensor".to_owned(),
    }));
    if problems.is_empty() { Ok(members) } else { Err(WeightsError::Tensors { problems }) }
}

/// Copies the tensor of a file into the parameters, or returns its problem.
fn take(tensor: &Tensor, file: &SafeTensors<'_>, params: &mut Params<f32>) -> Result<(), String> {
    let Tensor { name, shape, id } = tensor;
    let found = file
        .tensor(name)
        .map_err(|_| format!("is missing, expected F32 of the shape {shape:?}"))?;
    check_form(&found, shape)?;
    let (numbers, _) = found.data().as_chunks();
    let numbers = || numbers.iter().map(|&bytes| f32::from_le_bytes(bytes));
    if let Some((at, value)) = numbers().enumerate().find(|(_, value)| !value.is_finite()) {
        let place = position(at, shape);
        return Err(format!("has {value} at {place:?}, expected finite numbers"));
    }
    id.set(params, numbers());
    Ok(())
}

fn check_form(found: &TensorView<'_>, shape: &[usize]) -> Result<(), String> {
    if found.dtype() != Dtype::F32 {
        return Err(format!("has the type {}, expected F32", found.dtype()));
    }
    if found.shape() != shape {
        return Err(format!("has the shape {:?}, expected {shape:?}", found.shape()));
    }
    Ok(())
}

/// The index of an element along each axis.
fn position(mut at: usize, shape: &[usize]) -> Vec<usize> {
    let mut place: Vec<_> = shape
        .iter()
        .rev()
        .map(|&length| {
            let index = at % length;
            at /= length;
            index
        })
        .collect();
    place.reverse();
    place
}

/// A tensor that is to be written.
#[derive(Debug)]
pub(super) struct NamedTensor<'a> {
    pub(super) shape: Vec<usize>,
    pub(super) numbers: Numbers<'a>,
}

/// The numbers of a tensor.
#[derive(Debug)]
pub(super) enum Numbers<'a> {
    Floats(Cow<'a, [f32]>),
    Ids(Vec<i64>),
}

/// Encodes a file with these tensors.
///
/// Its only note names the format of PyTorch, since the library would write several notes in a random order.
pub(super) fn encode<'a>(
    tensors: impl Iterator<Item = (String, NamedTensor<'a>)>,
) -> Result<Vec<u8>, ExportError> {
    let notes = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(tensors, Some(notes))
        .map_err(|error| ExportError::Format { reason: error.to_string() })
}

impl View for NamedTensor<'_> {
    fn dtype(&self) -> Dtype {
        match self.numbers {
            Numbers::Floats(_) => Dtype::F32,
            Numbers::Ids(_) => Dtype::I64,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(match &self.numbers {
            Numbers::Floats(values) => little_endian(values),
            Numbers::Ids(ids) => ids.iter().flat_map(|id| id.to_le_bytes()).collect(),
        })
    }

    fn data_len(&self) -> usize {
        match &self.numbers {
            Numbers::Floats(values) => size_of_val(&**values),
            Numbers::Ids(ids) => size_of_val(&**ids),
        }
    }
}
