//! Errors.

use crate::NonFinite;
use deepcross_data::DataError;
use deepcross_metrics::MetricError;
use deepcross_model::ModelError;
use thiserror::Error;

/// Why a run failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The configuration: everything that is wrong with it, one sentence a line.
    #[error("{file}: {}", list(.problems))]
    Config {
        /// The file, or what stands for it.
        file: String,
        /// One sentence each.
        problems: Vec<String>,
    },
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A number became NaN or infinite.
    #[error("step {step}: {what}")]
    NotFinite {
        /// The step of the run, from 1.
        step: u64,
        /// Which number.
        what: NonFinite,
    },
    /// A prediction, or what it is held against, cannot be evaluated.
    #[error("the predictions cannot be evaluated: {0}")]
    Evaluation(#[from] MetricError),
    /// There is nothing to learn from.
    #[error("all {rows} training rows have the weight 0")]
    NoWeight {
        /// How many rows there are.
        rows: u64,
    },
    /// An epoch kept no row.
    #[error(
        "epoch {epoch} has no training row: none is positive, and `train.negative_rate` kept none of {negatives} others"
    )]
    NoRowKept {
        /// The epoch, from 1.
        epoch: u32,
        /// How many negative rows there are.
        negatives: u64,
    },
    /// Validation was wanted, and there was nothing to validate on.
    #[error(
        "there is no validation row of weight above 0: raise `train.valid_fraction` or set it to 0, or give a validation file with rows"
    )]
    NoValidationRows,
    /// The AUC was to choose the epoch, and is not defined.
    #[error(
        "the validation rows are of one class, so that `train.monitor = \"auc\"` has nothing to go by: \
         use `log-loss`, or more validation rows"
    )]
    OneClass,
    /// The threads could not be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many were wanted.
        threads: usize,
        /// What the system says.
        reason: String,
    },
}

fn list(problems: &[String]) -> String {
    match problems {
        [problem] => problem.clone(),
        many => format!("{} problems\n  {}", many.len(), many.join("\n  ")),
    }
}
