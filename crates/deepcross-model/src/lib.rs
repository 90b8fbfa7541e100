#![doc = include_str!("../README.md")]

pub mod artifact;
mod base;
mod carry_over;
mod config;
mod deep_crossing;
mod error;
mod header;
#[cfg(feature = "interchange")]
pub mod interchange;
mod kind;
#[cfg(test)]
mod kinds_test;
mod linear;
mod memory;
mod mlp;
mod model;
mod model_kind;
mod neighbours;
mod predictor;
mod ranking;
mod scorer;
mod spec;
mod stack_fields;
mod summary;
mod trained;

pub use artifact::ArtifactError;
pub use base::field_input;
pub use config::{ModelConfig, Preset, UnitKind};
pub use deep_crossing::DeepCrossing;
pub use deepcross_layers::{BatchNorm, Module, ResidualUnit, Unit};
pub use error::ModelError;
pub use memory::check_memory;
pub use model::Model;
pub use model_kind::ModelKind;
pub use neighbours::{Met, Neighbour, NeighbourError, met, neighbours};
pub use predictor::{BLOCK, Predictor, Tapes};
pub use ranking::Ranking;
pub use scorer::{Scorer, Session};
pub use spec::{DeepCrossingSpec, FactorsSpec, MlpSpec, ModelSpec, StackingSpec, UnitsSpec};
pub use summary::LayerSummary;
pub use trained::{TrainedModel, TrainingSummary};
