//! The paper's residual unit: two layers of ReLU, past which the input is carried (paper, section 5.3 and figure 2).
//!
//! The outer ReLU stands *after* the addition, as figure 2 and the paper's CNTK macro have it; equation 4 omits it.
//! It clips negative inputs, so raw numbers in the stacked input should not be negative.

use crate::batch_norm::end_of_unit;
use crate::unit_vars::UnitVars;
use crate::{BatchNorm, BatchNormConfig, Builder, Init, Linear, LinearConfig, Module};
use deepcross_autodiff::{Activation, Pass, Real, Var};

/// Configuration of a [`ResidualUnit`].
#[derive(Clone, Debug, PartialEq)]
pub struct ResidualUnitConfig {
    /// The name; the parameters are those of the linear maps `{name}.inner` and `{name}.outer`.
    pub name: String,
    /// The width of input and output.
    pub width: usize,
    /// The width between the two layers.
    pub hidden: usize,
    /// The activation after the addition.
    pub activation: Activation,
    /// The initialisation of both weights.
    pub init: Init,
    /// Whether the sum is normalised by batches, by a layer `{name}.norm`.
    pub batch_norm: bool,
}

impl ResidualUnitConfig {
    /// A configuration with a ReLU after the addition, starting at [`Init::XavierNormal`].
    pub fn new(name: impl Into<String>, width: usize, hidden: usize) -> Self {
        Self {
            name: name.into(),
            width,
            hidden,
            activation: Activation::Relu,
            init: Init::XavierNormal,
            batch_norm: false,
        }
    }

    /// Creates the parameters, and the layer that uses them.
    ///
    /// # Panics
    /// As [`Builder::dense`].
    #[track_caller]
    pub fn init<F: Real>(&self, builder: &mut Builder<'_, F>) -> ResidualUnit {
        let Self { name, width, hidden, activation, init, batch_norm } = self;
        let inner = LinearConfig {
            activation: Activation::Relu,
            init: *init,
            ..LinearConfig::new(format!("{name}.inner"), *width, *hidden)
        };
        let outer = LinearConfig {
            init: *init,
            ..LinearConfig::new(format!("{name}.outer"), *hidden, *width)
        };
        ResidualUnit {
            inner: inner.init(builder),
            outer: outer.init(builder),
            norm: batch_norm
                .then(|| BatchNormConfig::new(format!("{name}.norm"), *width).init(builder)),
            activation: *activation,
        }
    }
}

/// `out = activation(x + W₁ relu(W₀ x + b₀) + b₁)`; the sum is normalised by batches if `batch_norm` is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResidualUnit {
    /// `relu(W₀ x + b₀)`, to the hidden width.
    pub inner: Linear,
    /// `W₁ h + b₁`, back to the width of the input.
    pub outer: Linear,
    /// The normalisation between the addition and the activation.
    pub norm: Option<BatchNorm>,
    /// The activation after the addition.
    pub activation: Activation,
}

impl ResidualUnit {
    /// Like [`forward`](Module::forward), but returns the value between the two layers as well as the output.
    ///
    /// # Shapes
    /// `x`: `[rows, width]` → inner `[rows, hidden]`, out `[rows, width]`
    ///
    /// # Panics
    /// As [`forward`](Module::forward).
    pub fn forward_parts<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> UnitVars {
        let inner = self.inner.forward(pass, x);
        let Linear { weight, bias, activation } = self.outer;
        let out = if self.norm.is_none() && activation == Activation::Identity {
            pass.add_affine(x, inner, weight, bias, self.activation)
        } else {
            let change = self.outer.forward(pass, inner);
            end_of_unit(pass, [x, change], self.norm, self.activation)
        };
        UnitVars { inner, out }
    }
}

impl Module for ResidualUnit {
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
    use proptest::array::uniform3;
    use proptest::prelude::*;

    #[test]
    pub(crate) fn agrees_with_its_twin_and_its_differences() -> Holds {
        let cases = (uniform3(1_usize..=12), any_activation(), any::<u64>());
        holds(cases, |([rows, width, hidden], activation, seed)| {
            let mut params = Params::new();
            let mut builder = Builder::new(&mut params, 0);
            let config =
                ResidualUnitConfig { activation, ..ResidualUnitConfig::new("unit", width, hidden) };
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
                    let hidden = naive_linear(params, unit.inner, &x);
                    activated(x + naive_linear(params, unit.outer, &hidden), activation)
                },
            )
        })
    }

    #[test]
    fn the_defaults_are_those_of_the_paper() {
        let mut params = Params::<f32>::new();
        let unit = ResidualUnitConfig::new("unit", 4, 3).init(&mut Builder::new(&mut params, 1));
        assert_eq!(unit.inner.activation, Activation::Relu);
        assert_eq!(unit.outer.activation, Activation::Identity);
        assert_eq!(unit.activation, Activation::Relu);
        let names: Vec<_> = params.dense_ids().map(|id| params.dense_name(id)).collect();
        let expected =
            ["unit.inner.weight", "unit.inner.bias", "unit.outer.weight", "unit.outer.bias"];
        assert_eq!(names, expected);
    }
}
