#![doc = include_str!("../README.md")]

mod config;
mod engine;
mod error;
mod event;
mod known_keys;
mod objective;
mod overrides;
mod places;
mod prediction;
mod run_config;
mod section;
mod trainer;
mod trouble;
mod units;
mod validation;

pub use config::{Monitor, OptimizerKind, TrainConfig};
pub use engine::Engine;
pub use error::TrainError;
pub use event::{EpochReport, Event};
pub use prediction::Predictions;
pub use run_config::RunConfig;
pub use trainer::{Files, train};
pub use trouble::{Trouble, troubles};
pub use units::{ReluReport, UnitReport};
pub use validation::evaluate;
