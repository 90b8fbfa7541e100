//! The linear map with bias and activation, the part of which most other layers consist.
//!
//! The activation is part of the layer, and not a layer of its own: the product, the bias and the activation are then
//! one loop over the output, and the tape keeps one value and not three.

use crate::{Builder, Init, Module};
use deepcross_autodiff::{Activation, DenseId, Pass, Real, Var};

/// Configuration of a [`Linear`].
#[derive(Clone, Debug, PartialEq)]
pub struct LinearConfig {
    /// The name; the parameters are `{name}.weight` and `{name}.bias`.
    pub name: String,
    /// The width of the input.
    pub inputs: usize,
    /// The width of the output.
    pub outputs: usize,
    /// Whether a bias is added; it starts at 0.
    pub bias: bool,
    /// The activation, applied last.
    pub activation: Activation,
    /// The initialisation of the weight.
    pub init: Init,
}

impl LinearConfig {
    /// A configuration with a bias, without activation, starting at [`Init::XavierNormal`].
    pub fn new(name: impl Into<String>, inputs: usize, outputs: usize) -> Self {
        Self {
            name: name.into(),
            inputs,
            outputs,
            bias: true,
            activation: Activation::Identity,
            init: Init::XavierNormal,
        }
    }

    /// Creates the parameters, and the layer that uses them.
    ///
    /// # Panics
    /// As [`Builder::dense`].
    #[track_caller]
    pub fn init<F: Real>(&self, builder: &mut Builder<'_, F>) -> Linear {
        let Self { name, inputs, outputs, .. } = self;
        let weight = builder.dense(&format!("{name}.weight"), (*outputs, *inputs), self.init);
        let bias =
            self.bias.then(|| builder.dense(&format!("{name}.bias"), (1, *outputs), Init::Zeros));
        Linear { weight, bias, activation: self.activation }
    }
}

/// `y = activation(x Wᵀ + b)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// `W`, `[outputs, inputs]`.
    pub weight: DenseId,
    /// `b`, `[1, outputs]`.
    pub bias: Option<DenseId>,
    /// The activation, applied last.
    pub activation: Activation,
}

impl Module for Linear {
    /// # Shapes
    /// `x`: `[rows, inputs]` → `[rows, outputs]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        pass.affine(x, self.weight, self.bias, self.activation)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_support::{Holds, any_activation, check, holds, naive_linear};
    use deepcross_autodiff::Params;
    use proptest::array::uniform3;
    use proptest::prelude::*;

    #[test]
    pub(crate) fn agrees_with_its_twin_and_its_differences() -> Holds {
        let cases = (uniform3(1_usize..=12), any::<bool>(), any_activation(), any::<u64>());
        holds(cases, |([rows, inputs, outputs], bias, activation, seed)| {
            let mut params = Params::new();
            let mut builder = Builder::new(&mut params, 0);
            let config =
                LinearConfig { bias, activation, ..LinearConfig::new("map", inputs, outputs) };
            let layer = config.init(&mut builder);
            prop_assert_eq!((layer.bias.is_some(), layer.activation), (bias, activation));
            let x = builder.dense("x", (rows, inputs), Init::Zeros);
            check(
                params,
                seed,
                |pass| {
                    let x = pass.dense(x);
                    layer.forward(pass, x)
                },
                |params| naive_linear(params, layer, &params.dense(x).to_owned()),
            )
        })
    }

    #[test]
    fn parameters_are_named_and_the_bias_starts_at_zero() {
        let mut params = Params::<f32>::new();
        let layer = LinearConfig::new("map", 3, 2).init(&mut Builder::new(&mut params, 1));
        let bias = layer.bias.expect("a bias is the default");
        assert_eq!(params.dense_name(layer.weight), "map.weight");
        assert_eq!(params.dense_shape(layer.weight), (2, 3));
        assert_eq!(params.dense_name(bias), "map.bias");
        assert_eq!(params.dense_slice(bias), [0.0, 0.0]);
    }
}
