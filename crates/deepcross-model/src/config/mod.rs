//! The section `[model]` of a run, as a user writes it: with gaps, and for every kind of model.
//!
//! A kind of model fills the gaps, which gives its specification; models are built from the specification, and files
//! store it.

mod model_config;
mod model_kind;
mod preset;
mod stacking_spec;

pub use model_config::{CrossStructure, ModelConfig, UnitKind};
pub use model_kind::ModelKind;
pub use preset::Preset;
pub use stacking_spec::StackingSpec;
