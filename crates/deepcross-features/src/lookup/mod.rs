//! The ids of values, from a vocabulary or a hash: shared by categorical, multi-hot, text and bucketized fields.

mod fingerprints;
pub(crate) mod hash;
pub(crate) mod id_keys;
mod short_hash;
pub(crate) mod value_table;
pub(crate) mod vocabulary;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::batch::shape::{FieldShape, Reserved};
use crate::counts::FieldCounts;
use crate::error::FeatureError;
use crate::lookup::hash::HashBuckets;
use crate::lookup::id_keys::IdKeys;
use crate::lookup::vocabulary::{RARE, UNSEEN, Vocabulary, VocabularyFitter};
use crate::raw::field_spelling::{FieldSpelling, FieldSpellingFitter};
use crate::raw::spelling::Spelling;
use crate::raw::value::{RUN, Run};
use crate::raw::value_text::ValueError;

/// The id of a missing value, in every field of ids.
pub(crate) const MISSING: u32 = 0;

/// Learns the ids of a field's values.
#[derive(Clone, Debug)]
pub(crate) struct LookupFitter {
    ids: IdsFitter,
    spelling: FieldSpellingFitter,
}

#[derive(Clone, Debug)]
enum IdsFitter {
    Vocabulary(VocabularyFitter),
    Hash(HashBuckets),
}

/// The ids of a field's values, which are those of the texts that stand for the values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lookup {
    ids: Ids,
    spelling: FieldSpelling,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Ids {
    Vocabulary(Vocabulary),
    Hash(HashBuckets),
}

impl LookupFitter {
    /// The fitter of the field called `field`, whose spelling is learned unless it is given.
    pub(crate) fn new(keys: &IdKeys, field: &str, spelling: Option<Spelling>) -> Self {
        Self::with_spelling(keys, field, FieldSpellingFitter::new(spelling, 1))
    }

    /// The fitter of the field called `field`, which learns the `spelling` of its values.
    pub(crate) fn with_spelling(keys: &IdKeys, field: &str, spelling: FieldSpellingFitter) -> Self {
        let ids = match keys.hash.of_field(field) {
            Some(buckets) => IdsFitter::Hash(buckets),
            None => IdsFitter::Vocabulary(VocabularyFitter::new(keys.vocabulary.selection())),
        };
        Self { ids, spelling }
    }

    /// Learns `value` from a row that is positive or not.
    pub(crate) fn observe(&mut self, value: &str, positive: bool) -> Result<(), ValueError> {
        let is_new = match &mut self.ids {
            IdsFitter::Vocabulary(vocabulary) => vocabulary.observe(value, positive)?,
            IdsFitter::Hash(_) => true,
        };
        if is_new {
            self.spelling.observe(value);
        }
        Ok(())
    }

    /// As [`observe`](Self::observe), for up to [`RUN`] values; an error has the position of its value.
    pub(crate) fn observe_run(&mut self, run: &[(&str, bool)]) -> Result<(), (usize, ValueError)> {
        let new = match &mut self.ids {
            IdsFitter::Vocabulary(vocabulary) => vocabulary.observe_run(run)?,
            IdsFitter::Hash(_) => u32::MAX,
        };
        for (at, (value, _)) in run.iter().enumerate() {
            if new >> at & 1 == 1 {
                self.spelling.observe(value);
            }
        }
        Ok(())
    }

    /// As [`FieldSpellingFitter::is_rounded`].
    pub(crate) fn is_rounded(&self) -> bool {
        self.spelling.is_rounded()
    }

    pub(crate) fn finish(self) -> Lookup {
        let ids = match self.ids {
            IdsFitter::Vocabulary(vocabulary) => {
                Ids::Vocabulary(vocabulary.finish(self.spelling.merging().as_ref()))
            }
            IdsFitter::Hash(buckets) => Ids::Hash(buckets),
        };
        Lookup { ids, spelling: self.spelling.spelling() }
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
        match &self.ids {
            Ids::Vocabulary(vocabulary) => {
                let id = match vocabulary.id(value) {
                    UNSEEN => self.id_of_other_spelling(vocabulary, value.as_bytes()),
                    id => id,
                };
                counted(id, counts)
            }
            Ids::Hash(buckets) => buckets.id(&self.spelling.canonical(value)),
        }
    }

