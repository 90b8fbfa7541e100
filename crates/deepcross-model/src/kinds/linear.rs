//! Logistic regression, and the two models that add pairs of fields to it: a factorization machine (Rendle, ICDM 2010)
//! and a field-aware one (Juan et al., RecSys 2016).

use super::configured::Configured;
use super::first_order_stack::{self, FactorsSpec};
use crate::config::{ModelConfig, ModelKind};
#[cfg(feature = "interchange")]
use crate::graph::{GraphBuilder, Value};
use crate::network::Network;
use crate::stack::stacked_input::StackedInput;
use deepcross_autodiff::{DenseId, Pass, Real, Var};
use deepcross_features::Problem;
use deepcross_features::batch::FieldShape;
use deepcross_layers::fields::{FactorizationMachine, FieldAware, FirstOrder, FirstOrderConfig};
use deepcross_layers::units::UnitVars;
use deepcross_layers::{Builder, Module};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// A model of first-order terms and of pairs of the type `P`; with `()` it has no pairs.
#[derive(Clone, Debug)]
pub(crate) struct LinearModel<P> {
    stacked_input: StackedInput,
    first_order: FirstOrder,
    pairs: P,
}

/// The second-order terms of a [`LinearModel`].
pub(crate) trait Pairs: Clone + Debug + Send + Sync + 'static {
    const KIND: ModelKind;

    /// The name of the last layer.
    const NAME: &'static str;

    const KEYS: &'static [&'static str];

    type Spec: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    fn spec(config: &ModelConfig) -> Self::Spec;

    /// The vectors; `None` if there are none.
    fn factors(spec: &Self::Spec) -> Option<&FactorsSpec>;

    /// The width of a field's part of the stack for the pairs; `None` if it does not fit a `usize`.
    fn width(spec: &Self::Spec, n_fields: usize) -> Option<usize>;

    /// The layer over the vectors, which begin at the column `n_fields`.
    fn layer(spec: &Self::Spec, n_fields: usize) -> Self;

    /// The least number of fields.
    const MIN_FIELDS: usize = 1;

    /// The sum over the pairs, `[rows, 1]`; `None` if there are none.
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, stacked: Var) -> Option<Var>;

    #[cfg(feature = "interchange")]
    fn nodes(&self, graph: &mut GraphBuilder<'_>, stacked: &Value) -> Option<Value>;
}

impl Pairs for () {
    const KIND: ModelKind = ModelKind::Lr;
    const NAME: &'static str = "logistic regression";
    const KEYS: &'static [&'static str] = &[];
    type Spec = ();

    fn spec(_: &ModelConfig) {}

    fn factors(_: &()) -> Option<&FactorsSpec> {
        None
    }

    fn width(_: &(), _: usize) -> Option<usize> {
        Some(0)
    }

    fn layer(_: &(), _: usize) {}

    fn forward<F: Real>(&self, _: &mut Pass<'_, F>, _: Var) -> Option<Var> {
        None
    }

    #[cfg(feature = "interchange")]
    fn nodes(&self, _: &mut GraphBuilder<'_>, _: &Value) -> Option<Value> {
        None
    }
}

impl Pairs for FactorizationMachine {
    const KIND: ModelKind = ModelKind::Fm;
    const NAME: &'static str = "factorization machine";
    const KEYS: &'static [&'static str] = FactorsSpec::KEYS;
    type Spec = FactorsSpec;

    fn spec(config: &ModelConfig) -> FactorsSpec {
        FactorsSpec::new(config, 16)
    }

    fn factors(spec: &FactorsSpec) -> Option<&FactorsSpec> {
        Some(spec)
    }

    fn width(spec: &FactorsSpec, _: usize) -> Option<usize> {
        Some(spec.embedding)
    }

    fn layer(spec: &FactorsSpec, n_fields: usize) -> Self {
        Self { first: n_fields, n_fields, width: spec.embedding }
    }

    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, stacked: Var) -> Option<Var> {
        Some(Module::forward(self, pass, stacked))
    }

    #[cfg(feature = "interchange")]
    fn nodes(&self, graph: &mut GraphBuilder<'_>, stacked: &Value) -> Option<Value> {
        Some(graph.fm(*self, stacked))
    }
}

