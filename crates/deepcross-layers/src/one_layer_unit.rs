//! The residual unit with one layer and any activation, for which the flow of gradients is simplest to see.
//!
//! Let `h⁽ⁱ⁺¹⁾ = h⁽ⁱ⁾ + σ(a)` with `a = W h⁽ⁱ⁾ + b` (column vectors), and `g⁽ⁱ⁾ = ∂L/∂h⁽ⁱ⁾`.
//! Then
//!
//! ```text
//! g⁽ⁱ⁾ = g⁽ⁱ⁺¹⁾ + Wᵀ ( σ'(a) ⊙ g⁽ⁱ⁺¹⁾ )
//! ```
//!
//! The first term, the *identity path*, holds no weight of this unit: whatever `W` is, the gradient from above reaches
//! the layer below undamped.
//! The second, the *residual path*, goes through `W`.
//! For the weight `V` of a layer below, `h⁽ⁱ⁾ = τ(c)` with `c = V h⁽ⁱ⁻¹⁾ + d`, the gradient
//! `∂L/∂V = ( τ'(c) ⊙ g⁽ⁱ⁾ ) h⁽ⁱ⁻¹⁾ᵀ` is linear in `g⁽ⁱ⁾`, so it splits into the same two paths.
//! Derivations that write these products with their factors in another order hold for scalars only; this is the form
//! that holds for matrices, and a golden test checks both paths.

use crate::{Builder, Init, Linear, LinearConfig, Module};
use deepcross_autodiff::{Activation, Pass, Real, Var};

/// Configuration of a [`OneLayerUnit`].
#[derive(Clone, Debug, PartialEq)]
pub struct OneLayerUnitConfig {
    /// The parameters are `{name}.weight` and `{name}.bias`.
    pub name: String,
    /// The width of input and output.
    pub width: usize,
    /// Applied before the addition.
    pub activation: Activation,
    /// Applied after the addition.
    pub outer_activation: Activation,
    /// How the weight starts.
    pub init: Init,
}

impl OneLayerUnitConfig {
    /// With ReLU before and nothing after the addition, starting at [`Init::XavierNormal`].
    pub fn new(name: impl Into<String>, width: usize) -> Self {
        Self {
            name: name.into(),
            width,
            activation: Activation::Relu,
            outer_activation: Activation::Identity,
            init: Init::XavierNormal,
        }
    }

    /// Makes the parameters, and the layer that uses them.
    ///
    /// # Panics
    /// As [`Builder::dense`].
    #[track_caller]
    pub fn init<F: Real>(&self, builder: &mut Builder<'_, F>) -> OneLayerUnit {
        let linear = LinearConfig {
            activation: self.activation,
            init: self.init,
            ..LinearConfig::new(self.name.as_str(), self.width, self.width)
        };
        OneLayerUnit { linear: linear.init(builder), activation: self.outer_activation }
    }
}

/// `out = outer(x + σ(W x + b))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneLayerUnit {
    /// `σ(W x + b)`, as wide as its input.
    pub linear: Linear,
    /// `outer`: applied after the addition.
    pub activation: Activation,
}

impl Module for OneLayerUnit {
    /// # Shapes
    /// `x`: `[rows, width]` → `[rows, width]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        let change = self.linear.forward(pass, x);
        pass.add_activate(x, change, self.activation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{activated, check, naive_linear};
    use deepcross_autodiff::Params;
    use proptest::prelude::*;

    /// Before and after the addition; a ReLU after it only where the sum keeps off its kink.
    fn any_activations() -> impl Strategy<Value = (Activation, Activation)> {
        let all = || prop::sample::select(&Activation::ALL[..]);
        (all(), all()).prop_filter("a ReLU of a sum that may be close to 0", |(inner, outer)| {
            *outer != Activation::Relu || matches!(inner, Activation::Relu | Activation::Identity)
        })
    }

    proptest! {
        #[test]
        fn agrees_with_its_twin_and_its_differences(
            [rows, width] in prop::array::uniform2(1_usize..=8),
            (activation, outer_activation) in any_activations(),
            seed: u64,
        ) {
            let mut params = Params::new();
            let mut builder = Builder::new(&mut params, 0);
            let config = OneLayerUnitConfig {
                activation,
                outer_activation,
                ..OneLayerUnitConfig::new("unit", width)
            };
            let unit = config.init(&mut builder);
            let x = builder.dense("x", (rows, width), Init::Zeros);
            check(
                params,
                seed,
                |pass| {
                    let x = pass.dense(x);
                    unit.forward(pass, x)
                },
                |params| {
                    let x = params.dense(x).to_owned();
                    let change = naive_linear(params, unit.linear, &x);
                    activated(x + change, outer_activation)
                },
            )?;
        }
    }

    #[test]
    fn nothing_stands_after_the_addition_by_default() {
        let mut params = Params::<f32>::new();
        let unit = OneLayerUnitConfig::new("unit", 4).init(&mut Builder::new(&mut params, 1));
        assert_eq!(unit.linear.activation, Activation::Relu);
        assert_eq!(unit.activation, Activation::Identity);
    }
}
