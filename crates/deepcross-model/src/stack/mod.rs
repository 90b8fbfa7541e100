//! The first half of every network: the stacked input that fields become, and the list of layers.

pub(crate) mod layer_summary;
pub(crate) mod stacked_input;
mod stacking;

/// The number of weights of a linear map with bias; `None` if it does not fit a `usize`.
pub(crate) fn affine_size(inputs: usize, outputs: usize) -> Option<usize> {
    inputs.checked_add(1)?.checked_mul(outputs)
}
