//! The keys of fields whose values get ids from a vocabulary or a hash.

use crate::keys::KeyVisitor;
use crate::lookup::hash::HashBuckets;
use crate::lookup::vocabulary::{Selection, TopBy};
use crate::problem::Problem;

/// The largest number of buckets, as text.
const MOST_BUCKETS: &str = "4294967294";

/// The choice of a vocabulary's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VocabularyKeys {
    /// A value that occurs fewer times than this in training is rare; at least 1, which is the default.
    pub min_count: Option<u64>,
    /// Only the first `top` values by `top_by` are kept, others are rare; at least 1, by default all are kept.
    pub top: Option<usize>,
    /// With `top`: the order of values, by `count` (the default) or by `positives`.
    pub top_by: Option<TopBy>,
}

/// A hash of values into buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashKeys {
    /// The number of buckets; 1 to 2³² − 2.
    pub buckets: Option<u32>,
    /// With `buckets`: the seed of the hash; 0 to 2⁶³ − 1, by default 0.
    pub seed: Option<u64>,
}

/// A vocabulary, or instead a hash if it has a number of buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdKeys {
    /// The vocabulary.
    pub vocabulary: VocabularyKeys,
    /// The hash.
    pub hash: HashKeys,
}

impl VocabularyKeys {
    pub(crate) fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        visitor.key("min_count", &mut self.min_count);
        visitor.key("top", &mut self.top);
        visitor.key("top_by", &mut self.top_by);
    }

    /// The keys that are given.
    fn given(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("min_count", self.min_count.is_some()),
            ("top", self.top.is_some()),
            ("top_by", self.top_by.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(key, _)| key)
    }

    /// The problem `message` of each key that is given.
    pub(crate) fn refused(&self, message: &str) -> impl Iterator<Item = Problem> {
        self.given().map(move |key| Problem::new(key, message))
    }

    /// Values that contradict each other.
    pub(crate) fn contradictions(&self) -> Option<Problem> {
        let by = self.top_by.filter(|_| self.top.is_none())?;
        Some(Problem::new("top_by", format!("has no meaning without `top`, but is \"{by}\"")))
    }

    /// Values out of range.
    pub(crate) fn bad_values(&self) -> impl Iterator<Item = Problem> {
        let min_count = Problem::unless(self.min_count != Some(0), "min_count", "be at least 1", 0);
        let top = Problem::unless(self.top != Some(0), "top", "be at least 1", 0);
        min_count.into_iter().chain(top)
    }

    pub(crate) fn selection(&self) -> Selection {
        Selection {
            min_count: self.min_count.unwrap_or(1),
            top: self.top.unwrap_or(usize::MAX),
            by: self.top_by.unwrap_or_default(),
        }
    }
}

impl HashKeys {
    pub(crate) fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        visitor.key("buckets", &mut self.buckets);
        visitor.key("seed", &mut self.seed);
    }

    /// Values that contradict each other.
    pub(crate) fn contradictions(&self) -> Option<Problem> {
        let seed = self.seed.filter(|_| self.buckets.is_none())?;
        Some(Problem::new("seed", format!("has no meaning without `buckets`, but is {seed}")))
    }

    /// Values out of range.
    pub(crate) fn bad_values(&self) -> impl Iterator<Item = Problem> {
        let (buckets, seed) = (self.buckets.unwrap_or(1), self.seed.unwrap_or(0));
        let must = format!("be from 1 to {MOST_BUCKETS}");
        let is_good = (1..u32::MAX).contains(&buckets);
        let buckets = Problem::unless(is_good, "buckets", &must, buckets);
        let is_good = i64::try_from(seed).is_ok();
        let seed = Problem::unless(is_good, "seed", "be at most 9223372036854775807", seed);
        buckets.into_iter().chain(seed)
    }

    /// The buckets of the field called `field`; `None` if their number is not given.
    pub(crate) fn of_field(&self, field: &str) -> Option<HashBuckets> {
        Some(HashBuckets::new(field, self.buckets?, self.seed.unwrap_or(0)))
    }
}

impl IdKeys {
    pub(crate) fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        self.vocabulary.keys(visitor);
        self.hash.keys(visitor);
    }

    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<_> = match self.hash.buckets {
            Some(buckets) => {
                let message =
                    format!("contradicts `buckets = {buckets}`, since hashing keeps no vocabulary");
                self.vocabulary.refused(&message).collect()
            }
            None => self.vocabulary.contradictions().into_iter().collect(),
        };
        problems.extend(self.hash.contradictions());
        problems.extend(self.vocabulary.bad_values());
        problems.extend(self.hash.bad_values());
        problems
    }
}
