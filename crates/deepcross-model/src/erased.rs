//! Networks and specifications of any kind, behind traits without their types.
//!
//! A call through these traits costs one jump for a block of rows.
//! Rejected: an enum of all kinds, to which a kind from outside cannot be added, and which every new kind changes in a
//! dozen matches.

#[cfg(feature = "interchange")]
use crate::graph::{GraphBuilder, Value};
use crate::network::Network;
use crate::stack::stacked_input::StackedInput;
use deepcross_autodiff::{DenseId, Pass, Real, Var};
use deepcross_features::Problem;
use deepcross_features::batch::FieldShape;
use deepcross_layers::units::{Unit, UnitVars};
use deepcross_layers::{BatchNorm, Builder};
use serde_json::Value as Json;
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

/// A network of any kind.
pub(crate) trait ErasedNetwork: Debug + Send + Sync {
    fn stacked_input(&self) -> &StackedInput;
    fn forward_f32(&self, pass: &mut Pass<'_, f32>, stacked: Var, observe: Observe<'_>) -> Var;
    fn forward_f64(&self, pass: &mut Pass<'_, f64>, stacked: Var, observe: Observe<'_>) -> Var;
    fn bias(&self) -> Option<DenseId>;
    fn units(&self) -> &[Unit];
    fn norms(&self) -> Vec<BatchNorm>;
    #[cfg(feature = "interchange")]
    fn logit_nodes(&self, graph: &mut GraphBuilder<'_>, stacked: &Value) -> Option<Value>;
}

/// A function that is called with the input and the values of each unit or hidden layer.
pub(crate) type Observe<'o> = &'o mut dyn FnMut(Var, UnitVars);

impl<N: Network> ErasedNetwork for N {
    fn stacked_input(&self) -> &StackedInput {
        Network::stacked_input(self)
    }

    fn forward_f32(&self, pass: &mut Pass<'_, f32>, stacked: Var, observe: Observe<'_>) -> Var {
        self.forward_stacked(pass, stacked, observe)
    }

    fn forward_f64(&self, pass: &mut Pass<'_, f64>, stacked: Var, observe: Observe<'_>) -> Var {
        self.forward_stacked(pass, stacked, observe)
    }

    fn bias(&self) -> Option<DenseId> {
        Network::bias(self)
    }

    fn units(&self) -> &[Unit] {
        Network::units(self)
    }

    fn norms(&self) -> Vec<BatchNorm> {
        Network::norms(self)
    }

    #[cfg(feature = "interchange")]
    fn logit_nodes(&self, graph: &mut GraphBuilder<'_>, stacked: &Value) -> Option<Value> {
        Network::logit_nodes(self, graph, stacked)
    }
}

/// The specification of a network of any kind.
pub(crate) trait ErasedSpec: Debug + Send + Sync {
    fn kind(&self) -> &'static str;
    fn version(&self) -> u32;
    /// The specification itself, a [`Network::Spec`].
    fn value(&self) -> &dyn Any;
    fn equals(&self, other: &dyn ErasedSpec) -> bool;
    fn to_bytes(&self) -> serde_json::Result<Vec<u8>>;
    fn to_json(&self) -> serde_json::Result<Json>;
    fn problems(&self) -> Vec<Problem>;
    fn field_problems(&self, shapes: &[FieldShape]) -> Vec<Problem>;
    fn n_parameters(&self, shapes: &[FieldShape]) -> Option<usize>;
    fn build_f32(
        &self,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, f32>,
    ) -> Arc<dyn ErasedNetwork>;
    fn build_f64(
        &self,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, f64>,
    ) -> Arc<dyn ErasedNetwork>;
}

/// The specification of a network of the kind `N`.
#[derive(Debug)]
pub(crate) struct SpecOf<N: Network>(pub(crate) N::Spec);

impl<N: Network> ErasedSpec for SpecOf<N> {
    fn kind(&self) -> &'static str {
        N::KIND
    }

    fn version(&self) -> u32 {
        N::VERSION
    }

    fn value(&self) -> &dyn Any {
        &self.0
    }

    fn equals(&self, other: &dyn ErasedSpec) -> bool {
        self.kind() == other.kind() && other.value().downcast_ref() == Some(&self.0)
    }

    fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&self.0)
    }

    fn to_json(&self) -> serde_json::Result<Json> {
        serde_json::to_value(&self.0)
    }

    fn problems(&self) -> Vec<Problem> {
        N::problems(&self.0)
    }

    fn field_problems(&self, shapes: &[FieldShape]) -> Vec<Problem> {
        N::field_problems(&self.0, shapes)
    }

    fn n_parameters(&self, shapes: &[FieldShape]) -> Option<usize> {
        N::n_parameters(&self.0, shapes)
    }

    fn build_f32(
        &self,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, f32>,
    ) -> Arc<dyn ErasedNetwork> {
        Arc::new(N::build(&self.0, shapes, builder))
    }

    fn build_f64(
        &self,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, f64>,
    ) -> Arc<dyn ErasedNetwork> {
        Arc::new(N::build(&self.0, shapes, builder))
    }
}

/// A number type that models compute with: `f32` or `f64`.
#[expect(private_bounds, reason = "the set of types is closed")]
pub trait Precision: Real + Dispatch {}

impl Precision for f32 {}
impl Precision for f64 {}

/// Calls the method of an erased type that is for this number type.
pub(crate) trait Dispatch: Sized {
    fn build(
        spec: &dyn ErasedSpec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, Self>,
    ) -> Arc<dyn ErasedNetwork>;

    fn forward(
        network: &dyn ErasedNetwork,
        pass: &mut Pass<'_, Self>,
        stacked: Var,
        observe: Observe<'_>,
    ) -> Var;
}

macro_rules! dispatch {
    ($float:ty, $build:ident, $forward:ident) => {
        impl Dispatch for $float {
            fn build(
                spec: &dyn ErasedSpec,
                shapes: &[FieldShape],
                builder: &mut Builder<'_, Self>,
            ) -> Arc<dyn ErasedNetwork> {
                spec.$build(shapes, builder)
            }

            fn forward(
                network: &dyn ErasedNetwork,
                pass: &mut Pass<'_, Self>,
                stacked: Var,
                observe: Observe<'_>,
            ) -> Var {
                network.$forward(pass, stacked, observe)
            }
        }
    };
}

dispatch!(f32, build_f32, forward_f32);
dispatch!(f64, build_f64, forward_f64);
