//! The nodes from the logit to the probability, with the calibrator of the model.

use crate::graph::{GraphBuilder, Value};
use deepcross_calibration::{CalibrationMap, Calibrator, Isotonic};

/// Adds the nodes from a logit, `[rows, 1]`, to its probability, `[rows, 1]`.
pub(super) fn probability(
    graph: &mut GraphBuilder<'_>,
    calibrator: Option<&Calibrator>,
    logit: &Value,
) -> Value {
    let calibrated = match calibrator.map(|calibrator| &calibrator.map) {
        None => logit.clone(),
        Some(CalibrationMap::Temperature(map)) => {
            let temperature = graph.constant(&[1], &[map.temperature() as f32]);
            graph.node("Div", &[logit, &temperature])
        }
        Some(CalibrationMap::Platt(map)) => {
            let slope = graph.constant(&[1], &[map.slope() as f32]);
            let intercept = graph.constant(&[1], &[map.intercept() as f32]);
            let scaled = graph.node("Mul", &[logit, &slope]);
            graph.node("Add", &[&scaled, &intercept])
        }
        Some(CalibrationMap::Isotonic(map)) => return isotonic(graph, map, logit),
    };
    graph.node("Sigmoid", &[&calibrated])
}

/// `p₀ + Σᵢ (pᵢ₊₁ − pᵢ) · clip((z − zᵢ) / (zᵢ₊₁ − zᵢ), 0, 1)`: each piece adds the part of its rise that
/// lies below the logit.
fn isotonic(graph: &mut GraphBuilder<'_>, map: &Isotonic, logit: &Value) -> Value {
    let points = map.points();
    let pieces = || points.windows(2).map(|pair| (pair[0], pair[1]));
    let starts: Vec<f32> = pieces().map(|(low, _)| low.0).collect();
    let widths: Vec<f32> = pieces().map(|(low, high)| high.0 - low.0).collect();
    let rises: Vec<f32> = pieces().map(|(low, high)| high.1 - low.1).collect();
    let lowest = points.first().map_or(f32::NAN, |point| point.1);
    let lowest = graph.constant(&[1], &[lowest]);
    if starts.is_empty() {
        let zero = graph.constant(&[1], &[0.0]);
        let nothing = graph.node("Mul", &[logit, &zero]);
        return graph.node("Add", &[&nothing, &lowest]);
    }
    let [starts, widths] = [starts, widths].map(|values| graph.constant(&[values.len()], &values));
    let rises = graph.constant(&[rises.len(), 1], &rises);
    let [zero, one] = [0.0, 1.0].map(|value| graph.constant(&[], &[value]));
    let above = graph.node("Sub", &[logit, &starts]);
    let share = graph.node("Div", &[&above, &widths]);
    let share = graph.node("Clip", &[&share, &zero, &one]);
    let risen = graph.node("MatMul", &[&share, &rises]);
    graph.node("Add", &[&risen, &lowest])
}
