//! The kinds of model, a module each, and what they share: the stacked input, the list of layers, and how each is built.

pub(crate) mod build;
pub(crate) mod deep_crossing;
pub(crate) mod layer_summary;
pub(crate) mod linear;
pub(crate) mod mlp;
pub(crate) mod stacked_input;
mod stacking_spec;
