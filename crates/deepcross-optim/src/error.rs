//! Errors.

use std::fmt;

/// Why an optimizer cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptimizerError {
    /// Settings out of range, one sentence each.
    Config(Vec<String>),
    /// A state that does not belong to the optimizer: what differs.
    State(String),
}

impl fmt::Display for OptimizerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(problems) => f.write_str(&problems.join("; ")),
            Self::State(problem) => write!(f, "the optimizer's state does not fit: {problem}"),
        }
    }
}

impl std::error::Error for OptimizerError {}
