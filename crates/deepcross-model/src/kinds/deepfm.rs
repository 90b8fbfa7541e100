//! DeepFM (Guo et al., IJCAI 2017): a factorization machine, and hidden layers over the same vectors.

use super::configured::Configured;
use super::first_order_stack::{self, FactorsSpec};
use super::hidden_layers::HiddenSpec;
use crate::config::{ModelConfig, ModelKind};
#[cfg(feature = "interchange")]
use crate::graph::{GraphBuilder, Value};
use crate::network::Network;
use crate::stack::affine_size;
use crate::stack::stacked_input::StackedInput;
use deepcross_autodiff::{DenseId, Pass, Real, Var};
use deepcross_features::Problem;
use deepcross_features::batch::FieldShape;
use deepcross_layers::fields::{FactorizationMachine, FirstOrder, FirstOrderConfig};
use deepcross_layers::units::UnitVars;
use deepcross_layers::{BatchNorm, Builder, Linear, LinearConfig, Mlp, Module};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The specification of a [`DeepFm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeepFmSpec {
    /// The vectors, of the pairs and of the hidden layers.
    #[serde(flatten)]
    factors: FactorsSpec,
    /// The hidden layers.
    #[serde(flatten)]
    hidden: HiddenSpec,
}

/// A model whose logit is a sum: first-order terms, products of pairs of vectors, and hidden layers over the vectors.
#[derive(Clone, Debug)]
pub(crate) struct DeepFm {
    stacked_input: StackedInput,
    hidden: Mlp,
    /// The linear map from the hidden layers to their part of the logit; the bias is that of the first-order terms.
    scoring: Linear,
    first_order: FirstOrder,
    pairs: FactorizationMachine,
}

impl DeepFm {
    /// The columns of the vectors.
    fn vectors(&self) -> Range<usize> {
        let FactorizationMachine { first, n_fields, width } = self.pairs;
        first..first + n_fields * width
    }
}

impl Network for DeepFm {
    const KIND: &'static str = ModelKind::DeepFm.name();

    type Spec = DeepFmSpec;

    fn problems(spec: &DeepFmSpec) -> Vec<Problem> {
        spec.hidden.with(spec.factors.as_config()).value_problems()
    }

    fn n_parameters(spec: &DeepFmSpec, shapes: &[FieldShape]) -> Option<usize> {
        let width = spec.factors.embedding;
        let (hidden, outputs) = spec.hidden.size(shapes.len().checked_mul(width)?)?;
        let features = first_order_stack::size(shapes, width)?;
        features.checked_add(hidden)?.checked_add(affine_size(outputs, 1)?)
    }

    fn build<F: Real>(
        spec: &DeepFmSpec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> Self {
        let (n_fields, width) = (shapes.len(), spec.factors.embedding);
        let vectors = Some(spec.factors.start(width));
        let mut stacked_input = first_order_stack::build(shapes, vectors, builder);
        let (hidden, outputs) = spec.hidden.build(n_fields * width, &mut stacked_input, builder);
        let scoring = LinearConfig::new("scoring", outputs, 1);
        let scoring = LinearConfig { bias: false, ..scoring }.init(builder);
        let first_order = FirstOrderConfig::new("linear", 0..n_fields).init(builder);
        stacked_input.push_built("scoring", 1, builder);
        let pairs = FactorizationMachine { first: n_fields, n_fields, width };
        Self { stacked_input, hidden, scoring, first_order, pairs }
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
        let vectors = pass.columns(stacked, self.vectors());
        let hidden = self.hidden.forward_observed(pass, vectors, |input, out| {
            observe(input, UnitVars { inner: out, out });
        });
        let deep = self.scoring.forward(pass, hidden);
        let pairs = self.pairs.forward(pass, stacked);
        let first_order = self.first_order.forward(pass, stacked);
        let linear = pass.add(first_order, pairs);
        pass.add(linear, deep)
    }

    fn bias(&self) -> Option<DenseId> {
        Some(self.first_order.bias)
    }

    fn norms(&self) -> Vec<BatchNorm> {
        self.hidden.norms().collect()
    }

    #[cfg(feature = "interchange")]
    fn logit_nodes(&self, graph: &mut GraphBuilder<'_>, stacked: &Value) -> Option<Value> {
        let vectors = graph.columns(stacked, self.vectors());
        let hidden = graph.mlp(&self.hidden, &vectors);
        let deep = graph.linear(self.scoring, &hidden);
        let pairs = graph.fm(self.pairs, stacked);
        let first_order = graph.first_order(&self.first_order, stacked);
        let linear = graph.node("Add", &[&first_order, &pairs]);
        Some(graph.node("Add", &[&linear, &deep]))
    }
}

impl Configured for DeepFm {
    const KEYS: &'static [&'static [&'static str]] = &[FactorsSpec::KEYS, HiddenSpec::KEYS];

    fn spec(config: &ModelConfig) -> DeepFmSpec {
        DeepFmSpec { factors: FactorsSpec::new(config, 16), hidden: HiddenSpec::new(config) }
    }
}
