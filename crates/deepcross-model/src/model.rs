//! A model of any kind, for training, storage, inspection and prediction.

use crate::artifact::MAX_TENSORS;
use crate::erased::{ErasedNetwork, Precision};
use crate::error::ModelError;
use crate::mean_logit::MAX_MEMBERS;
use crate::memory::check_memory;
use crate::model_spec::ModelSpec;
use crate::stack::layer_summary::LayerSummary;
use crate::stack::stacked_input::StackedInput;
use deepcross_autodiff::{DenseId, Params, Pass, Real, SharedColumns, Var};
use deepcross_features::batch::{BatchRows, FieldShape};
use deepcross_layers::Builder;
use deepcross_layers::fields::StackedField;
use deepcross_layers::units::{Unit, UnitVars};
use std::sync::Arc;

/// The name of the weights of the layer that gives the score.
const SCORING_WEIGHT: &str = "scoring.weight";

/// A model of any kind: layers that hold handles into a [`Params`].
#[derive(Clone, Debug)]
pub struct Model {
    network: Arc<dyn ErasedNetwork>,
    /// Whether the network has running statistics.
    has_batch_norm: bool,
}

impl Model {
    /// Builds a model of these fields and adds its weights to `params`, initialised from `seed`.
    ///
    /// # Errors
    /// [`ModelError::NoFields`], [`ModelError::TooLarge`], and [`ModelError::Config`] if the specification does not fit
    /// the fields. [`ModelError::TooManyTensors`] if the model could not be stored, and [`ModelError::NetworkSize`] if
    /// the kind has a mistake; `params` then has the weights that were added.
    pub fn new<F: Precision>(
        spec: &ModelSpec,
        shapes: &[FieldShape],
        params: &mut Params<F>,
        seed: u64,
    ) -> Result<Self, ModelError> {
        let n_parameters = checked_size(spec, shapes)?;
        // A share of the rows takes about as much of the memory; `n_stored` is not known before.
        check_memory(n_parameters, n_parameters / params.share().of() * size_of::<F>(), "they")?;
        let before = params.n_parameters();
        let model = Self::build(spec, shapes, &mut Builder::new(params, seed));
        let built = params.n_parameters() - before;
        if built != n_parameters {
            let (kind, expected) = (spec.kind(), n_parameters);
            return Err(ModelError::NetworkSize { kind, expected, built });
        }
        let count = params.dense_ids().count()
            + params.statistic_ids().count()
            + params.table_ids().count();
        if count > MAX_TENSORS {
            return Err(ModelError::TooManyTensors { count, limit: MAX_TENSORS });
        }
        Ok(model)
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
        spec.check()?;
        let (expected, found) = (checked_size(spec, shapes)?, params.n_parameters());
        if found != expected {
            let problem = format!("there are {found} weights, expected {expected}");
            return Err(ModelError::Weights(problem));
        }
        // The handles of a twin with zeros as weights are valid for the stored weights. The twin's tables are never
        // touched and cost no memory; its matrices cost memory until the end of this function.
        let mut zeros = Params::<f32>::of_share(params.share());
        let model = Self::build(spec, shapes, &mut Builder::zeros(&mut zeros));
        zeros.same_layout(params).map_err(ModelError::Weights)?;
        model.check_variances(params).map_err(ModelError::Weights)?;
        Ok(model)
    }

    /// [`for_params`](Self::for_params) for the stored weights of each member of a model.
    ///
    /// # Errors
    /// As [`for_params`](Self::for_params), for any member; [`ModelError::Weights`] if there are more than
    /// [`MAX_MEMBERS`], or none.
    pub fn for_members(
        spec: &ModelSpec,
        shapes: &[FieldShape],
        members: &[Params<f32>],
    ) -> Result<Self, ModelError> {
        let n_members = members.len();
        let Some((first, others)) = members.split_first().filter(|_| n_members <= MAX_MEMBERS)
        else {
            let problem = format!("there are {n_members} members, expected 1 to {MAX_MEMBERS}");
            return Err(ModelError::Weights(problem));
        };
        let model = Self::for_params(spec, shapes, first)?;
        for (number, other) in (2..).zip(others) {
            let checked = first.same_layout(other).and_then(|()| model.check_variances(other));
            checked
                .map_err(|problem| ModelError::Weights(format!("member {number}: {problem}")))?;
        }
        Ok(model)
    }

