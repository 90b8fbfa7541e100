//! Errors.

use thiserror::Error;

/// Why a model cannot be built.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelError {
    /// Settings out of range or in contradiction, one sentence each.
    #[error("{}", .0.join("\n"))]
    Config(Vec<String>),
    /// There is nothing to predict from.
    #[error("a model needs at least one field")]
    NoFields,
    /// More weights than this machine can address.
    #[error("the model would have more weights than can be addressed")]
    TooLarge,
    /// More memory than the system gives.
    #[error(
        "the model would have {weights} weights, {} GiB with {what}, which is more memory than there is: \
         lower `model.embedding`, `model.hidden`, or the `top` or `buckets` of a field", .bytes >> 30
    )]
    OutOfMemory {
        /// The number of weights.
        weights: usize,
        /// What is stored for them.
        what: &'static str,
        /// The size of it.
        bytes: usize,
    },
    /// Stored weights that are not those of the stored model.
    #[error("the stored weights do not belong to the stored model: {0}")]
    Weights(String),
}
