#![doc = include_str!("../README.md")]

pub mod artifact;
mod config;
mod deep_crossing;
mod error;
mod header;
mod memory;
mod predictor;
mod scorer;
mod summary;
mod trained;

pub use artifact::ArtifactError;
pub use config::{ModelConfig, ModelSpec, Preset, UnitKind, UnitsSpec};
pub use deep_crossing::{DeepCrossing, field_input};
pub use deepcross_layers::{BatchNorm, Module, ResidualUnit, Unit};
pub use error::ModelError;
pub use memory::check_memory;
pub use predictor::{BLOCK, Predictor, Tapes};
pub use scorer::{Scorer, Session};
pub use summary::LayerSummary;
pub use trained::{TrainedModel, TrainingSummary};
