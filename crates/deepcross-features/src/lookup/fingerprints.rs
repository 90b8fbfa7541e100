//! A set of 32-bit fingerprints of dropped values, at four to five bytes per value.
//!
//! Fingerprints are bits of a hash and therefore evenly distributed.
//! So an index by their upper bits leads to a few fingerprints.
//! Rejected: a binary search over all fingerprints, because each of its steps waits for memory.

use std::mem;

use serde::{Deserialize, Serialize};

/// Distinct fingerprints in ascending order, with an index by their upper bits, which is not stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fingerprints {
    sorted: Vec<u32>,
    /// The position of the first fingerprint for each value of the upper bits, and the end of the last.
    #[serde(skip)]
    starts: Vec<usize>,
    /// The shift that gives the upper bits of a fingerprint; 32 if the index has a single entry.
    #[serde(skip)]
    shift: u32,
}

impl Fingerprints {
    /// The set of `sorted`; `None` unless each is greater than the one before.
    pub(crate) fn new(sorted: Vec<u32>) -> Option<Self> {
        if !sorted.is_sorted_by(|a, b| a < b) {
            return None;
        }
        // Four to eight fingerprints share an entry of the index.
        let bits = sorted.len().max(4).ilog2() - 2;
        let shift = 32 - bits;
        let start = |upper: u64| sorted.partition_point(|&print| u64::from(print) >> shift < upper);
        let starts = (0..=1_u64 << bits).map(start).collect();
        Some(Self { sorted, starts, shift })
    }

    /// The set of the fingerprints of `hashes`.
    pub(crate) fn of_hashes(hashes: impl Iterator<Item = u64>) -> Self {
        let mut sorted: Vec<_> = hashes.map(fingerprint).collect();
        sorted.sort_unstable();
        sorted.dedup();
        Self::new(sorted).unwrap_or_default()
    }

    /// Whether the fingerprint of a value with this hash is in the set.
    ///
    /// A value that is not one of the n values of the set is taken for one with a probability of n / 2³².
    pub(crate) fn contains(&self, hash: u64) -> bool {
        let print = fingerprint(hash);
        let upper = (u64::from(print) >> self.shift) as usize;
        let neighbours = &self.sorted[self.starts[upper]..self.starts[upper + 1]];
        neighbours.binary_search(&print).is_ok()
    }

    /// The number of fingerprints.
    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Checks what was read from a stored encoder, and makes the index.
    ///
    /// # Errors
    /// The problem, as a predicate of the vocabulary.
    pub(crate) fn restore(&mut self) -> Result<(), String> {
        let restored = Self::new(mem::take(&mut self.sorted));
        *self = restored.ok_or("has fingerprints that do not ascend")?;
        Ok(())
    }
}

impl PartialEq for Fingerprints {
    fn eq(&self, other: &Self) -> bool {
        self.sorted == other.sorted
    }
}

impl Default for Fingerprints {
    fn default() -> Self {
        Self { sorted: Vec::new(), starts: vec![0, 0], shift: 32 }
    }
}

/// The upper half of the hash, since the table of kept values is indexed by the lower bits.
fn fingerprint(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_ascending_fingerprints_are_a_set() {
        for (sorted, good) in
            [(vec![], true), (vec![0, u32::MAX], true), (vec![1, 1], false), (vec![2, 1], false)]
        {
            assert_eq!(Fingerprints::new(sorted.clone()).is_some(), good, "{sorted:?}");
        }
    }

    #[test]
    fn an_empty_set_contains_nothing() {
        for set in [Fingerprints::default(), Fingerprints::of_hashes([].into_iter())] {
            assert!(!set.contains(0) && !set.contains(u64::MAX));
        }
    }

    #[test]
    fn coinciding_fingerprints_are_one() {
        let set = Fingerprints::of_hashes([7 << 32, (7 << 32) + 1, 3 << 32].into_iter());
        assert_eq!(set.sorted, [3, 7]);
        assert!(set.contains((7 << 32) + 2) && !set.contains(8 << 32));
    }

    proptest! {
        #[test]
        fn the_index_finds_what_a_search_finds(
            few in btree_set(any::<u32>(), 0..100),
            shift in 0_u32..28,
            others: [u32; 10],
        ) {
            let set: BTreeSet<_> = few.iter().map(|print| print >> shift).collect();
            let prints = Fingerprints::new(set.iter().copied().collect()).expect("ascending");
            for print in set.iter().copied().chain(others) {
                prop_assert_eq!(prints.contains(u64::from(print) << 32), set.contains(&print));
            }
        }
    }
}
