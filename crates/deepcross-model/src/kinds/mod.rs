//! The kinds of model, one module for each, over common parts: the stacked input, the list of layers, and the building of
//! a model.

pub(crate) mod build;
pub(crate) mod deep_crossing;
pub(crate) mod layer_summary;
pub(crate) mod linear;
pub(crate) mod mlp;
pub(crate) mod stacked_input;
mod stacking_spec;
