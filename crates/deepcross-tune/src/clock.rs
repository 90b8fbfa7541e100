//! The time of a search over all its calls.

use std::time::{Duration, Instant};

/// Measures the time of a search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    begun: Instant,
    /// The seconds of the calls before this one.
    before: f64,
    /// The seconds after which no trial goes on.
    limit: Option<f64>,
}

impl Clock {
    pub(crate) fn new(before: f64, minutes: Option<f64>) -> Self {
        Self { begun: Instant::now(), before, limit: minutes.map(|minutes| 60.0 * minutes) }
    }

    /// The seconds of all calls.
    pub(crate) fn elapsed(&self) -> f64 {
        self.before + self.begun.elapsed().as_secs_f64()
    }

    /// Whether the time of the search has ended.
    pub(crate) fn is_up(&self) -> bool {
        self.limit.is_some_and(|limit| self.elapsed() >= limit)
    }
}

/// Tells when checkpoints are due.
pub(crate) fn due(minutes: Option<f64>) -> impl FnMut() -> bool + Send {
    let interval = minutes.and_then(|minutes| Duration::try_from_secs_f64(60.0 * minutes).ok());
    let mut last = Instant::now();
    move || {
        let is_due = interval.is_some_and(|interval| last.elapsed() >= interval);
        if is_due {
            last = Instant::now();
        }
        is_due
    }
}
