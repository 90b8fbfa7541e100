//! Batch normalisation of the columns of a value (Ioffe and Szegedy, ICML 2015).
//!
//! In training, mean and variance are those of the rows of the pass, and all rows count alike, whatever their weight in
//! the loss.
//! In inference, they are the running estimates from training.
//! The estimates are statistics and not weights: no gradient, penalty, decay or clipping changes them.

use crate::{Builder, Init, Module};
use deepcross_autodiff::{Activation, Normalisation, Pass, Real, Var};

/// Configuration of a [`BatchNorm`].
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNormConfig {
    /// The name; the parameters are `{name}.gamma` and `{name}.beta`, the statistics `{name}.mean` and `{name}.variance`.
    pub name: String,
    /// The width of input and output.
    pub width: usize,
}

impl BatchNormConfig {
    /// A configuration with γ = 1 and β = 0, a running mean of 0 and a running variance of 1.
    pub fn new(name: impl Into<String>, width: usize) -> Self {
        Self { name: name.into(), width }
    }

    /// Creates the parameters, and the layer that uses them.
    ///
    /// # Panics
    /// As [`Builder::dense`].
    #[track_caller]
    pub fn init<F: Real>(&self, builder: &mut Builder<'_, F>) -> BatchNorm {
        let Self { name, width } = self;
        let gamma = builder.dense(&format!("{name}.gamma"), (1, *width), Init::Zeros);
        let beta = builder.dense(&format!("{name}.beta"), (1, *width), Init::Zeros);
        let params = builder.params_mut();
        params.dense_slice_mut(gamma).fill(F::one());
        let mean = params.add_statistic(format!("{name}.mean"), vec![F::zero(); *width]);
        let variance = params.add_statistic(format!("{name}.variance"), vec![F::one(); *width]);
        let epsilon = BatchNorm::EPSILON;
        BatchNorm { normalisation: Normalisation { gamma, beta, mean, variance, epsilon } }
    }
}

/// `γ (x − μ) / √(v + ε) + β`, column by column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// γ, β, and the running estimates of μ and v.
    pub normalisation: Normalisation,
}

impl BatchNorm {
    /// ε, as in PyTorch.
    pub const EPSILON: f64 = 1e-5;

    /// The part of the difference by which a running estimate moves towards the values of a group of rows, as in
    /// PyTorch; see [`Params::update_statistics`](deepcross_autodiff::Params::update_statistics).
    pub const MOMENTUM: f64 = 0.1;
}

impl Module for BatchNorm {
    /// # Shapes
    /// `x`: `[rows, width]` → `[rows, width]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        pass.batch_norm(x, self.normalisation)
    }
}

/// The end of a residual unit: `activation(norm(x + change))`, in one loop if there is no normalisation.
#[track_caller]
pub(crate) fn end_of_unit<F: Real>(
    pass: &mut Pass<'_, F>,
    [x, change]: [Var; 2],
    norm: Option<BatchNorm>,
    activation: Activation,
) -> Var {
    let Some(norm) = norm else { return pass.add_activate(x, change, activation) };
    let sum = pass.add_activate(x, change, Activation::Identity);
    normalise_and_activate(pass, sum, norm, activation)
}

