//! Shuffles rows through a bounded buffer.
//!
//! The buffer holds encoded rows, so that each row is parsed once and memory does not grow with the file.
//! A row drawn from the buffer leaves a gap, since rows of different lengths cannot take each other's place.
//! Gaps are closed all at once, when there are half as many as waiting rows.
//! They are closed in place: moving the rows into a second buffer would hold most of them twice.
//! Rejected: shuffling raw lines. It needs no gaps, but holds all columns, including those that are not read.

use std::ops::Range;
use std::path::PathBuf;

use deepcross_features::Batch;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::external::ExternalShuffle;
use crate::encode::{RowReader, gather, keep_rows};
use crate::error::DataError;
use crate::random::below;

/// Draws the rows of a [`RowReader`] at random.
///
/// If the data fit the buffer, rows come in a uniformly random order.
/// Otherwise each row is drawn from a full buffer: the row at position `p` of the output, counted from 0, is one of the
/// first `p + capacity` of the input, and a row stays in the buffer for `capacity` draws on average.
/// So rows mix with those up to a few capacities away, and a trend over more rows than that remains.
///
/// The order depends only on the data, the capacity, the seed and the epoch.
#[derive(Debug)]
pub struct Shuffled<'e> {
    reader: RowReader<'e>,
    capacity: usize,
    seed: u64,
    random: ChaCha8Rng,
    /// The rows that are read and not yet drawn, and gaps.
    buffer: Batch,
    /// The positions in `buffer` of the rows that are not yet drawn.
    waiting: Vec<usize>,
    /// The positions of the rows drawn last, in order.
    drawn: Vec<usize>,
    /// Scratch for closing gaps: the waiting positions in ascending order.
    kept: Vec<usize>,
    /// Scratch for closing gaps: the new place of each position.
    places: Vec<usize>,
    exhausted: bool,
    /// The shuffle that rows take instead, if all rows are shuffled as a whole.
    external: Option<ExternalShuffle>,
}

impl<'e> Shuffled<'e> {
    /// Shuffles the rows of `reader`, which must not have read any row yet.
    ///
    /// Holds at most 1.5 times `capacity` rows.
    /// A `capacity` of 0 counts as 1, which keeps the order.
    pub fn new(mut reader: RowReader<'e>, capacity: usize, seed: u64, epoch: u64) -> Self {
        reader.set_epoch(epoch);
        let buffer = reader.new_batch();
        let random = stream(seed, epoch);
        let capacity = capacity.max(1);
        let (waiting, drawn, kept, places) = Default::default();
        let (exhausted, external) = (false, None);
        Self {
            reader,
            capacity,
            seed,
            random,
            buffer,
            waiting,
            drawn,
            kept,
            places,
            exhausted,
            external,
        }
    }

    /// Shuffles all rows as a whole: they come in a uniformly random order, however many there are.
    ///
    /// Holds about `capacity` rows. If there are more, they go through a file in `folder`, which has no name there and
    /// is about as large as a [`Cache`](crate::cache::Cache) of these rows.
    /// All rows are read before the first is handed out.
    /// `n_rows` is the approximate number of rows: if there are more, proportionally more rows are held.
    ///
    /// The order depends only on the data, the capacity, `n_rows`, the seed and the epoch.
    #[must_use]
    pub fn as_a_whole(mut self, n_rows: u64, folder: PathBuf) -> Self {
        let rows = self.reader.new_batch();
        self.external = Some(ExternalShuffle::new(rows, (n_rows, self.capacity), folder));
        self
    }

    /// Appends up to `rows` rows to `batch`, and returns the number of rows, which is below `rows` only at the end.
    ///
    /// Allocates nothing once the buffers have grown to the size of their rows.
    ///
    /// # Errors
    /// As [`RowReader::fill`], and if the file of a shuffle as a whole cannot be written or read.
    pub fn next(&mut self, batch: &mut Batch, rows: usize) -> Result<usize, DataError> {
        if let Some(external) = &mut self.external {
            return external.next(&mut self.reader, &mut self.random, (batch, rows));
        }
        let start = batch.n_rows();
        loop {
            let wanted = rows - (batch.n_rows() - start);
            if wanted == 0 || self.exhausted && self.waiting.is_empty() {
                return Ok(rows - wanted);
            }
            let draws = wanted.min(self.most_draws());
            let (arrived, read) = self.refill(draws);
            self.draw(arrived, draws);
            gather(batch, &self.buffer, &self.drawn);
            read?;
        }
    }

