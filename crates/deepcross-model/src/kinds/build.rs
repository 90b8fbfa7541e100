//! The trait of a kind of model, and how a model is built: with initial weights, or for stored ones.

use crate::error::ModelError;
use crate::memory::check_memory;
use deepcross_autodiff::{Params, Real};
use deepcross_features::FieldShape;
use deepcross_layers::Builder;

/// A kind of model that can be built from its specification.
pub(crate) trait BuildModel: Sized {
    /// The specification that it is built from.
    type Spec;

    /// Refuses numbers that are out of range; a stored specification may come from anywhere.
    fn check(spec: &Self::Spec) -> Result<(), ModelError>;

    /// Refuses fields that do not fit the specification; there is at least one field.
    fn check_fields(spec: &Self::Spec, shapes: &[FieldShape]) -> Result<(), ModelError>;

    /// The number of weights; `None` if it does not fit a `usize`.
    fn n_parameters(spec: &Self::Spec, shapes: &[FieldShape]) -> Option<usize>;

    /// Makes the parameters and layers; specification and fields have been checked.
    fn build<F: Real>(
        spec: &Self::Spec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> Self;

    /// Refuses stored weights that cannot come from a training.
    fn check_weights(&self, params: &Params<f32>) -> Result<(), ModelError>;
}

/// Builds a model of these fields and adds its weights to `params`, initialised from `seed`.
pub(crate) fn new_model<M: BuildModel, F: Real>(
    spec: &M::Spec,
    shapes: &[FieldShape],
    params: &mut Params<F>,
    seed: u64,
) -> Result<M, ModelError> {
    let n_parameters = checked_size::<M>(spec, shapes)?;
    check_memory(n_parameters, n_parameters * size_of::<F>(), "they")?;
    Ok(M::build(spec, shapes, &mut Builder::new(params, seed)))
}

/// Builds the layers of a model for stored weights, whose layout must be that of [`new_model`].
pub(crate) fn for_params<M: BuildModel>(
    spec: &M::Spec,
    shapes: &[FieldShape],
    params: &Params<f32>,
) -> Result<M, ModelError> {
    M::check(spec)?;
    let (expected, found) = (checked_size::<M>(spec, shapes)?, params.n_parameters());
    if found != expected {
        return Err(ModelError::Weights(format!("there are {found} weights, expected {expected}")));
    }
    // The handles of a twin with zeros as weights are valid for the stored weights. The twin's tables are never touched
    // and cost no memory; its matrices cost memory until the end of this function.
    let mut zeros = Params::new();
    let model = M::build(spec, shapes, &mut Builder::zeros(&mut zeros));
    zeros.same_layout(params).map_err(ModelError::Weights)?;
    model.check_weights(params)?;
    Ok(model)
}

/// The number of weights, after a check that the fields fit the specification.
fn checked_size<M: BuildModel>(spec: &M::Spec, shapes: &[FieldShape]) -> Result<usize, ModelError> {
    if shapes.is_empty() {
        return Err(ModelError::NoFields);
    }
    M::check_fields(spec, shapes)?;
    // The factor is twice the bytes of an f64, so that no size of a buffer overflows.
    let n_parameters = M::n_parameters(spec, shapes).filter(|n| n.checked_mul(16).is_some());
    n_parameters.ok_or(ModelError::TooLarge)
}

/// The number of weights of a linear map with bias.
pub(crate) fn affine_size(inputs: usize, outputs: usize) -> Option<usize> {
    inputs.checked_add(1)?.checked_mul(outputs)
}
