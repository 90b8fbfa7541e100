//! A multi-layer perceptron over the stacked input of a Deep Crossing, with hidden layers in place of the residual units.

use super::configured::Configured;
use super::hidden_layers::HiddenSpec;
use crate::config::{ModelConfig, ModelKind, StackingSpec};
#[cfg(feature = "interchange")]
use crate::graph::{GraphBuilder, Value};
use crate::network::Network;
use crate::stack::affine_size;
use crate::stack::stacked_input::StackedInput;
use deepcross_autodiff::{DenseId, Pass, Real, Var};
use deepcross_features::Problem;
use deepcross_features::batch::FieldShape;
use deepcross_layers::units::UnitVars;
use deepcross_layers::{BatchNorm, Builder, Mlp, Module, Scoring, ScoringConfig};
use serde::{Deserialize, Serialize};

/// The specification of an [`MlpModel`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MlpSpec {
    /// The stacked input.
    #[serde(flatten)]
    pub(super) stacking: StackingSpec,
    /// The hidden layers.
    #[serde(flatten)]
    hidden: HiddenSpec,
}

/// A model of stacked input, hidden layers and scoring.
#[derive(Clone, Debug)]
pub(crate) struct MlpModel {
    stacked_input: StackedInput,
    hidden: Mlp,
    scoring: Scoring,
}

impl Network for MlpModel {
    const KIND: &'static str = ModelKind::Mlp.name();

    type Spec = MlpSpec;

    fn problems(spec: &MlpSpec) -> Vec<Problem> {
        let MlpSpec { stacking, hidden } = spec;
        hidden.with(stacking.as_config()).value_problems()
    }

    fn field_problems(spec: &MlpSpec, shapes: &[FieldShape]) -> Vec<Problem> {
        spec.stacking.field_problems(shapes)
    }

    fn n_parameters(spec: &MlpSpec, shapes: &[FieldShape]) -> Option<usize> {
        let (embeddings, stack) = spec.stacking.size(shapes)?;
        let (hidden, width) = spec.hidden.size(stack)?;
        embeddings.checked_add(hidden)?.checked_add(affine_size(width, 1)?)
    }

    fn build<F: Real>(spec: &MlpSpec, shapes: &[FieldShape], builder: &mut Builder<'_, F>) -> Self {
        let mut stacked_input = spec.stacking.build(shapes, builder);
        let width = stacked_input.width();
        let (hidden, width) = spec.hidden.build(width, &mut stacked_input, builder);
        let scoring = ScoringConfig::new("scoring", width).init(builder);
        stacked_input.push_built("scoring", 1, builder);
        Self { stacked_input, hidden, scoring }
    }

    fn stacked_input(&self) -> &StackedInput {
        &self.stacked_input
    }

    /// The inner value of a hidden layer is its output.
    fn forward_stacked<F: Real>(
        &self,
        pass: &mut Pass<'_, F>,
        stacked: Var,
        observe: &mut dyn FnMut(Var, UnitVars),
    ) -> Var {
        let hidden = self.hidden.forward_observed(pass, stacked, |input, out| {
            observe(input, UnitVars { inner: out, out });
        });
        self.scoring.forward(pass, hidden)
    }

    fn bias(&self) -> Option<DenseId> {
        self.scoring.linear.bias
    }

    fn norms(&self) -> Vec<BatchNorm> {
        self.hidden.norms().collect()
    }

    #[cfg(feature = "interchange")]
    fn logit_nodes(&self, graph: &mut GraphBuilder<'_>, stacked: &Value) -> Option<Value> {
        let hidden = graph.mlp(&self.hidden, stacked);
        Some(graph.linear(self.scoring.linear, &hidden))
    }
}

impl Configured for MlpModel {
    const KEYS: &'static [&'static [&'static str]] = &[StackingSpec::KEYS, HiddenSpec::KEYS];

    fn spec(config: &ModelConfig) -> MlpSpec {
        MlpSpec { stacking: StackingSpec::new(config), hidden: HiddenSpec::new(config) }
    }
}
