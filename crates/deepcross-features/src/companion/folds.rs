//! Folds: random parts of the training rows, and the counts of each part.

use serde::{Deserialize, Serialize};

use crate::companion::value_counts::ValueCounts;

/// The number of folds of the training rows.
pub const FOLDS: usize = 5;

/// The counts of each fold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct FoldCounts(Vec<[ValueCounts; FOLDS]>);

/// The fold of the row with this number, from 0 to [`FOLDS`] − 1; it is practically random, and always the same.
pub fn fold(row: u64) -> usize {
    // The finalizer of SplitMix64: each bit of the number affects every bit of the result.
    let mut bits = row.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((u128::from(bits ^ (bits >> 31)) * FOLDS as u128) >> 64) as usize
}

impl FoldCounts {
    pub(crate) fn add(&mut self, index: usize, fold: usize, positive: bool) {
        if self.0.len() <= index {
            self.0.resize(index + 1, <[ValueCounts; FOLDS]>::default());
        }
        self.0[index][fold].add(positive);
    }

    /// Adds the counts that `other` has at `from`.
    pub(crate) fn merge(&mut self, index: usize, other: &Self, from: usize) {
        if self.0.len() <= index {
            self.0.resize(index + 1, <[ValueCounts; FOLDS]>::default());
        }
        for (fold, counts) in self.0[index].iter_mut().enumerate() {
            *counts = counts.plus(other.get(from, fold));
        }
    }

    /// The sums of all counts, at index 0.
    pub(crate) fn total(&self) -> Self {
        let mut total = Self::default();
        (0..self.0.len()).for_each(|index| total.merge(0, self, index));
        total
    }

    pub(crate) fn get(&self, index: usize, fold: usize) -> ValueCounts {
        self.0.get(index).map_or(ValueCounts::default(), |folds| folds[fold])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_even_and_without_a_pattern() {
        let mut rows = [0_u32; FOLDS];
        let mut pairs = [0_u32; FOLDS * FOLDS];
        for row in 0..50_000 {
            rows[fold(row)] += 1;
            pairs[fold(row) * FOLDS + fold(row + 1)] += 1;
        }
        assert!(rows.iter().all(|n| (9_600..10_400).contains(n)), "{rows:?}");
        assert!(pairs.iter().all(|n| (1_800..2_200).contains(n)), "{pairs:?}");
    }
}
