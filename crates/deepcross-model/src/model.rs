//! A model of any kind, for training, storage, inspection and prediction.
//!
//! It is an enum and not a boxed trait, since `forward` is generic over the number type: one model trains in `f32` and
//! is checked in `f64`.

use crate::config::ModelSpec;
use crate::error::ModelError;
use crate::kinds::build::{self, BuildModel};
use crate::kinds::deep_crossing::DeepCrossing;
use crate::kinds::layer_summary::LayerSummary;
use crate::kinds::linear::{LinearModel, PairsSpec};
use crate::kinds::mlp::MlpModel;
use crate::kinds::stacked_input::StackedInput;
use deepcross_autodiff::{DenseId, Params, Pass, Real, SharedColumns, Var};
use deepcross_features::{BatchRows, FieldShape};
use deepcross_layers::{Builder, StackedField, Unit, UnitVars};

/// A model of any kind: layers that hold handles into a [`Params`].
#[derive(Clone, Debug)]
pub struct Model {
    network: Network,
}

/// The layers of each kind.
#[derive(Clone, Debug)]
pub(crate) enum Network {
    DeepCrossing(DeepCrossing),
    Mlp(MlpModel),
    Linear(LinearModel),
}

impl Model {
    /// Builds a model of these fields and adds its weights to `params`, initialised from `seed`.
    ///
    /// # Errors
    /// [`ModelError::NoFields`], [`ModelError::TooLarge`], and [`ModelError::Config`] if the specification does not fit
    /// the fields.
    pub fn new<F: Real>(
        spec: &ModelSpec,
        shapes: &[FieldShape],
        params: &mut Params<F>,
        seed: u64,
    ) -> Result<Self, ModelError> {
        build::new_model(spec, shapes, params, seed)
    }

    /// Builds the layers of a model for stored weights, whose layout must be that of [`new`](Self::new).
    ///
    /// # Errors
    /// [`ModelError::Weights`] if they have another layout, and as [`new`](Self::new).
    pub fn for_params(
        spec: &ModelSpec,
        shapes: &[FieldShape],
        params: &Params<f32>,
    ) -> Result<Self, ModelError> {
        build::for_params(spec, shapes, params)
    }

    /// Computes the logits of rows.
    ///
    /// # Shapes
    /// `rows`: the fields that the model was built for → `[rows, 1]`
    ///
    /// # Panics
    /// If the rows have other fields, or ids past a field's dimensions.
    #[track_caller]
    pub fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, rows: BatchRows<'_, F>) -> Var {
        let stacked = self.stack(pass, rows);
        self.forward_stacked(pass, stacked, |_, _| ())
    }

    /// The columns of the stacked input, if all rows have the same values in the fields at these positions.
    pub fn shared_columns<F: Real>(&self, fields: &[usize]) -> SharedColumns<F> {
        self.stacked_input().shared_columns(fields)
    }

    /// Computes the logits of rows that are equal in the [`shared_columns`](Self::shared_columns). The part of the
    /// first product that these columns contribute is computed once, until [`SharedColumns::invalidate`].
    ///
    /// A kind without a product over the whole stacked input, such as those with pairs, does the same work as in
    /// [`forward`](Self::forward).
    ///
    /// # Shapes
    /// As [`forward`](Self::forward).
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_sharing<'a, F: Real>(
        &self,
        pass: &mut Pass<'a, F>,
        rows: BatchRows<'_, F>,
        shared: &'a mut SharedColumns<F>,
    ) -> Var {
        let stacked = self.stack(pass, rows);
        pass.share_columns(stacked, shared);
        self.forward_stacked(pass, stacked, |_, _| ())
    }

    /// Computes the stacked input of rows: the first half of [`forward`](Self::forward).
    ///
    /// In training, elements of embeddings are dropped; columns that are stacked raw never are.
    ///
    /// # Shapes
    /// `rows`: the fields that the model was built for → `[rows, stack width]`
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn stack<F: Real>(&self, pass: &mut Pass<'_, F>, rows: BatchRows<'_, F>) -> Var {
        self.stacked_input().stack(pass, rows)
    }

    /// Computes the logits of stacked rows: the second half of [`forward`](Self::forward).
    ///
    /// `observe` is called with the input and the values of each unit or hidden layer, in order. Both values of a
    /// hidden layer are its output.
    ///
    /// # Shapes
    /// `stacked`: `[rows, stack width]` → `[rows, 1]`
    ///
    /// # Panics
    /// If `stacked` has another width.
    #[track_caller]
    pub fn forward_stacked<F: Real>(
        &self,
        pass: &mut Pass<'_, F>,
        stacked: Var,
        observe: impl FnMut(Var, UnitVars),
    ) -> Var {
        match &self.network {
            Network::DeepCrossing(model) => model.forward_stacked(pass, stacked, observe),
            Network::Mlp(model) => model.forward_stacked(pass, stacked, observe),
            Network::Linear(model) => model.forward_stacked(pass, stacked),
        }
    }

    /// Moves the logit of every row by a constant, which is added to the bias of the last layer.
    pub fn shift_logits<F: Real>(&self, params: &mut Params<F>, by: F) {
        self.bias().into_iter().for_each(|bias| params.dense_slice_mut(bias)[0] += by);
    }

    fn bias(&self) -> Option<DenseId> {
        match &self.network {
            Network::DeepCrossing(model) => model.scoring.linear.bias,
            Network::Mlp(model) => model.scoring.linear.bias,
            Network::Linear(model) => Some(model.bias()),
        }
    }

    /// The names of the fields, in the order of the stacked input.
    pub fn field_names(&self) -> &[String] {
        self.stacked_input().field_names()
    }

    /// The index of the field to whose embedding or first-order weight the named parameter belongs.
    pub fn field_of_parameter(&self, name: &str) -> Option<usize> {
        self.stacked_input().field_of_parameter(name)
    }

    /// The units of a Deep Crossing, from the input to the score; other kinds have none.
    pub fn units(&self) -> &[Unit] {
        match &self.network {
            Network::DeepCrossing(model) => model.units(),
            Network::Mlp(_) | Network::Linear(_) => &[],
        }
    }

    /// Whether a unit normalises over the rows of a pass. If so, a group of rows must be one pass in training.
    pub fn has_batch_norm(&self) -> bool {
        self.units().iter().any(|unit| unit.norm().is_some())
    }

    /// The form of the field at index `field` in the stacked input; for a linear model with pairs, that of their
    /// vectors.
    ///
    /// # Panics
    /// If there is no such field.
    #[track_caller]
    pub fn embedding_of(&self, field: usize) -> StackedField {
        self.stacked_input().embedding_of(field)
    }

    /// The width of the stacked input.
    pub fn stack_width(&self) -> usize {
        self.stacked_input().width()
    }

    /// The layers, from the input to the score.
    pub fn layers(&self) -> &[LayerSummary] {
        self.stacked_input().layers()
    }

    /// The first [`layers`](Self::layers), whose outputs are the stacked input, from left to right.
    pub fn stacked_layers(&self) -> &[LayerSummary] {
        self.stacked_input().stacked_layers()
    }

    /// The layers, for files of other programs.
    #[cfg(feature = "interchange")]
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn stacked_input(&self) -> &StackedInput {
        match &self.network {
            Network::DeepCrossing(model) => &model.stacked_input,
            Network::Mlp(model) => &model.stacked_input,
            Network::Linear(model) => &model.stacked_input,
        }
    }
}

