//! A multi-layer perceptron: linear maps with an activation, one after the other, without identity paths.

use crate::batch_norm::normalise_and_activate;
use crate::{
    Activation, BatchNorm, BatchNormConfig, Builder, Dropout, Init, Linear, LinearConfig, Module,
};
use deepcross_autodiff::{Pass, Real, Var};

/// Configuration of a [`Mlp`].
#[derive(Clone, Debug, PartialEq)]
pub struct MlpConfig {
    /// The name; the parameters are those of the linear maps `{name}0`, `{name}1`, …, and of the normalisations
    /// `{name}0.norm`, `{name}1.norm`, ….
    pub name: String,
    /// The width of the input.
    pub inputs: usize,
    /// The width of each layer, in order.
    pub hidden: Vec<usize>,
    /// The activation at the end of each layer.
    pub activation: Activation,
    /// The share of elements dropped after each layer in training, in [0, 1).
    pub dropout: f64,
    /// The initialisation of each weight.
    pub init: Init,
    /// Whether each layer normalises by batches, between its linear map and its activation.
    pub batch_norm: bool,
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
            batch_norm: false,
        }
    }

    /// Creates the parameters, and the layers that use them.
    ///
    /// # Panics
    /// As [`Builder::dense`].
    #[track_caller]
    pub fn init<F: Real>(&self, builder: &mut Builder<'_, F>) -> Mlp {
        let Self { name, inputs, hidden, activation, dropout, init, batch_norm } = self;
        let mut layers = Vec::with_capacity(hidden.len());
        let mut inputs = *inputs;
        for (i, &outputs) in hidden.iter().enumerate() {
            let linear = LinearConfig {
                activation: if *batch_norm { Activation::Identity } else { *activation },
                init: *init,
                ..LinearConfig::new(format!("{name}{i}"), inputs, outputs)
            };
            layers.push(HiddenLayer {
                linear: linear.init(builder),
                norm: batch_norm.then(|| {
                    BatchNormConfig::new(format!("{name}{i}.norm"), outputs).init(builder)
                }),
                activation: *activation,
            });
            inputs = outputs;
        }
        Mlp { layers, dropout: Dropout { rate: *dropout } }
    }
}

/// `activation(W x + b)`, normalised by batches before the activation if there is a normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HiddenLayer {
    /// The linear map `W x + b`. It also applies the activation, unless a normalisation comes between the two.
    pub linear: Linear,
    /// The normalisation between the linear map and the activation.
    pub norm: Option<BatchNorm>,
    /// The activation of the layer.
    pub activation: Activation,
}

impl Module for HiddenLayer {
    /// # Shapes
    /// `x`: `[rows, inputs]` → `[rows, outputs]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        let out = self.linear.forward(pass, x);
        match self.norm {
            Some(norm) => normalise_and_activate(pass, out, norm, self.activation),
            None => out,
        }
    }
}

/// `x ← dropout(layer(x))`, layer after layer; without a layer, `x` itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    /// The layers, from the input to the output.
    pub layers: Vec<HiddenLayer>,
    /// The dropout after each layer.
    pub dropout: Dropout,
}

impl Mlp {
    /// The normalisations of the layers that have one, in order.
    pub fn norms(&self) -> impl Iterator<Item = BatchNorm> {
        self.layers.iter().filter_map(|layer| layer.norm)
    }

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
    use crate::test_support::{Holds, any_activation, check, holds, naive_linear, naive_norm};
    use deepcross_autodiff::{Mode, Params, Stream, Tape};
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    /// The layer in inference; the running statistics are the initial ones.
    fn naive(params: &Params<f64>, layer: HiddenLayer, x: &Array2<f64>) -> Array2<f64> {
        let out = naive_linear(params, layer.linear, x);
        match layer.norm {
            Some(norm) => naive_norm(params, norm, out, layer.activation),
            None => out,
        }
    }

