//! Helpers for the tests of layers: naive twins, and random parameters.

use crate::embedding::Embedding;
use crate::{BatchNorm, Linear};
use deepcross_autodiff::check::Check;
use deepcross_autodiff::{Activation, Params, Pass, Projection, RowBags, Tape, Var, wrong_rules};
use ndarray::Array2;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

pub(crate) use deepcross_testing::{Holds, holds};

/// Draws all parameters, and checks the layer's value against its twin's, and its derivatives against central
/// differences.
pub(crate) fn check(
    params: Params<f64>,
    seed: u64,
    build: impl Fn(&mut Pass<'_, f64>) -> Var,
    naive: impl FnOnce(&Params<f64>) -> Array2<f64>,
) -> TestCaseResult {
    let params = drawn(params, seed);
    let mut tape = Tape::new();
    let mut pass = tape.record(&params);
    let output = build(&mut pass);
    let (found, expected) = (pass.value(output), naive(&params));
    prop_assert_eq!(found.dim(), expected.dim());
    for (found, expected) in found.iter().zip(&expected) {
        let tolerance = 1e-12 * expected.abs().max(1.0);
        prop_assert!((found - expected).abs() <= tolerance, "{} {}", found, expected);
    }
    check_derivatives(Check::default(), &params, build)
}

/// Checks derivatives against central differences; those of [`wrong_rules::with`] are wrong.
pub(crate) fn check_derivatives(
    check: Check,
    params: &Params<f64>,
    build: impl Fn(&mut Pass<'_, f64>) -> Var,
) -> TestCaseResult {
    let result = check.run_by(params, build, wrong_rules::backward_from);
    result.map(drop).map_err(|mismatch| TestCaseError::fail(mismatch.to_string()))
}

/// Parameters of both signs, some of them 0; with one seed in eight, a whole matrix or table may be.
fn drawn(mut params: Params<f64>, seed: u64) -> Params<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |zero: bool| {
        let value = rng.random_range(-2.0..2.0);
        if zero || rng.random_bool(0.1) { 0.0 } else { value }
    };
    let (dense, tables) = (params.dense_ids(), params.table_ids());
    for (id, zero) in dense.zip(zeros(seed)) {
        params.dense_slice_mut(id).iter_mut().for_each(|value| *value = draw(zero));
    }
    for (id, zero) in tables.zip(zeros(seed / 8)) {
        params.table_mut(id).rows_mut().flatten().for_each(|value| *value = draw(zero));
    }
    params
}

/// The parameters that are 0: none, or every other one.
fn zeros(seed: u64) -> impl Iterator<Item = bool> {
    (seed..).map(move |i| seed.is_multiple_of(8) && i.is_multiple_of(2))
}

pub(crate) fn any_activation() -> impl Strategy<Value = Activation> {
    prop::sample::select(&Activation::ALL[..])
}

pub(crate) fn activated(x: Array2<f64>, activation: Activation) -> Array2<f64> {
    x.mapv_into(|x| match activation {
        Activation::Identity => x,
        Activation::Relu => x.max(0.0),
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::Tanh => x.tanh(),
    })
}

pub(crate) fn naive_linear(params: &Params<f64>, layer: Linear, x: &Array2<f64>) -> Array2<f64> {
    let mut out = x.dot(&params.dense(layer.weight).t());
    if let Some(bias) = layer.bias {
        out += &params.dense(bias);
    }
    activated(out, layer.activation)
}

/// A normalisation and an activation in inference, with the initial running statistics: a mean of 0 and a variance of 1.
pub(crate) fn naive_norm(
    params: &Params<f64>,
    norm: BatchNorm,
    x: Array2<f64>,
    activation: Activation,
) -> Array2<f64> {
    let norm = norm.normalisation;
    let normalised = x / (1.0 + BatchNorm::EPSILON).sqrt() * params.dense(norm.gamma);
    activated(normalised + params.dense(norm.beta), activation)
}

/// The embedding as the paper prints it, `σ(W x + b)`, with the input as a matrix.
pub(crate) fn naive_embedding(
    params: &Params<f64>,
    layer: Embedding,
    hot: &Array2<f64>,
) -> Array2<f64> {
    let mut out = hot.dot(&params.table(layer.lookup.table));
    if let Some(bias) = layer.lookup.bias {
        out += &params.dense(bias);
    }
    activated(out, layer.lookup.activation)
}

/// The embedding of numbers, `σ(W x + b)`.
pub(crate) fn naive_projection(
    params: &Params<f64>,
    layer: Projection,
    numbers: &Array2<f64>,
) -> Array2<f64> {
    let mut out = numbers.dot(&params.dense(layer.weight).t());
    if let Some(bias) = layer.bias {
        out += &params.dense(bias);
    }
    activated(out, layer.activation)
}

/// `[rows, dimensions]`, 1 in the column of the row's id.
pub(crate) fn one_hot(ids: &[u32], dimensions: usize) -> Array2<f64> {
    let mut hot = Array2::zeros((ids.len(), dimensions));
    ids.iter().enumerate().for_each(|(row, &id)| hot[(row, id as usize)] = 1.0);
    hot
}

/// `[rows, dimensions]`, the sum of an id's weights in its column.
pub(crate) fn multi_hot(bags: &OwnedBags, dimensions: usize) -> Array2<f64> {
    let mut hot = Array2::zeros((bags.offsets.len() - 1, dimensions));
    for (row, ends) in bags.offsets.windows(2).enumerate() {
        for i in ends[0] as usize..ends[1] as usize {
            let weight = bags.weights.as_ref().map_or(1.0, |weights| weights[i]);
            hot[(row, bags.ids[i] as usize)] += weight;
        }
    }
    hot
}

/// [`RowBags`] that own their numbers.
#[derive(Clone, Debug)]
pub(crate) struct OwnedBags {
    offsets: Vec<u32>,
    ids: Vec<u32>,
    weights: Option<Vec<f64>>,
}

impl OwnedBags {
    pub(crate) fn view(&self) -> RowBags<'_, f64> {
        RowBags { offsets: &self.offsets, ids: &self.ids, weights: self.weights.as_deref() }
    }
}

/// A number of bags of up to three ids below `dimensions`, with weights in quarters or without.
pub(crate) fn any_bags(n_bags: usize, dimensions: u32) -> impl Strategy<Value = OwnedBags> {
    let entry = (0..dimensions, (-4..=4).prop_map(|quarters| f64::from(quarters) / 4.0));
    let bags = prop::collection::vec(prop::collection::vec(entry, 0..=3), n_bags);
    (bags, any::<bool>()).prop_map(|(bags, weighted)| {
        let mut offsets = vec![0];
        for bag in &bags {
            offsets.push(offsets[offsets.len() - 1] + bag.len() as u32);
        }
        let (ids, weights): (Vec<_>, Vec<_>) = bags.into_iter().flatten().unzip();
        OwnedBags { offsets, ids, weights: weighted.then_some(weights) }
    })
}
