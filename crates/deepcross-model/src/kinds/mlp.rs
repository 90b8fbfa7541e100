//! A multi-layer perceptron over the stacked input of a Deep Crossing, with hidden layers in place of the residual units.

use super::build::{BuildModel, affine_size};
use super::layer_summary::LayerSummary;
use super::stacked_input::StackedInput;
use super::stacking_spec;
use crate::config::MlpSpec;
use crate::error::ModelError;
use deepcross_autodiff::{Params, Pass, Real, Var};
use deepcross_features::FieldShape;
use deepcross_layers::{Builder, Mlp, MlpConfig, Module, Scoring, ScoringConfig, UnitVars};

/// A model of stacked input, hidden layers and scoring.
#[derive(Clone, Debug)]
pub(crate) struct MlpModel {
    pub(crate) stacked_input: StackedInput,
    pub(crate) hidden: Mlp,
    pub(crate) scoring: Scoring,
}

impl MlpModel {
    /// See [`Model::forward_stacked`](crate::Model::forward_stacked): the inner value of a hidden layer is its output.
    pub(crate) fn forward_stacked<F: Real>(
        &self,
        pass: &mut Pass<'_, F>,
        stacked: Var,
        mut observe: impl FnMut(Var, UnitVars),
    ) -> Var {
        let hidden = self.hidden.forward_observed(pass, stacked, |input, out| {
            observe(input, UnitVars { inner: out, out });
        });
        self.scoring.forward(pass, hidden)
    }
}

impl BuildModel for MlpModel {
    type Spec = MlpSpec;

    fn check(spec: &MlpSpec) -> Result<(), ModelError> {
        spec.check()
    }

    fn check_fields(spec: &MlpSpec, shapes: &[FieldShape]) -> Result<(), ModelError> {
        stacking_spec::check_fields(&spec.stacking, shapes)
    }

    fn n_parameters(spec: &MlpSpec, shapes: &[FieldShape]) -> Option<usize> {
        let (mut total, mut width) = stacking_spec::size(&spec.stacking, shapes)?;
        for &hidden in &spec.hidden {
            total = total.checked_add(affine_size(width, hidden)?)?;
            width = hidden;
        }
        total.checked_add(affine_size(width, 1)?)
    }

    fn build<F: Real>(spec: &MlpSpec, shapes: &[FieldShape], builder: &mut Builder<'_, F>) -> Self {
        let mut stacked_input = stacking_spec::build(&spec.stacking, shapes, builder);
        let config = MlpConfig {
            activation: spec.activation,
            dropout: spec.dropout,
            ..MlpConfig::new("hidden", stacked_input.width(), spec.hidden.clone())
        };
        let hidden = config.init(builder);
        let mut width = stacked_input.width();
        for (i, layer) in hidden.layers.iter().enumerate() {
            let (outputs, inputs) = builder.params().dense_shape(layer.weight);
            let n_parameters = (inputs + 1) * outputs;
            stacked_input.push(LayerSummary {
                name: format!("hidden layer {i}"),
                outputs,
                n_parameters,
            });
            width = outputs;
        }
        let scoring = ScoringConfig::new("scoring", width).init(builder);
        stacked_input.push_built("scoring", 1, builder);
        Self { stacked_input, hidden, scoring }
    }

    fn check_weights(&self, _: &Params<f32>) -> Result<(), ModelError> {
        Ok(())
    }
}
