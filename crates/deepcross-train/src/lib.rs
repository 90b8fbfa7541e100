#![doc = include_str!("../README.md")]

mod calibration;
mod checkpoint;
mod compare;
mod config_file;
mod diagnosis;
mod encode;
mod error;
mod event;
mod groups;
mod importance;
mod objective;
mod options;
mod prediction;
mod run;
mod slices;
mod trained_run;

pub use calibration::{Calibration, calibrate, observations};
pub use checkpoint::{load_model, remove_checkpoint};
pub use compare::{
    Candidate, CompareEvent, CompareOptions, ComparedModel, ComparedRun, Comparison, CurrentRun,
    DifferenceToBest, TestedOn, compare,
};
pub use config_file::{Monitor, OptimizerKind, RunConfig, Schedule, Shuffle, TrainConfig};
pub use diagnosis::{Element, NonFinite, ReluReport, UnitProblem, UnitReport, unit_problems};
pub use encode::{EncodeOptions, WrittenCache, encode};
pub use error::TrainError;
pub use event::{CacheEvent, EpochReport, Event};
pub use groups::{EvaluatedGroups, GroupedEvaluation};
pub use importance::{
    Importance, ImportanceEstimate, ImportancePlan, Importances, RowSample, SampledRows,
    permutation_importance,
};
pub use options::{Checkpoints, Files, Next, RunOptions};
pub use prediction::{Predictions, write_predictions};
pub use run::{DataWait, Engine, EvaluateOptions, EvaluatedRows, evaluate, train};
pub use slices::{
    ColumnSlices, NamedColumns, Slice, SliceColumn, SliceForm, SliceKind, SlicePlan, SlicedRows,
    Slices,
};
pub use trained_run::TrainedRun;
