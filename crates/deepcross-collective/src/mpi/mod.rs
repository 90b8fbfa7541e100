//! Ranks that are processes, on one machine or on many, and exchange messages over MPI.
//!
//! [`Mpi`] is the process's part in the job, from the start to the orderly end; [`MpiRank`] is the rank, to be used by
//! any thread. Only messages between two ranks go through the library, so a job's traffic is that of all other
//! communicators.
//! Rejected: the library's own collectives. Their sums have no promised order, and their lengths must be known
//! beforehand.

mod rank;
mod sends;
mod wait;

use std::env;
use std::panic;
use std::sync::Arc;

use ferrompi::ThreadLevel;

pub use self::rank::MpiRank;
use crate::communicator::Communicator;
use crate::error::CollectiveError;

/// The longest piece of a message, in bytes; most libraries count the bytes of a message in 31 bits.
pub const LONGEST_PIECE: usize = 1 << 30;

/// The process's part in a job of several processes, which a launcher such as `mpirun` has started.
///
/// A process without a launcher is the only rank of its job.
///
/// The job ends in order if all ranks call [`finish`](Self::finish). A rank that panics, or that drops this value before,
/// ends the job for all: otherwise the others would wait for it for ever.
#[derive(Debug)]
pub struct Mpi {
    rank: Arc<MpiRank>,
    /// `None` once the process has left in order.
    library: Option<Library>,
}

/// The open library; it is closed on the thread that has opened it.
struct Library(ferrompi::Mpi);

impl std::fmt::Debug for Library {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Library({:?})", self.0.thread_level())
    }
}

impl Mpi {
    /// Takes part in the job, once in a process, and before it starts threads.
    ///
    /// If there are several ranks, a panic on any thread ends the job from now on, after it was printed.
    ///
    /// # Errors
    ///
    /// If the library refuses, does not allow that threads call it one after the other (`MPI_THREAD_SERIALIZED`), or sees
    /// one process although the launcher, then that of another library, has started several.
    pub fn init() -> Result<Self, CollectiveError> {
        Self::with_pieces(LONGEST_PIECE)
    }

    /// As [`init`](Self::init), with messages that are sent in pieces of at most `longest` bytes, at least 1. All ranks
    /// give the same number.
    ///
    /// # Errors
    ///
    /// Those of [`init`](Self::init).
    pub fn with_pieces(longest: usize) -> Result<Self, CollectiveError> {
        let library = ferrompi::Mpi::init_thread(ThreadLevel::Serialized);
        let library = library.map_err(|reason| refused("cannot be started", &reason))?;
        let granted = library.thread_level();
        if granted < ThreadLevel::Serialized {
            return Err(unfit(format!(
                "the library allows calls at the thread level {granted:?}, but Serialized is needed"
            )));
        }
        let rank = Arc::new(MpiRank::new(library.world(), longest.max(1)));
        if rank.size() > 1 {
            end_job_on_panic(Arc::clone(&rank));
        } else if let Some(n) = launched().filter(|n| *n > 1) {
            return Err(unfit(format!(
                "the launcher has started {n} processes, but the library of this program sees one: both must be of one \
                 MPI, and the variable MPICC chooses the library when the program is built; with Slurm, \
                 `srun --mpi` names the plugin for the library: pmix for Open MPI, pmi2 for MPICH"
            )));
        }
        Ok(Self { rank, library: Some(Library(library)) })
    }

    /// The rank of this process.
    #[must_use]
    pub fn rank(&self) -> &MpiRank {
        &self.rank
    }

    /// Leaves the job in order: waits until all messages of this rank are on their way, and until all ranks leave.
    ///
    /// # Errors
    ///
    /// If a message cannot be sent.
    pub fn finish(mut self) -> Result<(), CollectiveError> {
        self.rank.finish_sends()?;
        self.library = None;
        Ok(())
    }
}

impl Drop for Mpi {
    fn drop(&mut self) {
        if self.library.is_some() && self.rank.size() > 1 {
            self.rank.abort("ended before the job was done");
        }
    }
}

/// The number of processes that a launcher says to have started: that of Open MPI, of MPICH and its relatives, or of
/// Slurm.
///
/// Slurm is last: `mpirun` within a job of Slurm starts its own processes by `srun`, one a node.
fn launched() -> Option<usize> {
    let sizes = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"].map(env::var);
    sizes.into_iter().find_map(|size| size.ok()?.parse().ok())
}

/// The error of a library that works, but not for this job.
fn unfit(reason: String) -> CollectiveError {
    CollectiveError::Mpi { action: "cannot be used", reason }
}

/// Ends the job at the first panic, which would otherwise leave the other ranks waiting.
fn end_job_on_panic(rank: Arc<MpiRank>) {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        print(info);
        rank.abort("panicked");
    }));
}

/// An error of the library.
fn refused(action: &'static str, reason: &ferrompi::Error) -> CollectiveError {
    CollectiveError::Mpi { action, reason: reason.to_string() }
}
