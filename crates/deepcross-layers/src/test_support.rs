//! Helpers for the tests of layers: naive twins, and parameters on which ReLU has no kink nearby.

use crate::{Embedding, Linear};
use deepcross_autodiff::{Activation, Bags, Params, Pass, Tape, Var, check};
use ndarray::Array2;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Sets all parameters to numbers of the [`lattice`], and checks the layer's value against its twin's, and its
/// derivatives against central differences.
pub(crate) fn check(
    params: Params<f64>,
    seed: u64,
    build: impl Fn(&mut Pass<'_, f64>) -> Var,
    naive: impl FnOnce(&Params<f64>) -> Array2<f64>,
) -> TestCaseResult {
    let params = lattice(params, seed);
    let mut tape = Tape::new();
    let mut pass = tape.record(&params);
    let output = build(&mut pass);
    let (found, expected) = (pass.value(output), naive(&params));
    prop_assert_eq!(found.dim(), expected.dim());
    for (found, expected) in found.iter().zip(&expected) {
        let tolerance = 1e-12 * expected.abs().max(1.0);
        prop_assert!((found - expected).abs() <= tolerance, "{} {}", found, expected);
    }
    check::gradients(&params, build).map_err(|mismatch| TestCaseError::fail(mismatch.to_string()))
}

/// Every parameter an odd multiple of 1/4 in ±3/4, the first bias 1/32 and each next bias 1/8 of that off it.
///
/// Sums of products with other quarters are then never 0 where a bias is added, nor closer to 0 than a central
/// difference reaches: no ReLU is checked at its kink.
fn lattice(mut params: Params<f64>, seed: u64) -> Params<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = || f64::from(2 * rng.random_range(-2..2) + 1) / 4.0;
    let mut offset = 1.0 / 32.0;
    for id in params.dense_ids() {
        let is_bias = params.dense_name(id).ends_with("bias");
        let own = if is_bias { offset } else { 0.0 };
        params.dense_slice_mut(id).iter_mut().for_each(|value| *value = draw() + own);
        offset /= if is_bias { 8.0 } else { 1.0 };
    }
    for id in params.table_ids() {
        params.table_slice_mut(id).iter_mut().for_each(|value| *value = draw());
    }
    params
}

/// Whether there is a bias, and an activation; ReLU only with the bias that keeps it off its kink.
pub(crate) fn any_bias_and_activation() -> impl Strategy<Value = (bool, Activation)> {
    (any::<bool>(), prop::sample::select(&Activation::ALL[..]))
        .prop_map(|(bias, activation)| (bias || activation == Activation::Relu, activation))
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

/// [`Bags`] that own their numbers.
#[derive(Clone, Debug)]
pub(crate) struct OwnedBags {
    offsets: Vec<u32>,
    ids: Vec<u32>,
    weights: Option<Vec<f64>>,
}

impl OwnedBags {
    pub(crate) fn view(&self) -> Bags<'_, f64> {
        Bags { offsets: &self.offsets, ids: &self.ids, weights: self.weights.as_deref() }
    }
}

/// So many bags of up to three ids below `dimensions`, with weights in quarters or without.
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
