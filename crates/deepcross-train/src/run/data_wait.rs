//! The share of training time that threads wait for data.
//!
//! A run reads no clock, so its observer does, and passes the times on to [`DataWait`].
//! The measure is the time of threads, and not the time without a step: one thread reads, so that on one thread none
//! waits, however slow reading is.
//! All other threads count as waiting, even if they help the first to encode: the share says how long steps wait.

use crate::event::Event;
use std::time::{Duration, Instant};

/// The share of the time of its threads that training waits for data.
///
/// Training time is that of each epoch from its beginning to its last step: fitting and validation are left out.
/// If the next batch has not been read when a step ends, one thread reads it, and all others count as waiting until
/// then, even those that help to encode.
/// Filling the shuffle buffer before the first step of an epoch counts in full.
#[derive(Clone, Debug)]
pub struct DataWait {
    threads: usize,
    /// The time of the last event in the training of this epoch.
    last: Option<Instant>,
    trained: Duration,
    /// The time without a batch.
    without_batch: Duration,
}

impl DataWait {
    /// The wait of a run on `threads` threads that has not begun.
    pub fn new(threads: usize) -> Self {
        let (trained, without_batch) = (Duration::ZERO, Duration::ZERO);
        Self { threads, last: None, trained, without_batch }
    }

    /// Records an event that came at the time `now`; to be called with every event of the run.
    pub fn observe(&mut self, event: &Event<'_>, now: Instant) {
        match event {
            Event::BatchWanted => {
                self.trained += self.since_last(now);
                self.last = Some(now);
            }
            Event::BatchReady => {
                self.trained += self.since_last(now);
                self.without_batch += self.since_last(now);
                self.last = Some(now);
            }
            Event::Epoch(_) => self.last = None,
            _ => {}
        }
    }

    /// The share, in [0, 1); 0 before the first step.
    pub fn share(&self) -> f64 {
        if self.trained.is_zero() {
            return 0.0;
        }
        let waiting = 1.0 - 1.0 / self.threads.max(1) as f64;
        waiting * self.without_batch.as_secs_f64() / self.trained.as_secs_f64()
    }

    fn since_last(&self, now: Instant) -> Duration {
        self.last.map_or(Duration::ZERO, |last| now.saturating_duration_since(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EpochReport, MemberPlace};

    fn epoch() -> Event<'static> {
        Event::Epoch(EpochReport {
            epoch: 1,
            train_loss: 0.5,
            learning_rate: 0.1,
            valid: None,
            best: true,
        })
    }

    #[test]
    fn other_threads_wait_while_one_thread_reads() {
        use Event::{BatchReady, BatchWanted};
        let member = MemberPlace { number: 1, of: 1 };
        // Two epochs of 40 and 60 ms, of which 10 and 30 ms are without a batch; validation takes 500 ms.
        let moments = [
            (100, BatchWanted),
            (109, BatchReady),
            (119, Event::Step { epoch: 1, member, rows: 5, loss: 0.5 }),
            (120, BatchWanted),
            (120, BatchReady),
            (139, BatchWanted),
            (140, BatchReady),
            (640, epoch()),
            (650, BatchWanted),
            (680, BatchReady),
            (710, BatchWanted),
            (710, BatchReady),
            (710, epoch()),
        ];
        for (threads, expected) in [(1, 0.0), (2, 0.2), (4, 0.3), (8, 0.35)] {
            let (mut wait, begun) = (DataWait::new(threads), Instant::now());
            assert_eq!(wait.share(), 0.0);
            for (at, event) in &moments {
                wait.observe(event, begun + Duration::from_millis(*at));
            }
            assert!((wait.share() - expected).abs() < 1e-12, "{threads}: {}", wait.share());
        }
    }
}
