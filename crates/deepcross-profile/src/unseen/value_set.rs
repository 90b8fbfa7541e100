//! The different values of training rows, as hashes in bounded memory.
//!
//! All hashes are kept up to a limit.
//! Beyond it only every second hash is kept, then every fourth, and so on: which ones is decided by some of their bits.
//! Whether a value is kept does not depend on its rows, so that the kept values are a fair sample of all values.
//!
//! The number of rows with an unseen value is then estimated by the rows of the sampled values that are unseen, times the
//! number of values that each of them stands for.
//! Rejected: the share of unseen rows among the rows of sampled values, which changes a lot with each frequent value.

use hashbrown::HashTable;

/// A set of hashes.
#[derive(Clone, Debug)]
pub(super) struct ValueSet {
    hashes: HashTable<u64>,
    /// The most hashes that are kept.
    limit: usize,
    /// The number of bits by which hashes are sampled: 0 if all of them are kept.
    level: u32,
}

/// A number of rows or elements; an estimate if not all values of the training rows are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unseen {
    pub(super) n: u64,
    pub(super) is_exact: bool,
}

impl ValueSet {
    /// An empty set that keeps at most `limit` hashes.
    pub(super) fn new(limit: usize) -> Self {
        Self { hashes: HashTable::new(), limit: limit.max(1), level: 0 }
    }

    /// Adds the hash of a value.
    pub(super) fn add(&mut self, hash: u64) {
        if !self.is_sampled(hash) || self.contains(hash) {
            return;
        }
        while self.hashes.len() >= self.limit {
            self.level += 1;
            let level = self.level;
            self.hashes.retain(|hash| rank(*hash) >= level);
        }
        if self.is_sampled(hash) {
            self.hashes.insert_unique(hash, hash, |hash| *hash);
        }
    }

    /// Whether the value is known not to be in the training rows; a value that is not sampled is not known to be so.
    pub(super) fn is_unseen(&self, hash: u64) -> bool {
        self.is_sampled(hash) && !self.contains(hash)
    }

    /// The number of unseen values among `all`, if that many sampled ones are unseen.
    pub(super) fn scaled(&self, sampled: u64, all: u64) -> Unseen {
        let n = sampled.saturating_mul(1 << self.level.min(63)).min(all);
        Unseen { n, is_exact: self.level == 0 }
    }

    fn is_sampled(&self, hash: u64) -> bool {
        rank(hash) >= self.level
    }

    fn contains(&self, hash: u64) -> bool {
        self.hashes.find(hash, |known| *known == hash).is_some()
    }
}

/// The level up to which a hash is kept: half of the hashes have 0, a quarter has 1, and so on.
///
/// The bits are from the middle, since the table of hashes uses the first and the last ones.
fn rank(hash: u64) -> u32 {
    (hash >> 24).trailing_zeros()
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    fn hash(value: u64) -> u64 {
        xxh3_64(&value.to_le_bytes())
    }

    /// The values below `known` are added; those below `all` are looked up, each in one row.
    fn unseen(limit: usize, known: u64, all: u64) -> (Unseen, usize) {
        let mut set = ValueSet::new(limit);
        (0..known).chain(0..known).for_each(|value| set.add(hash(value)));
        let sampled = (0..all).filter(|value| set.is_unseen(hash(*value))).count();
        (set.scaled(sampled as u64, all), set.hashes.len())
    }

    #[test]
    fn up_to_the_limit_the_number_is_exact() {
        assert_eq!(unseen(1000, 1000, 1700), (Unseen { n: 700, is_exact: true }, 1000));
        assert_eq!(unseen(1000, 0, 3), (Unseen { n: 3, is_exact: true }, 0));
    }

    /// One of 16 values is sampled: of 40,000 unseen ones, 2,500 with a standard error of 48.
    #[test]
    fn beyond_the_limit_it_is_estimated_in_bounded_memory() {
        let (Unseen { n, is_exact }, kept) = unseen(8000, 100_000, 140_000);
        assert!(!is_exact && kept <= 8000, "{kept}");
        assert!((n as f64 / 40_000.0 - 1.0).abs() < 0.1, "{n}");
    }

    #[test]
    fn an_estimate_is_not_above_the_number_of_all_values() {
        let mut set = ValueSet::new(10);
        (0..1000).for_each(|value| set.add(hash(value)));
        assert_eq!(set.scaled(5, 30), Unseen { n: 30, is_exact: false });
    }
}
