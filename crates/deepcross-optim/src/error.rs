//! The errors of optimizers.

use deepcross_features::Problem;
use std::fmt;

/// The reason why an optimizer cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptimizerError {
    /// Settings are out of range; a problem for each.
    Config(Vec<Problem>),
    /// A state does not belong to the optimizer; the text is the difference.
    State(String),
}

impl fmt::Display for OptimizerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(problems) => f.write_str(&Problem::join(problems, "; ")),
            Self::State(problem) => write!(f, "the optimizer's state does not fit: {problem}"),
        }
    }
}

impl std::error::Error for OptimizerError {}
