#![doc = include_str!("../README.md")]

mod average;
mod calibration;
mod checkpoint;
pub mod compare;
mod config_file;
pub mod diagnosis;
mod encode;
mod ensemble;
mod error;
mod evaluation_report;
mod event;
pub mod groups;
pub mod importance;
mod member_place;
mod objective;
mod options;
pub mod pages;
mod prediction;
mod quantise;
mod rank_traffic;
mod ranks;
mod run;
pub mod slices;
mod table_columns;
mod trained_run;
mod warning;

pub use average::{Prediction, Predictors};
pub use calibration::{Calibration, calibrate, observations};
pub use checkpoint::{load_model, load_model_with, remove_checkpoint};
pub use config_file::RunConfig;
pub use encode::{EncodeOptions, WrittenCache, encode};
pub use ensemble::{Ensemble, Member};
pub use error::TrainError;
pub use evaluation_report::EvaluationReport;
pub use event::{CacheEvent, EpochReport, Event};
pub use member_place::MemberPlace;
pub use options::{Checkpoints, Files, Next, RunOptions, Stop};
pub use prediction::{
    PredictedRows, PredictionPlan, Predictions, WrittenPredictions, write_predictions,
};
pub use quantise::{Quantisation, quantise};
pub use rank_traffic::RankTraffic;
pub use ranks::save_on_ranks;
pub use run::{
    DataWait, Engine, EvaluateOptions, EvaluatedRows, cached_columns, evaluate, on_threads, train,
};
pub use trained_run::TrainedRun;
pub use warning::Warning;

pub mod config {
    //! The configuration of a run: the keys of `[train]` and their defaults, and what a configuration is read with.

    pub use crate::config_file::{
        ColumnsOf, ConfigText, DistributedConfig, DistributedMethod, KindConfig, Monitor,
        OptimizerKind, Overrides, Schedule, Shuffle, TablePlacement, TrainConfig, TrainPrecision,
        ValidBy,
    };
}
