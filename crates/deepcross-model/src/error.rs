//! The error of a model that cannot be built.

use deepcross_features::Problem;
use thiserror::Error;

/// Why a model cannot be built.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelError {
    /// Values that are out of range or contradict each other.
    #[error("{}", lines(.0))]
    Config(Vec<Problem>),
    /// The model has no fields.
    #[error("a model needs at least one field")]
    NoFields,
    /// The model has more weights than this machine can address.
    #[error("the model would have more weights than can be addressed")]
    TooLarge,
    /// The weights need more memory than the system gives.
    #[error(
        "the model would have {weights} weights; {what} would take {} GiB, which is more memory than there is: \
         lower `model.embedding`, `model.hidden`, or the `top` or `buckets` of a field", .bytes >> 30
    )]
    OutOfMemory {
        /// The number of weights.
        weights: usize,
        /// The use of the memory, as a plural noun or pronoun, such as `gradients`.
        what: &'static str,
        /// The number of bytes that it takes.
        bytes: usize,
    },
    /// The model has more tensors than a model file holds.
    #[error(
        "the model would have {count} tensors, but a model file holds at most {limit}: lower the number of layers or \
         of fields"
    )]
    TooManyTensors {
        /// The number of tensors.
        count: usize,
        /// The most tensors of a model file.
        limit: usize,
    },
    /// A network has another number of weights than its kind says, which is a mistake of the kind. Its file could not
    /// be loaded.
    #[error(
        "a network of the kind `{kind}` has {built} weights, but `Network::n_parameters` of the kind gives {expected}"
    )]
    NetworkSize {
        /// The name of the kind.
        kind: &'static str,
        /// The number that [`Network::n_parameters`](crate::Network::n_parameters) gives.
        expected: usize,
        /// The number of weights that were built.
        built: usize,
    },
    /// The stored weights are not those of the stored model.
    #[error("the stored weights do not belong to the stored model: {0}")]
    Weights(String),
}

/// A line for each problem.
fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}
