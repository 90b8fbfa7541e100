//! A model as an ONNX graph, from ids and numbers to logits and probabilities.
//!
//! The inputs for a field `f` are `f.ids` if each row has one id, `f.ids` and `f.weights` for lists, and `f.numbers`
//! for numbers. The outputs are `probability`, calibrated if the model is, and `logit`, before any calibration; both
//! are `[rows]`. All operators are in opset 17 of the standard domain.

mod calibrator_nodes;
mod fields;
mod mean_nodes;
#[cfg(test)]
mod tests;

use super::error::{ExportError, InterchangeError};
use crate::artifact::replace;
use crate::graph::{GraphBuilder, proto};
use crate::predictor::Predictor;
use crate::trained_model::TrainedModel;
use deepcross_calibration::Calibrator;
use deepcross_features::batch::{FieldShape, Reserved, ShapeKind};
use prost::Message;
use serde_json::{Value as Json, json};
use std::io::Write;
use std::path::Path;

/// The version of the standard operators that a graph needs.
pub const OPSET: i64 = 17;

/// The version of the model format, the first one with all operators of [`OPSET`].
const IR_VERSION: i64 = 8;

/// The greatest number of bytes of weights. A protobuf message is shorter than 2 GiB, and the graph takes a part of it.
const LIMIT: usize = (i32::MAX as usize) - (64 << 20);

/// Writes the model as a graph, whole or not at all.
///
/// The metadata of the file are the model's fingerprint, its kind, its calibrator, and its fields with their reserved
/// ids. The same model gives the same bytes.
///
/// # Errors
/// [`InterchangeError`] with the path and the cause, such as [`ExportError::TooLarge`].
pub fn write_onnx(file: &Path, trained: &TrainedModel) -> Result<(), InterchangeError> {
    let bytes = encode(trained)
        .map_err(|problem| InterchangeError::Unwritable { file: file.to_owned(), problem })?;
    Ok(replace(file, |out| out.write_all(&bytes))?)
}

fn encode(trained: &TrainedModel) -> Result<Vec<u8>, ExportError> {
    if trained.is_quantised() {
        return Err(ExportError::Quantised);
    }
    check_size(size_of::<f32>().saturating_mul(trained.n_parameters()))?;
    let fingerprint = trained.fingerprint()?;
    let shapes = trained.encoder.shapes();
    let fields: Vec<_> = shapes.iter().map(field_note).collect();
    let calibrator = trained.calibrator.as_ref();
    let method = calibrator.map_or("none", |calibrator| calibrator.map.method().name());
    let notes = [
        ("deepcross.fingerprint", format!("{fingerprint:016x}")),
        ("deepcross.kind", trained.spec.kind().to_owned()),
        ("deepcross.calibrator", method.to_owned()),
        ("deepcross.fields", Json::from(fields).to_string()),
    ];
    let entry = |(key, value): (&str, String)| proto::Entry {
        key: Some(key.to_owned()),
        value: Some(value),
    };
    let model = proto::Model {
        metadata_props: notes.map(entry).to_vec(),
        ..message(&trained.predictor(), trained.spec.kind(), shapes)?
    };
    Ok(model.encode_to_vec())
}

fn check_size(bytes: usize) -> Result<(), ExportError> {
    if bytes > LIMIT { Err(ExportError::TooLarge { bytes, limit: LIMIT }) } else { Ok(()) }
}

/// The graph of a model with these fields, and the name and version of this program.
///
/// # Errors
/// [`ExportError::NoGraph`] if the kind has none.
fn message(
    predictor: &Predictor<'_>,
    kind: &'static str,
    shapes: &[FieldShape],
) -> Result<proto::Model, ExportError> {
    let opset = proto::OperatorSet { domain: Some(String::new()), version: Some(OPSET) };
    let graph = graph_of(predictor, shapes).ok_or(ExportError::NoGraph { kind })?;
    Ok(proto::Model {
        ir_version: Some(IR_VERSION),
        producer_name: Some("deepcross".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        graph: Some(graph),
        opset_import: vec![opset],
        metadata_props: Vec::new(),
    })
}

fn graph_of(predictor: &Predictor<'_>, shapes: &[FieldShape]) -> Option<proto::Graph> {
    let calibrator: Option<&Calibrator> = predictor.calibrator;
    let mut graph = GraphBuilder::new(predictor.params);
    let (inputs, members) = (fields::inputs(&mut graph, shapes), predictor.members());
    let (n_members, model) = (members.len(), predictor.model);
    let logits = members.enumerate().map(|(number, member)| {
        graph.begin_member(number, n_members, member.params);
        let stacked = fields::stack(&mut graph, model.stacked_input(), &inputs);
        model.network().logit_nodes(&mut graph, &stacked)
    });
    let logits = logits.collect::<Option<Vec<_>>>()?;
    let logit = mean_nodes::logit(&mut graph, logits);
    let probability = calibrator_nodes::probability(&mut graph, calibrator, &logit);
    graph.output("probability", &probability);
    graph.output("logit", &logit);
    Some(graph.finish())
}

/// The metadata of a field, which a caller needs for its inputs.
fn field_note(shape: &FieldShape) -> Json {
    match shape.kind {
        ShapeKind::Dense { width, .. } => {
            json!({ "name": shape.name, "form": "numbers", "width": width })
        }
        ShapeKind::Sparse { dimensions, multi_hot, reserved } => {
            let form = if multi_hot { "lists" } else { "ids" };
            let Reserved { missing, unseen, rare } = reserved;
            json!({
                "name": shape.name, "form": form, "dimensions": dimensions,
                "missing": missing, "unseen": unseen, "rare": rare,
            })
        }
    }
}
