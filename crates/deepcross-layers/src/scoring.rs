//! The scoring layer: one logit a row, whose sigmoid is the probability of a click (paper, section 5.4).
//!
//! The layer stops at the logit, since the log loss is exact on logits and loses digits on probabilities close to 0.

use crate::{Builder, Init, Linear, LinearConfig, Module};
use deepcross_autodiff::{Pass, Real, Var};

/// Configuration of a [`Scoring`].
#[derive(Clone, Debug, PartialEq)]
pub struct ScoringConfig {
    /// The name; the parameters are `{name}.weight` and `{name}.bias`.
    pub name: String,
    /// The width of the input.
    pub inputs: usize,
    /// The initialisation of the weight.
    pub init: Init,
}

impl ScoringConfig {
    /// A configuration that starts at [`Init::XavierNormal`].
    pub fn new(name: impl Into<String>, inputs: usize) -> Self {
        Self { name: name.into(), inputs, init: Init::XavierNormal }
    }

    /// Creates the parameters, and the layer that uses them.
    ///
    /// # Panics
    /// As [`Builder::dense`].
    #[track_caller]
    pub fn init<F: Real>(&self, builder: &mut Builder<'_, F>) -> Scoring {
        let linear = LinearConfig {
            init: self.init,
            ..LinearConfig::new(self.name.as_str(), self.inputs, 1)
        };
        Scoring { linear: linear.init(builder) }
    }
}

/// `logit = w x + c`.
///
/// [`Pass::log_loss`] takes logits, and [`Pass::sigmoid`] turns them into probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scoring {
    /// The linear map to one output.
    pub linear: Linear,
}

impl Module for Scoring {
    /// # Shapes
    /// `x`: `[rows, inputs]` → logits `[rows, 1]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        self.linear.forward(pass, x)
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
        let cases = (uniform2(1_usize..=12), any::<u64>());
        holds(cases, |([rows, inputs], seed)| {
            let mut params = Params::new();
            let mut builder = Builder::new(&mut params, 0);
            let layer = ScoringConfig::new("score", inputs).init(&mut builder);
            let x = builder.dense("x", (rows, inputs), Init::Zeros);
            check(
                params,
                seed,
                |pass| {
                    let x = pass.dense(x);
                    layer.forward(pass, x)
                },
                |params| naive_linear(params, layer.linear, &params.dense(x).to_owned()),
            )
        })
    }

    #[test]
    fn the_scoring_of_the_paper_has_1034_parameters() {
        let mut params = Params::<f32>::new();
        ScoringConfig::new("score", 1033).init(&mut Builder::new(&mut params, 1));
        assert_eq!(params.n_parameters(), 1034);
    }
}
