//! Crosses: the values of two columns, hashed together into one id.
//!
//! Rejected: a vocabulary of pairs, because it needs as many slots as the training data have pairs; the number of
//! buckets of a hash can be chosen.
//! The hash is that of [`hash`](crate::lookup::hash), over each value with its length before it: `ab` and `c` differ
//! from `a` and `bc`.
//! A missing value is hashed as such, and differs from an empty one; if both values are missing, the pair is missing.

use crate::batch::column::Column;
use crate::batch::shape::{FieldShape, Reserved};
use crate::config::field_config::FieldConfig;
use crate::counts::FieldCounts;
use crate::description::Encoding;
use crate::error::FeatureError;
use crate::lookup::MISSING;
use crate::lookup::hash::HashBuckets;
use crate::raw::value_text;
use crate::state::CrossState;

/// The length that stands for a missing value.
const NO_LENGTH: u64 = u64::MAX;

/// Writes one id per row; there is nothing to learn.
#[derive(Clone, Debug)]
pub(crate) struct CrossEncoder {
    /// The column of the second value.
    second: String,
    hash: HashBuckets,
}

impl CrossEncoder {
    pub(crate) fn new(config: &FieldConfig) -> Self {
        let second = config.columns().get(1).copied().unwrap_or_default().to_owned();
        let (buckets, seed) = (config.buckets.unwrap_or(1), config.seed.unwrap_or(0));
        Self { second, hash: HashBuckets::new(&config.name, buckets, seed) }
    }

    /// The column of the second value.
    pub(crate) fn second(&self) -> &str {
        &self.second
    }

    /// The text of the second value, or `None` if it is missing; `field` is the name of the field.
    pub(crate) fn read_second<'a>(
        &self,
        field: &str,
        raw: &'a [u8],
        missing: &[String],
    ) -> Result<Option<&'a str>, FeatureError> {
        value_text::read(raw, missing).map_err(|error| error.at(field, &self.second, raw))
    }

    pub(crate) fn encode(
        &self,
        first: Option<&str>,
        second: Option<&str>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) {
        let is_missing = first.is_none() && second.is_none();
        counts.values += 1;
        counts.missing += u64::from(is_missing);
        column.sparse_mut().push_id(if is_missing { MISSING } else { self.id(first, second) });
    }

    fn id(&self, first: Option<&str>, second: Option<&str>) -> u32 {
        let lengths = [first, second]
            .map(|value| value.map_or(NO_LENGTH, |value| value.len() as u64).to_le_bytes());
        let [first, second] = [first, second].map(|value| value.unwrap_or_default().as_bytes());
        self.hash.id_of(&[&lengths[0], first, &lengths[1], second])
    }

    pub(crate) fn shape(&self, name: &str) -> FieldShape {
        FieldShape::sparse(name, self.hash.dimensions(), false, Reserved::HASH)
    }

    pub(crate) fn describe(&self) -> Encoding {
        Encoding::Cross { buckets: self.hash.buckets(), seed: self.hash.seed() }
    }

    pub(crate) fn to_state(&self) -> CrossState {
        CrossState { second: self.second.clone(), hash: self.hash.to_state() }
    }

    pub(crate) fn from_state(field: &str, state: CrossState) -> Result<Self, FeatureError> {
        if state.second.is_empty() {
            let problem = format!("field `{field}`: the second column has an empty name");
            return Err(FeatureError::State { problem });
        }
        Ok(Self { second: state.second, hash: HashBuckets::from_state(field, state.hash)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::state::HashState;

    const MANY: u32 = u32::MAX - 1;

    fn cross(buckets: u32) -> CrossEncoder {
        let columns = Some(vec!["a".to_owned(), "b".to_owned()]);
        let config = FieldConfig { columns, buckets: Some(buckets), ..FieldConfig::cross("f") };
        CrossEncoder::new(&config)
    }

    #[test]
    fn different_pairs_have_different_ids() {
        let pairs = [
            (Some("ab"), Some("c")),
            (Some("a"), Some("bc")),
            (Some("c"), Some("ab")),
            (Some("abc"), Some("")),
            (Some(""), Some("abc")),
            (Some("abc"), None),
            (None, Some("abc")),
            (Some(""), Some("")),
            (Some(""), None),
            (None, Some("")),
        ];
        let mut ids: Vec<_> = pairs.map(|(a, b)| cross(MANY).id(a, b)).to_vec();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), pairs.len());
    }

    #[test]
    fn seeds_separate_equal_pairs() {
        let id = |seed| {
            let (buckets, seed) = (Some(MANY), Some(seed));
            let columns = Some(vec!["a".to_owned(), "b".to_owned()]);
            let config = FieldConfig { columns, buckets, seed, ..FieldConfig::cross("f") };
            CrossEncoder::new(&config).id(Some("x"), Some("y"))
        };
        assert_eq!(id(0), cross(MANY).id(Some("x"), Some("y")));
        assert_ne!(id(0), id(1));
    }

    #[test]
    fn only_a_pair_without_values_is_missing() {
        let encoder = cross(1);
        let mut column = Column::new(&encoder.shape("f"));
        let mut counts = FieldCounts::default();
        for (a, b) in [(Some("x"), None), (None, None), (None, Some("")), (Some("x"), Some("y"))] {
            encoder.encode(a, b, &mut column, &mut counts);
        }
        assert_eq!(column.sparse_mut().ids(), [1, 0, 1, 1]);
        assert_eq!(counts, FieldCounts { values: 4, missing: 1, ..FieldCounts::default() });
    }

    #[test]
    fn forged_states_are_refused() {
        for (second, buckets, good) in [("b", 1, true), ("", 1, false), ("b", 0, false)] {
            let state =
                CrossState { second: second.to_owned(), hash: HashState { buckets, seed: 0 } };
            assert_eq!(CrossEncoder::from_state("f", state).is_ok(), good, "{second:?}, {buckets}");
        }
    }

    proptest! {
        #[test]
        fn the_hash_is_xxh3_of_lengths_and_values(a in ".{0,60}", b in ".{0,60}") {
            let (lengths, parts) = ([a.len() as u64, b.len() as u64], [a.as_bytes(), b.as_bytes()]);
            let [of_a, of_b] = lengths.map(u64::to_le_bytes);
            let canonical = [b"f\0", &of_a[..], parts[0], &of_b, parts[1]].concat();
            let hash = twox_hash::XxHash3_64::oneshot(&canonical);
            let expected = ((u128::from(hash) * u128::from(MANY)) >> 64) as u32 + 1;
            prop_assert_eq!(cross(MANY).id(Some(&a), Some(&b)), expected);
        }
    }
}
