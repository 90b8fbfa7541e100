//! The mode of a pass, and the random stream of dropout.
//!
//! A random number depends on (seed, step, dropout layer, row, column), never on a thread or on the order of work.
//! A step thus gives the same bits, however its rows are divided among threads.
//! Rejected: a stored mask, which is not needed: the numbers are a mix of a counter, so the backward pass draws them
//! again.

/// Whether a pass trains or infers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Dropout does nothing.
    Inference,
    /// Dropout is active, with this random stream.
    Training(Stream),
}

/// The random stream of one block of rows in one training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The seed of the run.
    pub seed: u64,
    /// The number of the training step.
    pub step: u64,
    /// The number, within the batch, of the first row of this pass.
    pub first_row: u64,
}

impl Stream {
    /// The key of one row, for the dropout layer of number `site` in the pass.
    pub(crate) fn row_key(self, site: u64, row: usize) -> u64 {
        [self.step, site, self.first_row + row as u64]
            .into_iter()
            .fold(mix(self.seed), |key, part| mix(key ^ mix(part)))
    }
}

/// A number in [0, 1) with 24 random bits, for one column of a row.
#[inline(always)]
pub(crate) fn uniform(row_key: u64, column: usize) -> f64 {
    let bits = mix(row_key.wrapping_add(column as u64)) >> 40;
    bits as f64 / (1_u64 << 24) as f64
}

/// The output function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
#[inline(always)]
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: Stream = Stream { seed: 1, step: 2, first_row: 3 };

    #[test]
    fn a_row_has_the_same_key_in_any_division_of_the_batch() {
        let later = Stream { first_row: 10, ..STREAM };
        assert_eq!(STREAM.row_key(0, 7), later.row_key(0, 0));
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let keys = [
            STREAM.row_key(0, 0),
            STREAM.row_key(1, 0),
            STREAM.row_key(0, 1),
            Stream { step: 3, ..STREAM }.row_key(0, 0),
            Stream { seed: 2, ..STREAM }.row_key(0, 0),
        ];
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key), "key {i} repeats");
        }
    }

    #[test]
    fn numbers_are_uniform() {
        let n = 20_000;
        let mean =
            (0..n).map(|row| uniform(STREAM.row_key(0, row), row % 50)).sum::<f64>() / n as f64;
        // The standard error is 0.289 / sqrt(20,000) = 0.002.
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }
}
