//! The ids of values, from a vocabulary or a hash: shared by categorical, multi-hot, text and bucketized fields.

mod fingerprints;
pub(crate) mod hash;
mod short_hash;
pub(crate) mod value_table;
pub(crate) mod vocabulary;

use std::fmt;

use crate::batch::shape::{FieldShape, Reserved};
use crate::config::field_config::FieldConfig;
use crate::counts::FieldCounts;
use crate::error::FeatureError;
use crate::lookup::hash::HashBuckets;
use crate::lookup::vocabulary::{RARE, Selection, UNSEEN, Vocabulary, VocabularyFitter};
use crate::raw::value::{RUN, Run};
use crate::raw::value_text::ValueError;
use crate::state::LookupState;

/// The id of a missing value, in every field of ids.
pub(crate) const MISSING: u32 = 0;

/// Learns the ids of a field's values.
#[derive(Clone, Debug)]
pub(crate) enum LookupFitter {
    Vocabulary(VocabularyFitter),
    Hash(HashBuckets),
}

/// The ids of a field's values.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    Vocabulary(Vocabulary),
    Hash(HashBuckets),
}

/// The source of the ids of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ids {
    /// From a vocabulary learned in fitting.
    Vocabulary {
        /// The number of values that have their own id.
        values: usize,
        /// The number of values that occurred but were dropped as rare; slightly too low if fingerprints coincide.
        rare: usize,
    },
    /// From a hash.
    Hash {
        /// The number of buckets.
        buckets: u32,
        /// The seed.
        seed: u64,
    },
}

impl LookupFitter {
    pub(crate) fn new(config: &FieldConfig) -> Self {
        match config.buckets {
            Some(buckets) => {
                Self::Hash(HashBuckets::new(&config.name, buckets, config.seed.unwrap_or(0)))
            }
            None => Self::Vocabulary(VocabularyFitter::new(Selection {
                min_count: config.min_count.unwrap_or(1),
                top: config.top.unwrap_or(usize::MAX),
                by: config.top_by.unwrap_or_default(),
            })),
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

    pub(crate) fn describe(&self) -> Ids {
        match self {
            Self::Vocabulary(vocabulary) => {
                Ids::Vocabulary { values: vocabulary.n_values(), rare: vocabulary.n_rare() }
            }
            Self::Hash(hash) => Ids::Hash { buckets: hash.buckets(), seed: hash.seed() },
        }
    }

    pub(crate) fn to_state(&self) -> LookupState {
        match self {
            Self::Vocabulary(vocabulary) => LookupState::Vocabulary(vocabulary.to_state()),
            Self::Hash(buckets) => LookupState::Hash(buckets.to_state()),
        }
    }

    pub(crate) fn from_state(field: &str, state: LookupState) -> Result<Self, FeatureError> {
        match state {
            LookupState::Vocabulary(state) => {
                Vocabulary::from_state(field, state).map(Self::Vocabulary)
            }
            LookupState::Hash(state) => HashBuckets::from_state(field, state).map(Self::Hash),
        }
    }
}

impl fmt::Display for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vocabulary { values, rare: 0 } => write!(f, "vocabulary of all {values} values"),
            Self::Vocabulary { values, rare } => {
                write!(f, "vocabulary of {values} values, {rare} rare values share an id")
            }
            Self::Hash { buckets, seed } => write!(f, "hash into {buckets} buckets, seed {seed}"),
        }
    }
}

/// Counts `id` if it is a reserved one, and returns it.
fn counted(id: u32, counts: &mut FieldCounts) -> u32 {
    counts.unseen += u64::from(id == UNSEEN);
    counts.rare += u64::from(id == RARE);
    id
}
