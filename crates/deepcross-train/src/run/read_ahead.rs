//! Reads ahead: while the threads work on some rows, they read the next.
//!
//! Reading is a task of the pool, joined with the work on the rows before, and is itself cut into tasks.
//! So no more threads run than the pool has, and a thread that is free early takes groups or rows from the others.
//! On one thread, reading and work take turns.
//! After an error or a panic no task runs on, since a join waits for both of its sides.
//! Rejected: a separate thread for reading, which is one thread more than there are cores, takes time from a thread of
//! the pool at any moment, and has to be stopped.
//! Rejected: a longer queue, which helps only if single reads take longer than the work on a whole batch, and takes
//! more memory.
//!
//! Reads happen in the same order as without reading ahead, and an error of reading is returned after the work on all
//! rows before it.

use deepcross_data::rows::RawValues;
use deepcross_data::{DataError, RowReader, Shuffled};
use deepcross_features::Batch;

/// A source that can be read ahead.
pub(crate) trait Reads: Send {
    /// The rows of one read, in a container that is filled again and again.
    type Chunk: Send;

    /// An empty container.
    fn new_chunk(&self) -> Self::Chunk;

    /// Fills a container with the next rows, in place of those in it; returns false if no row is left.
    fn read(&mut self, chunk: &mut Self::Chunk) -> Result<bool, DataError>;
}

/// Chunks of rows, each read while the one before it is worked on.
#[derive(Debug)]
pub(crate) struct ReadAhead<R: Reads> {
    source: R,
    chunk: R::Chunk,
    next: R::Chunk,
    /// Whether `next` holds rows; `None` if it has not been read.
    is_read: Option<Result<bool, DataError>>,
}

impl<R: Reads> ReadAhead<R> {
    /// A reader of a source that stands at its first row; nothing is read yet.
    pub(crate) fn new(source: R) -> Self {
        let (chunk, next) = (source.new_chunk(), source.new_chunk());
        Self { source, chunk, next, is_read: None }
    }

    /// Does `work` on the next chunk while the one after it is read; returns `None`, without work, if no row is left.
    ///
    /// After `None` or an error, the next call reads the source again; the source may have been restarted in between.
    ///
    /// # Errors
    /// The error of reading this chunk; by then, all earlier chunks have been worked on.
    pub(crate) fn next<T: Send>(
        &mut self,
        work: impl FnOnce(&mut R::Chunk) -> T + Send,
    ) -> Result<Option<T>, DataError> {
        let Self { source, chunk, next, is_read } = self;
        let has_rows = is_read.take().unwrap_or_else(|| source.read(next));
        if !has_rows? {
            return Ok(None);
        }
        std::mem::swap(chunk, next);
        let (done, read) = rayon::join(|| work(chunk), || source.read(next));
        *is_read = Some(read);
        Ok(Some(done))
    }

    /// The source, which may already have read one chunk more than has been worked on.
    pub(crate) fn source(&self) -> &R {
        &self.source
    }

    /// The source, to be restarted at its end.
    pub(crate) fn source_mut(&mut self) -> &mut R {
        &mut self.source
    }
}

/// Rows in random order, a batch at a time.
#[derive(Debug)]
pub(crate) struct Batches<'e> {
    pub(crate) shuffled: Shuffled<'e>,
    /// The rows of a batch.
    pub(crate) rows: usize,
}

impl Reads for Batches<'_> {
    type Chunk = Batch;

    fn new_chunk(&self) -> Batch {
        self.shuffled.reader().new_batch()
    }

    fn read(&mut self, batch: &mut Batch) -> Result<bool, DataError> {
        batch.clear();
        Ok(self.shuffled.next(batch, self.rows)? > 0)
    }
}

/// Rows in their order, `rows` good ones at a time.
#[derive(Debug)]
pub(crate) struct InOrder<'r, 'e> {
    pub(crate) reader: &'r mut RowReader<'e>,
    pub(crate) rows: usize,
}

/// Rows in their order.
#[derive(Debug)]
pub(crate) struct OrderedRows {
    pub(crate) batch: Batch,
    /// The same rows by each further encoder of the reader.
    pub(crate) other_batches: Vec<Batch>,
    /// The result of [`RowReader::bad_positions`] for these rows.
    pub(crate) bad_positions: Vec<usize>,
    /// The result of [`RowReader::raw_values`] for these rows.
    pub(crate) raw_values: RawValues,
    /// The result of [`RowReader::bad_values`] for these rows.
    pub(crate) bad_values: RawValues,
}

