#![doc = include_str!("../README.md")]

mod cause;
mod config;
mod engine;
mod error;
mod event;
mod known_keys;
mod objective;
mod optimizer;
mod overrides;
mod places;
mod prediction;
mod read_ahead;
mod run_config;
mod schedule;
mod section;
mod trainer;
mod trouble;
mod units;
mod validation;
mod waiting;

pub use cause::{Element, NonFinite};
pub use config::{Monitor, TrainConfig};
pub use engine::Engine;
pub use error::TrainError;
pub use event::{EpochReport, Event};
pub use optimizer::OptimizerKind;
pub use prediction::Predictions;
pub use run_config::RunConfig;
pub use schedule::Schedule;
pub use trainer::{Files, train};
pub use trouble::{Trouble, troubles};
pub use units::{ReluReport, UnitReport};
pub use validation::evaluate;
pub use waiting::Waiting;
