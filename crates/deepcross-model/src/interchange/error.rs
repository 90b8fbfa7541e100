//! The errors of reading and writing files of other programs.

use crate::artifact::{ArtifactError, FormatError, shown};
use std::fmt;
use std::path::PathBuf;
use thiserror::Error;

/// The reason why weights or a graph could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InterchangeError {
    /// The file does not exist, or cannot be read or written.
    #[error(transparent)]
    File(#[from] ArtifactError),
    /// The file can be read, but does not hold the weights of the model.
    #[error("`{}`: {problem}", file.display())]
    Weights {
        /// The file.
        file: PathBuf,
        /// The problem of its content.
        problem: WeightsError,
    },
    /// A file of this format cannot hold the model.
    #[error("`{}`: cannot be written: {problem}", file.display())]
    Unwritable {
        /// The file to be written.
        file: PathBuf,
        /// The problem of the model.
        problem: ExportError,
    },
}

/// The reason why bytes are not the weights of a model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The bytes are damaged, cut off, or of another format.
    #[error("is not a valid safetensors file: {}", shown(reason))]
    Format {
        /// The problem that the library reports.
        reason: String,
    },
    /// The tensors of the file are not those of the model.
    #[error("does not hold the weights of the model\n{}", lines(problems))]
    Tensors {
        /// All problems, in the order of the model's tensors; then those of tensors that the model does not have.
        problems: Vec<TensorProblem>,
    },
}

/// The problem of one tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorProblem {
    /// The tensor's name.
    pub name: String,
    /// The message, with the found and the expected property.
    pub problem: String,
}

/// The reason why a model cannot become a file of another format.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The library that writes the format refused.
    #[error("{reason}")]
    Format {
        /// The message of the library.
        reason: String,
    },
    /// The weights exceed the size that the format can hold.
    #[error(
        "its weights take {bytes} bytes, expected at most {limit}: \
         an ONNX file is one protobuf message of less than 2 GiB"
    )]
    TooLarge {
        /// The number of bytes of all weights.
        bytes: usize,
        /// The greatest number of bytes that is written.
        limit: usize,
    },
    /// The model is quantised, and other formats do not have its integers.
    #[error("the model is quantised; use the model that it was made from")]
    Quantised,
    /// The kind of model has no graph.
    #[error("a model of the kind `{kind}` has no graph")]
    NoGraph {
        /// The name of the kind.
        kind: &'static str,
    },
    /// The model has no fingerprint, since it cannot become an artifact.
    #[error(transparent)]
    Artifact(#[from] FormatError),
}

impl fmt::Display for TensorProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tensor `{}`: {}", shown(&self.name), shown(&self.problem))
    }
}

/// The greatest number of problems in a message.
const SHOWN: usize = 20;

/// A line for each of the first problems, and the number of the others.
fn lines(problems: &[TensorProblem]) -> String {
    let shown = problems.iter().take(SHOWN).map(|problem| format!("  {problem}"));
    let more = problems.len().saturating_sub(SHOWN);
    let rest = (more > 0).then(|| format!("  and {more} more"));
    shown.chain(rest).collect::<Vec<_>>().join("\n")
}
