//! How the share of positive rows changes along the rows, and what a shuffle through a buffer leaves of that.

use serde::{Deserialize, Serialize};

/// The least rows of a block.
const LEAST_ROWS: u64 = 256;

/// The number of full blocks at which neighbours are merged.
const MOST_BLOCKS: usize = 1024;

/// The standard errors of a buffer's share of positive rows that chance explains.
const CHANCE: f64 = 5.0;

/// The shift of the log-odds of a positive row that is too small to matter: a model that saw only such rows last would
/// predict probabilities that are at most 5 % off.
const SMALL: f64 = 0.05;

/// The numbers of positive rows in blocks of equally many rows, in the order of the rows.
///
/// Blocks grow with the number of rows, so that there are never more than 1024.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositiveBlocks {
    /// The rows of a full block.
    rows: u64,
    /// The positive rows of each full block.
    full: Vec<u64>,
    /// The rows of the block that is not full yet, and the positive ones among them.
    last: (u64, u64),
}

/// A change of the share of positive rows that remains after a shuffle through a buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// The least expected share of positive rows in the buffer.
    pub low: f64,
    /// The greatest one.
    pub high: f64,
    /// The share of positive rows among all rows.
    pub mean: f64,
}

impl Default for PositiveBlocks {
    fn default() -> Self {
        Self { rows: LEAST_ROWS, full: Vec::new(), last: (0, 0) }
    }
}

impl PositiveBlocks {
    /// Adds the next row.
    pub fn push(&mut self, positive: bool) {
        self.last = (self.last.0 + 1, self.last.1 + u64::from(positive));
        if self.last.0 < self.rows {
            return;
        }
        self.full.push(self.last.1);
        self.last = (0, 0);
        if self.full.len() == MOST_BLOCKS {
            self.full = self.full.chunks(2).map(|pair| pair.iter().sum()).collect();
            self.rows *= 2;
        }
    }

    /// The drift that a shuffle through a buffer of `capacity` rows leaves, if it is more than chance explains and large
    /// enough to matter; negative rows are kept with the probability `negative_rate`.
    ///
    /// Rows leave a full buffer at random, so its share of positive rows is that of the rows to come. In expectation, it
    /// moves towards the share of the rows that arrive, by a factor of 1 / e in as many rows as the buffer has.
    pub fn drift(&self, capacity: usize, negative_rate: f64) -> Option<Drift> {
        let blocks = || {
            self.blocks().map(|(rows, positives)| {
                (positives + (rows - positives) * negative_rate, positives)
            })
        };
        let (rows, positives) =
            blocks().fold((0.0, 0.0), |sum, block| (sum.0 + block.0, sum.1 + block.1));
        let (capacity, mean) = (capacity as f64, positives / rows);
        if rows <= capacity {
            return None;
        }
        let (mut waiting, mut waiting_positives) = (0.0_f64, 0.0);
        let (mut low, mut high) = (mean, mean);
        for (rows, positives) in blocks().filter(|(rows, _)| *rows > 0.0) {
            let share = positives / rows;
            let filling = rows.min(capacity - waiting);
            (waiting, waiting_positives) = (waiting + filling, waiting_positives + filling * share);
            if waiting < capacity {
                continue;
            }
            let left = libm::exp(-(rows - filling) / capacity);
            waiting_positives = share * capacity + (waiting_positives - share * capacity) * left;
            let now = waiting_positives / capacity;
            (low, high) = (low.min(now), high.max(now));
        }
        let variance = mean * (1.0 - mean);
        let usual = (CHANCE * (variance / capacity).sqrt()).max(SMALL * variance);
        ((mean - low).max(high - mean) > usual).then_some(Drift { low, high, mean })
    }

    /// The rows and the positive rows of each block.
    fn blocks(&self) -> impl Iterator<Item = (f64, f64)> {
        let full = self.full.iter().map(|&positives| (self.rows, positives));
        full.chain([self.last]).map(|(rows, positives)| (rows as f64, positives as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn blocks(labels: impl IntoIterator<Item = bool>) -> PositiveBlocks {
        let mut blocks = PositiveBlocks::default();
        labels.into_iter().for_each(|positive| blocks.push(positive));
        blocks
    }

    /// The rows and the positive rows of all blocks.
    fn totals(blocks: &PositiveBlocks) -> (f64, f64) {
        blocks.blocks().fold((0.0, 0.0), |sum, block| (sum.0 + block.0, sum.1 + block.1))
    }

    #[test]
    fn blocks_grow_and_keep_all_rows() {
        for n in [0_u32, 1, 255, 256, 257, 262_143, 262_144, 262_145, 1_000_000] {
            let blocks = blocks((0..n).map(|row| row % 5 == 0));
            assert_eq!(totals(&blocks), (f64::from(n), f64::from(n.div_ceil(5))), "{n} rows");
            assert!(blocks.full.len() < MOST_BLOCKS, "{n} rows");
        }
    }

    #[test]
    fn rows_in_a_random_order_have_no_drift() {
        for (seed, rate) in (0..).zip([0.5, 0.1, 0.01, 0.5, 0.1, 0.01]) {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let blocks = blocks((0..50_000).map(|_| random.random_bool(rate)));
            for capacity in [500, 5000, 20_000] {
                assert_eq!(blocks.drift(capacity, 1.0), None, "seed {seed}, {capacity} rows");
                assert_eq!(blocks.drift(capacity, 0.2), None, "seed {seed}, {capacity} rows");
            }
        }
    }

    #[test]
    fn sorted_rows_have_a_drift_unless_they_fit_the_buffer() {
        let clicks_first = blocks((0..50_000).map(|row| row < 10_000));
        let clicks_last = blocks((0..50_000).map(|row| row >= 40_000));
        for blocks in [&clicks_first, &clicks_last] {
            assert_eq!(blocks.drift(50_000, 1.0), None);
            for capacity in [100, 5000, 40_000] {
                let Drift { low, high, mean } = blocks.drift(capacity, 1.0).expect("a drift");
                assert!(low < mean && high > mean && mean == 0.2, "{low}, {high}, {mean}");
                assert!(high - low > 0.05, "{low}, {high}");
            }
        }
        // Only a fourth of the negative rows are kept: half of the rows are positive, and 20,000 rows are left.
        assert_eq!(clicks_last.drift(20_000, 0.25), None);
        assert_eq!(clicks_last.drift(10_000, 0.25).map(|drift| drift.mean), Some(0.5));
    }

    #[test]
    fn the_expected_share_is_that_of_a_simulated_buffer() {
        const CAPACITY: usize = 4000;
        let labels: Vec<bool> = (0..20_000).map(|row| row < 5000).collect();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut buffer = labels[..CAPACITY].to_vec();
        let count = |buffer: &[bool]| buffer.iter().filter(|positive| **positive).count() as f64;
        let (mut low, mut high) = (1.0_f64, 0.0_f64);
        for &label in &labels[CAPACITY..] {
            let share = count(&buffer) / CAPACITY as f64;
            (low, high) = (low.min(share), high.max(share));
            let drawn = random.random_range(0..CAPACITY);
            buffer[drawn] = label;
        }
        let drift = blocks(labels).drift(CAPACITY, 1.0).expect("a drift");
        // Five standard errors of a share of 0.1 of the buffer.
        for (expected, found) in [(low, drift.low), (high, drift.high)] {
            assert!((expected - found).abs() < 0.024, "{expected}, {found}");
        }
    }
}