impl Reads for InOrder<'_, '_> {
    type Chunk = OrderedRows;

    fn new_chunk(&self) -> OrderedRows {
        OrderedRows {
            batch: self.reader.new_batch(),
            other_batches: Vec::new(),
            bad_positions: Vec::new(),
            raw_values: RawValues::default(),
            bad_values: RawValues::default(),
        }
    }

    fn read(&mut self, chunk: &mut OrderedRows) -> Result<bool, DataError> {
        chunk.batch.clear();
        let n_good = self.reader.fill(&mut chunk.batch, self.rows)?;
        self.reader.swap_other_batches(&mut chunk.other_batches);
        chunk.bad_positions.clear();
        chunk.bad_positions.extend(self.reader.bad_positions());
        chunk.raw_values.clone_from(self.reader.raw_values());
        chunk.bad_values.clone_from(self.reader.bad_values());
        Ok(n_good + chunk.bad_positions.len() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataWait, Event, Files, RunConfig, RunOptions, TrainError, train};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::{Duration, Instant};

    /// Counts from 1 up to an end, after which there may be an error.
    struct Numbers {
        read: u32,
        end: u32,
        fails: bool,
        panics_at: u32,
        sender: Option<Sender<u32>>,
    }

    impl Numbers {
        fn to(end: u32) -> Self {
            Self { read: 0, end, fails: false, panics_at: u32::MAX, sender: None }
        }
    }

    impl Reads for Numbers {
        type Chunk = u32;

        fn new_chunk(&self) -> u32 {
            0
        }

        fn read(&mut self, chunk: &mut u32) -> Result<bool, DataError> {
            assert!(self.read + 1 < self.panics_at, "reading panics");
            if self.read == self.end {
                return if self.fails { Err(DataError::NoFiles) } else { Ok(false) };
            }
            self.read += 1;
            *chunk = self.read;
            if let Some(sender) = &self.sender {
                sender.send(self.read).expect("the test receives");
            }
            Ok(true)
        }
    }

    fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("there are threads").install(work)
    }

    /// The chunks that were worked on, up to the end or an error.
    fn all(ahead: &mut ReadAhead<Numbers>) -> (Vec<u32>, Result<(), DataError>) {
        let mut done = Vec::new();
        loop {
            match ahead.next(|chunk| *chunk) {
                Ok(Some(chunk)) => done.push(chunk),
                Ok(None) => return (done, Ok(())),
                Err(error) => return (done, Err(error)),
            }
        }
    }

    #[test]
    fn chunks_are_worked_on_in_order_before_the_error_is_returned() {
        for threads in [1, 2, 3, 8] {
            for (end, fails) in [(0, false), (0, true), (1, false), (1, true), (50, true)] {
                let mut ahead = ReadAhead::new(Numbers { fails, ..Numbers::to(end) });
                let (done, ended) = on(threads, || all(&mut ahead));
                assert_eq!(done, (1..=end).collect::<Vec<_>>());
                assert_eq!(ended.is_err(), fails, "{threads} threads, to {end}");
            }
        }
    }

    #[test]
    fn a_restarted_source_is_read_again() {
        let mut ahead = ReadAhead::new(Numbers::to(3));
        for _ in 0..2 {
            assert_eq!(on(2, || all(&mut ahead).0), [1, 2, 3]);
            assert_eq!(ahead.source().read, 3);
            ahead.source_mut().read = 0;
        }
    }

    #[test]
    fn the_next_chunk_is_read_during_the_work() {
        let (sender, receiver) = channel();
        let mut ahead = ReadAhead::new(Numbers { sender: Some(sender), ..Numbers::to(5) });
        let patience = Duration::from_secs(60);
        let receiver: Mutex<Receiver<u32>> = Mutex::new(receiver);
        on(2, move || {
            let mut seen = 0;
            while let Ok(Some(())) = ahead.next(|chunk| {
                let receiver = receiver.lock().expect("nobody else receives");
                while seen < 5.min(*chunk + 1) {
                    seen = receiver.recv_timeout(patience).expect("rows are read during the work");
                }
                assert_eq!(receiver.try_recv().ok(), None, "no more than one chunk is read ahead");
            }) {}
            assert_eq!(seen, 5);
        });
    }

