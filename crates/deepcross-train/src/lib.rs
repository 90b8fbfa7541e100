#![doc = include_str!("../README.md")]

mod calibration;
mod checkpoint;
pub mod compare;
mod config_file;
pub mod diagnosis;
mod encode;
mod error;
mod event;
pub mod groups;
pub mod importance;
mod objective;
mod options;
mod prediction;
mod run;
pub mod slices;
mod trained_run;
mod warning;

pub use calibration::{Calibration, calibrate, observations};
pub use checkpoint::{load_model, load_model_with, remove_checkpoint};
pub use config_file::RunConfig;
pub use encode::{EncodeOptions, WrittenCache, encode};
pub use error::TrainError;
pub use event::{CacheEvent, EpochReport, Event};
pub use options::{Checkpoints, Files, Next, RunOptions};
pub use prediction::{
    PredictedRows, Prediction, PredictionPlan, Predictions, WrittenPredictions, write_predictions,
};
pub use run::{DataWait, Engine, EvaluateOptions, EvaluatedRows, evaluate, train};
pub use trained_run::TrainedRun;
pub use warning::Warning;

pub mod config {
    //! The configuration of a run: the keys of `[train]` and their defaults, and what a configuration is read with.

    pub use crate::config_file::{
        ConfigText, KindConfig, Monitor, OptimizerKind, Overrides, Schedule, Shuffle, TrainConfig,
        ValidBy,
    };
}