/// The end of a layer with a normalisation: `activation(norm(x))`.
#[track_caller]
pub(crate) fn normalise_and_activate<F: Real>(
    pass: &mut Pass<'_, F>,
    x: Var,
    norm: BatchNorm,
    activation: Activation,
) -> Var {
    let normalised = norm.forward(pass, x);
    match activation {
        Activation::Identity => normalised,
        activation => pass.activate(normalised, activation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MlpConfig;
    use crate::one_layer_unit::{OneLayerUnit, OneLayerUnitConfig};
    use crate::plain_unit::{PlainUnit, PlainUnitConfig};
    use crate::residual_unit::{ResidualUnit, ResidualUnitConfig};
    use crate::unit::Unit;
    use deepcross_autodiff::check::Check;
    use deepcross_autodiff::{Mode, Params, Stream, Tape};
    use ndarray::{Array2, array};

    fn units(params: &mut Params<f64>) -> [Unit; 3] {
        let mut builder = Builder::new(params, 3);
        let two = ResidualUnitConfig {
            batch_norm: true,
            activation: Activation::Tanh,
            ..ResidualUnitConfig::new("two", 3, 4)
        };
        let one = OneLayerUnitConfig {
            batch_norm: true,
            activation: Activation::Tanh,
            ..OneLayerUnitConfig::new("one", 3)
        };
        let plain = PlainUnitConfig {
            batch_norm: true,
            activation: Activation::Tanh,
            ..PlainUnitConfig::new("plain", 3, 4)
        };
        [
            two.init(&mut builder).into(),
            one.init(&mut builder).into(),
            plain.init(&mut builder).into(),
        ]
    }

    fn rows() -> Array2<f64> {
        array![[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [-2.0, 1.0, 0.5], [0.25, 2.0, 1.0]]
    }

    #[test]
    fn units_normalise_between_the_addition_and_the_activation() {
        let mut params = Params::new();
        for unit in units(&mut params) {
            let (bare, norm) = match unit {
                Unit::Residual(two) => (ResidualUnit { norm: None, ..two }.into(), two.norm),
                Unit::OneLayer(one) => {
                    (Unit::OneLayer(OneLayerUnit { norm: None, ..one }), one.norm)
                }
                Unit::Plain(plain) => (PlainUnit { norm: None, ..plain }.into(), plain.norm),
            };
            let mut tape = Tape::new();
            let mode = Mode::Training(Stream { seed: 1, step: 1, first_row: 0 });
            let mut pass = tape.record_in(&params, mode);
            let x = pass.input(rows().view());
            let out = unit.forward(&mut pass, x);
            // The unit without normalisation and activation is the sum.
            let bare: Unit = match bare {
                Unit::Residual(two) => {
                    ResidualUnit { activation: Activation::Identity, ..two }.into()
                }
                one => one,
            };
            let sum = bare.forward(&mut pass, x);
            let normalised = norm.expect("the unit has a normalisation").forward(&mut pass, sum);
            let activated = unit.outer_activation();
            let expected = pass.value(normalised).mapv(|value| activated.apply(value));
            assert_eq!(pass.value(out), expected);
            assert_ne!(pass.value(out), pass.value(sum));
        }
    }

    #[test]
    fn derivatives_of_units_are_right_in_both_modes() {
        let mut params = Params::new();
        let units = units(&mut params);
        let x = params.add_dense("x", rows());
        for mode in [Mode::Inference, Mode::Training(Stream { seed: 1, step: 1, first_row: 0 })] {
            for unit in units {
                let check = Check { mode, ..Check::default() };
                let report = check.run(&params, |pass| {
                    let x = pass.dense(x);
                    unit.forward(pass, x)
                });
                assert_eq!(report.map(drop), Ok(()), "{unit:?}");
            }
        }
    }

    #[test]
    fn derivatives_of_hidden_layers_are_right_in_both_modes() {
        let mut params = Params::new();
        let config = MlpConfig {
            batch_norm: true,
            dropout: 0.25,
            activation: Activation::Tanh,
            ..MlpConfig::new("hidden", 3, vec![4, 2])
        };
        let mlp = config.init(&mut Builder::new(&mut params, 3));
        let x = params.add_dense("x", rows());
        for mode in [Mode::Inference, Mode::Training(Stream { seed: 1, step: 1, first_row: 0 })] {
            let check = Check { mode, ..Check::default() };
            let report = check.run(&params, |pass| {
                let x = pass.dense(x);
                mlp.forward(pass, x)
            });
            assert_eq!(report.map(drop), Ok(()), "{mode:?}");
        }
    }

    #[test]
    fn units_list_their_trained_parameters() {
        let mut params = Params::new();
        for unit in units(&mut params) {
            let names: Vec<_> = unit.parameters().map(|id| params.dense_name(id)).collect();
            let last = &names[names.len() - 2..];
            assert!(last[0].ends_with("norm.gamma") && last[1].ends_with("norm.beta"), "{names:?}");
        }
        let names = params.statistic_ids().map(|id| params.statistic_name(id).to_owned());
        let of = |unit| ["mean", "variance"].map(|name| format!("{unit}.norm.{name}"));
        assert_eq!(names.collect::<Vec<_>>(), ["two", "one", "plain"].map(of).concat());
    }
}
