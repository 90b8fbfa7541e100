//! A run: setup, the training loop with its steps, and validation.

mod catch_up;
mod data_wait;
mod engine;
mod epoch;
mod kept_epoch;
mod rate_schedule;
mod read_ahead;
mod row_cache;
mod rows;
mod setup;
mod shuffle_choice;
mod thread_pool;
mod trainer;
mod unit_warnings;
mod validation;
mod validation_warnings;
mod warm_start;

pub use data_wait::DataWait;
pub use engine::Engine;
pub(crate) use read_ahead::{InOrder, OrderedRows, ReadAhead};
pub(crate) use row_cache::CachePlan;
pub(crate) use rows::{Rows, check_files};
pub(crate) use setup::fit_encoder;
pub(crate) use thread_pool::thread_pool;
pub use trainer::train;
pub(crate) use trainer::{Stop, train_fitted};
pub(crate) use validation::ROWS;
pub use validation::{EvaluateOptions, EvaluatedRows, evaluate};
pub(crate) use warm_start::{check_schema, survey};
