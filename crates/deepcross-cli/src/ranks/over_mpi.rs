//! A process of a job over MPI.

use crate::output::{say, silence};
use anyhow::Result;
use deepcross_collective::{Communicator, Mpi};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

/// How long a rank holds an error back. Most errors are those of all ranks, for instance in the configuration: then the
/// first rank reports it, and ends the others before they repeat it.
const AFTER_THE_FIRST: Duration = Duration::from_millis(500);

/// A job of the launcher.
#[derive(Debug)]
pub(crate) struct Job {
    mpi: Mpi,
}

impl Job {
    /// Takes part in the job, before anything else is done.
    pub(crate) fn start() -> Result<Self> {
        let mpi = Mpi::init()?;
        if mpi.rank().rank() > 0 {
            silence();
        }
        Ok(Self { mpi })
    }

    /// The ranks, if there are several.
    pub(crate) fn ranks(&self) -> Option<&dyn Communicator> {
        let rank = self.mpi.rank();
        (rank.size() > 1).then_some(rank)
    }

    /// Ends the program as all ranks do.
    pub(crate) fn leave(self, code: u8) -> ExitCode {
        match self.mpi.finish() {
            Ok(()) => ExitCode::from(code),
            Err(error) => {
                say(format_args!("error: {error}"));
                ExitCode::FAILURE
            }
        }
    }

    /// Ends the program because of an error of this rank; ends the other ranks too, which would wait for it.
    pub(crate) fn fail(self, error: &str, code: u8) -> ExitCode {
        if self.ranks().is_none() {
            say(error);
            return self.leave(code);
        }
        if self.mpi.rank().rank() > 0 {
            thread::sleep(AFTER_THE_FIRST);
        }
        self.mpi.rank().abort_with_code(error, code)
    }
}
