//! The page's formulas in plain `ndarray`, without any code of the crate.

use deepcross_layers::Activation;
use ndarray::{Array, Array1, Array2, Axis, Dimension};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// A column.
pub(super) type Vector = Array1<f64>;
/// A weight, `[outputs, inputs]`; or a batch, each row of which is a column vector of the page.
pub(super) type Matrix = Array2<f64>;

/// `σ(a)`.
pub(super) fn value(activation: Activation, a: f64) -> f64 {
    match activation {
        Activation::Identity => a,
        Activation::Relu => a.max(0.0),
        Activation::Sigmoid => 1.0 / (1.0 + (-a).exp()),
        Activation::Tanh => a.tanh(),
    }
}

/// `σ'(a)`, computed from `a`; the crate computes it from `σ(a)`.
pub(super) fn slope(activation: Activation, a: f64) -> f64 {
    match activation {
        Activation::Identity => 1.0,
        Activation::Relu => f64::from(u8::from(a > 0.0)),
        // σ(a) (1 − σ(a)) = σ(a) σ(−a)
        Activation::Sigmoid => 1.0 / ((1.0 + (-a).exp()) * (1.0 + a.exp())),
        Activation::Tanh => 1.0 / a.cosh().powi(2),
    }
}

/// `sup |σ'|`.
pub(super) fn largest_slope(activation: Activation) -> f64 {
    match activation {
        Activation::Identity | Activation::Relu | Activation::Tanh => 1.0,
        Activation::Sigmoid => 0.25,
    }
}

/// `h ↦ σ(W h + b)`.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) weight: Matrix,
    pub(super) bias: Vector,
    pub(super) activation: Activation,
}

impl Layer {
    /// `a = W h + b`.
    pub(super) fn pre_activation(&self, h: &Vector) -> Vector {
        self.weight.dot(h) + &self.bias
    }

    /// `σ(a)`.
    pub(super) fn value(&self, h: &Vector) -> Vector {
        self.pre_activation(h).mapv(|a| value(self.activation, a))
    }

    /// `1 + |W| |h| + |b|`: an upper bound of the terms of [`value`](Self::value), entry by entry.
    pub(super) fn largest_value(&self, h: &Vector) -> Vector {
        size(&self.weight).dot(&size(h)) + size(&self.bias) + 1.0
    }

    /// `σ'(a)`.
    pub(super) fn slope(&self, h: &Vector) -> Vector {
        self.pre_activation(h).mapv(|a| slope(self.activation, a))
    }

    /// The layer's derivative at `h`.
    pub(super) fn branch(&self, h: &Vector) -> Branch {
        Branch { weight: self.weight.clone(), slope: self.slope(h) }
    }

    /// An upper bound of every [`branch`](Self::branch), entry by entry.
    pub(super) fn largest_branch(&self) -> Branch {
        let slope = Vector::from_elem(self.bias.len(), largest_slope(self.activation));
        Branch { weight: size(&self.weight), slope }
    }
}

/// The factors that a gradient meets on its way back through a layer: `W` and `s = σ'(a)`.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    weight: Matrix,
    slope: Vector,
}

impl Branch {
    /// `s ⊙ g`: the gradient of the pre-activation.
    pub(super) fn inner(&self, g: &Vector) -> Vector {
        &self.slope * g
    }

    /// `Wᵀ ( s ⊙ g )`: the residual path.
    pub(super) fn back(&self, g: &Vector) -> Vector {
        self.weight.t().dot(&self.inner(g))
    }

    /// `g + Wᵀ ( s ⊙ g )`: the identity path and the residual path.
    pub(super) fn residual_step(&self, g: &Vector) -> Vector {
        g + self.back(g)
    }
}

/// `u vᵀ`.
pub(super) fn outer(u: &Vector, v: &Vector) -> Matrix {
    u.view().insert_axis(Axis(1)).dot(&v.view().insert_axis(Axis(0)))
}

/// `‖v‖₂`.
pub(super) fn norm(v: &Vector) -> f64 {
    v.dot(v).sqrt()
}

/// One row of a batch, as a column.
pub(super) fn row(batch: &Matrix, row: usize) -> Vector {
    batch.row(row).to_owned()
}

/// The magnitude of each entry.
pub(super) fn size<D: Dimension>(values: &Array<f64, D>) -> Array<f64, D> {
    values.mapv(f64::abs)
}

/// A tolerance far above the effect of rounding in the drawn cases, and far below the effect of a wrong formula.
const TOLERANCE: f64 = 1e-12;

/// Whether two numbers, matrices or columns are equal except for rounding.
/// Rounding is measured by the size of the summed terms: the same formula of magnitudes.
pub(super) fn close<D: Dimension>(
    found: &Array<f64, D>,
    expected: &Array<f64, D>,
    terms: &Array<f64, D>,
) -> TestCaseResult {
    prop_assert_eq!(found.raw_dim(), expected.raw_dim());
    for ((found, expected), terms) in found.iter().zip(expected).zip(terms) {
        let is_close = (found - expected).abs() <= TOLERANCE * terms;
        prop_assert!(is_close, "{found} is not {expected}, a sum of terms of size {terms}");
    }
    Ok(())
}

/// Whether `small ≤ large` except for rounding, relative to the size of the computed norms.
pub(super) fn at_most(small: f64, large: f64, size: f64) -> TestCaseResult {
    prop_assert!(small <= large + TOLERANCE * size, "{small} is more than {large}");
    Ok(())
}
