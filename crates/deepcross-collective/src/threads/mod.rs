//! Ranks that are threads of one process.

#[cfg(any(test, feature = "faults"))]
mod faults;
mod job;
mod mailbox;

use std::sync::Arc;
use std::thread;

#[cfg(any(test, feature = "faults"))]
pub use faults::{Death, Faults};
use job::Job;

use crate::communicator::{Channel, Communicator, check, check_channel};
use crate::error::CollectiveError;

/// Starts jobs whose ranks are threads of this process.
#[derive(Debug)]
pub struct Threads;

impl Threads {
    /// Runs a function on each of `size` ranks, one thread each, and gives the results in the order of the ranks.
    ///
    /// # Panics
    ///
    /// If the function panics on a rank: the calls of the other ranks fail, and when all have ended, the panic goes on
    /// here.
    pub fn run<T: Send>(size: usize, work: impl Fn(&ThreadRank) -> T + Sync) -> Vec<T> {
        run(Self::ranks(size), work)
    }

    /// As [`run`](Self::run), with messages that are delayed and a rank that dies, by a seed.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    #[cfg(any(test, feature = "faults"))]
    pub fn run_with<T: Send>(
        size: usize,
        faults: Faults,
        work: impl Fn(&ThreadRank) -> T + Sync,
    ) -> Vec<T> {
        run(ranks(Job::with_faults(size, faults)), work)
    }

    /// The ranks of a job, for threads that the caller starts.
    ///
    /// A rank that is dropped has left the job. The messages that it has sent are still received. A rank that waits for
    /// more of them, or sends to it, gets the error that it is lost.
    #[must_use]
    pub fn ranks(size: usize) -> Vec<ThreadRank> {
        ranks(Job::new(size))
    }
}

fn ranks(job: Job) -> Vec<ThreadRank> {
    let job = Arc::new(job);
    (0..job.size()).map(|rank| ThreadRank { rank, job: Arc::clone(&job) }).collect()
}

fn run<T: Send>(ranks: Vec<ThreadRank>, work: impl Fn(&ThreadRank) -> T + Sync) -> Vec<T> {
    let work = &work;
    thread::scope(|scope| {
        // The thread owns its rank, so a panic drops it, and the job ends.
        let start = |rank: ThreadRank| scope.spawn(move || work(&rank));
        let threads: Vec<_> = ranks.into_iter().map(start).collect();
        // All are joined before a panic goes on, so that the first one is shown and not that of the scope.
        let results: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
        let unwrap = |result| match result {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        results.into_iter().map(unwrap).collect()
    })
}

/// One rank of a job of [`Threads`].
#[derive(Debug)]
pub struct ThreadRank {
    rank: usize,
    job: Arc<Job>,
}

impl Communicator for ThreadRank {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.job.size()
    }

    fn send(&self, to: usize, channel: Channel, message: &[u8]) -> Result<(), CollectiveError> {
        check(self, to, channel)?;
        self.job.send(self.rank, to, channel, message)
    }

    fn receive(
        &self,
        from: usize,
        channel: Channel,
        message: &mut Vec<u8>,
    ) -> Result<(), CollectiveError> {
        check(self, from, channel)?;
        self.job.receive(from, self.rank, channel, message)
    }

    /// Messages wait at the rank that receives them.
    fn flush(&self, channel: Channel) -> Result<(), CollectiveError> {
        check_channel(channel)
    }

    fn abort(&self, reason: &str) {
        let reason = reason.to_owned();
        self.job.end(CollectiveError::Aborted { rank: self.rank, reason });
    }
}

impl Drop for ThreadRank {
    fn drop(&mut self) {
        if thread::panicking() {
            self.job.end(CollectiveError::Lost { rank: self.rank });
        }
        self.job.leave(self.rank);
    }
}
