#![doc = include_str!("../README.md")]

mod chunks;
mod config;
mod dense;
mod each;
mod error;
mod merge;
mod optimizer;
mod rules;
mod tables;

pub use config::{OptimizerConfig, Settings, TableUpdates};
pub use error::OptimizerError;
pub use optimizer::{MAX_GROUPS, Optimizer};
pub use rules::{Rule, StepSize, Update};
