#![doc = include_str!("../README.md")]
pub mod artifact;
mod config;
mod error;
mod header;
#[cfg(feature = "interchange")]
pub mod interchange;
mod kinds;
#[cfg(test)]
mod kinds_test;
mod memory;
mod model;
mod neighbours;
mod predictor;
mod scoring;
mod trained_model;
mod training_summary;

pub use artifact::ArtifactError;
pub use config::{DeepCrossingSpec, FactorsSpec, MlpSpec, ModelConfig, ModelKind, ModelSpec};
pub use config::{Preset, StackingSpec, UnitKind, UnitsSpec};
pub use deepcross_layers::{BatchNorm, Module, ResidualUnit, Unit};
pub use error::ModelError;
pub use kinds::deep_crossing::DeepCrossing;
pub use kinds::layer_summary::LayerSummary;
pub use kinds::stacked_input::field_input;
pub use memory::check_memory;
pub use model::Model;
pub use neighbours::{Neighbour, NeighbourError, TrainingCounts, neighbours, training_counts};
pub use predictor::{BLOCK, Predictor, Tapes};
pub use scoring::{CandidateSession, Scorer, Session};
pub use trained_model::TrainedModel;
pub use training_summary::TrainingSummary;
