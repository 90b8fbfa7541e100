//! DCN-V2 (Wang et al., WWW 2021): cross layers over the stacked input, with hidden layers above or beside them.

use super::configured::Configured;
use super::hidden_layers::HiddenSpec;
use crate::config::{CrossStructure, ModelConfig, ModelKind, StackingSpec};
#[cfg(feature = "interchange")]
use crate::graph::{GraphBuilder, Value};
use crate::network::Network;
use crate::stack::affine_size;
use crate::stack::stacked_input::StackedInput;
use deepcross_autodiff::{DenseId, Pass, Real, Var};
use deepcross_features::Problem;
use deepcross_features::batch::FieldShape;
use deepcross_layers::fields::{CrossLayer, CrossLayerConfig};
use deepcross_layers::units::UnitVars;
use deepcross_layers::{BatchNorm, Builder, Mlp, Module, Scoring, ScoringConfig};
use serde::{Deserialize, Serialize};

/// The specification of a [`DcnV2`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DcnV2Spec {
    /// The stacked input.
    #[serde(flatten)]
    stacking: StackingSpec,
    cross_layers: usize,
    /// The rank of the matrix of each cross layer; without one, the matrices are whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<usize>,
    structure: CrossStructure,
    /// The hidden layers.
    #[serde(flatten)]
    hidden: HiddenSpec,
}

impl DcnV2Spec {
    fn cross_size(&self, width: usize) -> Option<usize> {
        let layer = match self.rank {
            None => affine_size(width, width)?,
            Some(rank) => width.checked_mul(rank)?.checked_add(affine_size(rank, width)?)?,
        };
        layer.checked_mul(self.cross_layers)
    }
}

/// A model of stacked input, cross layers, hidden layers and scoring.
#[derive(Clone, Debug)]
pub(crate) struct DcnV2 {
    stacked_input: StackedInput,
    crosses: Vec<CrossLayer>,
    hidden: Mlp,
    structure: CrossStructure,
    scoring: Scoring,
}

impl Network for DcnV2 {
    const KIND: &'static str = ModelKind::DcnV2.name();

    type Spec = DcnV2Spec;

    fn problems(spec: &DcnV2Spec) -> Vec<Problem> {
        let config = ModelConfig {
            cross_layers: Some(spec.cross_layers),
            rank: spec.rank,
            ..spec.stacking.as_config()
        };
        spec.hidden.with(config).value_problems()
    }

    fn field_problems(spec: &DcnV2Spec, shapes: &[FieldShape]) -> Vec<Problem> {
        spec.stacking.field_problems(shapes)
    }

    fn n_parameters(spec: &DcnV2Spec, shapes: &[FieldShape]) -> Option<usize> {
        let (embeddings, stack) = spec.stacking.size(shapes)?;
        let (hidden, width) = spec.hidden.size(stack)?;
        let scored = match spec.structure {
            CrossStructure::Stacked => width,
            CrossStructure::Parallel => stack.checked_add(width)?,
        };
        let below = embeddings.checked_add(spec.cross_size(stack)?)?.checked_add(hidden)?;
        below.checked_add(affine_size(scored, 1)?)
    }

    fn build<F: Real>(
        spec: &DcnV2Spec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> Self {
        let mut stacked_input = spec.stacking.build(shapes, builder);
        let stack = stacked_input.width();
        let mut crosses = Vec::new();
        for i in 0..spec.cross_layers {
            let config = CrossLayerConfig::new(format!("cross{i}"), stack);
            crosses.push(CrossLayerConfig { rank: spec.rank, ..config }.init(builder));
            stacked_input.push_built(format!("cross layer {i}"), stack, builder);
        }
        let (hidden, width) = spec.hidden.build(stack, &mut stacked_input, builder);
        let scored = match spec.structure {
            CrossStructure::Stacked => width,
            CrossStructure::Parallel => stack + width,
        };
        let scoring = ScoringConfig::new("scoring", scored).init(builder);
        stacked_input.push_built("scoring", 1, builder);
        Self { stacked_input, crosses, hidden, structure: spec.structure, scoring }
    }

    fn stacked_input(&self) -> &StackedInput {
        &self.stacked_input
    }

    /// The inner value of a cross layer is what the stacked input is multiplied by; that of a hidden layer is its
    /// output.
    fn forward_stacked<F: Real>(
        &self,
        pass: &mut Pass<'_, F>,
        stacked: Var,
        observe: &mut dyn FnMut(Var, UnitVars),
    ) -> Var {
        let crossed = self.crosses.iter().fold(stacked, |x, cross| {
            let parts = cross.forward_parts(pass, stacked, x);
            observe(x, parts);
            parts.out
        });
        let below = match self.structure {
            CrossStructure::Stacked => crossed,
            CrossStructure::Parallel => stacked,
        };
        let hidden = self.hidden.forward_observed(pass, below, |input, out| {
            observe(input, UnitVars { inner: out, out });
        });
        let scored = match self.structure {
            CrossStructure::Stacked => hidden,
            CrossStructure::Parallel => pass.concat(&[crossed, hidden]),
        };
        self.scoring.forward(pass, scored)
    }

    fn bias(&self) -> Option<DenseId> {
        self.scoring.linear.bias
    }

    fn norms(&self) -> Vec<BatchNorm> {
        self.hidden.norms().collect()
    }

    #[cfg(feature = "interchange")]
    fn logit_nodes(&self, graph: &mut GraphBuilder<'_>, stacked: &Value) -> Option<Value> {
        let crossed = self.crosses.iter().fold(stacked.clone(), |x, cross| {
            let narrow = cross.narrow.map(|narrow| graph.linear(narrow, &x));
            let inner = graph.linear(cross.linear, narrow.as_ref().unwrap_or(&x));
            let product = graph.node("Mul", &[stacked, &inner]);
            graph.node("Add", &[&product, &x])
        });
        let scored = match self.structure {
            CrossStructure::Stacked => graph.mlp(&self.hidden, &crossed),
            CrossStructure::Parallel => {
                let hidden = graph.mlp(&self.hidden, stacked);
                graph.concat(&[&crossed, &hidden])
            }
        };
        Some(graph.linear(self.scoring.linear, &scored))
    }
}

impl Configured for DcnV2 {
    const KEYS: &'static [&'static [&'static str]] =
        &[StackingSpec::KEYS, HiddenSpec::KEYS, &["cross_layers", "rank", "structure"]];

    fn spec(config: &ModelConfig) -> DcnV2Spec {
        DcnV2Spec {
            stacking: StackingSpec::new(config),
            cross_layers: config.cross_layers.unwrap_or(3),
            rank: config.rank,
            structure: config.structure.unwrap_or_default(),
            hidden: HiddenSpec::new(config),
        }
    }
}
