//! What can go wrong between a model and the files of other programs.

use crate::artifact::{ArtifactError, FormatError, shown};
use std::fmt;
use std::path::PathBuf;
use thiserror::Error;

/// Why weights or a graph could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InterchangeError {
    /// The file itself: not there, not readable, not writable.
    #[error(transparent)]
    File(#[from] ArtifactError),
    /// The file can be read, but does not hold the weights of the model.
    #[error("`{}`: {problem}", file.display())]
    Weights {
        /// The file.
        file: PathBuf,
        /// What is wrong with its content.
        problem: WeightsError,
    },
    /// The model is such that a file of this format cannot hold it.
    #[error("`{}`: cannot be written: {problem}", file.display())]
    Unwritable {
        /// The file to be written.
        file: PathBuf,
        /// What is wrong with the model.
        problem: ExportError,
    },
}

/// Why bytes are not the weights of a model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The bytes are damaged, cut off, or of another format.
    #[error("is not a sound safetensors file: {}", shown(reason))]
    Format {
        /// What is wrong.
        reason: String,
    },
    /// Its tensors are not those of the model.
    #[error("does not hold the weights of the model\n{}", lines(problems))]
    Tensors {
        /// All that is wrong, in the order of the model's tensors; then those that it does not have.
        problems: Vec<TensorProblem>,
    },
}

/// What is wrong with one tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorProblem {
    /// The tensor's name.
    pub name: String,
    /// What was found, and what was expected.
    pub problem: String,
}

/// Why a model cannot become a file of another format.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The library that writes the format refused.
    #[error("{reason}")]
    Format {
        /// What it said.
        reason: String,
    },
    /// The weights are more than the format holds.
    #[error(
        "its weights take {bytes} bytes, expected at most {limit}: an ONNX file is one protobuf message of less than 2 GiB"
    )]
    TooLarge {
        /// The bytes of all weights.
        bytes: usize,
        /// The most that are written.
        limit: usize,
    },
    /// The model cannot be told by a fingerprint, since it cannot be an artifact.
    #[error(transparent)]
    Artifact(#[from] FormatError),
}

impl fmt::Display for TensorProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tensor `{}`: {}", shown(&self.name), shown(&self.problem))
    }
}

/// The most problems that a message shows.
const SHOWN: usize = 20;

/// A line for each problem, as far as a reader may want them.
fn lines(problems: &[TensorProblem]) -> String {
    let shown = problems.iter().take(SHOWN).map(|problem| format!("  {problem}"));
    let more = problems.len().saturating_sub(SHOWN);
    let rest = (more > 0).then(|| format!("  and {more} more"));
    shown.chain(rest).collect::<Vec<_>>().join("\n")
}