    /// Chooses the seed of the orders that follow: the next [`restart`](Self::restart) begins the first of them.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// Starts again at the first row, in the order of `epoch`, and keeps the buffers.
    ///
    /// # Errors
    /// As [`RowReader::restart`].
    pub fn restart(&mut self, epoch: u64) -> Result<(), DataError> {
        self.reader.restart()?;
        self.reader.set_epoch(epoch);
        self.random = stream(self.seed, epoch);
        self.external.iter_mut().for_each(ExternalShuffle::restart);
        self.buffer.clear();
        self.waiting.clear();
        self.exhausted = false;
        Ok(())
    }

    /// The reader, for its counts.
    pub fn reader(&self) -> &RowReader<'e> {
        &self.reader
    }

    /// The most rows that are drawn after one read, so that the rows read for them stay within the bound.
    fn most_draws(&self) -> usize {
        self.capacity.div_ceil(8)
    }

    /// Reads the rows that are needed for `draws` draws, each from `capacity` rows.
    ///
    /// Returns the positions of these rows in the buffer, and the error of reading, if there was one.
    fn refill(&mut self, draws: usize) -> (Range<usize>, Result<(), DataError>) {
        let wanted = self.capacity - self.waiting.len() + draws - 1;
        let n_gaps = self.buffer.n_rows() - self.waiting.len();
        if n_gaps > 0 && n_gaps + draws > self.capacity / 2 {
            self.close_gaps();
        }
        let start = self.buffer.n_rows();
        let read = match self.exhausted {
            true => Ok(()),
            false => self
                .reader
                .fill(&mut self.buffer, wanted)
                .map(|read| self.exhausted = read < wanted),
        };
        (start..self.buffer.n_rows(), read)
    }

    /// Draws `draws` waiting rows at random, or fewer if there are not enough to draw from.
    ///
    /// The rows that arrived join the waiting rows one by one, so that `capacity` rows wait at each draw.
    fn draw(&mut self, mut arrived: Range<usize>, draws: usize) {
        self.drawn.clear();
        for _ in 0..draws {
            let missing = self.capacity - self.waiting.len();
            self.waiting.extend(arrived.by_ref().take(missing));
            let n = self.waiting.len();
            if n == 0 || n < self.capacity && !self.exhausted {
                return;
            }
            self.drawn.push(self.waiting.swap_remove(below(&mut self.random, n)));
        }
    }

    /// Moves the waiting rows together; `waiting` keeps its order, so that gaps do not change what is drawn.
    fn close_gaps(&mut self) {
        const GAP: usize = usize::MAX;
        self.places.clear();
        self.places.resize(self.buffer.n_rows(), GAP);
        for &row in &self.waiting {
            self.places[row] = 0;
        }
        self.kept.clear();
        for (row, place) in self.places.iter_mut().enumerate().filter(|(_, place)| **place != GAP) {
            *place = self.kept.len();
            self.kept.push(row);
        }
        keep_rows(&mut self.buffer, &self.kept);
        for row in &mut self.waiting {
            *row = self.places[*row];
        }
    }
}

/// The random numbers of an epoch.
fn stream(seed: u64, epoch: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(epoch);
    random
}

#[cfg(test)]
mod tests {
    use deepcross_features::{FieldConfig, Schema};

    use super::*;
    use crate::{BadRows, DataConfig, Labels, Partition, RowPlan, Source, fit};

    #[test]
    fn the_buffer_stays_within_its_bound() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.csv");
        std::fs::write(&file, format!("a\n{}", "1\n".repeat(500))).unwrap();
        let source = Source::open(&[file], &DataConfig::default()).unwrap();
        let schema = Schema::new(vec![FieldConfig::number("a")], Vec::new()).unwrap();
        let encoder = fit(&source, &schema, Partition::All, BadRows::Error).unwrap().encoder;

        for capacity in [1, 2, 7, 50] {
            let plan = RowPlan {
                labels: Labels::Ignored,
                partition: Partition::All,
                bad_rows: BadRows::Error,
            };
            let reader = RowReader::new(&source, &encoder, plan).unwrap();
            let mut shuffled = Shuffled::new(reader, capacity, 0, 0);
            let mut batch = encoder.new_batch();
            while shuffled.next(&mut batch, 1).unwrap() > 0 {
                assert!(shuffled.buffer.n_rows() <= capacity + capacity / 2);
            }
            assert_eq!(batch.n_rows(), 500);
        }
    }
}