    #[test]
    fn panics_of_both_sides_reach_the_caller() {
        for threads in [1, 2, 3] {
            let mut ahead = ReadAhead::new(Numbers { panics_at: 3, ..Numbers::to(9) });
            let panic = catch_unwind(AssertUnwindSafe(|| on(threads, || all(&mut ahead).0)));
            assert!(panic.is_err(), "{threads} threads");
            let mut ahead = ReadAhead::new(Numbers::to(9));
            let panic = catch_unwind(AssertUnwindSafe(|| {
                on(threads, || ahead.next(|_| panic!("work panics")).is_ok())
            }));
            assert!(panic.is_err(), "{threads} threads");
        }
    }

    const CONFIG: &str = r#"
        [data]
        label = "click"

        [[field]]
        name = "ad"
        kind = "categorical"

        [model]
        embedding = 2
        hidden = [2]

        [train]
        batch = 10
        valid_fraction = 0
        shuffle_buffer = 1
    "#;

    /// Rows that differ, so that some of each class can be held out.
    fn rows(n: usize) -> String {
        (0..n).fold("click,ad\n".to_owned(), |text, row| format!("{text}{},{row}\n", row % 2))
    }

    /// The epochs of a run; its events go to `observe`, together with the file of its rows.
    fn run(
        threads: usize,
        overrides: &[&str],
        mut observe: impl FnMut(&Event<'_>, &std::path::Path) + Send,
    ) -> Result<u32, TrainError> {
        let folder = tempfile::tempdir().expect("there is room");
        let file = folder.path().join("clicks.csv");
        std::fs::write(&file, rows(104)).expect("there is room");
        let overrides: Vec<_> = overrides.iter().map(|&set| set.to_owned()).collect();
        let config = RunConfig::parse(CONFIG, &overrides, "run.toml")?;
        let files = Files::new(vec![file.clone()]);
        let trained = train(&config, &files, RunOptions::on_threads(threads), &mut |event| {
            observe(&event, &file)
        })?;
        Ok(trained.training.epochs)
    }

    #[test]
    fn rows_before_a_bad_one_are_trained_on() {
        for threads in [1, 2, 3, 8] {
            let mut steps = Vec::new();
            let error = run(threads, &["train.epochs=1"], |event, file| match event {
                // The pass that fits the encoder finds no bad row.
                Event::Fitted { .. } => {
                    let bad = format!("{}maybe,a\n{}", rows(46), "1,a\n".repeat(40));
                    std::fs::write(file, bad).expect("there is room");
                }
                Event::Step { rows, .. } => steps.push(*rows),
                _ => {}
            });
            let message = error.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(message.contains("maybe"), "{message}");
            assert_eq!(steps, [10, 20, 30, 40], "{threads} threads");
        }
    }

    #[test]
    fn batches_are_wanted_and_ready_in_turns() {
        let (mut events, mut wait) = (String::new(), DataWait::new(2));
        let trained = run(2, &["train.epochs=2", "train.batch=40"], |event, _| {
            wait.observe(event, Instant::now());
            events += match event {
                Event::BatchWanted => "wanted ",
                Event::BatchReady => "ready ",
                Event::Step { .. } => "step ",
                Event::Epoch(_) => "end ",
                _ => "",
            };
        });
        assert!(trained.is_ok(), "{trained:?}");
        let epoch = format!("{}wanted ready end ", "wanted ready step ".repeat(3));
        assert_eq!(events, epoch.repeat(2));
        assert!((0.0..0.5).contains(&wait.share()), "{}", wait.share());
    }

    #[test]
    fn a_run_that_stops_early_has_read_what_it_trained_on() {
        for threads in [1, 2, 3] {
            // A learning rate this low changes no weight, so that the second epoch is not better.
            let overrides = [
                "train.epochs=5",
                "train.patience=1",
                "train.valid_fraction=0.5",
                "train.monitor=\"auc\"",
                "train.learning_rate=1e-30",
                "train.seed=3",
            ];
            let (mut trained_on, mut read) = (0, None);
            let epochs = run(threads, &overrides, |event, _| match event {
                Event::Step { rows, .. } => trained_on = *rows,
                Event::Read { train, .. } => {
                    read = train.counts().get("ad").map(|counts| counts.values);
                }
                _ => {}
            });
            assert_eq!(epochs.ok(), Some(2));
            assert_eq!(read, Some(trained_on), "{threads} threads");
        }
    }
}
