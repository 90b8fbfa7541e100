//! The error of a wrong call whose mistake is found only after the flags are parsed.

use std::fmt;

/// Ends the program with the exit code of a wrong call.
#[derive(Debug)]
pub(crate) struct CallError {
    message: String,
}

impl CallError {
    pub(crate) fn with_message(message: String) -> anyhow::Error {
        Self { message }.into()
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CallError {}
