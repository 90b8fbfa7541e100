//! A program that is its only rank.

use crate::output::say;
use anyhow::Result;
use deepcross_collective::Communicator;
use std::process::ExitCode;

/// A job of one rank.
#[derive(Debug)]
pub(crate) struct Job;

impl Job {
    pub(crate) fn start() -> Result<Self> {
        Ok(Self)
    }

    /// The ranks, if there are several.
    pub(crate) fn ranks(&self) -> Option<&dyn Communicator> {
        None
    }

    /// Ends the program as all ranks do.
    pub(crate) fn leave(self, code: u8) -> ExitCode {
        ExitCode::from(code)
    }

    /// Ends the program because of an error of this rank.
    pub(crate) fn fail(self, error: &str, code: u8) -> ExitCode {
        say(error);
        ExitCode::from(code)
    }
}
