//! Encoded rows as tensors: the inputs of a model's graph, and the expected outputs.

use super::error::{ExportError, InterchangeError};
use super::safetensors::{NamedTensor, Numbers, encode};
use crate::artifact::replace;
use crate::predictor::Tapes;
use crate::trained_model::TrainedModel;
use deepcross_features::Batch;
use deepcross_features::batch::{Column, DenseColumn, FieldShape, SparseColumn};
use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

/// The name of the ids of a field: `[rows]`, or `[rows, values]` for lists.
pub(super) fn ids_name(field: &str) -> String {
    format!("{field}.ids")
}

/// The name of the weights of a field's lists, `[rows, values]`; the weights of padding are 0.
pub(super) fn weights_name(field: &str) -> String {
    format!("{field}.weights")
}

/// The name of the numbers of a field, `[rows, width]`.
pub(super) fn numbers_name(field: &str) -> String {
    format!("{field}.numbers")
}

/// Writes encoded rows as safetensors, whole or not at all: the inputs of the model's ONNX graph by their names, and
/// the model's `probability` and `logit` for each row.
///
/// Ids are `I64`, everything else is `F32`. Lists are padded to the length of the longest one, and at least to 1, with
/// the id 0 of weight 0.
///
/// # Errors
/// [`InterchangeError`] with the path and the cause.
///
/// # Panics
/// If the rows are not of the model's fields.
pub fn write_sample(
    file: &Path,
    trained: &TrainedModel,
    batch: &Batch,
) -> Result<(), InterchangeError> {
    let bytes = encode_sample(trained, batch)
        .map_err(|problem| InterchangeError::Unwritable { file: file.to_owned(), problem })?;
    Ok(replace(file, |out| out.write_all(&bytes))?)
}

/// The bytes that [`write_sample`] writes.
///
/// # Errors
/// [`ExportError`] if safetensors cannot hold the rows.
///
/// # Panics
/// If the rows are not of the model's fields.
pub fn encode_sample(trained: &TrainedModel, batch: &Batch) -> Result<Vec<u8>, ExportError> {
    let (predictor, tapes) = (trained.predictor(), Tapes::new());
    let [mut probabilities, mut logits] = [Vec::new(), Vec::new()];
    predictor.predict_batch(&tapes, batch, &mut probabilities);
    predictor.logits_batch(&tapes, batch, &mut logits);
    let results = [("probability", probabilities), ("logit", logits)];
    let results = results.map(|(name, values)| (name.to_owned(), floats(&[values.len()], values)));
    let fields = trained.encoder.shapes().iter().zip(batch.columns());
    let tensors = fields.flat_map(|(shape, column)| tensors(shape, column)).chain(results);
    encode(tensors)
}

fn floats(shape: &[usize], values: Vec<f32>) -> NamedTensor<'static> {
    NamedTensor { shape: shape.to_vec(), numbers: Numbers::Floats(Cow::Owned(values)) }
}

/// The tensors of a field.
fn tensors(shape: &FieldShape, column: &Column) -> Vec<(String, NamedTensor<'static>)> {
    let name = &shape.name;
    match column {
        Column::Dense(numbers) => vec![(numbers_name(name), dense(numbers))],
        Column::Sparse(ids) => match ids.offsets() {
            None => {
                let ids: Vec<i64> = ids.ids().iter().map(|&id| id.into()).collect();
                let tensor = NamedTensor { shape: vec![ids.len()], numbers: Numbers::Ids(ids) };
                vec![(ids_name(name), tensor)]
            }
            Some(offsets) => {
                let [ids, weights] = padded(ids, offsets);
                vec![(ids_name(name), ids), (weights_name(name), weights)]
            }
        },
    }
}

fn dense(column: &DenseColumn) -> NamedTensor<'static> {
    floats(&[column.n_rows(), column.width()], column.values().to_vec())
}

/// The ids and weights of lists, each padded to the length of the longest one.
fn padded(column: &SparseColumn, offsets: &[u32]) -> [NamedTensor<'static>; 2] {
    let lengths = offsets.windows(2).map(|pair| pair[1] - pair[0]);
    let (n_rows, width) = (column.n_rows(), lengths.max().unwrap_or(0).max(1) as usize);
    let (mut ids, mut weights) = (vec![0; n_rows * width], vec![0.0; n_rows * width]);
    for (row, pair) in offsets.windows(2).enumerate() {
        for (place, at) in (row * width..).zip(pair[0] as usize..pair[1] as usize) {
            ids[place] = i64::from(column.ids()[at]);
            weights[place] = column.weights().get(at).copied().unwrap_or(1.0);
        }
    }
    let shape = vec![n_rows, width];
    [NamedTensor { shape: shape.clone(), numbers: Numbers::Ids(ids) }, floats(&shape, weights)]
}
