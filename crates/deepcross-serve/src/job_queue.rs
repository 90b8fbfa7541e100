//! The queue of rows that wait to be scored; a batch may hold rows of several requests.
//!
//! The queue is bounded by rows and not by requests, since each row costs memory and time.
//! A channel would bound messages, and could not look ahead to see what fits into a batch.

use crate::problem::RowError;
use crate::served_model::LoadedModel;
use crate::text_rows::TextRows;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot::Sender;

/// Rows of one request that one model scores in one go.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) model: Arc<LoadedModel>,
    pub(crate) rows: Arc<TextRows>,
    pub(crate) range: Range<usize>,
    /// Closed if the caller no longer waits.
    pub(crate) reply: Sender<Scored>,
}

/// The score of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Score {
    /// The logit of the model, which has an order where probabilities are rounded to 0 or 1.
    pub(crate) logit: f32,
    pub(crate) probability: f32,
}

/// A score for each row, or the errors of rows.
pub(crate) type Scored = Result<Vec<Score>, Vec<RowError>>;

/// The fewest rows for which another thread is used: products of fewer rows take longer per row.
pub(crate) const MIN_ROWS_PER_THREAD: usize = 32;

/// The queue has no room for the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueFull;

/// Jobs in the order of their arrival.
#[derive(Debug)]
pub(crate) struct JobQueue {
    max_rows: usize,
    batch_rows: usize,
    batch_delay: Duration,
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    rows: usize,
    /// Threads that wait for work.
    idle: usize,
    is_closed: bool,
}

impl JobQueue {
    /// A queue of at most `max_rows` rows, handed out in batches of `batch_rows`; a batch waits up to `batch_delay` to
    /// fill.
    pub(crate) fn new(max_rows: usize, batch_rows: usize, batch_delay: Duration) -> Self {
        let (waiting, changed) = (Mutex::default(), Condvar::new());
        Self { max_rows, batch_rows, batch_delay, waiting, changed }
    }

    /// The number of waiting rows.
    pub(crate) fn n_rows(&self) -> usize {
        self.lock().rows
    }

    /// Appends all jobs of a request, or none of them.
    pub(crate) fn push(&self, jobs: Vec<Job>) -> Result<(), QueueFull> {
        let rows: usize = jobs.iter().map(|job| job.range.len()).sum();
        let mut waiting = self.lock();
        if waiting.is_closed || waiting.rows + rows > self.max_rows {
            return Err(QueueFull);
        }
        waiting.rows += rows;
        let is_shared = jobs.len() > 1;
        waiting.jobs.extend(jobs);
        drop(waiting);
        // If each thread woke the next one, the last would wait for all before it.
        match is_shared {
            true => self.changed.notify_all(),
            false => self.changed.notify_one(),
        }
        Ok(())
    }

    /// Waits for the next batch: jobs of one model with at most `batch_rows` rows together.
    /// Returns false once the queue is closed and empty.
    ///
    /// The waiting rows are divided among the threads that wait for work.
    pub(crate) fn take(&self, batch: &mut Vec<Job>) -> bool {
        let mut waiting = self.lock();
        loop {
            while waiting.jobs.is_empty() {
                if waiting.is_closed {
                    return false;
                }
                waiting.idle += 1;
                waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                waiting.idle -= 1;
            }
            waiting = self.fill_up(waiting);
            if !waiting.jobs.is_empty() {
                break;
            }
        }
        let share = waiting.rows.div_ceil(1 + waiting.idle).max(MIN_ROWS_PER_THREAD);
        waiting.move_batch(share.min(self.batch_rows), batch);
        if !waiting.jobs.is_empty() {
            self.changed.notify_one();
        }
        true
    }

    /// Closes the queue: it accepts no more jobs, and still hands out the waiting ones.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits until a batch is full, or the delay is over.
    fn fill_up<'a>(&self, mut waiting: MutexGuard<'a, Waiting>) -> MutexGuard<'a, Waiting> {
        let until = Instant::now() + self.batch_delay;
        while waiting.rows < self.batch_rows && !waiting.is_closed {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let woken = self.changed.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn move_batch(&mut self, most: usize, batch: &mut Vec<Job>) {
        let mut rows = 0;
        while let Some(next) = self.jobs.front() {
            let other = batch.first().is_some_and(|job| !Arc::ptr_eq(&job.model, &next.model));
            if other || (!batch.is_empty() && rows + next.range.len() > most) {
                break;
            }
            rows += next.range.len();
            batch.extend(self.jobs.pop_front());
        }
        self.rows -= rows;
    }
}
