#![doc = include_str!("../README.md")]

mod config;
mod dense_step;
mod error;
mod idle;
mod merged_rows;
mod optimizer;
mod rules;
mod square_sum;
mod step;
mod table_step;

pub use config::{OptimizerConfig, Settings, TableUpdates};
pub use error::OptimizerError;
pub use idle::CLOCK;
pub use merged_rows::MAX_GROUPS;
pub use optimizer::Optimizer;
pub use rules::{Rule, StepSize, Update};
