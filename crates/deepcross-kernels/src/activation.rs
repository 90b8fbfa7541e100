//! Activations, and their derivatives as functions of their outputs.
//!
//! The derivative is a function of the *output*, so that a tape keeps one value per node and not two.
//! The four activations here have this property; one without it must be a separate operation.

use crate::functions::{sigmoid, tanh};
use crate::number::Number;
use serde::{Deserialize, Serialize};

/// A function applied to each element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `x`.
    Identity,
    /// `max(0, x)`, with derivative 0 at 0.
    #[default]
    Relu,
    /// `1 / (1 + exp(−x))`.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// Every activation, for tests and messages.
    pub const ALL: [Self; 4] = [Self::Identity, Self::Relu, Self::Sigmoid, Self::Tanh];

    /// The value at `x`; finite for every finite `x`.
    #[inline]
    pub fn apply<F: Number>(self, x: F) -> F {
        match self {
            Self::Identity => x,
            Self::Relu => relu(x),
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => tanh(x),
        }
    }

    /// The derivative at the point whose value is `y`.
    #[inline]
    pub fn derivative<F: Number>(self, y: F) -> F {
        match self {
            Self::Identity => F::one(),
            Self::Relu => relu_derivative(y),
            Self::Sigmoid => y * (F::one() - y),
            Self::Tanh => F::one() - y * y,
        }
    }
}

/// `max(0, x)`; NaN stays NaN, so that it is not hidden.
#[inline(always)]
pub(crate) fn relu<F: Number>(x: F) -> F {
    if x < F::zero() { F::zero() } else { x }
}

#[inline(always)]
fn relu_derivative<F: Number>(y: F) -> F {
    if y > F::zero() { F::one() } else { F::zero() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let cases = [
            (Activation::Identity, -2.0, -2.0),
            (Activation::Relu, -2.0, 0.0),
            (Activation::Relu, 3.0, 3.0),
            (Activation::Sigmoid, 0.0, 0.5),
            (Activation::Sigmoid, -800.0, 0.0),
            (Activation::Sigmoid, 800.0, 1.0),
            (Activation::Tanh, 0.5, 0.5_f64.tanh()),
        ];
        for (activation, x, expected) in cases {
            assert_eq!(activation.apply(x), expected, "{activation:?} at {x}");
        }
    }

    #[test]
    fn relu_does_not_hide_nan() {
        assert!(Activation::Relu.apply(f32::NAN).is_nan());
    }

    #[test]
    fn derivatives_agree_with_central_differences() {
        let step = 1e-6;
        for activation in Activation::ALL {
            for x in [-3.0, -0.7, 0.2, 1.5_f64] {
                let slope =
                    (activation.apply(x + step) - activation.apply(x - step)) / (2.0 * step);
                let derivative = activation.derivative(activation.apply(x));
                assert!((slope - derivative).abs() < 1e-9, "{activation:?} at {x}");
            }
        }
    }
}
