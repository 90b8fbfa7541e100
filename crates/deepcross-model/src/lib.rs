#![doc = include_str!("../README.md")]
pub mod artifact;
pub mod config;
mod erased;
mod error;
#[cfg(feature = "interchange")]
mod graph;
mod header;
#[cfg(feature = "interchange")]
pub mod interchange;
mod kinds;
#[cfg(test)]
mod kinds_test;
mod mean_logit;
#[cfg(test)]
mod members_test;
mod memory;
mod model;
mod model_spec;
pub mod neighbours;
mod network;
mod predictor;
pub mod quantisation;
pub mod scoring;
mod seen_inputs;
mod stack;
mod trained_model;
mod training_summary;
mod value_change;

pub use artifact::ArtifactError;
pub use config::{ModelConfig, ModelKind};
pub use deepcross_layers::units::{ResidualUnit, Unit};
pub use deepcross_layers::{BatchNorm, Module};
pub use erased::Precision;
pub use error::ModelError;
pub use mean_logit::{MAX_MEMBERS, mean_logit, mean_logits};
pub use memory::check_memory;
pub use model::Model;
pub use model_spec::{Kinds, ModelSpec, StoredSpec};
pub use network::Network;
pub use predictor::{BLOCK, Predictor, Tapes};
pub use scoring::Scorer;
pub use stack::layer_summary::LayerSummary;
pub use stack::stacked_input::{StackedInput, field_input};
pub use trained_model::TrainedModel;
pub use training_summary::TrainingSummary;
pub use value_change::{ChangeKind, TrainingCounts, ValueChange, value_changes};
