//! The errors of the library as exceptions of the package.

use std::error::Error;
use std::fmt::Write as _;

use deepcross_data::DataError;
use deepcross_files::FileError;
use deepcross_model::artifact::{ArtifactError, FormatError};
use deepcross_model::interchange::InterchangeError;
use deepcross_profile::ProfileError;
use deepcross_serve::ServeError;
use deepcross_train::TrainError;
use deepcross_tune::TuneError;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// An error by the class of its exception.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A problem of the settings.
    Config(String),
    /// A problem of the rows, or of the files that have them.
    Data(String),
    /// A model that cannot be read or written.
    Model(String),
    /// A training that failed.
    Training(String),
    /// A service that cannot start, or that failed.
    Service(String),
}

impl Failure {
    /// The message.
    pub(crate) fn message(self) -> String {
        let (_, message) = self.parts();
        message.to_owned()
    }

    /// The same error, after words that say what it is about.
    fn about(self, what: &str) -> Self {
        let text = |message: String| format!("{what}: {message}");
        match self {
            Self::Config(message) => Self::Config(text(message)),
            Self::Data(message) => Self::Data(text(message)),
            Self::Model(message) => Self::Model(text(message)),
            Self::Training(message) => Self::Training(text(message)),
            Self::Service(message) => Self::Service(text(message)),
        }
    }

    /// The name of the class in `deepcross.errors`, and the message.
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Config(message) => ("ConfigError", message),
            Self::Data(message) => ("DataError", message),
            Self::Model(message) => ("ModelFileError", message),
            Self::Training(message) => ("TrainingError", message),
            Self::Service(message) => ("ServiceError", message),
        }
    }
}

/// The error with its causes.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        // Some errors say their cause themselves.
        if !text.ends_with(&reason) {
            // Writing to a string does not fail.
            let _ = write!(text, ": {reason}");
        }
        cause = error.source();
    }
    text
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::Data(with_causes(&error))
    }
}

impl From<ProfileError> for Failure {
    fn from(error: ProfileError) -> Self {
        Self::Data(with_causes(&error))
    }
}

impl From<ArtifactError> for Failure {
    fn from(error: ArtifactError) -> Self {
        Self::Model(with_causes(&error))
    }
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        Self::Model(with_causes(&error))
    }
}

impl From<InterchangeError> for Failure {
    fn from(error: InterchangeError) -> Self {
        Self::Model(with_causes(&error))
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::Model(with_causes(&error))
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let text = with_causes(&error);
        match error {
            ServeError::Config(_) => Self::Config(text),
            ServeError::Model(_) => Self::Model(text),
            _ => Self::Service(text),
        }
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        let text = with_causes(&error);
        match error {
            TrainError::Config { .. }
            | TrainError::Model(_)
            | TrainError::OtherRun { .. }
            | TrainError::OtherCache { .. }
            | TrainError::Comparison(_) => Self::Config(text),
            TrainError::StoredConfig { .. } | TrainError::Checkpoint(_) => Self::Model(text),
            TrainError::NotFinite { .. }
            | TrainError::Threads { .. }
            | TrainError::Stopped { .. }
            | TrainError::Interrupted { .. } => Self::Training(text),
            _ => Self::Data(text),
        }
    }
}

impl From<TuneError> for Failure {
    fn from(error: TuneError) -> Self {
        let text = with_causes(&error);
        match error {
            TuneError::Train(error) => (*error).into(),
            TuneError::Default(error) => {
                Self::from(*error).about("trial 0, which is the configuration as it is")
            }
            TuneError::Model(error) => error.into(),
            TuneError::Call(_)
            | TuneError::OtherSearch { .. }
            | TuneError::TestSeen { .. }
            | TuneError::Busy { .. } => Self::Config(text),
            TuneError::NoValidation => Self::Config(format!("{text} with `eval_set`")),
            TuneError::NotCopied { .. } => Self::Config(format!("{text} with `test`")),
            TuneError::Exists { folder } => Self::Config(format!(
                "folder: {} has a search already: resume=True continues it, or name another folder",
                folder.display()
            )),
            TuneError::NoTrial { .. } | TuneError::Interrupted => Self::Training(text),
            _ => Self::Data(text),
        }
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        let (class, message) = failure.parts();
        Python::attach(|py| {
            let class = py.import("deepcross.errors").and_then(|errors| errors.getattr(class));
            match class.and_then(|class| class.call1((message,))) {
                Ok(exception) => Self::from_value(exception),
                Err(_) => PyRuntimeError::new_err(message.to_owned()),
            }
        })
    }
}
