//! The trait of a kind of model.

#[cfg(feature = "interchange")]
use crate::graph::{GraphBuilder, Value};
use crate::stack::stacked_input::StackedInput;
use deepcross_autodiff::{DenseId, Pass, Real, Var};
use deepcross_features::Problem;
use deepcross_features::batch::FieldShape;
use deepcross_layers::units::{Unit, UnitVars};
use deepcross_layers::{BatchNorm, Builder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// A kind of model: layers over the stacked input of the fields, which hold handles into a
/// [`Params`](deepcross_autodiff::Params).
///
/// A [`Model`](crate::Model) holds any network, of this crate or of another one. It is built from a specification,
/// [`ModelSpec::of`](crate::ModelSpec::of), and a file with it is read by
/// [`TrainedModel::load_with`](crate::TrainedModel::load_with).
///
/// The methods with a number type are generic, so that one network trains in `f32` and is checked in `f64`.
pub trait Network: Clone + Debug + Send + Sync + 'static {
    /// The name of the kind, in a model file and in messages; not the name of a kind of this crate.
    const KIND: &'static str;

    /// The version of the stored specification. A file of another version is refused.
    const VERSION: u32 = 1;

    /// The numbers that a network is built from, without gaps. They are stored as JSON, and their keys are the names in
    /// messages.
    type Spec: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// All values that are out of range; a stored specification may come from anywhere.
    fn problems(spec: &Self::Spec) -> Vec<Problem>;

    /// All fields that do not fit the specification; `shapes` has at least one field.
    fn field_problems(_spec: &Self::Spec, _shapes: &[FieldShape]) -> Vec<Problem> {
        Vec::new()
    }

    /// The number of weights; `None` if it does not fit a `usize`.
    ///
    /// The number is asked for before memory is allocated, and must be that of the network that [`build`](Self::build)
    /// makes: [`Model::new`](crate::Model::new) compares the two.
    fn n_parameters(spec: &Self::Spec, shapes: &[FieldShape]) -> Option<usize>;

    /// Makes the parameters and the layers; specification and fields have been checked.
    fn build<F: Real>(
        spec: &Self::Spec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> Self;

    /// The first half of the network, and its list of layers.
    fn stacked_input(&self) -> &StackedInput;

    /// Computes the logits of stacked rows.
    ///
    /// Calls `observe` with the input and the values of each layer between the stacked input and the last layer, in the
    /// order of the list of layers. This list has one entry for each of these layers, and one for the last layer.
    ///
    /// # Shapes
    /// `stacked`: `[rows, stack width]` → `[rows, 1]`
    ///
    /// # Panics
    /// If `stacked` has another width.
    fn forward_stacked<F: Real>(
        &self,
        pass: &mut Pass<'_, F>,
        stacked: Var,
        observe: &mut dyn FnMut(Var, UnitVars),
    ) -> Var;

    /// The bias of the logit, `[1, 1]`, if there is one.
    fn bias(&self) -> Option<DenseId>;

    /// The units whose gradients and ReLUs are reported in training, which `forward_stacked` observes; none by default.
    fn units(&self) -> &[Unit] {
        &[]
    }

    /// All batch normalisations; by default, those of the [`units`](Self::units).
    ///
    /// A stored model with a negative running variance of one of them is refused, since a prediction takes its root.
    fn norms(&self) -> Vec<BatchNorm> {
        self.units().iter().filter_map(Unit::norm).collect()
    }

    /// Adds the nodes from the stacked input to the logit, `[rows, 1]`, to a graph. `None`, the default, if the kind
    /// has no graph.
    #[cfg(feature = "interchange")]
    fn logit_nodes(&self, _graph: &mut GraphBuilder<'_>, _stacked: &Value) -> Option<Value> {
        None
    }
}
