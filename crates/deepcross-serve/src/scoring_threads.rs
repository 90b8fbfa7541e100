//! The threads that score: each owns a session and takes batches from the queue.

use crate::job_queue::{Job, JobQueue, MIN_ROWS_PER_THREAD, Score};
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::scoring_session::ScoringSession;
use crate::served_model::LoadedModel;
use crate::text_rows::TextRows;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout_at;

/// The queue and the threads that empty it.
#[derive(Debug)]
pub(crate) struct ScoringThreads {
    pub(crate) queue: Arc<JobQueue>,
    batch_rows: usize,
    timeout: Duration,
    threads: Vec<JoinHandle<()>>,
}

impl ScoringThreads {
    pub(crate) fn start(
        queue: JobQueue,
        threads: usize,
        batch_rows: usize,
        timeout: Duration,
        metrics: &Arc<Metrics>,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(queue);
        let start = |index: usize| {
            let (queue, metrics) = (Arc::clone(&queue), Arc::clone(metrics));
            let name = format!("scorer-{index}");
            std::thread::Builder::new().name(name).spawn(move || work(&queue, &metrics))
        };
        let threads = (0..threads).map(start).collect::<Result<_, _>>()?;
        Ok(Self { queue, batch_rows, timeout, threads })
    }

    /// Scores all rows.
    ///
    /// # Errors
    /// If the queue is full, a row cannot be encoded, or scoring takes too long.
    pub(crate) async fn score(
        &self,
        model: &Arc<LoadedModel>,
        rows: TextRows,
    ) -> Result<Vec<Score>, Problem> {
        let rows = Arc::new(rows);
        let (mut jobs, mut replies) = (Vec::new(), Vec::new());
        for range in rows.chunks(self.job_rows(rows.len())) {
            let (reply, scored) = oneshot::channel();
            let (model, rows) = (Arc::clone(model), Arc::clone(&rows));
            jobs.push(Job { model, rows, range, reply });
            replies.push(scored);
        }
        let until = tokio::time::Instant::now() + self.timeout;
        self.queue.push(jobs).map_err(|_| {
            Problem::overloaded(
                "the queue has no room for the rows: it holds at most `queue-rows` rows",
            )
        })?;
        let (mut scores, mut errors) = (Vec::with_capacity(rows.len()), Vec::new());
        for reply in replies {
            match timeout_at(until, reply).await {
                Err(_) => {
                    return Err(Problem::not_scored(
                        "the rows were not scored within `score-timeout`",
                    ));
                }
                Ok(Err(_)) => return Err(Problem::not_scored("scoring failed")),
                Ok(Ok(Ok(scored))) => scores.extend(scored),
                Ok(Ok(Err(more))) => errors.extend(more),
            }
        }
        if errors.is_empty() { Ok(scores) } else { Err(Problem::rows(errors, 0)) }
    }

    /// The rows of one job: few enough that all threads get a part of the request, if it has enough rows for that.
    fn job_rows(&self, n_rows: usize) -> usize {
        n_rows.div_ceil(self.threads.len()).max(MIN_ROWS_PER_THREAD).min(self.batch_rows)
    }

    /// Whether no thread has ended.
    pub(crate) fn all_run(&self) -> bool {
        self.threads.iter().all(|thread| !thread.is_finished())
    }
}

impl Drop for ScoringThreads {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            // A thread that panicked returns nothing.
            let _ = thread.join();
        }
    }
}

fn work(queue: &JobQueue, metrics: &Metrics) {
    let mut session = None;
    let mut batch = Vec::new();
    while queue.take(&mut batch) {
        // A panic, which must never happen, would otherwise end this thread, and in time the whole service.
        let done =
            catch_unwind(AssertUnwindSafe(|| score_batch(&mut session, &mut batch, metrics)));
        if done.is_err() {
            session = None;
            batch.clear();
        }
    }
}

/// Scores all jobs of a batch and answers them.
fn score_batch(session: &mut Option<ScoringSession>, batch: &mut Vec<Job>, metrics: &Metrics) {
    batch.retain(|job| !job.reply.is_closed());
    let Some(first) = batch.first() else { return };
    let scored = ScoringSession::for_model(session, &first.model).score(batch, metrics);
    // Everything is counted before any answer: a caller who then reads the metrics finds its own rows in them.
    for (job, scored) in batch.drain(..).zip(scored) {
        // The caller may have gone.
        let _ = job.reply.send(scored);
    }
}