impl From<DeepCrossing> for Model {
    fn from(model: DeepCrossing) -> Self {
        Self { network: Network::DeepCrossing(model) }
    }
}

/// The pairs of a linear kind.
fn pairs(spec: &ModelSpec) -> PairsSpec {
    match spec {
        ModelSpec::Fm(factors) => PairsSpec::Fm(factors.clone()),
        ModelSpec::Ffm(factors) => PairsSpec::Ffm(factors.clone()),
        ModelSpec::Lr | ModelSpec::DeepCrossing(_) | ModelSpec::Mlp(_) => PairsSpec::None,
    }
}

impl BuildModel for Model {
    type Spec = ModelSpec;

    fn check(spec: &ModelSpec) -> Result<(), ModelError> {
        spec.check()
    }

    fn check_fields(spec: &ModelSpec, shapes: &[FieldShape]) -> Result<(), ModelError> {
        match spec {
            ModelSpec::DeepCrossing(spec) => DeepCrossing::check_fields(spec, shapes),
            ModelSpec::Mlp(spec) => MlpModel::check_fields(spec, shapes),
            linear => LinearModel::check_fields(&pairs(linear), shapes),
        }
    }

    fn n_parameters(spec: &ModelSpec, shapes: &[FieldShape]) -> Option<usize> {
        match spec {
            ModelSpec::DeepCrossing(spec) => DeepCrossing::n_parameters(spec, shapes),
            ModelSpec::Mlp(spec) => MlpModel::n_parameters(spec, shapes),
            linear => LinearModel::n_parameters(&pairs(linear), shapes),
        }
    }

    fn build<F: Real>(
        spec: &ModelSpec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> Self {
        let network = match spec {
            ModelSpec::DeepCrossing(spec) => {
                Network::DeepCrossing(DeepCrossing::build(spec, shapes, builder))
            }
            ModelSpec::Mlp(spec) => Network::Mlp(MlpModel::build(spec, shapes, builder)),
            linear => Network::Linear(LinearModel::build(&pairs(linear), shapes, builder)),
        };
        Self { network }
    }

    fn check_weights(&self, params: &Params<f32>) -> Result<(), ModelError> {
        match &self.network {
            Network::DeepCrossing(model) => model.check_weights(params),
            Network::Mlp(model) => model.check_weights(params),
            Network::Linear(model) => model.check_weights(params),
        }
    }
}
