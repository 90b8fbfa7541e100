//! How a rank waits for a message: with its eyes open at first, then with pauses.

use std::thread;
use std::time::{Duration, Instant};

/// How long a rank asks for a message again and again. Threads of this process and other ranks of this machine may run
/// in between.
const AWAKE: Duration = Duration::from_millis(1);

/// How long a rank rests between two questions after that, so that a rank that waits long does not use up a core.
const REST: Duration = Duration::from_micros(50);

/// The time that a rank has waited.
#[derive(Debug)]
pub(super) struct Wait(Instant);

impl Wait {
    /// Begins to wait.
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }

    /// Lets others work before the next question.
    pub(super) fn pause(&self) {
        if self.0.elapsed() < AWAKE {
            thread::yield_now();
        } else {
            thread::sleep(REST);
        }
    }
}
