//! The section `[model]` of a run, and the checked specification that it becomes.
//!
//! The two stages are two types: the text of a user, with gaps ([`ModelConfig`]), and the specification that is built
//! and stored, without gaps ([`ModelSpec`]).

mod for_kind;
mod model_config;
mod model_kind;
mod preset;
mod spec;
mod spec_check;

pub use model_config::{ModelConfig, UnitKind};
pub use model_kind::ModelKind;
pub use preset::Preset;
pub use spec::{DeepCrossingSpec, FactorsSpec, MlpSpec, ModelSpec, StackingSpec, UnitsSpec};
