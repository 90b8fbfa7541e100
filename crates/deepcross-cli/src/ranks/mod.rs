//! The ranks that run one call together: one alone, or, with the cargo feature `mpi`, those that a launcher such as
//! `mpirun` has started.
//!
//! All ranks have the same call. The first one reports for all: the others print nothing but their own errors.

#[cfg(not(feature = "mpi"))]
mod alone;
#[cfg(feature = "mpi")]
mod over_mpi;

use crate::call_error::CallError;
#[cfg(not(feature = "mpi"))]
pub(crate) use alone::Job;
use anyhow::Result;
use deepcross_files::is_stream;
#[cfg(feature = "mpi")]
pub(crate) use over_mpi::Job;
use std::path::PathBuf;

impl Job {
    /// Whether this rank is the first or the only one, which reports and writes files.
    pub(crate) fn is_first(&self) -> bool {
        self.ranks().is_none_or(|ranks| ranks.rank() == 0)
    }

    /// Fails if there are several ranks, because the command would do the same work on each of them.
    pub(crate) fn refuse_ranks(&self) -> Result<()> {
        match self.ranks() {
            None => Ok(()),
            Some(ranks) => Err(CallError::with_message(format!(
                "this command cannot run on {} ranks, expected one process, without `mpirun` or the like",
                ranks.size()
            ))),
        }
    }

    /// Fails if there are several ranks, and one of the files is a stream, which only one process can read.
    pub(crate) fn check_inputs<'p>(
        &self,
        mut inputs: impl Iterator<Item = &'p PathBuf>,
    ) -> Result<()> {
        let Some(ranks) = self.ranks() else { return Ok(()) };
        match inputs.find(|input| is_stream(input)) {
            None => Ok(()),
            Some(stream) => Err(CallError::with_message(format!(
                "`{}` is a stream, but {} ranks read the rows, each for itself: expected a file that all ranks have",
                stream.display(),
                ranks.size()
            ))),
        }
    }
}
