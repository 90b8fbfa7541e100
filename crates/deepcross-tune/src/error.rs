//! The reasons why a search fails.

use deepcross_data::DataError;
use deepcross_files::FileError;
use deepcross_metrics::MetricError;
use deepcross_model::artifact::ArtifactError;
use deepcross_train::TrainError;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The reason why a search failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TuneError {
    /// The arguments of the search, or its settings together, are not valid; one sentence.
    #[error("{0}")]
    Call(String),
    /// Trials cannot be chosen: the call names no validation files, and `train.valid_fraction` is 0.
    #[error(
        "a search chooses trials by validation rows, but `train.valid_fraction` is 0: hold rows out, or name validation files"
    )]
    NoValidation,
    /// Test rows are those that trials are trained or validated with.
    #[error(
        "the rows of {} are {used_for} rows already: the last comparison needs test rows that the search has not seen",
        file.display()
    )]
    TestSeen {
        /// The test file.
        file: PathBuf,
        /// `training` or `validation`.
        used_for: &'static str,
    },
    /// Rows cannot be cut off for the last comparison, since they cannot be copied.
    #[error("`tune.final_fraction` copies rows into files, but {why}: name test files")]
    NotCopied {
        /// The reason, in one sentence.
        why: String,
    },
    /// The configuration has problems, or a run failed for a reason that no setting of a trial explains.
    #[error(transparent)]
    Train(Box<TrainError>),
    /// The configuration itself cannot be trained, so that trials have nothing to be compared with.
    #[error("trial 0, which is the configuration as it is: {0}")]
    Default(Box<TrainError>),
    /// Rows cannot be read, or cut off for the last comparison.
    #[error(transparent)]
    Data(DataError),
    /// A model of the last comparison cannot be stored or read.
    #[error(transparent)]
    Model(#[from] ArtifactError),
    /// The test rows cannot be evaluated.
    #[error("the test rows cannot be evaluated")]
    Evaluation(#[from] MetricError),
    /// The folder has a search, and the call does not resume it.
    #[error(
        "{} has a search already: resume it, or name another folder", folder.display()
    )]
    Exists {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process runs the search of the folder.
    #[error("another process runs the search in {}", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// The journal is of another search.
    #[error("{}: is the journal of another search: {}", file.display(), differences.join("; "))]
    OtherSearch {
        /// The journal.
        file: PathBuf,
        /// The differences, one sentence each.
        differences: Vec<String>,
    },
    /// The journal is damaged.
    #[error("{}:{line}: {problem}", file.display())]
    Journal {
        /// The journal.
        file: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A file of the search cannot be read or written.
    #[error("{}: {source}", file.display())]
    File {
        /// The file or folder.
        file: PathBuf,
        /// The answer of the system.
        source: io::Error,
    },
    /// An output cannot be written.
    #[error(transparent)]
    Output(#[from] FileError),
    /// The time ended before the first trial was complete.
    #[error(
        "no trial was complete after {minutes} minutes: allow more time, or train fewer epochs"
    )]
    NoTrial {
        /// The time that the search was given.
        minutes: f64,
    },
    /// The caller asked the search to stop; it can be resumed.
    #[error("the search was stopped; it can be resumed")]
    Interrupted,
}

impl From<TrainError> for TuneError {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Data(DataError::Stopped) => Self::Interrupted,
            error => Self::Train(Box::new(error)),
        }
    }
}

impl From<DataError> for TuneError {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Stopped => Self::Interrupted,
            error => Self::Data(error),
        }
    }
}

impl TuneError {
    /// The error of a file, for `map_err`.
    pub(crate) fn of_file(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::File { file, source }
    }
}