    #[test]
    pub(crate) fn agrees_with_its_twin_and_its_differences() -> Holds {
        let hidden = prop::collection::vec(1_usize..=8, 0..=3);
        let shape = (1_usize..=12, 1_usize..=8, hidden);
        let cases = (shape, any_activation(), any::<bool>(), any::<u64>());
        holds(cases, |((rows, inputs, hidden), activation, batch_norm, seed)| {
            let mut params = Params::new();
            let mut builder = Builder::new(&mut params, 0);
            let config = MlpConfig::new("hidden", inputs, hidden);
            let layer = MlpConfig { activation, batch_norm, ..config }.init(&mut builder);
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
                    layer.layers.iter().fold(x, |x, &layer| naive(params, layer, &x))
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
        let mut tape = Tape::new();
        let mut pass = tape.record(&params);
        let x = pass.input(array![[0.5, -1.0, 2.0]].view());
        let mut seen = Vec::new();
        let out = layer.forward_observed(&mut pass, x, |input, out| seen.push((input, out)));
        assert_eq!((seen.len(), seen[0].0, seen[1].0), (2, x, seen[0].1));
        assert_eq!(pass.value(out), pass.value(seen[1].1));
    }

    #[test]
    fn normalised_layers_are_named_and_list_their_norms() {
        let mut params = Params::<f64>::new();
        let config = MlpConfig { batch_norm: true, ..MlpConfig::new("hidden", 3, vec![4, 2]) };
        let layer = config.init(&mut Builder::new(&mut params, 1));
        let of =
            |i| ["weight", "bias", "norm.gamma", "norm.beta"].map(|p| format!("hidden{i}.{p}"));
        let names: Vec<_> = params.dense_ids().map(|id| params.dense_name(id)).collect();
        assert_eq!(names, [of(0), of(1)].concat());
        let of = |i| ["mean", "variance"].map(|part| format!("hidden{i}.norm.{part}"));
        let names: Vec<_> = params.statistic_ids().map(|id| params.statistic_name(id)).collect();
        assert_eq!(names, [of(0), of(1)].concat());
        let norms: Vec<_> = layer.norms().collect();
        assert_eq!(norms, [0, 1].map(|i| layer.layers[i].norm.expect("a normalised layer")));
    }

    /// The order is linear map, normalisation, activation, dropout.
    #[test]
    fn layers_normalise_before_the_activation_and_drop_after_it() {
        let mut params = Params::<f64>::new();
        let config = MlpConfig {
            batch_norm: true,
            dropout: 0.5,
            activation: Activation::Sigmoid,
            ..MlpConfig::new("hidden", 2, vec![40])
        };
        let mlp = config.init(&mut Builder::new(&mut params, 1));
        let layer = mlp.layers[0];
        let mut tape = Tape::new();
        let stream = Stream { seed: 1, step: 1, first_row: 0 };
        let mut pass = tape.record_in(&params, Mode::Training(stream));
        let x = pass.input(array![[0.5, -1.0], [1.5, 0.25], [-2.0, 1.0]].view());
        let sum = layer.linear.forward(&mut pass, x);
        let normalised = layer.norm.expect("a normalised layer").forward(&mut pass, sum);
        let activated = pass.value(normalised).mapv(|value| 1.0 / (1.0 + (-value).exp()));
        let column_sums = pass.value(normalised).sum_axis(ndarray::Axis(0));
        assert!(column_sums.iter().all(|sum| sum.abs() < 1e-9), "{column_sums}");
        let out = mlp.forward(&mut pass, x);
        let mut n_dropped = 0;
        for (&found, &kept) in pass.value(out).iter().zip(&activated) {
            n_dropped += usize::from(found == 0.0);
            assert!(found == 0.0 || (found - 2.0 * kept).abs() < 1e-12, "{found}, not {kept}");
        }
        // A share of 0.5 of 120 elements, with five standard errors.
        assert!((33..=87).contains(&n_dropped), "{n_dropped}");
    }
}
