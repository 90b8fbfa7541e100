//! Warnings of the program: a line each, or with `--strict` the end of the command.

use crate::output::say;
use anyhow::{Result, anyhow};
use clap::Args;
use std::fmt::Display;

/// What becomes of a warning.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Warnings {
    /// End with exit code 1 at the first warning, and write no file
    #[arg(id = "strict", long = "strict")]
    pub(crate) is_strict: bool,
}

impl Warnings {
    /// Prints a warning, which is one sentence.
    ///
    /// # Errors
    /// The same sentence, if the command is strict.
    pub(crate) fn warn(self, warning: impl Display) -> Result<()> {
        if self.is_strict {
            return Err(anyhow!("{warning}"));
        }
        say(line(warning));
        Ok(())
    }
}

/// The line of a warning that does not end the command.
pub(crate) fn line(warning: impl Display) -> String {
    format!("warning: {warning}")
}
