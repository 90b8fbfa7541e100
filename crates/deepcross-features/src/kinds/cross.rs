//! Crosses: the values of two columns, hashed together into one id.
//!
//! Rejected: a vocabulary of pairs, because it needs as many slots as the training data have pairs; the number of
//! buckets of a hash can be chosen.
//! The hash is that of [`hash`](crate::lookup::hash), over each value with its length before it: `ab` and `c` differ
//! from `a` and `bc`.
//! A missing value is hashed as such, and differs from an empty one; if both values are missing, the pair is missing.

use serde::{Deserialize, Serialize};

use crate::batch::column::Column;
use crate::batch::shape::{FieldShape, Reserved};
use crate::counts::FieldCounts;
use crate::description::ValueForm;
use crate::error::FeatureError;
use crate::keys::KeyVisitor;
use crate::kind::{Encode, Fit, Kind};
use crate::lookup::MISSING;
use crate::lookup::hash::HashBuckets;
use crate::lookup::id_keys::HashKeys;
use crate::problem::Problem;
use crate::raw::spelling::{Spelling, SpellingFitter, SpellingRule};
use crate::raw::value_text::{Texts, ValueError};

/// The name of the kind.
const NAME: &str = "cross";

/// The length that stands for a missing value.
const NO_LENGTH: u64 = u64::MAX;

/// The keys of a cross.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cross {
    /// The two columns to read, different ones; must be given.
    pub columns: Option<Vec<String>>,
    /// The hash of pairs of values; its number of buckets must be given.
    pub hash: HashKeys,
    /// The spelling of the values of both columns, `number`, `boolean` or `text`; by default, each is learned.
    pub spelling: Option<Spelling>,
}

/// Learns the spelling of the values of each column.
#[derive(Clone, Debug)]
pub(crate) struct CrossFitter {
    hash: HashBuckets,
    spellings: [SpellingFitter; 2],
}

/// Writes one id per row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CrossEncoder {
    hash: HashBuckets,
    spellings: [SpellingRule; 2],
}

impl Kind for Cross {
    type Fitter = CrossFitter;

    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        visitor.key("columns", &mut self.columns);
        self.hash.keys(visitor);
        visitor.key("spelling", &mut self.spelling);
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.columns.is_none() {
            problems.push(Problem::new("columns", "must be given, as two names"));
        }
        problems.extend(self.hash.lacking());
        problems.extend(self.hash.contradictions());
        if let Some(columns) = &self.columns {
            let good = matches!(&columns[..], [a, b] if a != b && !a.is_empty() && !b.is_empty());
            let must = "be the names of two different columns";
            problems.extend(Problem::unless(good, "columns", must, format!("{columns:?}")));
        }
        problems.extend(self.hash.bad_values());
        problems
    }

    fn columns(&self) -> Option<&[String]> {
        Some(self.columns.as_deref().unwrap_or_default())
    }

    fn fitter(&self, field: &str) -> CrossFitter {
        let hash = self.hash.of_field(field).unwrap_or_else(|| HashBuckets::new(field, 1, 0));
        CrossFitter { hash, spellings: [SpellingFitter::new(self.spelling); 2] }
    }
}

impl Fit for CrossFitter {
    type Encoder = CrossEncoder;

    fn observe(&mut self, text: Option<&str>, _positive: bool) -> Result<(), ValueError> {
        text.into_iter().for_each(|value| self.spellings[0].observe(value));
        Ok(())
    }

    fn observe_second(&mut self, text: Option<&str>) {
        text.into_iter().for_each(|value| self.spellings[1].observe(value));
    }

    fn has_rounded_ids(&self) -> bool {
        self.spellings.iter().any(SpellingFitter::is_rounded)
    }

    fn finish(self) -> CrossEncoder {
        let spellings = self.spellings.map(|spelling| spelling.rule());
        CrossEncoder { hash: self.hash, spellings }
    }
}

