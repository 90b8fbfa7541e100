//! A run: setup, the training loop with its steps, and validation.

mod catch_up;
mod data_wait;
mod encoded_rows;
mod engine;
mod engine_among;
mod epoch;
mod kept_epoch;
mod member;
mod rate_schedule;
mod read_ahead;
mod row_cache;
mod rows;
mod setup;
mod shrunk_tables;
mod shuffle_choice;
mod thread_pool;
mod trainer;
mod turns;
mod unit_warnings;
mod validation;
mod validation_warnings;
mod warm_start;

pub use data_wait::DataWait;
pub use engine::Engine;
pub(crate) use read_ahead::{InOrder, OrderedRows, ReadAhead};
pub use row_cache::cached_columns;
pub(crate) use row_cache::{CachePlan, CacheWriters, send_rows};
pub(crate) use rows::{Rows, check_settings};
pub(crate) use setup::{fit_encoder, fit_encoder_on, fit_encoder_until};
pub use thread_pool::on_threads;
pub(crate) use thread_pool::thread_pool;
pub use trainer::train;
pub(crate) use trainer::train_fitted;
pub(crate) use validation::ROWS;
pub use validation::{EvaluateOptions, EvaluatedRows, evaluate};
pub(crate) use warm_start::{check_schema, survey};
