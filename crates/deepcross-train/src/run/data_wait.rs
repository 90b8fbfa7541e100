//! How much of the time of training its threads wait for data.
//!
//! A run reads no clock, so that whoever observes it does, and hands the moments on to [`DataWait`].
//! What is measured is the time of threads and not that in which no step is being made: one thread reads, and on one
//! thread nobody waits, however slow reading is.
//! Other threads count as waiting, also where they help the first to encode: the figure tells what a step waits for.

use crate::event::Event;
use std::time::{Duration, Instant};

/// The share of its threads' time that training waits for data.
///
/// Training is the time of each epoch from its beginning to its last step: fitting and validation are left out.
/// Within it, a batch may not have been read when the step before it ends; until it is, one thread reads and all others
/// count as waiting, also those that help to encode. Filling the shuffle buffer before the first step of an epoch counts in full.
#[derive(Clone, Debug)]
pub struct DataWait {
    threads: usize,
    /// The last moment of this epoch's training that was told.
    last: Option<Instant>,
    trained: Duration,
    /// How long there was no batch.
    without_batch: Duration,
}

impl DataWait {
    /// Of a run on so many threads, which has not begun.
    pub fn new(threads: usize) -> Self {
        let (trained, without_batch) = (Duration::ZERO, Duration::ZERO);
        Self { threads, last: None, trained, without_batch }
    }

    /// Takes note of what happened `now`; to be called with every event of the run.
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
    use crate::EpochReport;

    fn epoch() -> Event<'static> {
        Event::Epoch(EpochReport { epoch: 1, train_loss: 0.5, valid: None, best: true })
    }

    #[test]
    fn others_wait_while_one_thread_reads() {
        use Event::{BatchReady, BatchWanted};
        // Two epochs of 40 and 60 ms, in which no batch was there for 10 and 30 ms; validation takes 500 ms.
        let moments = [
            (100, BatchWanted),
            (109, BatchReady),
            (119, Event::Step { epoch: 1, rows: 5, loss: 0.5 }),
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
            let (mut waiting, begun) = (DataWait::new(threads), Instant::now());
            assert_eq!(waiting.share(), 0.0);
            for (at, event) in &moments {
                waiting.observe(event, begun + Duration::from_millis(*at));
            }
            assert!((waiting.share() - expected).abs() < 1e-12, "{threads}: {}", waiting.share());
        }
    }
}