    fn build<F: Precision>(
        spec: &ModelSpec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> Self {
        let before = builder.params().statistic_ids().count();
        let network = F::build(spec.erased(), shapes, builder);
        let has_batch_norm = builder.params().statistic_ids().count() > before;
        Self { network, has_batch_norm }
    }

    /// Refuses a negative running variance, since a prediction takes its root.
    fn check_variances(&self, params: &Params<f32>) -> Result<(), String> {
        for norm in self.network.norms() {
            let id = norm.normalisation.variance;
            if let Some(value) = params.statistic(id).iter().find(|&&value| value < 0.0) {
                let name = params.statistic_name(id);
                return Err(format!("`{name}` has a variance of {value}"));
            }
        }
        Ok(())
    }

    /// Computes the logits of rows.
    ///
    /// # Shapes
    /// `rows`: the fields that the model was built for → `[rows, 1]`
    ///
    /// # Panics
    /// If the rows have other fields, or ids past a field's dimensions.
    #[track_caller]
    pub fn forward<F: Precision>(&self, pass: &mut Pass<'_, F>, rows: BatchRows<'_, F>) -> Var {
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
    pub fn forward_sharing<'a, F: Precision>(
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
    pub fn forward_stacked<F: Precision>(
        &self,
        pass: &mut Pass<'_, F>,
        stacked: Var,
        mut observe: impl FnMut(Var, UnitVars),
    ) -> Var {
        F::forward(&*self.network, pass, stacked, &mut observe)
    }

    /// The bias of the last layer, one number; `None` if the network has none.
    pub fn bias(&self) -> Option<DenseId> {
        self.network.bias()
    }

    /// Moves the logit of every row by a constant, which is added to the bias of the last layer.
    pub fn shift_logits<F: Real>(&self, params: &mut Params<F>, by: F) {
        self.bias().into_iter().for_each(|bias| params.dense_slice_mut(bias)[0] += by);
    }

    /// Lets an untrained model begin with the same logit for every row: the weights of the scoring layer become 0, and
    /// the bias of the last layer moves by `logit`.
    ///
    /// Terms without a scoring layer, such as those of first order, keep their small initial values.
    pub fn begin_with<F: Real>(&self, params: &mut Params<F>, logit: F) {
        let scoring = params.dense_ids().find(|id| params.dense_name(*id) == SCORING_WEIGHT);
        scoring.into_iter().for_each(|weight| params.dense_slice_mut(weight).fill(F::zero()));
        self.shift_logits(params, logit);
    }

    /// The names of the fields, in the order of the stacked input.
    pub fn field_names(&self) -> &[String] {
        self.stacked_input().field_names()
    }

    /// The index of the field to whose embedding or first-order weight the named parameter belongs.
    pub fn field_of_parameter(&self, name: &str) -> Option<usize> {
        self.stacked_input().field_of_parameter(name)
    }

    /// The residual or plain units, from the input to the score; only a Deep Crossing, or a network from elsewhere, has
    /// some.
    pub fn units(&self) -> &[Unit] {
        self.network.units()
    }

    /// Whether a layer normalises over the rows of a pass. If so, a group of rows must be one pass in training.
    pub fn has_batch_norm(&self) -> bool {
        self.has_batch_norm
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

    /// Whether the fields have embeddings, or vectors of a factorization machine, and not first-order weights alone.
    pub(crate) fn has_embeddings(&self) -> bool {
        self.stacked_input().has_embeddings()
    }

    /// The layers, for graphs of other programs.
    #[cfg(feature = "interchange")]
    pub(crate) fn network(&self) -> &dyn ErasedNetwork {
        &*self.network
    }

    pub(crate) fn stacked_input(&self) -> &StackedInput {
        self.network.stacked_input()
    }
}

/// The number of weights, after a check that the fields fit the specification.
fn checked_size(spec: &ModelSpec, shapes: &[FieldShape]) -> Result<usize, ModelError> {
    if shapes.is_empty() {
        return Err(ModelError::NoFields);
    }
    let problems = spec.erased().field_problems(shapes);
    if !problems.is_empty() {
        return Err(ModelError::Config(problems));
    }
    // The factor is twice the bytes of an f64, so that no size of a buffer overflows.
    let n_parameters = spec.n_parameters(shapes).filter(|n| n.checked_mul(16).is_some());
    n_parameters.ok_or(ModelError::TooLarge)
}
