//! A multi-layer perceptron: linear maps with an activation, one after the other, without identity paths.

use crate::{Activation, Builder, Dropout, Init, Linear, LinearConfig, Module};
use deepcross_autodiff::{Pass, Real, Var};

/// Configuration of a [`Mlp`].
#[derive(Clone, Debug, PartialEq)]
pub struct MlpConfig {
    /// The name; the parameters are those of the linear maps `{name}0`, `{name}1`, ….
    pub name: String,
    /// The width of the input.
    pub inputs: usize,
    /// The width of each layer, in order.
    pub hidden: Vec<usize>,
    /// The activation after each linear map.
    pub activation: Activation,
    /// The share of elements dropped after each layer in training, in [0, 1).
    pub dropout: f64,
    /// The initialisation of each weight.
    pub init: Init,
}

impl MlpConfig {
    /// A configuration with ReLU, without dropout, starting at [`Init::XavierNormal`].
    pub fn new(name: impl Into<String>, inputs: usize, hidden: Vec<usize>) -> Self {
        Self {
            name: name.into(),
            inputs,
            hidden,
            activation: Activation::Relu,
            dropout: 0.0,
            init: Init::XavierNormal,
        }
    }

    /// Creates the parameters, and the layers that use them.
    ///
    /// # Panics
    /// As [`Builder::dense`].
    #[track_caller]
    pub fn init<F: Real>(&self, builder: &mut Builder<'_, F>) -> Mlp {
        let Self { name, inputs, hidden, activation, dropout, init } = self;
        let mut layers = Vec::with_capacity(hidden.len());
        let mut inputs = *inputs;
        for (i, &outputs) in hidden.iter().enumerate() {
            let config = LinearConfig {
                activation: *activation,
                init: *init,
                ..LinearConfig::new(format!("{name}{i}"), inputs, outputs)
            };
            layers.push(config.init(builder));
            inputs = outputs;
        }
        Mlp { layers, dropout: Dropout { rate: *dropout } }
    }
}

/// `x ← activation(W x + b)`, layer after layer; without a layer, `x` itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    /// The layers, from the input to the output.
    pub layers: Vec<Linear>,
    /// The dropout after each layer.
    pub dropout: Dropout,
}

impl Mlp {
    /// Like [`forward`](Module::forward), and calls `observe` with the input and the output of each layer, in order.
    ///
    /// # Panics
    /// As [`forward`](Module::forward).
    pub fn forward_observed<F: Real>(
        &self,
        pass: &mut Pass<'_, F>,
        x: Var,
        mut observe: impl FnMut(Var, Var),
    ) -> Var {
        self.layers.iter().fold(x, |x, layer| {
            let out = layer.forward(pass, x);
            observe(x, out);
            self.dropout.forward(pass, out)
        })
    }
}

impl Module for Mlp {
    /// # Shapes
    /// `x`: `[rows, inputs]` → `[rows, width of the last layer]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        self.forward_observed(pass, x, |_, _| ())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_support::{Holds, any_activation, check, holds, naive_linear};
    use deepcross_autodiff::Params;
    use proptest::prelude::*;

    #[test]
    pub(crate) fn agrees_with_its_twin_and_its_differences() -> Holds {
        let hidden = prop::collection::vec(1_usize..=8, 0..=3);
        let cases = (1_usize..=12, 1_usize..=8, hidden, any_activation(), any::<u64>());
        holds(cases, |(rows, inputs, hidden, activation, seed)| {
            let mut params = Params::new();
            let mut builder = Builder::new(&mut params, 0);
            let config = MlpConfig { activation, ..MlpConfig::new("hidden", inputs, hidden) };
            let layer = config.init(&mut builder);
            let x = builder.dense("x", (rows, inputs), Init::Zeros);
            check(
                params,
                seed,
                |pass| {
                    let x = pass.dense(x);
                    layer.forward(pass, x)
                },
                |params| {
                    let x = params.dense(x).to_owned();
                    layer.layers.iter().fold(x, |x, &layer| naive_linear(params, layer, &x))
                },
            )
        })
    }

    #[test]
    fn each_layer_is_named_and_observed() {
        let mut params = Params::<f64>::new();
        let config = MlpConfig::new("hidden", 3, vec![4, 2]);
        let layer = config.init(&mut Builder::new(&mut params, 1));
        let names: Vec<_> = params.dense_ids().map(|id| params.dense_name(id)).collect();
        assert_eq!(names, ["hidden0.weight", "hidden0.bias", "hidden1.weight", "hidden1.bias"]);
        let mut tape = deepcross_autodiff::Tape::new();
        let mut pass = tape.record(&params);
        let x = pass.input(ndarray::array![[0.5, -1.0, 2.0]].view());
        let mut seen = Vec::new();
        let out = layer.forward_observed(&mut pass, x, |input, out| seen.push((input, out)));
        assert_eq!((seen.len(), seen[0].0, seen[1].0), (2, x, seen[0].1));
        assert_eq!(pass.value(out), pass.value(seen[1].1));
    }
}
