//! Hashes values into buckets, for fields with more values than a vocabulary should hold.
//!
//! The hash is XXH3-64 with a seed, over canonical bytes: the field's name, a zero byte, the value.
//! It is the same on every machine and in every version.
//! Rejected: the hashers of the standard library, because they do not guarantee this.
//! The name is hashed too, so that two fields with the same values have different collisions.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

use crate::error::FeatureError;
use crate::lookup::short_hash;
use crate::raw::value::{RUN, Value};

/// The id of the first bucket; 0 is the id of a missing value.
const FIRST: u32 = 1;
/// The length up to which canonical bytes are joined on the stack.
const SHORT: usize = 128;
/// The same length if many values are hashed at a time.
const LANE: usize = 32;

/// Buckets for the values of one field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HashBuckets {
    buckets: u32,
    seed: u64,
    /// The field's name and a zero byte; not stored.
    #[serde(skip)]
    prefix: Vec<u8>,
}

impl HashBuckets {
    /// `buckets`, at least 1 and less than `u32::MAX`, for the field called `name`.
    pub(crate) fn new(name: &str, buckets: u32, seed: u64) -> Self {
        let mut prefix = name.as_bytes().to_vec();
        prefix.push(0);
        Self { buckets, seed, prefix }
    }

    /// The number of ids, the reserved one included.
    pub(crate) fn dimensions(&self) -> usize {
        self.buckets as usize + FIRST as usize
    }

    /// The id of `value`: the hash, taken as a fraction of 2⁶⁴, times the number of buckets.
    #[inline]
    pub(crate) fn id(&self, value: &str) -> u32 {
        self.bucket(self.hash(value.as_bytes()))
    }

