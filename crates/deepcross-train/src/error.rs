//! The errors of a run.

use crate::diagnosis::NonFinite;
use crate::member_place::MemberPlace;
use crate::warning::Warning;
use deepcross_calibration::CalibrationError;
use deepcross_collective::CollectiveError;
use deepcross_data::DataError;
use deepcross_metrics::MetricError;
use deepcross_model::ModelError;
use deepcross_model::artifact::ArtifactError;
use deepcross_model::quantisation::QuantisedForm;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The reason why a run failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The configuration has problems.
    #[error("{file}: {}", list(.problems))]
    Config {
        /// The file, or a name for the settings if they come from no file.
        file: String,
        /// Every problem, one sentence each.
        problems: Vec<String>,
    },
    /// The configuration in a trained model has problems.
    #[error("{}: the configuration in the artifact: {}", file.display(), list(.problems))]
    StoredConfig {
        /// The artifact.
        file: PathBuf,
        /// Every problem, one sentence each.
        problems: Vec<String>,
    },
    /// The data cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The model cannot be built.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A number became NaN or infinite. The last good checkpoint, if there is one, stays as it is.
    #[error("{}step {step}: {what}{}", of_several(*.member), last_good(.checkpoint.as_deref()))]
    NotFinite {
        /// The member, if there are several.
        member: Option<MemberPlace>,
        /// The step of the run, or of the member, from 1.
        step: u64,
        /// The number, and its place.
        what: Box<NonFinite>,
        /// The last good checkpoint, if this run has one.
        checkpoint: Option<PathBuf>,
    },
    /// The caller asked the run to stop, after a checkpoint.
    #[error("stopped after step {step}; the checkpoint is `{}`", file.display())]
    Stopped {
        /// The steps made so far.
        step: u64,
        /// The checkpoint.
        file: PathBuf,
    },
    /// The caller asked a run or a comparison to stop, without a checkpoint.
    #[error("stopped after step {step}")]
    Interrupted {
        /// The steps that the stopped run has made so far.
        step: u64,
    },
    /// A run of a comparison failed.
    #[error("`{name}`, seed {seed}: {error}")]
    Candidate {
        /// The name of the model.
        name: String,
        /// The seed of the run.
        seed: u64,
        /// The reason why it failed.
        error: Box<TrainError>,
    },
    /// The rows that a comparison tests on do not define its metrics.
    #[error("a comparison needs at least two test rows of each class with a weight above 0")]
    TestRows,
    /// The arguments of a comparison are not valid; one sentence.
    #[error("{0}")]
    Comparison(String),
    /// A checkpoint is of another run than the one that is to be resumed.
    #[error("`{}` is the checkpoint of another run: {}", file.display(), sentences(.differences))]
    OtherRun {
        /// The checkpoint.
        file: PathBuf,
        /// The differences, one sentence each.
        differences: Vec<String>,
    },
    /// A cache is to be read alone, and was made for another run.
    #[error("`{}` is the cache of another run: {}", file.display(), sentences(.differences))]
    OtherCache {
        /// The cache.
        file: PathBuf,
        /// The differences, one sentence each.
        differences: Vec<String>,
    },
    /// The model to begin from has other fields or layers than the configuration.
    #[error("the model to begin from has another schema: {}", sentences(.differences))]
    OtherModel {
        /// The differences from the model to the configuration, one sentence each.
        differences: Vec<String>,
    },
    /// The model is quantised, so that its weights are not those that were trained.
    #[error("the model is quantised; use the model that it was made from")]
    Quantised,
    /// A model has nothing that would be smaller.
    #[error("`--to {form}` would leave the model as it is: {}", nothing(*.form))]
    NothingToQuantise {
        /// What was to be quantised.
        form: QuantisedForm,
    },
    /// The rows are too few to judge a quantised model.
    #[error(
        "a quantised model is judged on every other row, and fewer than two of these have a weight above 0"
    )]
    QuantisationRows,
    /// Models that are to predict together read rows in different ways, or learned other labels.
    #[error("`{first}` and `{other}` cannot predict together: {}", sentences(.differences))]
    OtherRows {
        /// The name of the first model.
        first: String,
        /// The name of the model that differs from it.
        other: String,
        /// The settings that differ, one sentence each.
        differences: Vec<String>,
    },
    /// A model that predicts together with others cannot read the rows.
    #[error("`{name}`: {error}")]
    Member {
        /// The name of the model.
        name: String,
        /// The reason.
        error: Box<DataError>,
    },
    /// A checkpoint, a model to begin from or a trained model cannot be read, or the last checkpoint cannot be written.
    #[error(transparent)]
    Checkpoint(#[from] ArtifactError),
    /// Predictions, or their labels and weights, cannot be evaluated.
    #[error("the predictions cannot be evaluated")]
    Evaluation(#[from] MetricError),
    /// No calibrator can be fitted to the rows.
    #[error("no calibrator can be fitted")]
    Calibration(#[from] CalibrationError),
    /// Rows cannot be cut into slices by a column.
    #[error("slices by `{name}`: {problem}")]
    SliceColumn {
        /// The name of the column, or of a field.
        name: String,
        /// The reason, in one sentence.
        problem: String,
    },
    /// All training rows have the weight 0, so that there is nothing to learn from.
    #[error("all {rows} training rows have a weight of zero")]
    NoWeight {
        /// The number of training rows.
        rows: u64,
    },
    /// An epoch kept no row.
    #[error(
        "epoch {epoch} has no training rows: no row is positive, and `train.negative_rate` kept none of the {negatives} \
         negative rows"
    )]
    NoRowKept {
        /// The epoch, from 1.
        epoch: u32,
        /// The number of negative rows.
        negatives: u64,
    },
    /// Training rows are to be held out, but none is.
    #[error(
        "none of the {rows} rows is held out: they are few, or `train.valid_by` puts them into few groups; raise \
         `train.valid_fraction`, or set another `train.split_seed` or `train.valid_by`"
    )]
    NoneHeldOut {
        /// The number of rows.
        rows: u64,
    },
    /// The run is to validate, but there are no validation rows of weight above 0.
    #[error(
        "no validation row has a weight above 0: raise `train.valid_fraction` or set it to 0, or give a validation file with rows"
    )]
    NoValidationRows,
    /// The run is strict, and this was its first warning.
    #[error("{0}")]
    Warned(Warning),
    /// The ranks of a job do not have the same run.
    #[error("rank {rank} has another run than rank 0: {}", sentences(.differences))]
    OtherRank {
        /// The first rank that differs.
        rank: usize,
        /// The differences from rank 0 to it, one sentence each.
        differences: Vec<String>,
    },
    /// The ranks that train together cannot exchange messages.
    #[error(transparent)]
    Ranks(#[from] CollectiveError),
    /// Several ranks are to train, but there is no cache of the rows.
    #[error(
        "several ranks read encoded rows alone: write them to a file with `deepcross encode` and the same configuration, and \
         name it with `--cache`"
    )]
    RanksWithoutCache,
    /// The threads could not be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// The number of threads asked for.
        threads: usize,
        /// The answer of the system.
        reason: String,
    },
}

/// Why a form makes nothing smaller.
fn nothing(form: QuantisedForm) -> &'static str {
    match form {
        QuantisedForm::Int8 => {
            "it has no layer of several outputs, and no embedding of two numbers or more"
        }
        QuantisedForm::Bf16Tables => "it has no tables",
    }
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

fn of_several(member: Option<MemberPlace>) -> String {
    member.map_or(String::new(), |member| format!("{member}, "))
}

fn last_good(checkpoint: Option<&Path>) -> String {
    let message = |file: &Path| {
        let file = file.display();
        format!(
            "; the last good checkpoint stays in `{file}`: a run with other settings can begin from its weights"
        )
    };
    checkpoint.map_or(String::new(), message)
}
