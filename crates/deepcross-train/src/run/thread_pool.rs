//! The threads of a run.

use crate::error::TrainError;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// A pool of `threads` threads.
///
/// # Errors
/// [`TrainError::Threads`] if the system cannot start them.
pub(crate) fn thread_pool(threads: usize) -> Result<ThreadPool, TrainError> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| TrainError::Threads { threads, reason: error.to_string() })
}

/// Does `work` on `threads` threads, and not on those of all processors.
///
/// # Errors
/// [`TrainError::Threads`] if the system cannot start them.
pub fn on_threads<T: Send>(
    threads: usize,
    work: impl FnOnce() -> T + Send,
) -> Result<T, TrainError> {
    Ok(thread_pool(threads)?.install(work))
}
