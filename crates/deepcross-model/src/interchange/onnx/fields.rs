//! The nodes from the ids and numbers of each field to the stacked input.
//!
//! The list of ids of a row is padded to the length of the longest one in the batch, and the weights of the padding are
//! 0. Its sum is a look-up and a product, which any runtime can compute for any number of rows and values. Rejected:
//! offsets into one list of ids, as elsewhere in this workspace. They need a sum over segments, for which ONNX has only
//! a scatter without a guaranteed order.

use crate::graph::{Axis, GraphBuilder, Value, integer};
use crate::interchange::graph_inputs::{ids_name, numbers_name, weights_name};
use crate::stack::stacked_input::StackedInput;
use deepcross_autodiff::DenseId;
use deepcross_features::batch::{FieldShape, ShapeKind};
use deepcross_layers::fields::{OneHot, StackedField};
use deepcross_layers::{Activation, Lookup};

/// The input of a batch for a field.
pub(super) enum Input {
    /// One id a row.
    Ids(Value),
    /// Ids `[rows, values]`, and weights `[rows, 1, values]`.
    Bags { ids: Value, weights: Value },
    /// Numbers `[rows, width]`.
    Numbers(Value),
}

/// Adds the inputs of all fields.
pub(super) fn inputs(graph: &mut GraphBuilder<'_>, shapes: &[FieldShape]) -> Vec<Input> {
    shapes.iter().map(|shape| input(graph, shape)).collect()
}

/// Adds the nodes of the stacked input, `[rows, stack width]`.
pub(super) fn stack(
    graph: &mut GraphBuilder<'_>,
    stacked_input: &StackedInput,
    inputs: &[Input],
) -> Value {
    let fields = stacked_input.stacking().fields().iter().zip(inputs.iter().cycle());
    let parts: Vec<_> = fields.map(|(field, input)| part(graph, field, input)).collect();
    graph.concat(&parts.iter().collect::<Vec<_>>())
}

fn input(graph: &mut GraphBuilder<'_>, shape: &FieldShape) -> Input {
    let name = &shape.name;
    match shape.kind {
        ShapeKind::Dense { width, .. } => {
            let axes = [Axis::rows(), Axis::Fixed(width)];
            Input::Numbers(graph.numbers(numbers_name(name), &axes))
        }
        ShapeKind::Sparse { multi_hot: false, .. } => {
            Input::Ids(graph.ids(ids_name(name), &[Axis::rows()]))
        }
        ShapeKind::Sparse { .. } => {
            let axes = [Axis::rows(), Axis::Free(format!("{name}.values"))];
            let ids = graph.ids(ids_name(name), &axes);
            let weights = graph.numbers(weights_name(name), &axes);
            let axis = graph.constant_ids(&[1]);
            let weights = graph.node("Unsqueeze", &[&weights, &axis]);
            Input::Bags { ids, weights }
        }
    }
}

/// Adds the nodes of the columns of a field, `[rows, width]`.
///
/// # Panics
/// If the field does not take such an input, which does not happen for a model of these shapes.
fn part(graph: &mut GraphBuilder<'_>, field: &StackedField, input: &Input) -> Value {
    match (field, input) {
        (StackedField::Numbers { .. }, Input::Numbers(numbers)) => numbers.clone(),
        (StackedField::ProjectedNumbers(projection), Input::Numbers(numbers)) => {
            let (params, weight) = (graph.params, projection.weight);
            let (outputs, inputs) = params.dense_shape(weight);
            let weight = graph.parameter(
                params.dense_name(weight),
                &[outputs, inputs],
                params.dense_slice(weight),
            );
            let product = graph.node_with("Gemm", &[numbers, &weight], vec![integer("transB", 1)]);
            end_of_embedding(graph, (projection.bias, projection.activation), product)
        }
        (StackedField::Embedding(embedding), Input::Ids(ids)) => {
            let lookup = embedding.lookup;
            let table = table(graph, lookup);
            let rows = graph.node("Gather", &[&table, ids]);
            end_of_embedding(graph, (lookup.bias, lookup.activation), rows)
        }
        (StackedField::Embedding(embedding), Input::Bags { ids, weights }) => {
            let lookup = embedding.lookup;
            let table = table(graph, lookup);
            let rows = graph.node("Gather", &[&table, ids]);
            let sums = weighted(graph, weights, &rows);
            end_of_embedding(graph, (lookup.bias, lookup.activation), sums)
        }
        (StackedField::OneHot(raw), Input::Ids(ids)) => {
            let columns = one_hot(graph, *raw, ids);
            without_unseen(graph, *raw, columns)
        }
        (StackedField::OneHot(raw), Input::Bags { ids, weights }) => {
            let each = one_hot(graph, *raw, ids);
            let columns = weighted(graph, weights, &each);
            without_unseen(graph, *raw, columns)
        }
        _ => panic!("the field {field:?} has another form of input"),
    }
}

fn table(graph: &mut GraphBuilder<'_>, lookup: Lookup) -> Value {
    let (params, table) = (graph.params, lookup.table);
    let (rows, width) = params.table_shape(table);
    let values = params.table(table);
    let values = values.as_slice().expect("the standard layout");
    graph.parameter(params.table_name(table), &[rows, width], values)
}

/// `[rows, 1, values]` times `[rows, values, width]` → `[rows, width]`.
fn weighted(graph: &mut GraphBuilder<'_>, weights: &Value, each: &Value) -> Value {
    let sums = graph.node("MatMul", &[weights, each]);
    let axis = graph.constant_ids(&[1]);
    graph.node("Squeeze", &[&sums, &axis])
}

fn end_of_embedding(
    graph: &mut GraphBuilder<'_>,
    (bias, activation): (Option<DenseId>, Activation),
    sums: Value,
) -> Value {
    let params = graph.params;
    let sums = match bias {
        None => sums,
        Some(bias) => {
            let values = params.dense_slice(bias);
            let bias = graph.parameter(params.dense_name(bias), &[values.len()], values);
            graph.node("Add", &[&sums, &bias])
        }
    };
    graph.activation(sums, activation)
}

fn one_hot(graph: &mut GraphBuilder<'_>, raw: OneHot, ids: &Value) -> Value {
    let depth = graph.scalar_id(raw.dimensions as i64);
    let off_on = graph.constant(&[2], &[0.0, 1.0]);
    graph.node("OneHot", &[ids, &depth, &off_on])
}

/// Sets the column of unseen values to 0.
fn without_unseen(graph: &mut GraphBuilder<'_>, raw: OneHot, columns: Value) -> Value {
    let Some(unseen) = raw.unseen else { return columns };
    let kept = |id: usize| if id == unseen as usize { 0.0 } else { 1.0 };
    let mask: Vec<f32> = (0..raw.dimensions).map(kept).collect();
    let mask = graph.constant(&[mask.len()], &mask);
    graph.node("Mul", &[&columns, &mask])
}
