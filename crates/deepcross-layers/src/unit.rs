//! A unit of any kind, so that a model can hold a list of units.
//!
//! It is an enum and not a boxed trait; [`Module`] says why.

use crate::one_layer_unit::OneLayerUnit;
use crate::plain_unit::PlainUnit;
use crate::residual_unit::ResidualUnit;
use crate::unit_vars::UnitVars;
use crate::{Activation, BatchNorm, Module};
use deepcross_autodiff::{DenseId, Pass, Real, Var};

/// A unit; its output is as wide as its input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unit {
    /// Two layers, as in the paper.
    Residual(ResidualUnit),
    /// One layer.
    OneLayer(OneLayerUnit),
    /// Two layers without the identity path: not a residual unit, but a baseline for one.
    Plain(PlainUnit),
}

impl Unit {
    /// Like [`forward`](Module::forward), but returns the inner value as well as the output.
    ///
    /// # Panics
    /// As [`forward`](Module::forward).
    pub fn forward_parts<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> UnitVars {
        match self {
            Self::Residual(unit) => unit.forward_parts(pass, x),
            Self::OneLayer(unit) => unit.forward_parts(pass, x),
            Self::Plain(unit) => unit.forward_parts(pass, x),
        }
    }

    /// The activation that makes [`UnitVars::inner`].
    pub fn inner_activation(&self) -> Activation {
        match self {
            Self::Residual(unit) => unit.inner.activation,
            Self::OneLayer(unit) => unit.linear.activation,
            Self::Plain(unit) => unit.inner.activation,
        }
    }

    /// The activation that makes [`UnitVars::out`].
    pub fn outer_activation(&self) -> Activation {
        match self {
            Self::Residual(unit) => unit.activation,
            Self::OneLayer(unit) => unit.activation,
            Self::Plain(unit) => unit.activation,
        }
    }

    /// Whether the unit carries its input past its layers.
    pub fn is_residual(&self) -> bool {
        !matches!(self, Self::Plain(_))
    }

    /// The normalisation before the outer activation, if there is one.
    pub fn norm(&self) -> Option<BatchNorm> {
        match self {
            Self::Residual(unit) => unit.norm,
            Self::OneLayer(unit) => unit.norm,
            Self::Plain(unit) => unit.norm,
        }
    }

    /// The unit's weights and biases, in the order from its input to its output.
    pub fn parameters(&self) -> impl Iterator<Item = DenseId> + use<> {
        let layers = match self {
            Self::Residual(unit) => [Some(unit.inner), Some(unit.outer)],
            Self::OneLayer(unit) => [Some(unit.linear), None],
            Self::Plain(unit) => [Some(unit.inner), Some(unit.outer)],
        };
        let norm = self.norm().map(|BatchNorm { normalisation: norm }| [norm.gamma, norm.beta]);
        let layers = layers.into_iter().flatten();
        layers
            .flat_map(|layer| [Some(layer.weight), layer.bias])
            .flatten()
            .chain(norm.into_iter().flatten())
    }
}

impl Module for Unit {
    /// # Shapes
    /// `x`: `[rows, width]` → `[rows, width]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        self.forward_parts(pass, x).out
    }
}

impl From<ResidualUnit> for Unit {
    fn from(unit: ResidualUnit) -> Self {
        Self::Residual(unit)
    }
}

impl From<OneLayerUnit> for Unit {
    fn from(unit: OneLayerUnit) -> Self {
        Self::OneLayer(unit)
    }
}

impl From<PlainUnit> for Unit {
    fn from(unit: PlainUnit) -> Self {
        Self::Plain(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Builder;
    use crate::one_layer_unit::OneLayerUnitConfig;
    use crate::plain_unit::PlainUnitConfig;
    use crate::residual_unit::ResidualUnitConfig;
    use deepcross_autodiff::{Params, Tape};
    use ndarray::array;

    #[test]
    fn each_kind_computes_the_unit_that_it_holds() {
        let mut params = Params::<f64>::new();
        let mut builder = Builder::new(&mut params, 1);
        let two = ResidualUnitConfig::new("two", 3, 2).init(&mut builder);
        let one = OneLayerUnitConfig::new("one", 3).init(&mut builder);
        let plain = PlainUnitConfig::new("plain", 3, 2).init(&mut builder);
        let mut tape = Tape::new();
        let mut pass = tape.record(&params);
        let x = pass.input(array![[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]].view());
        let pairs = [
            (two.forward(&mut pass, x), Unit::from(two).forward(&mut pass, x)),
            (one.forward(&mut pass, x), Unit::from(one).forward(&mut pass, x)),
            (plain.forward(&mut pass, x), Unit::from(plain).forward(&mut pass, x)),
        ];
        for (bare, held) in pairs {
            assert_eq!(pass.value(bare), pass.value(held));
        }
        assert_ne!(pass.value(pairs[0].0), pass.value(pairs[1].0));
    }

    #[test]
    fn each_kind_returns_its_parts() {
        let mut params = Params::<f64>::new();
        let mut builder = Builder::new(&mut params, 1);
        let two = ResidualUnitConfig {
            activation: Activation::Tanh,
            ..ResidualUnitConfig::new("two", 3, 2)
        };
        let one = OneLayerUnitConfig {
            activation: Activation::Sigmoid,
            ..OneLayerUnitConfig::new("one", 3)
        };
        let (two, one) = (two.init(&mut builder), one.init(&mut builder));
        let plain = PlainUnitConfig::new("plain", 3, 2).init(&mut builder);
        let cases: [(Unit, _, _, _, &[&str]); 3] = [
            (
                two.into(),
                two.inner,
                Activation::Relu,
                Activation::Tanh,
                &["two.inner.weight", "two.inner.bias", "two.outer.weight", "two.outer.bias"],
            ),
            (
                one.into(),
                one.linear,
                Activation::Sigmoid,
                Activation::Identity,
                &["one.weight", "one.bias"],
            ),
            (
                plain.into(),
                plain.inner,
                Activation::Relu,
                Activation::Relu,
                &[
                    "plain.inner.weight",
                    "plain.inner.bias",
                    "plain.outer.weight",
                    "plain.outer.bias",
                ],
            ),
        ];
        for (unit, layer, inner, outer, names) in cases {
            assert_eq!((unit.inner_activation(), unit.outer_activation()), (inner, outer));
            let found: Vec<_> = unit.parameters().map(|id| params.dense_name(id)).collect();
            assert_eq!(found, names);
            let mut tape = Tape::new();
            let mut pass = tape.record(&params);
            let x = pass.input(array![[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]].view());
            let (parts, inner) = (unit.forward_parts(&mut pass, x), layer.forward(&mut pass, x));
            assert_eq!(pass.value(parts.inner), pass.value(inner));
            let out = unit.forward(&mut pass, x);
            assert_eq!(pass.value(parts.out), pass.value(out));
        }
    }
}
