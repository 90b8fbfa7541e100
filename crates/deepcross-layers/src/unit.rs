//! Either kind of residual unit, so that a model holds a list of them.
//!
//! An enum and not a boxed trait: see [`Module`].

use crate::{Module, OneLayerUnit, ResidualUnit};
use deepcross_autodiff::{Pass, Real, Var};

/// A residual unit; its output is as wide as its input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unit {
    /// Two layers, as in the paper.
    Residual(ResidualUnit),
    /// One layer.
    OneLayer(OneLayerUnit),
}

impl Module for Unit {
    /// # Shapes
    /// `x`: `[rows, width]` → `[rows, width]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        match self {
            Self::Residual(unit) => unit.forward(pass, x),
            Self::OneLayer(unit) => unit.forward(pass, x),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Builder, OneLayerUnitConfig, ResidualUnitConfig};
    use deepcross_autodiff::{Params, Tape};
    use ndarray::array;

    #[test]
    fn each_kind_computes_what_it_holds() {
        let mut params = Params::<f64>::new();
        let mut builder = Builder::new(&mut params, 1);
        let two = ResidualUnitConfig::new("two", 3, 2).init(&mut builder);
        let one = OneLayerUnitConfig::new("one", 3).init(&mut builder);
        let mut tape = Tape::new();
        let mut pass = tape.record(&params);
        let x = pass.input(array![[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]].view());
        let pairs = [
            (two.forward(&mut pass, x), Unit::from(two).forward(&mut pass, x)),
            (one.forward(&mut pass, x), Unit::from(one).forward(&mut pass, x)),
        ];
        for (bare, held) in pairs {
            assert_eq!(pass.value(bare), pass.value(held));
        }
        assert_ne!(pass.value(pairs[0].0), pass.value(pairs[1].0));
    }
}
