//! Errors.

use deepcross_data::DataError;
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
        /// Which number, and what may help.
        what: String,
    },
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
