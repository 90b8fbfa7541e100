//! The drawn stacks.
//!
//! Sizes, activations and scales are drawn by proptest, so a failing case shrinks to a small one of the same kind.
//! The numbers follow from a seed, since shrinking a thousand of them one by one takes long and shows little.

use super::textbook::{Layer, Matrix, Vector, outer};
use deepcross_layers::Activation;
use ndarray::Array;
use proptest::prelude::*;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::ops::RangeInclusive;

/// Square layers one upon the other, the input batch, and the gradient from above.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    pub(super) layers: Vec<Layer>,
    /// `h[0]`, `[rows, width]`.
    pub(super) input: Matrix,
    /// `g[n]`, `[rows, width]`.
    pub(super) upstream: Matrix,
}

impl Stack {
    /// The numbers of the layers, and of the rows of the batch.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let n_rows = self.input.nrows();
        (0..self.layers.len()).flat_map(move |k| (0..n_rows).map(move |row| (k, row)))
    }
}

/// The properties of a layer, before its numbers are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) activation: Activation,
    weight_scale: f64,
    bias_scale: f64,
}

impl Kind {
    /// A kind with weights and biases of a usual size.
    pub(super) fn new(activation: Activation) -> Self {
        Self { activation, weight_scale: 1.0, bias_scale: 1.0 }
    }

    pub(super) fn with(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }
}

pub(super) fn any_activation() -> impl Strategy<Value = Activation> {
    prop::sample::select(&Activation::ALL[..])
}

/// A kind whose weights change the values much, not at all, little, or very much; with or without a bias.
pub(super) fn any_kind() -> impl Strategy<Value = Kind> {
    let weight_scale = prop::sample::select(vec![1.0, 0.0, 0.05, 2.0]);
    let bias_scale = prop::sample::select(vec![1.0, 0.0]);
    (any_activation(), weight_scale, bias_scale).prop_map(
        |(activation, weight_scale, bias_scale)| Kind { activation, weight_scale, bias_scale },
    )
}

/// The number of rows of a batch, and the width of its values.
pub(super) fn any_rows_and_width() -> impl Strategy<Value = (usize, usize)> {
    (1_usize..=6, 1_usize..=12)
}

pub(super) fn any_seed() -> impl Strategy<Value = u64> {
    any::<u64>().no_shrink()
}

/// Stacks of a depth in this range; each layer has its own kind.
pub(super) fn stacks(depth: RangeInclusive<usize>) -> impl Strategy<Value = Stack> {
    let kinds = prop::collection::vec(any_kind(), depth);
    (any_rows_and_width(), kinds, any_seed()).prop_map(|((rows, width), kinds, seed)| {
        let mut draw = Draw::new(seed);
        Stack {
            layers: kinds.iter().map(|&kind| draw.layer(kind, (width, width))).collect(),
            input: draw.matrix((rows, width)),
            upstream: draw.matrix((rows, width)),
        }
    })
}

/// Numbers that follow from a seed.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number in ±1.
    pub(super) fn number(&mut self) -> f64 {
        self.0.random_range(-1.0..1.0)
    }

    /// A whole number in ±2.
    pub(super) fn whole(&mut self) -> f64 {
        f64::from(self.0.random_range(-2..=2))
    }

    pub(super) fn matrix(&mut self, shape: (usize, usize)) -> Matrix {
        Array::from_shape_simple_fn(shape, || self.number())
    }

    pub(super) fn vector(&mut self, n: usize) -> Vector {
        Array::from_shape_simple_fn(n, || self.number())
    }

    /// A layer of a `shape` (outputs, inputs); weights are scaled so that values keep their size at any width.
    pub(super) fn layer(&mut self, kind: Kind, shape: (usize, usize)) -> Layer {
        let scale = kind.weight_scale / (shape.1 as f64).sqrt();
        Layer {
            weight: self.matrix(shape) * scale,
            bias: self.vector(shape.0) * kind.bias_scale,
            activation: kind.activation,
        }
    }

    /// `Q` with `Qᵀ Q = 1`, which is not symmetric in general: a product of reflections `1 − 2 v vᵀ / vᵀv`.
    pub(super) fn orthogonal(&mut self, width: usize) -> Matrix {
        let n_reflections = self.0.random_range(2..=3);
        (0..n_reflections).fold(Matrix::eye(width), |product, _| {
            let v = self.vector(width);
            let reflected = outer(&v, &v.dot(&product)) * (2.0 / v.dot(&v));
            product - reflected
        })
    }
}