    /// The ids of all `values`, as by [`id`](Self::id).
    pub(crate) fn ids(&self, values: &[Value<'_>; RUN]) -> [u32; RUN] {
        let lengths = || values.iter().map(|value| value.bytes().len());
        let longest = lengths().max().unwrap_or_default();
        if longest > Value::WORD || self.prefix.len() + longest > short_hash::MOST {
            return self.ids_of_long(values);
        }
        // If all values are equally long, no step depends on the length of a value.
        if lengths().min() == Some(longest) {
            self.ids_of_short(values, |_| longest)
        } else {
            self.ids_of_short(values, |value| value.bytes().len())
        }
    }

    /// The ids of values whose canonical bytes fit into 128 bits; `length` is the length of a value.
    #[inline(always)]
    fn ids_of_short(
        &self,
        values: &[Value<'_>; RUN],
        length: impl Fn(&Value<'_>) -> usize,
    ) -> [u32; RUN] {
        let mut prefix = [0; short_hash::MOST];
        prefix[..self.prefix.len()].copy_from_slice(&self.prefix);
        let (prefix, start) = (u128::from_le_bytes(prefix), self.prefix.len());
        let mut ids = [0; RUN];
        for (id, value) in ids.iter_mut().zip(values) {
            let (word, len) = (value.word(), start + length(value));
            let behind = if start < Value::WORD { word << (8 * start) } else { 0 };
            let before = prefix >> (8 * len.saturating_sub(Value::WORD));
            let last = before as u64 | word << ((8 * (Value::WORD - length(value))) % 64);
            let hash = short_hash::xxh3_64(prefix as u64 | behind, last, len, self.seed);
            *id = self.bucket(hash);
        }
        ids
    }

    /// The ids of values of any length.
    ///
    /// All canonical bytes are written before the first are hashed.
    /// A processor must wait if it reads bytes that it wrote just before in steps of another size.
    fn ids_of_long(&self, values: &[Value<'_>; RUN]) -> [u32; RUN] {
        let (mut lane, start) = ([0; LANE], self.prefix.len());
        if let Some(prefix) = lane.get_mut(..start) {
            prefix.copy_from_slice(&self.prefix);
        }
        let mut lanes = [lane; RUN];
        for (lane, value) in lanes.iter_mut().zip(values) {
            if let Some(place) = lane.get_mut(start..start + value.bytes().len()) {
                place.copy_from_slice(value.bytes());
            }
        }
        let mut ids = [0; RUN];
        for ((id, lane), value) in ids.iter_mut().zip(&lanes).zip(values) {
            *id = match lane.get(..start + value.bytes().len()) {
                Some(canonical) => self.bucket(xxh3_64_with_seed(canonical, self.seed)),
                None => self.bucket(self.hash(value.bytes())),
            };
        }
        ids
    }

    /// The id of the value that consists of `parts`, end to end.
    pub(crate) fn id_of(&self, parts: &[&[u8]]) -> u32 {
        self.bucket(self.hash_long(parts))
    }

    #[inline]
    fn bucket(&self, hash: u64) -> u32 {
        let bucket = (u128::from(hash) * u128::from(self.buckets)) >> 64;
        bucket as u32 + FIRST
    }

    #[inline]
    fn hash(&self, value: &[u8]) -> u64 {
        let (start, end) = (self.prefix.len(), self.prefix.len() + value.len());
        if end > SHORT {
            return self.hash_long(&[value]);
        }
        let mut canonical = [0; SHORT];
        canonical[..start].copy_from_slice(&self.prefix);
        canonical[start..end].copy_from_slice(value);
        xxh3_64_with_seed(&canonical[..end], self.seed)
    }

    fn hash_long(&self, parts: &[&[u8]]) -> u64 {
        let mut hasher = Xxh3::with_seed(self.seed);
        hasher.update(&self.prefix);
        parts.iter().for_each(|part| hasher.update(part));
        hasher.digest()
    }

    /// Checks what was read from a stored encoder, and makes the parts that are not stored.
    pub(crate) fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        if !(1..u32::MAX).contains(&self.buckets) {
            let problem = format!(
                "field `{field}`: the number of buckets must be from 1 to 4294967294, but is {}",
                self.buckets
            );
            return Err(FeatureError::State { problem });
        }
        *self = Self::new(field, self.buckets, self.seed);
        Ok(())
    }
}

impl PartialEq for HashBuckets {
    fn eq(&self, other: &Self) -> bool {
        (self.buckets, self.seed) == (other.buckets, other.seed)
    }
}

impl fmt::Display for HashBuckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hash into {} buckets, seed {}", self.buckets, self.seed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forged_states_are_refused() {
        for (buckets, good) in [(0, false), (1, true), (u32::MAX - 1, true), (u32::MAX, false)] {
            let restored = HashBuckets::new("", buckets, 0).restore("f");
            assert_eq!(restored.is_ok(), good, "{buckets} buckets");
        }
    }

    #[test]
    fn one_bucket_takes_all() {
        let hash = HashBuckets::new("field", 1, 0);
        assert!(["", "a", "b", "c"].iter().all(|value| hash.id(value) == FIRST));
    }

    #[test]
    fn names_and_seeds_separate_equal_values() {
        let id = |name, seed| HashBuckets::new(name, u32::MAX - 1, seed).id("value");
        let ids = [id("a", 0), id("b", 0), id("a", 1)];
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2], "{ids:?}");
    }

    #[test]
    fn buckets_fill_evenly() {
        let hash = HashBuckets::new("field", 10, 7);
        let mut rows = [0_u32; 10];
        for number in 0..10_000 {
            rows[(hash.id(&number.to_string()) - FIRST) as usize] += 1;
        }
        assert!(rows.iter().all(|row| (850..1150).contains(row)), "{rows:?}");
    }

    proptest! {
        #[test]
        fn the_hash_is_xxh3_of_the_canonical_bytes(
            name in "[a-z]{1,20}",
            value in ".{0,400}",
            seed: u64,
            buckets in 1..u32::MAX,
        ) {
            let hash = HashBuckets::new(&name, buckets, seed);
            let canonical = [name.as_bytes(), &[0], value.as_bytes()].concat();
            let oracle = twox_hash::XxHash3_64::oneshot_with_seed(seed, &canonical);
            prop_assert_eq!(hash.hash(value.as_bytes()), oracle);
            prop_assert!((FIRST as usize..hash.dimensions()).contains(&(hash.id(&value) as usize)));
        }

        #[test]
        fn many_values_have_the_ids_of_each(
            name in "[a-z]{1,40}",
            values in prop_oneof![
                prop::array::uniform32("[a-z]{0,3}"),
                prop::array::uniform32("[0-9a-f]{8}|[a-z]{0,8}"),
                prop::array::uniform32(".{0,30}"),
                prop::array::uniform32(prop_oneof!["[0-9a-f]{8}", ".{0,200}"]),
            ],
            seed: u64,
        ) {
            let hash = HashBuckets::new(&name, u32::MAX - 1, seed);
            let expected = values.each_ref().map(|value| hash.id(value));
            let values = values.each_ref().map(|value| Value::new(value.as_bytes()));
            prop_assert_eq!(hash.ids(&values), expected);
        }

        #[test]
        fn look_ups_use_xxh3(value in ".{0,300}") {
            let oracle = twox_hash::XxHash3_64::oneshot(value.as_bytes());
            prop_assert_eq!(crate::lookup::value_table::hash(&value), oracle);
        }
    }
}
