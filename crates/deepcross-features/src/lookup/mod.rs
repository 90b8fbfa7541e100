//! The ids of values, from a vocabulary or a hash: shared by categorical, multi-hot, text and bucketized fields.

mod fingerprints;
pub(crate) mod hash;
pub(crate) mod id_keys;
mod short_hash;
pub(crate) mod value_table;
pub(crate) mod vocabulary;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::batch::shape::{FieldShape, Reserved};
use crate::counts::FieldCounts;
use crate::error::FeatureError;
use crate::lookup::hash::HashBuckets;
use crate::lookup::id_keys::IdKeys;
use crate::lookup::vocabulary::{RARE, UNSEEN, Vocabulary, VocabularyFitter};
use crate::raw::value::{RUN, Run};
use crate::raw::value_text::ValueError;

/// The id of a missing value, in every field of ids.
pub(crate) const MISSING: u32 = 0;

/// Learns the ids of a field's values.
#[derive(Clone, Debug)]
pub(crate) enum LookupFitter {
    Vocabulary(VocabularyFitter),
    Hash(HashBuckets),
}

/// The ids of a field's values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Lookup {
    Vocabulary(Vocabulary),
    Hash(HashBuckets),
}

impl LookupFitter {
    /// The fitter of the field called `field`.
    pub(crate) fn new(keys: &IdKeys, field: &str) -> Self {
        match keys.hash.of_field(field) {
            Some(buckets) => Self::Hash(buckets),
            None => Self::Vocabulary(VocabularyFitter::new(keys.vocabulary.selection())),
        }
    }

    /// Learns `value` from a row that is positive or not.
    pub(crate) fn observe(&mut self, value: &str, positive: bool) -> Result<(), ValueError> {
        match self {
            Self::Vocabulary(vocabulary) => vocabulary.observe(value, positive),
            Self::Hash(_) => Ok(()),
        }
    }

    pub(crate) fn finish(self) -> Lookup {
        match self {
            Self::Vocabulary(vocabulary) => Lookup::Vocabulary(vocabulary.finish()),
            Self::Hash(buckets) => Lookup::Hash(buckets),
        }
    }
}

impl Lookup {
    /// The id of `value`, or of a missing value; counts it.
    pub(crate) fn encode(&self, value: Option<&str>, counts: &mut FieldCounts) -> u32 {
        counts.values += 1;
        let Some(value) = value else {
            counts.missing += 1;
            return MISSING;
        };
        match self {
            Self::Vocabulary(vocabulary) => counted(vocabulary.id(value), counts),
            Self::Hash(buckets) => buckets.id(value),
        }
    }

    /// The ids of all values of the run, as by [`encode`](Self::encode); the ids after them have no meaning.
    pub(crate) fn encode_run(&self, run: &Run<'_>, counts: &mut FieldCounts) -> [u32; RUN] {
        let mut ids = match self {
            Self::Vocabulary(vocabulary) => vocabulary.ids(run.values()),
            Self::Hash(buckets) => buckets.ids(run.values()),
        };
        for (index, id) in ids.iter_mut().enumerate() {
            *id = if run.is_missing(index) { MISSING } else { *id };
        }
        counts.values += run.len() as u64;
        counts.missing += run.n_missing();
        if let Self::Vocabulary(_) = self {
            ids[..run.len()].iter().for_each(|&id| _ = counted(id, counts));
        }
        ids
    }

    pub(crate) fn shape(&self, name: &str, multi_hot: bool) -> FieldShape {
        let (dimensions, reserved) = match self {
            Self::Vocabulary(vocabulary) => (vocabulary.dimensions(), Reserved::VOCABULARY),
            Self::Hash(buckets) => (buckets.dimensions(), Reserved::HASH),
        };
        FieldShape::sparse(name, dimensions, multi_hot, reserved)
    }

    pub(crate) fn value(&self, id: u32) -> Option<&str> {
        match self {
            Self::Vocabulary(vocabulary) => vocabulary.value(id),
            Self::Hash(_) => None,
        }
    }

    /// Checks what was read from a stored encoder, and makes the parts that are not stored.
    pub(crate) fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        match self {
            Self::Vocabulary(vocabulary) => vocabulary.restore(field),
            Self::Hash(buckets) => buckets.restore(field),
        }
    }
}

impl fmt::Display for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vocabulary(vocabulary) => vocabulary.fmt(f),
            Self::Hash(buckets) => buckets.fmt(f),
        }
    }
}

/// Counts `id` if it is a reserved one, and returns it.
fn counted(id: u32, counts: &mut FieldCounts) -> u32 {
    counts.unseen += u64::from(id == UNSEEN);
    counts.rare += u64::from(id == RARE);
    id
}