    /// The id of a value whose text is not in the vocabulary: that of the text that stands for the value.
    fn id_of_other_spelling(&self, vocabulary: &Vocabulary, value: &[u8]) -> u32 {
        let other = self.spelling.respelled(value);
        other
            .as_deref()
            .and_then(|text| str::from_utf8(text).ok())
            .map_or(UNSEEN, |text| vocabulary.id(text))
    }

    /// The ids of all values of the run, as by [`encode`](Self::encode); the ids after them have no meaning.
    pub(crate) fn encode_run(&self, run: &Run<'_>, counts: &mut FieldCounts) -> [u32; RUN] {
        let mut ids = match &self.ids {
            Ids::Vocabulary(vocabulary) => vocabulary.ids(run.values()),
            Ids::Hash(buckets) => buckets.ids(run.values()),
        };
        if !self.spelling.is_plain() {
            self.respell(run, &mut ids);
        }
        for (index, id) in ids.iter_mut().enumerate() {
            *id = if run.is_missing(index) { MISSING } else { *id };
        }
        counts.values += run.len() as u64;
        counts.missing += run.n_missing();
        if let Ids::Vocabulary(_) = self.ids {
            ids[..run.len()].iter().for_each(|&id| _ = counted(id, counts));
        }
        ids
    }

    /// Gives those values of the run that have another spelling the ids of the texts that stand for them.
    #[inline(never)]
    fn respell(&self, run: &Run<'_>, ids: &mut [u32; RUN]) {
        for (id, value) in ids.iter_mut().zip(run.values()).take(run.len()) {
            match &self.ids {
                Ids::Vocabulary(vocabulary) if *id == UNSEEN => {
                    *id = self.id_of_other_spelling(vocabulary, value.bytes());
                }
                Ids::Vocabulary(_) => {}
                Ids::Hash(buckets) => {
                    if let Some(text) = self.spelling.respelled(value.bytes()) {
                        *id = buckets.id_of(&[&text]);
                    }
                }
            }
        }
    }

    pub(crate) fn shape(&self, name: &str, multi_hot: bool) -> FieldShape {
        let (dimensions, reserved) = match &self.ids {
            Ids::Vocabulary(vocabulary) => (vocabulary.dimensions(), Reserved::VOCABULARY),
            Ids::Hash(buckets) => (buckets.dimensions(), Reserved::HASH),
        };
        FieldShape::sparse(name, dimensions, multi_hot, reserved)
    }

    /// The value with this id, as it is shown; `None` for reserved ids, ids out of range and ids of a hash.
    pub(crate) fn value(&self, id: u32) -> Option<Cow<'_, str>> {
        match &self.ids {
            Ids::Vocabulary(vocabulary) => Some(self.spelling.shown(vocabulary.value(id)?)),
            Ids::Hash(_) => None,
        }
    }

    /// The id of a value that is given as it is shown.
    pub(crate) fn id_of_shown(&self, value: &str) -> u32 {
        let text = self.spelling.text_of_shown(value);
        text.map_or(UNSEEN, |text| self.encode(Some(&text), &mut FieldCounts::default()))
    }

    /// Whether the ids come from a hash, and not from a vocabulary.
    pub(crate) fn is_hashed(&self) -> bool {
        matches!(self.ids, Ids::Hash(_))
    }

    /// The spelling of the values.
    pub(crate) fn spelling(&self) -> &FieldSpelling {
        &self.spelling
    }

    /// Checks what was read from a stored encoder, and makes the parts that are not stored.
    pub(crate) fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        self.spelling.check(field)?;
        match &mut self.ids {
            Ids::Vocabulary(vocabulary) => vocabulary.restore(field),
            Ids::Hash(buckets) => buckets.restore(field),
        }
    }
}

impl fmt::Display for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ids {
            Ids::Vocabulary(vocabulary) => vocabulary.fmt(f),
            Ids::Hash(buckets) => buckets.fmt(f),
        }
    }
}

/// Counts `id` if it is a reserved one, and returns it.
fn counted(id: u32, counts: &mut FieldCounts) -> u32 {
    counts.unseen += u64::from(id == UNSEEN);
    counts.rare += u64::from(id == RARE);
    id
}
