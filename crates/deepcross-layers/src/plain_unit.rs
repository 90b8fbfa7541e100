//! The paper's unit of two layers without the identity path: the baseline for a residual unit.
//!
//! It is a separate type, and not a switch of [`ResidualUnit`](crate::units::ResidualUnit), so that the residual unit
//! has exactly the form of the paper.

use crate::batch_norm::normalise_and_activate;
use crate::unit_vars::UnitVars;
use crate::{Activation, BatchNorm, BatchNormConfig, Builder, Init, Linear, LinearConfig, Module};
use deepcross_autodiff::{Pass, Real, Var};

/// Configuration of a [`PlainUnit`].
#[derive(Clone, Debug, PartialEq)]
pub struct PlainUnitConfig {
    /// The name; the parameters are those of the linear maps `{name}.inner` and `{name}.outer`, as in a residual unit.
    pub name: String,
    /// The width of input and output.
    pub width: usize,
    /// The width between the two layers.
    pub hidden: usize,
    /// The activation, applied last.
    pub activation: Activation,
    /// The initialisation of both weights.
    pub init: Init,
    /// Whether the value before the activation is normalised by batches, by a layer `{name}.norm`.
    pub batch_norm: bool,
}

impl PlainUnitConfig {
    /// A configuration with a ReLU at the end, starting at [`Init::XavierNormal`].
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
    pub fn init<F: Real>(&self, builder: &mut Builder<'_, F>) -> PlainUnit {
        let Self { name, width, hidden, activation, init, batch_norm } = self;
        let inner = LinearConfig {
            activation: Activation::Relu,
            init: *init,
            ..LinearConfig::new(format!("{name}.inner"), *width, *hidden)
        };
        let outer = LinearConfig {
            activation: if *batch_norm { Activation::Identity } else { *activation },
            init: *init,
            ..LinearConfig::new(format!("{name}.outer"), *hidden, *width)
        };
        PlainUnit {
            inner: inner.init(builder),
            outer: outer.init(builder),
            norm: batch_norm
                .then(|| BatchNormConfig::new(format!("{name}.norm"), *width).init(builder)),
            activation: *activation,
        }
    }
}

/// `out = activation(W₁ relu(W₀ x + b₀) + b₁)`, normalised by batches before the activation if `batch_norm` is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlainUnit {
    /// `relu(W₀ x + b₀)`, to the hidden width.
    pub inner: Linear,
    /// `W₁ h + b₁` of the inner value `h`, back to the width of the input; includes the activation if there is no
    /// normalisation.
    pub outer: Linear,
    /// The normalisation between the linear map and the activation.
    pub norm: Option<BatchNorm>,
    /// The activation, applied last.
    pub activation: Activation,
}

impl PlainUnit {
    /// Like [`forward`](Module::forward), but returns the value between the two layers as well as the output.
    ///
    /// # Shapes
    /// `x`: `[rows, width]` → inner `[rows, hidden]`, out `[rows, width]`
    ///
    /// # Panics
    /// As [`forward`](Module::forward).
    pub fn forward_parts<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> UnitVars {
        let inner = self.inner.forward(pass, x);
        let out = self.outer.forward(pass, inner);
        let Some(norm) = self.norm else { return UnitVars { inner, out } };
        UnitVars { inner, out: normalise_and_activate(pass, out, norm, self.activation) }
    }
}

impl Module for PlainUnit {
    /// # Shapes
    /// `x`: `[rows, width]` → `[rows, width]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        self.forward_parts(pass, x).out
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_support::{Holds, any_activation, check, holds, naive_linear, naive_norm};
    use crate::unit::Unit;
    use deepcross_autodiff::Params;
    use ndarray::Array2;
    use proptest::array::uniform3;
    use proptest::prelude::*;

    /// The unit in inference; the running statistics are the initial ones.
    fn naive(params: &Params<f64>, unit: PlainUnit, x: &Array2<f64>) -> Array2<f64> {
        let hidden = naive_linear(params, unit.inner, x);
        let out = naive_linear(params, unit.outer, &hidden);
        let Some(norm) = unit.norm else { return out };
        naive_norm(params, norm, out, unit.activation)
    }

    #[test]
    pub(crate) fn agrees_with_its_twin_and_its_differences() -> Holds {
        let cases = (uniform3(1_usize..=12), any_activation(), any::<bool>(), any::<u64>());
        holds(cases, |([rows, width, hidden], activation, batch_norm, seed)| {
            let mut params = Params::new();
            let mut builder = Builder::new(&mut params, 0);
            let unit = PlainUnitConfig {
                activation,
                batch_norm,
                ..PlainUnitConfig::new("unit", width, hidden)
            };
            let unit = unit.init(&mut builder);
            prop_assert_eq!(Unit::from(unit).outer_activation(), activation);
            let x = builder.dense("x", (rows, width), Init::Zeros);
            check(
                params,
                seed,
                |pass| {
                    let x = pass.dense(x);
                    unit.forward(pass, x)
                },
                |params| naive(params, unit, &params.dense(x).to_owned()),
            )
        })
    }
}
