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
    /// Stored weights that are not those of the stored model.
    #[error("the stored weights do not belong to the stored model: {0}")]
    Weights(String),
}