impl Encode for CrossEncoder {
    fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        self.hash.restore(field)
    }

    fn n_columns(&self) -> usize {
        2
    }

    fn shape(&self, name: &str) -> FieldShape {
        FieldShape::sparse(name, self.hash.dimensions(), false, Reserved::HASH)
    }

    fn kind(&self) -> &'static str {
        NAME
    }

    fn describe(&self) -> String {
        let [first, second] = self.spellings;
        format!("{}, spelling: {first} and {second}", self.hash)
    }

    fn form(&self) -> ValueForm {
        ValueForm::Text
    }

    fn encode(
        &self,
        texts: Texts<'_>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        let Texts { first, second } = texts;
        let is_missing = first.is_none() && second.is_none();
        counts.values += 1;
        counts.missing += u64::from(is_missing);
        column.sparse_mut().push_id(if is_missing { MISSING } else { self.id(first, second) });
        Ok(())
    }

    fn is_hashed(&self) -> bool {
        true
    }
}

impl CrossEncoder {
    fn id(&self, first: Option<&str>, second: Option<&str>) -> u32 {
        let [of_first, of_second] = self.spellings;
        let first = first.map(|value| of_first.canonical(value));
        let second = second.map(|value| of_second.canonical(value));
        let [first, second] = [first.as_deref(), second.as_deref()];
        let lengths = [first, second]
            .map(|value| value.map_or(NO_LENGTH, |value| value.len() as u64).to_le_bytes());
        let [first, second] = [first, second].map(|value| value.unwrap_or_default().as_bytes());
        self.hash.id_of(&[&lengths[0], first, &lengths[1], second])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MANY: u32 = u32::MAX - 1;

    fn cross(buckets: u32, seed: u64) -> CrossEncoder {
        let spellings = [SpellingRule::Text; 2];
        CrossEncoder { hash: HashBuckets::new("f", buckets, seed), spellings }
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
        let mut ids: Vec<_> = pairs.map(|(a, b)| cross(MANY, 0).id(a, b)).to_vec();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), pairs.len());
    }

    #[test]
    fn seeds_separate_equal_pairs() {
        let id = |seed| cross(MANY, seed).id(Some("x"), Some("y"));
        assert_eq!(id(0), cross(MANY, 0).id(Some("x"), Some("y")));
        assert_ne!(id(0), id(1));
    }

    #[test]
    fn each_column_has_its_spelling() {
        let hash = HashKeys { buckets: Some(MANY), seed: None };
        let mut fitter = Cross { hash, ..Cross::default() }.fitter("f");
        for (first, second) in [("39.0", "True"), ("7", "false")] {
            fitter.observe(Some(first), false).expect("any text");
            fitter.observe_second(Some(second));
        }
        let encoder = fitter.finish();
        let id = |first, second| encoder.id(Some(first), Some(second));
        assert_eq!(id("39.0", "True"), id("39", "true"));
        assert_ne!(id("True", "39.0"), id("true", "39"));
        assert_eq!(id("39", "true"), cross(MANY, 0).id(Some("39"), Some("true")));
    }

    #[test]
    fn only_a_pair_without_values_is_missing() {
        let encoder = cross(1, 0);
        let mut column = Column::new(&encoder.shape("f"));
        let mut counts = FieldCounts::default();
        for (first, second) in
            [(Some("x"), None), (None, None), (None, Some("")), (Some("x"), Some("y"))]
        {
            let texts = Texts { first, second };
            encoder.encode(texts, &mut column, &mut counts).expect("any texts");
        }
        assert_eq!(column.sparse_mut().ids(), [1, 0, 1, 1]);
        assert_eq!(counts, FieldCounts { values: 4, missing: 1, ..FieldCounts::default() });
    }

    #[test]
    fn forged_states_are_refused() {
        for (buckets, good) in [(1, true), (0, false)] {
            assert_eq!(cross(buckets, 0).restore("f").is_ok(), good, "{buckets}");
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
            prop_assert_eq!(cross(MANY, 0).id(Some(&a), Some(&b)), expected);
        }
    }
}
