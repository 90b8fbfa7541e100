//! The cross layer of DCN-V2: `x₀ ⊙ (W x + b) + x` (Wang et al., WWW 2021, equation 1).
//!
//! `x₀` is the input of the first cross layer, so that l layers make products of up to l + 1 columns of it.
//! With a rank, `W` is a product `U Vᵀ` of two narrow matrices (equation 3, with one expert and without a gate).

use crate::unit_vars::UnitVars;
use crate::{Builder, Init, Linear, LinearConfig, Module};
use deepcross_autodiff::{Pass, Real, Var};

/// Configuration of a [`CrossLayer`].
#[derive(Clone, Debug, PartialEq)]
pub struct CrossLayerConfig {
    /// The name; the parameters are those of the linear map `{name}`, and of `{name}.narrow`, without a bias, if there
    /// is a rank.
    pub name: String,
    /// The width of input and output.
    pub width: usize,
    /// The rank of `W`, at least 1; `None` stands for a whole matrix.
    pub rank: Option<usize>,
    /// The initialisation of each weight.
    pub init: Init,
}

impl CrossLayerConfig {
    /// A configuration with a whole matrix, starting at [`Init::XavierNormal`].
    pub fn new(name: impl Into<String>, width: usize) -> Self {
        Self { name: name.into(), width, rank: None, init: Init::XavierNormal }
    }

    /// Creates the parameters, and the layer that uses them.
    ///
    /// # Panics
    /// As [`Builder::dense`].
    #[track_caller]
    pub fn init<F: Real>(&self, builder: &mut Builder<'_, F>) -> CrossLayer {
        let Self { name, width, rank, init } = self;
        let narrow = rank.map(|rank| {
            let config = LinearConfig::new(format!("{name}.narrow"), *width, rank);
            LinearConfig { bias: false, init: *init, ..config }.init(builder)
        });
        let config = LinearConfig::new(name.as_str(), rank.unwrap_or(*width), *width);
        CrossLayer { narrow, linear: LinearConfig { init: *init, ..config }.init(builder) }
    }
}

/// `x₀ ⊙ (W x + b) + x`, where `W` may be a product `U Vᵀ`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossLayer {
    /// `Vᵀ`, `[rank, width]`, if `W` is a product.
    pub narrow: Option<Linear>,
    /// `W` or `U`, and `b`.
    pub linear: Linear,
}

impl CrossLayer {
    /// The layer's value for `x`; its inner value is `W x + b`. `first` is the input of the first cross layer.
    ///
    /// # Shapes
    /// `first`: `[rows, width]`, `x`: `[rows, width]` → `[rows, width]`
    ///
    /// # Panics
    /// If `first` or `x` has another width than the layer takes, or they differ in their number of rows.
    #[track_caller]
    pub fn forward_parts<F: Real>(&self, pass: &mut Pass<'_, F>, first: Var, x: Var) -> UnitVars {
        let narrow = self.narrow.map_or(x, |narrow| narrow.forward(pass, x));
        let inner = self.linear.forward(pass, narrow);
        let product = pass.mul(first, inner);
        UnitVars { inner, out: pass.add(x, product) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_support::{Holds, check, holds, naive_linear};
    use deepcross_autodiff::Params;
    use proptest::array::uniform2;
    use proptest::prelude::*;

    #[test]
    pub(crate) fn agrees_with_its_twin_and_its_differences() -> Holds {
        let cases = (uniform2(1_usize..=8), prop::option::of(1_usize..=4), any::<u64>());
        holds(cases, |([rows, width], rank, seed)| {
            let mut params = Params::new();
            let mut builder = Builder::new(&mut params, 0);
            let config = CrossLayerConfig { rank, ..CrossLayerConfig::new("cross", width) };
            let layer = config.init(&mut builder);
            let [first, x] =
                ["first", "x"].map(|name| builder.dense(name, (rows, width), Init::Zeros));
            check(
                params,
                seed,
                |pass| {
                    let [first, x] = [first, x].map(|id| pass.dense(id));
                    layer.forward_parts(pass, first, x).out
                },
                |params| {
                    let [first, x] = [first, x].map(|id| params.dense(id).to_owned());
                    let narrow = layer.narrow.map(|narrow| naive_linear(params, narrow, &x));
                    let inner = naive_linear(params, layer.linear, narrow.as_ref().unwrap_or(&x));
                    first * inner + x
                },
            )
        })
    }

    #[test]
    fn a_rank_makes_two_narrow_matrices() {
        let mut params = Params::<f32>::new();
        let config = CrossLayerConfig { rank: Some(2), ..CrossLayerConfig::new("cross0", 5) };
        config.init(&mut Builder::new(&mut params, 1));
        let ids = params.dense_ids();
        let found: Vec<_> = ids.map(|id| (params.dense_name(id), params.dense_shape(id))).collect();
        let expected =
            [("cross0.narrow.weight", (2, 5)), ("cross0.weight", (5, 2)), ("cross0.bias", (1, 5))];
        assert_eq!(found, expected);
    }
}
