//! The residual unit with one layer and any activation, in which the flow of gradients is easiest to see.
//!
//! Let `h⁽ⁱ⁺¹⁾ = h⁽ⁱ⁾ + σ(a)` with `a = W h⁽ⁱ⁾ + b` (column vectors), and `g⁽ⁱ⁾ = ∂L/∂h⁽ⁱ⁾`.
//! Then
//!
//! ```text
//! g⁽ⁱ⁾ = g⁽ⁱ⁺¹⁾ + Wᵀ ( σ'(a) ⊙ g⁽ⁱ⁺¹⁾ )
//! ```
//!
//! The first term, the *identity path*, contains no weight of this unit: whatever `W` is, the gradient from above
//! reaches the layer below undamped.
//! The second, the *residual path*, goes through `W`.
//! For the weight `V` of a layer below, `h⁽ⁱ⁾ = τ(c)` with `c = V h⁽ⁱ⁻¹⁾ + d`, the gradient
//! `∂L/∂V = ( τ'(c) ⊙ g⁽ⁱ⁾ ) h⁽ⁱ⁻¹⁾ᵀ` is linear in `g⁽ⁱ⁾`, so it splits into the same two paths.
//! Derivations that write these products with their factors in another order hold only for scalars; this form holds for
//! matrices.
//! The page `docs/residual-gradient.md` derives it, and names the test that checks each step.

use crate::batch_norm::end_of_unit;
use crate::unit_vars::UnitVars;
use crate::{BatchNorm, BatchNormConfig, Builder, Init, Linear, LinearConfig, Module};
use deepcross_autodiff::{Activation, Pass, Real, Var};

/// Configuration of a [`OneLayerUnit`].
#[derive(Clone, Debug, PartialEq)]
pub struct OneLayerUnitConfig {
    /// The name; the parameters are `{name}.weight` and `{name}.bias`.
    pub name: String,
    /// The width of input and output.
    pub width: usize,
    /// The activation before the addition.
    pub activation: Activation,
    /// The activation after the addition.
    pub outer_activation: Activation,
    /// The initialisation of the weight.
    pub init: Init,
    /// Whether the sum is normalised by batches, by a layer `{name}.norm`.
    pub batch_norm: bool,
}

impl OneLayerUnitConfig {
    /// A configuration with ReLU before and nothing after the addition, starting at [`Init::XavierNormal`].
    pub fn new(name: impl Into<String>, width: usize) -> Self {
        Self {
            name: name.into(),
            width,
            activation: Activation::Relu,
            outer_activation: Activation::Identity,
            init: Init::XavierNormal,
            batch_norm: false,
        }
    }

    /// Creates the parameters, and the layer that uses them.
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
        let linear = linear.init(builder);
        let norm = BatchNormConfig::new(format!("{}.norm", self.name), self.width);
        let norm = self.batch_norm.then(|| norm.init(builder));
        OneLayerUnit { linear, norm, activation: self.outer_activation }
    }
}

/// `out = outer(x + σ(W x + b))`; the sum is normalised by batches if `batch_norm` is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneLayerUnit {
    /// `σ(W x + b)`, as wide as its input.
    pub linear: Linear,
    /// The normalisation between the addition and the activation.
    pub norm: Option<BatchNorm>,
    /// `outer`: the activation after the addition.
    pub activation: Activation,
}

impl OneLayerUnit {
    /// Like [`forward`](Module::forward), but returns `σ(W x + b)` as well as the output.
    ///
    /// # Shapes
    /// `x`: `[rows, width]` → inner `[rows, width]`, out `[rows, width]`
    ///
    /// # Panics
    /// As [`forward`](Module::forward).
    pub fn forward_parts<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> UnitVars {
        let inner = self.linear.forward(pass, x);
        UnitVars { inner, out: end_of_unit(pass, [x, inner], self.norm, self.activation) }
    }
}

impl Module for OneLayerUnit {
    /// # Shapes
    /// `x`: `[rows, width]` → `[rows, width]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        self.forward_parts(pass, x).out
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_support::{Holds, activated, any_activation, check, holds, naive_linear};
    use deepcross_autodiff::Params;
    use proptest::array::uniform2;
    use proptest::prelude::*;

    #[test]
    pub(crate) fn agrees_with_its_twin_and_its_differences() -> Holds {
        let cases = (uniform2(1_usize..=12), [any_activation(), any_activation()], any::<u64>());
        holds(cases, |([rows, width], [activation, outer_activation], seed)| {
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
            )
        })
    }

    #[test]
    fn nothing_follows_the_addition_by_default() {
        let mut params = Params::<f32>::new();
        let unit = OneLayerUnitConfig::new("unit", 4).init(&mut Builder::new(&mut params, 1));
        assert_eq!(unit.linear.activation, Activation::Relu);
        assert_eq!(unit.activation, Activation::Identity);
    }
}
