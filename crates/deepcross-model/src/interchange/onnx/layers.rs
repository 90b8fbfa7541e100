//! The nodes from the stacked input to the logit, for each kind of model.

use super::graph::{GraphBuilder, Value, float, integer};
use crate::kinds::linear::{LinearModel, Pairs};
use crate::model::Network;
use deepcross_autodiff::DenseId;
use deepcross_layers::{
    BatchNorm, FactorizationMachine, FieldAware, Linear, OneLayerUnit, PlainUnit, ResidualUnit,
    Unit,
};

/// Adds the nodes of the logit, `[rows, 1]`.
pub(super) fn logit(graph: &mut GraphBuilder<'_>, network: &Network, stacked: Value) -> Value {
    match network {
        Network::DeepCrossing(model) => {
            let units = model.units().iter();
            let crossed = units.fold(stacked, |x, crossing| unit(graph, crossing, x));
            linear(graph, model.scoring.linear, &crossed)
        }
        Network::Mlp(model) => {
            let layers = model.hidden.layers.iter();
            let hidden = layers.fold(stacked, |x, &layer| linear(graph, layer, &x));
            linear(graph, model.scoring.linear, &hidden)
        }
        Network::Linear(model) => linear_model(graph, model, &stacked),
    }
}

/// A linear map with bias and activation; its weight is `[outputs, inputs]`.
fn linear(graph: &mut GraphBuilder<'_>, layer: Linear, x: &Value) -> Value {
    let (params, (outputs, inputs)) = (graph.params, graph.params.dense_shape(layer.weight));
    let (name, values) = (params.dense_name(layer.weight), params.dense_slice(layer.weight));
    let weight = graph.parameter(name, &[outputs, inputs], values);
    let bias = layer.bias.map(|bias| vector(graph, bias));
    let operands: Vec<_> = [x, &weight].into_iter().chain(&bias).collect();
    let out = graph.node_with("Gemm", &operands, vec![integer("transB", 1)]);
    graph.activation(out, layer.activation)
}

fn vector(graph: &mut GraphBuilder<'_>, id: DenseId) -> Value {
    let (params, values) = (graph.params, graph.params.dense_slice(id));
    graph.parameter(params.dense_name(id), &[values.len()], values)
}

fn unit(graph: &mut GraphBuilder<'_>, unit: &Unit, x: Value) -> Value {
    let (out, norm, activation) = match *unit {
        Unit::Residual(ResidualUnit { inner, outer, norm, activation }) => {
            let hidden = linear(graph, inner, &x);
            let change = linear(graph, outer, &hidden);
            (graph.node("Add", &[&x, &change]), norm, activation)
        }
        Unit::OneLayer(OneLayerUnit { linear: layer, norm, activation }) => {
            let change = linear(graph, layer, &x);
            (graph.node("Add", &[&x, &change]), norm, activation)
        }
        Unit::Plain(PlainUnit { inner, outer, norm, activation }) => {
            let hidden = linear(graph, inner, &x);
            let out = linear(graph, outer, &hidden);
            // Without a normalisation, the outer layer has applied the activation.
            if norm.is_none() {
                return out;
            }
            (out, norm, activation)
        }
    };
    let out = match norm {
        Some(norm) => batch_norm(graph, norm, &out),
        None => out,
    };
    graph.activation(out, activation)
}

/// Adds a batch normalisation with the running mean and variance.
fn batch_norm(graph: &mut GraphBuilder<'_>, norm: BatchNorm, x: &Value) -> Value {
    let (params, norm) = (graph.params, norm.normalisation);
    let [gamma, beta] = [norm.gamma, norm.beta].map(|id| vector(graph, id));
    let [mean, variance] = [norm.mean, norm.variance].map(|id| {
        let values = params.statistic(id);
        graph.parameter(params.statistic_name(id), &[values.len()], values)
    });
    let epsilon = vec![float("epsilon", norm.epsilon as f32)];
    graph.node_with("BatchNormalization", &[x, &gamma, &beta, &mean, &variance], epsilon)
}

fn linear_model(graph: &mut GraphBuilder<'_>, model: &LinearModel, stacked: &Value) -> Value {
    let terms = graph.columns(stacked, model.first_order.columns.clone());
    let sum = graph.sum(&terms, true);
    let bias = vector(graph, model.first_order.bias);
    let first_order = graph.node("Add", &[&sum, &bias]);
    let second_order = match model.pairs {
        None => return first_order,
        Some(Pairs::Fm(pairs)) => fm(graph, pairs, stacked),
        Some(Pairs::Ffm(pairs)) => ffm(graph, pairs, stacked),
    };
    graph.node("Add", &[&first_order, &second_order])
}

/// `½ Σ_k ((Σ_i v_ik)² − Σ_i v_ik²)` (Rendle, ICDM 2010, lemma 3.1).
fn fm(graph: &mut GraphBuilder<'_>, pairs: FactorizationMachine, stacked: &Value) -> Value {
    let FactorizationMachine { first, n_fields, width } = pairs;
    let columns = graph.columns(stacked, first..first + n_fields * width);
    // 0 stands for the length of this axis in the input.
    let shape = graph.constant_ids(&[0, n_fields as i64, width as i64]);
    let vectors = graph.node("Reshape", &[&columns, &shape]);
    let sum = graph.sum(&vectors, false);
    let square_of_sum = graph.node("Mul", &[&sum, &sum]);
    let squares = graph.node("Mul", &[&vectors, &vectors]);
    let sum_of_squares = graph.sum(&squares, false);
    let twice = graph.node("Sub", &[&square_of_sum, &sum_of_squares]);
    let twice = graph.sum(&twice, true);
    let half = graph.constant(&[1], &[0.5]);
    graph.node("Mul", &[&twice, &half])
}

/// Computes the products of all pairs at once, from the columns of the first and of the second vector of each pair.
fn ffm(graph: &mut GraphBuilder<'_>, pairs: FieldAware, stacked: &Value) -> Value {
    let FieldAware { first, n_fields, width } = pairs;
    // A field has no vector for itself, so the vectors for the fields after it are one place further to the left.
    let start = |field: usize, other: usize| {
        first + width * (field * (n_fields - 1) + other - usize::from(other > field))
    };
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for (i, j) in (0..n_fields).flat_map(|i| (i + 1..n_fields).map(move |j| (i, j))) {
        ones.extend((0..width).map(|k| (start(i, j) + k) as i64));
        others.extend((0..width).map(|k| (start(j, i) + k) as i64));
    }
    let [ones, others] = [ones, others].map(|columns| {
        let columns = graph.constant_ids(&columns);
        graph.node_with("Gather", &[stacked, &columns], vec![integer("axis", 1)])
    });
    let products = graph.node("Mul", &[&ones, &others]);
    graph.sum(&products, true)
}
