//! The description of a model for callers, which the service and the interface for C return.

use super::input_columns::{InputColumn, InputColumns};
use crate::trained_model::TrainedModel;
use deepcross_calibration::{CalibrationMap, Calibrator};
use serde_json::{Value, json};

/// The model as a JSON object: its fingerprint, its members and weights, the columns that it reads, its training and its calibrator.
///
/// `required` says whether each row must name every column.
pub fn model_description(
    trained: &TrainedModel,
    columns: &InputColumns,
    fingerprint: u64,
    required: bool,
) -> Value {
    json!({
        "fingerprint": format!("{fingerprint:016x}"),
        "members": trained.members().len(),
        "weights": trained.n_parameters(),
        "fields": columns.list.iter().map(|column| field(column, required)).collect::<Vec<_>>(),
        "training": trained.training,
        "calibrator": trained.calibrator.as_ref().map(calibrator),
    })
}

fn field(column: &InputColumn, required: bool) -> Value {
    let readers = column.fields.iter();
    let readers: Vec<_> =
        readers.map(|(name, kind)| json!({ "name": name, "kind": kind })).collect();
    json!({
        "name": column.name,
        "read_by": readers,
        "accepts": column.accepts,
        "number": column.is_number,
        "array_separator": column.separator,
        "required": required,
        "nullable": true,
    })
}

fn calibrator(calibrator: &Calibrator) -> Value {
    let Calibrator { map, rows, positives } = calibrator;
    let parameters = match map {
        CalibrationMap::Temperature(map) => json!({ "temperature": map.temperature() }),
        CalibrationMap::Platt(map) => json!({ "slope": map.slope(), "intercept": map.intercept() }),
        CalibrationMap::Isotonic(map) => json!({ "points": map.points().len() }),
    };
    json!({
        "method": map.method().name(),
        "parameters": parameters,
        "rows": rows,
        "positives": positives,
    })
}
