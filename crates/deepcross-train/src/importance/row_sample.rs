//! A sample of rows, chosen by their position alone.
//!
//! Each row has a number, a hash of its position, and the rows of the smallest numbers are kept: every set of rows is
//! equally likely, the number of rows need not be known in advance, and the same file gives the same sample.
//! Rejected: every n-th row, since files may have periods.

use deepcross_features::Batch;

/// Encoded rows with labels, and their predictions.
#[derive(Clone, Debug)]
pub struct SampledRows {
    /// The rows.
    pub batch: Batch,
    /// The prediction of the model for each row.
    pub probabilities: Vec<f32>,
}

/// A sample of encoded rows, of at most a given size.
#[derive(Clone, Debug)]
pub struct RowSample {
    batch: Batch,
    /// The number of each row in `batch`.
    keys: Vec<u64>,
    probabilities: Vec<f32>,
    max_rows: usize,
    /// Rows of this number and above are not in the sample.
    limit: u64,
    seen: u64,
}

impl RowSample {
    /// An empty sample of at most `max_rows` rows, from 1; `empty` is an empty batch of the encoder.
    ///
    /// Memory holds up to 1.5 times as many encoded rows.
    pub fn new(empty: Batch, max_rows: usize) -> Self {
        let (keys, probabilities) = (Vec::new(), Vec::new());
        let max_rows = max_rows.max(1);
        Self { batch: empty, keys, probabilities, max_rows, limit: u64::MAX, seen: 0 }
    }

    /// Adds the next rows, with their predictions.
    ///
    /// # Panics
    /// If there is not one prediction a row, or the batch has other fields.
    #[track_caller]
    pub fn push(&mut self, batch: &Batch, probabilities: &[f32]) {
        assert_eq!(batch.n_rows(), probabilities.len(), "one prediction a row");
        for (row, &probability) in probabilities.iter().enumerate() {
            let key = number(self.seen);
            self.seen += 1;
            if key < self.limit {
                self.batch.push_row_from(batch, row);
                self.keys.push(key);
                self.probabilities.push(probability);
            }
        }
        if self.keys.len() > self.max_rows + self.max_rows / 2 {
            self.shrink();
        }
    }

    /// The number of rows that were pushed.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// The rows of the sample in their order, and their predictions.
    pub fn into_rows(mut self) -> SampledRows {
        self.shrink();
        SampledRows { batch: self.batch, probabilities: self.probabilities }
    }

    /// Keeps the rows of the smallest numbers.
    fn shrink(&mut self) {
        if self.keys.len() <= self.max_rows {
            return;
        }
        let mut sorted = self.keys.clone();
        let (_, &mut limit, _) = sorted.select_nth_unstable(self.max_rows);
        let kept: Vec<usize> = (0..self.keys.len()).filter(|&row| self.keys[row] < limit).collect();
        self.batch.keep_rows(&kept);
        self.keys = kept.iter().map(|&row| self.keys[row]).collect();
        self.probabilities = kept.iter().map(|&row| self.probabilities[row]).collect();
        self.limit = limit;
    }
}

/// A number that looks random and differs for each position (the finalizer of SplitMix64, Steele et al. 2014).
fn number(position: u64) -> u64 {
    let mut z = position.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepcross_features::batch::FieldShape;

    fn sample(n: u32, max_rows: usize, at_a_time: usize) -> (Vec<f32>, u64) {
        let shapes = [FieldShape::dense("row", 1)];
        let mut sample = RowSample::new(Batch::new(&shapes), max_rows);
        let rows: Vec<u32> = (0..n).collect();
        for rows in rows.chunks(at_a_time) {
            let mut batch = Batch::new(&shapes);
            for &row in rows {
                batch.columns_mut()[0].dense_mut().push_row(&[row as f32]);
                batch.labels_mut().push(1.0);
            }
            let probabilities: Vec<f32> = rows.iter().map(|&row| row as f32 / 1e6).collect();
            sample.push(&batch, &probabilities);
        }
        let seen = sample.seen();
        let SampledRows { mut batch, probabilities } = sample.into_rows();
        let rows = batch.columns_mut()[0].dense_mut().values().to_vec();
        assert!(rows.iter().zip(&probabilities).all(|(row, p)| row / 1e6 == *p));
        assert_eq!(batch.labels().len(), rows.len());
        (rows, seen)
    }

    #[test]
    fn a_sample_has_its_size_and_order_and_does_not_depend_on_the_reads() {
        let (rows, seen) = sample(5_000, 700, 64);
        assert_eq!((rows.len(), seen), (700, 5_000));
        assert!(rows.is_sorted_by(|a, b| a < b));
        assert_eq!(sample(5_000, 700, 1_000).0, rows);
        // Each tenth of the rows has about the same share of the sample.
        for tenth in 0..10 {
            let of_it = rows.iter().filter(|&&row| row as usize / 500 == tenth).count();
            assert!((40..=100).contains(&of_it), "{tenth}: {of_it}");
        }
    }

    #[test]
    fn few_rows_are_all_kept() {
        assert_eq!(sample(30, 30, 7).0, (0..30).map(|row| row as f32).collect::<Vec<_>>());
        assert_eq!(sample(0, 30, 7), (vec![], 0));
    }
}