impl Pairs for FieldAware {
    const KIND: ModelKind = ModelKind::Ffm;
    const NAME: &'static str = "field-aware factorization machine";
    const KEYS: &'static [&'static str] = FactorsSpec::KEYS;
    const MIN_FIELDS: usize = 2;
    type Spec = FactorsSpec;

    fn spec(config: &ModelConfig) -> FactorsSpec {
        FactorsSpec::new(config, 4)
    }

    fn factors(spec: &FactorsSpec) -> Option<&FactorsSpec> {
        Some(spec)
    }

    fn width(spec: &FactorsSpec, n_fields: usize) -> Option<usize> {
        Self::table_width(n_fields, spec.embedding)
    }

    fn layer(spec: &FactorsSpec, n_fields: usize) -> Self {
        Self { first: n_fields, n_fields, width: spec.embedding }
    }

    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, stacked: Var) -> Option<Var> {
        Some(Module::forward(self, pass, stacked))
    }

    #[cfg(feature = "interchange")]
    fn nodes(&self, graph: &mut GraphBuilder<'_>, stacked: &Value) -> Option<Value> {
        Some(graph.ffm(*self, stacked))
    }
}

impl<P: Pairs> Network for LinearModel<P> {
    const KIND: &'static str = P::KIND.name();

    type Spec = P::Spec;

    fn problems(spec: &P::Spec) -> Vec<Problem> {
        P::factors(spec).map_or_else(Vec::new, FactorsSpec::problems)
    }

    fn field_problems(_: &P::Spec, shapes: &[FieldShape]) -> Vec<Problem> {
        let (n_fields, least, kind) = (shapes.len(), P::MIN_FIELDS, Self::KIND);
        if n_fields >= least {
            return Vec::new();
        }
        let message = format!("`{kind}` needs at least {least} fields, but there is {n_fields}");
        vec![Problem::new("model.kind", message)]
    }

    fn n_parameters(spec: &P::Spec, shapes: &[FieldShape]) -> Option<usize> {
        first_order_stack::size(shapes, P::width(spec, shapes.len())?)?.checked_add(1)
    }

    fn build<F: Real>(spec: &P::Spec, shapes: &[FieldShape], builder: &mut Builder<'_, F>) -> Self {
        let n_fields = shapes.len();
        let vectors = P::factors(spec).map(|factors| {
            factors.start(P::width(spec, n_fields).expect("its weights have been counted"))
        });
        let mut stacked_input = first_order_stack::build(shapes, vectors, builder);
        let first_order = FirstOrderConfig::new("linear", 0..n_fields).init(builder);
        stacked_input.push_built(P::NAME, 1, builder);
        Self { stacked_input, first_order, pairs: P::layer(spec, n_fields) }
    }

    fn stacked_input(&self) -> &StackedInput {
        &self.stacked_input
    }

    fn forward_stacked<F: Real>(
        &self,
        pass: &mut Pass<'_, F>,
        stacked: Var,
        _: &mut dyn FnMut(Var, UnitVars),
    ) -> Var {
        let first_order = self.first_order.forward(pass, stacked);
        match self.pairs.forward(pass, stacked) {
            Some(second_order) => pass.add(first_order, second_order),
            None => first_order,
        }
    }

    fn bias(&self) -> Option<DenseId> {
        Some(self.first_order.bias)
    }

    #[cfg(feature = "interchange")]
    fn logit_nodes(&self, graph: &mut GraphBuilder<'_>, stacked: &Value) -> Option<Value> {
        let first_order = graph.first_order(&self.first_order, stacked);
        match self.pairs.nodes(graph, stacked) {
            Some(second_order) => Some(graph.node("Add", &[&first_order, &second_order])),
            None => Some(first_order),
        }
    }
}

impl<P: Pairs> Configured for LinearModel<P> {
    const KEYS: &'static [&'static [&'static str]] = &[P::KEYS];

    fn spec(config: &ModelConfig) -> P::Spec {
        P::spec(config)
    }
}
