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
