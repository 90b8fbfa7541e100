#![doc = include_str!("../README.md")]

mod calibration;
mod cause;
mod checkpoint;
mod compare;
mod config;
mod differences;
mod encode;
mod engine;
mod error;
mod event;
mod identity;
mod importance;
mod init;
mod keeper;
mod known_keys;
mod objective;
mod optimizer;
mod options;
mod overrides;
mod places;
mod prediction;
mod read_ahead;
mod row_cache;
mod row_sample;
mod run_config;
mod schedule;
mod section;
mod slices;
mod trainer;
mod trouble;
mod units;
mod validation;
mod waiting;

pub use calibration::{Calibration, Measured, calibrate, observations};
pub use cause::{Element, NonFinite};
pub use checkpoint::{load_model, remove_checkpoint};
pub use compare::{
    CompareEvent, CompareOptions, ComparedModel, ComparedRun, Comparison, Contender, Place,
    TestedOn, ToBest, compare,
};
pub use config::{Monitor, Shuffle, TrainConfig};
pub use encode::{Encoded, encode};
pub use engine::Engine;
pub use error::TrainError;
pub use event::{CacheEvent, EpochReport, Event};
pub use importance::{Importance, ImportancePlan, Importances, Lost, permutation_importance};
pub use optimizer::OptimizerKind;
pub use options::{Checkpoints, Next, RunOptions};
pub use prediction::Predictions;
pub use row_sample::RowSample;
pub use run_config::RunConfig;
pub use schedule::Schedule;
pub use slices::{
    ColumnSlices, Slice, SliceColumn, SliceForm, SliceKind, SlicePlan, SlicedRows, Slices,
};
pub use trainer::{Files, train, train_with};
pub use trouble::{Trouble, troubles};
pub use units::{ReluReport, UnitReport};
pub use validation::{EvaluatedRows, evaluate, evaluate_observed, evaluate_ranked};
pub use waiting::Waiting;
