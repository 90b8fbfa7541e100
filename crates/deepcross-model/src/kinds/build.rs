//! What each kind of model has to say of itself, to be made anew or of stored weights.

use crate::error::ModelError;
use crate::memory::check_memory;
use deepcross_autodiff::{Params, Real};
use deepcross_features::FieldShape;
use deepcross_layers::Builder;

/// A kind of model.
pub(crate) trait BuildModel: Sized {
    /// What it is built from.
    type Spec;

    /// Refuses numbers that are out of range; a stored specification may come from anywhere.
    fn check(spec: &Self::Spec) -> Result<(), ModelError>;

    /// Refuses fields that the specification does not fit; there is at least one.
    fn check_fields(spec: &Self::Spec, shapes: &[FieldShape]) -> Result<(), ModelError>;

    /// The number of weights; `None` where it does not fit a `usize`.
    fn n_parameters(spec: &Self::Spec, shapes: &[FieldShape]) -> Option<usize>;

    /// Makes the parameters and layers of what has been checked.
    fn build<F: Real>(
        spec: &Self::Spec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> Self;

    /// Refuses stored weights that no training can have left.
    fn check_weights(&self, params: &Params<f32>) -> Result<(), ModelError>;
}

/// A model of these fields, whose weights are added to `params` as `seed` has them start.
pub(crate) fn new_model<M: BuildModel, F: Real>(
    spec: &M::Spec,
    shapes: &[FieldShape],
    params: &mut Params<F>,
    seed: u64,
) -> Result<M, ModelError> {
    let n_parameters = checked_size::<M>(spec, shapes)?;
    check_memory(n_parameters, n_parameters * size_of::<F>(), "nothing but them")?;
    Ok(M::build(spec, shapes, &mut Builder::new(params, seed)))
}

/// The layers of stored weights, which must be those that [`new_model`] makes, in its order.
pub(crate) fn for_params<M: BuildModel>(
    spec: &M::Spec,
    shapes: &[FieldShape],
    params: &Params<f32>,
) -> Result<M, ModelError> {
    M::check(spec)?;
    let (expected, found) = (checked_size::<M>(spec, shapes)?, params.n_parameters());
    if found != expected {
        return Err(ModelError::Weights(format!("there are {found} of them, and not {expected}")));
    }
    // The handles of a twin of zeros serve the stored weights. Its tables are never touched, and cost no memory; its
    // matrices do until the end of this function.
    let mut zeros = Params::new();
    let model = M::build(spec, shapes, &mut Builder::zeros(&mut zeros));
    zeros.same_layout(params).map_err(ModelError::Weights)?;
    model.check_weights(params)?;
    Ok(model)
}

/// The number of weights of a model that fits these fields.
fn checked_size<M: BuildModel>(spec: &M::Spec, shapes: &[FieldShape]) -> Result<usize, ModelError> {
    if shapes.is_empty() {
        return Err(ModelError::NoFields);
    }
    M::check_fields(spec, shapes)?;
    // Twice the bytes of f64, so that no size of a buffer overflows.
    let n_parameters = M::n_parameters(spec, shapes).filter(|n| n.checked_mul(16).is_some());
    n_parameters.ok_or(ModelError::TooLarge)
}

/// The number of weights of a linear map with bias.
pub(crate) fn affine_size(inputs: usize, outputs: usize) -> Option<usize> {
    inputs.checked_add(1)?.checked_mul(outputs)
}
