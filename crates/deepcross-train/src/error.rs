//! Errors.

use crate::diagnosis::NonFinite;
use deepcross_calibration::CalibrationError;
use deepcross_data::DataError;
use deepcross_metrics::MetricError;
use deepcross_model::ModelError;
use deepcross_model::artifact::ArtifactError;
use std::path::{Path, PathBuf};
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
    /// A number became NaN or infinite. The last good checkpoint, if there is one, stays as it is.
    #[error("step {step}: {what}{}", last_good(.checkpoint.as_deref()))]
    NotFinite {
        /// The step of the run, from 1.
        step: u64,
        /// Which number.
        what: Box<NonFinite>,
        /// The last good checkpoint, where there is one of this run.
        checkpoint: Option<PathBuf>,
    },
    /// The caller asked the run to stop, after a checkpoint.
    #[error("stopped after step {step}: its checkpoint is `{}`", file.display())]
    Stopped {
        /// The steps made so far.
        step: u64,
        /// The checkpoint.
        file: PathBuf,
    },
    /// The caller asked a comparison to stop.
    #[error("stopped after step {step}")]
    Interrupted {
        /// The steps made so far, of the run that was stopped.
        step: u64,
    },
    /// A run of a comparison failed.
    #[error("`{name}`, seed {seed}: {error}")]
    Candidate {
        /// The name of the model.
        name: String,
        /// The seed of the run.
        seed: u64,
        /// Why it failed.
        error: Box<TrainError>,
    },
    /// The rows that a comparison tests on do not define its metrics.
    #[error("the rows to test on need two rows of each class that have weight")]
    TestRows,
    /// What a comparison was called with, one sentence.
    #[error("{0}")]
    Comparison(String),
    /// A checkpoint is of another run than the one that is to go on.
    #[error("`{}` is the checkpoint of another run: {}", file.display(), sentences(.differences))]
    OtherRun {
        /// The checkpoint.
        file: PathBuf,
        /// What differs, one sentence each.
        differences: Vec<String>,
    },
    /// The model to begin from has other fields or layers than the configuration.
    #[error("the model to begin from is of another schema: {}", sentences(.differences))]
    OtherModel {
        /// What differs, one sentence each: what the model was trained with, and what it is now.
        differences: Vec<String>,
    },
    /// A checkpoint has the format of an older version of this program, which is not read any more.
    #[error(
        "`{}` is the checkpoint of an older deepcross: it has format version {found}, this one reads version {expected}",
        file.display()
    )]
    OlderCheckpoint {
        /// The checkpoint.
        file: PathBuf,
        /// The version found.
        found: u32,
        /// The version that is read.
        expected: u32,
    },
    /// A checkpoint or a model to begin from cannot be read, or the last checkpoint cannot be written.
    #[error(transparent)]
    Checkpoint(#[from] ArtifactError),
    /// A prediction, or what it is held against, cannot be evaluated.
    #[error("the predictions cannot be evaluated")]
    Evaluation(#[from] MetricError),
    /// No calibrator can be fitted to the rows.
    #[error("no calibrator can be fitted")]
    Calibration(#[from] CalibrationError),
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

fn sentences(differences: &[String]) -> String {
    match differences {
        [difference] => difference.clone(),
        many => format!("{} differences\n  {}", many.len(), many.join("\n  ")),
    }
}

fn last_good(checkpoint: Option<&Path>) -> String {
    let told = |file: &Path| {
        let file = file.display();
        format!(
            "; the last good checkpoint stays in `{file}`: a run with other settings can begin from its weights"
        )
    };
    checkpoint.map_or(String::new(), told)
}
