//! A vocabulary: the values that have their own id, and the choice of these values.
//!
//! A value that was dropped as rare must be distinguished from an unseen one: 32 bits of its hash are kept.
//! With n dropped values, an unseen value is taken for a rare one with a probability of at most n / 2³².
//! Rejected: keeping the dropped values, because most values are rare, and each would cost as much as a kept one.

use std::cmp::Reverse;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::FeatureError;
use crate::lookup::fingerprints::Fingerprints;
use crate::lookup::value_table::{self, MAX_VALUES, ValueTable};
use crate::raw::field_spelling::FieldSpelling;
use crate::raw::value::{RUN, Value};
use crate::raw::value_text::ValueError;

/// The id of a value that did not occur in fitting.
pub(crate) const UNSEEN: u32 = 1;
/// The id of a value that occurred in fitting, but was dropped.
pub(crate) const RARE: u32 = 2;
/// The id of the first value of the vocabulary.
const FIRST: u32 = 3;

/// The order of a field's values. Only the first `top` values are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TopBy {
    /// The values that occur most often in training come first.
    #[default]
    Count,
    /// The values that occur most often in positive training rows come first.
    Positives,
}

/// The rule by which values are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection {
    /// The smallest count of a kept value.
    pub(crate) min_count: u64,
    /// The largest number of kept values.
    pub(crate) top: usize,
    /// The order of the values, of which the first are kept.
    pub(crate) by: TopBy,
}

/// Counts the values of one field.
#[derive(Clone, Debug)]
pub(crate) struct VocabularyFitter {
    keep: Selection,
    values: ValueTable,
    counts: Vec<u64>,
    /// The number of occurrences of each value in positive rows; empty if the selection does not use it.
    positives: Vec<u64>,
}

/// The ids of the values of one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Vocabulary {
    values: ValueTable,
    /// The fingerprints of the dropped values.
    rare: Fingerprints,
}

impl fmt::Display for TopBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Count => "count",
            Self::Positives => "positives",
        })
    }
}

impl VocabularyFitter {
    pub(crate) fn new(keep: Selection) -> Self {
        let (counts, positives) = (Vec::new(), Vec::new());
        Self { keep, values: ValueTable::default(), counts, positives }
    }

    /// Counts `value` in a row that is positive or not; returns whether it is new.
    ///
    /// # Errors
    /// [`ValueError::TooMany`] if there are too many values for 32-bit ids.
    pub(crate) fn observe(&mut self, value: &str, positive: bool) -> Result<bool, ValueError> {
        let index = self.values.find_or_add(value).ok_or(ValueError::TooMany(MAX_VALUES))?;
        Ok(self.count_one(index, positive))
    }

    /// As [`observe`](Self::observe) for up to [`RUN`] values, but the processor waits for memory once and not for each
    /// value; returns a bit for each new value.
    ///
    /// # Errors
    /// As [`observe`](Self::observe), with the position of the value.
    pub(crate) fn observe_run(&mut self, run: &[(&str, bool)]) -> Result<u32, (usize, ValueError)> {
        let (mut hashes, mut slots, mut indices) = ([0; RUN], [None; RUN], [0; RUN]);
        for (hash, (value, _)) in hashes.iter_mut().zip(run) {
            *hash = value_table::hash(value);
        }
        for (slot, hash) in slots.iter_mut().zip(hashes).take(run.len()) {
            *slot = self.values.first_slot(hash);
        }
        for (at, (value, _)) in run.iter().enumerate().take(RUN) {
            let found = self.values.find_or_add_from(slots[at], value, hashes[at]);
            indices[at] = found.ok_or((at, ValueError::TooMany(MAX_VALUES)))?;
        }
        let mut new = 0;
        for (at, (&index, &(_, positive))) in indices.iter().zip(run).enumerate() {
            new |= u32::from(self.count_one(index, positive)) << at;
        }
        Ok(new)
    }

    /// Counts the value at `index`; returns whether it is new.
    #[inline]
    fn count_one(&mut self, index: u32, positive: bool) -> bool {
        let is_new = index as usize == self.counts.len();
        add(&mut self.counts, index, 1);
        if self.keep.by == TopBy::Positives {
            add(&mut self.positives, index, u64::from(positive));
        }
        is_new
    }

    /// The vocabulary; a rule of spelling merges the values that are spelled in several ways.
    pub(crate) fn finish(self, spelling: Option<&FieldSpelling>) -> Vocabulary {
        match spelling {
            Some(spelling) => self.merged(spelling).select(),
            None => self.select(),
        }
    }

    /// The same counts, of the texts that stand for the values.
    fn merged(self, spelling: &FieldSpelling) -> Self {
        let mut merged = Self::new(self.keep);
        for (index, &count) in self.counts.iter().enumerate() {
            let value = spelling.canonical_of_fitted(self.values.value(index as u32));
            // There are no more values than before.
            let Some(at) = merged.values.find_or_add(&value) else { continue };
            add(&mut merged.counts, at, count);
            if let Some(&positives) = self.positives.get(index) {
                add(&mut merged.positives, at, positives);
            }
        }
        merged
    }

    fn select(self) -> Vocabulary {
        let all = 0..self.values.len() as u32;
        let (mut frequent, mut dropped): (Vec<_>, Vec<_>) =
            all.partition(|&index| self.is_frequent(index));
        self.sort_best_first(&mut frequent);
        dropped.extend(frequent.drain(frequent.len().min(self.keep.top)..));
        let n_bytes = frequent.iter().map(|&index| self.values.value(index).len()).sum();
        let mut values = ValueTable::with_capacity(frequent.len(), n_bytes);
        for &index in &frequent {
            values.find_or_add(self.values.value(index));
        }
        let hashes = dropped.iter().map(|&index| value_table::hash(self.values.value(index)));
        Vocabulary { values, rare: Fingerprints::of_hashes(hashes) }
    }

    /// Sorts values, the best first: by positive rows (if the selection asks for it), then by occurrences, then by bytes.
    fn sort_best_first(&self, indices: &mut Vec<u32>) {
        let ranked = indices.drain(..).map(|index| {
            let positives = self.positives.get(index as usize).copied().unwrap_or(0);
            // As a number, the first bytes are compared without a look at the text.
            let first_bytes = Value::new(self.values.value(index).as_bytes()).word().swap_bytes();
            ((Reverse(positives), Reverse(self.count(index)), first_bytes), index)
        });
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_unstable_by(|(rank, a), (other, b)| {
            rank.cmp(other).then_with(|| self.values.value(*a).cmp(self.values.value(*b)))
        });
        indices.extend(ranked.into_iter().map(|(_, index)| index));
    }

    fn is_frequent(&self, index: u32) -> bool {
        self.count(index) >= self.keep.min_count
    }

    fn count(&self, index: u32) -> u64 {
        self.counts[index as usize]
    }
}

/// Adds `amount` to the count of the value at `index`; for a new value, `index` is the next position.
fn add(counts: &mut Vec<u64>, index: u32, amount: u64) {
    match counts.get_mut(index as usize) {
        Some(count) => *count += amount,
        None => counts.push(amount),
    }
}

impl Vocabulary {
    /// The number of ids, reserved ones included.
    pub(crate) fn dimensions(&self) -> usize {
        self.values.len() + FIRST as usize
    }

    /// The id of `value`.
    #[inline]
    pub(crate) fn id(&self, value: &str) -> u32 {
        let hash = value_table::hash(value);
        self.id_of(self.values.find(value, hash), hash)
    }

    /// The ids of all `values`, as by [`id`](Self::id), but the processor waits for memory once and not for each value.
    pub(crate) fn ids(&self, values: &[Value<'_>; RUN]) -> [u32; RUN] {
        // Loops over arrays, since the closure of `map` would be called and not inlined.
        let (mut hashes, mut slots, mut ids) = ([0; RUN], [None; RUN], [0; RUN]);
        for (hash, value) in hashes.iter_mut().zip(values) {
            *hash = value_table::hash_of(value);
        }
        for (slot, hash) in slots.iter_mut().zip(hashes) {
            *slot = self.values.first_slot(hash);
        }
        for (index, id) in ids.iter_mut().enumerate() {
            let (value, hash) = (&values[index], hashes[index]);
            let found = slots[index].and_then(|slot| self.values.find_from(slot, value, hash));
            *id = self.id_of(found, hash);
        }
        ids
    }

    #[inline]
    fn id_of(&self, found: Option<u32>, hash: u64) -> u32 {
        match found {
            Some(index) => index + FIRST,
            None if self.rare.contains(hash) => RARE,
            None => UNSEEN,
        }
    }

    /// The value with this id; `None` for reserved ids and ids out of range.
    pub(crate) fn value(&self, id: u32) -> Option<&str> {
        let index = id.checked_sub(FIRST)?;
        ((index as usize) < self.values.len()).then(|| self.values.value(index))
    }

    /// Checks what was read from a stored encoder, and makes the parts that are not stored.
    pub(crate) fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        let problem = |problem: String| FeatureError::State {
            problem: format!("field `{field}`: the vocabulary {problem}"),
        };
        self.values.restore().map_err(problem)?;
        self.rare.restore().map_err(problem)
    }
}

impl fmt::Display for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The number of dropped values is slightly too low if fingerprints coincide.
        match (self.values.len(), self.rare.len()) {
            (values, 0) => write!(f, "vocabulary of all {values} values"),
            (values, rare) => {
                write!(f, "vocabulary of {values} values, {rare} rare values share an id")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bincode::config::standard;
    use bincode::serde::{decode_from_slice, encode_to_vec};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::raw::spelling::SpellingRule;

    const ALL: Selection = Selection { min_count: 1, top: usize::MAX, by: TopBy::Count };

    /// Values that begin with this letter occur in positive rows only, others in negative ones.
    const POSITIVE: char = 'd';

    fn fit(keep: Selection, values: &[impl AsRef<str>]) -> Vocabulary {
        let mut fitter = VocabularyFitter::new(keep);
        for value in values {
            let value = value.as_ref();
            fitter.observe(value, value.starts_with(POSITIVE)).expect("few values");
        }
        fitter.finish(None)
    }

    #[track_caller]
    fn check(keep: Selection, kept: &[&str], rare: &[&str]) {
        let vocabulary = fit(keep, &["c", "a", "b", "c", "a", "d", "c"]);
        let found: Vec<_> = vocabulary.values.iter().collect();
        assert_eq!(found, kept);
        for (index, value) in kept.iter().enumerate() {
            assert_eq!(vocabulary.id(value), FIRST + index as u32);
        }
        assert!(rare.iter().all(|value| vocabulary.id(value) == RARE));
        assert_eq!(vocabulary.id("never met"), UNSEEN);
        assert_eq!((vocabulary.values.len(), vocabulary.rare.len()), (kept.len(), rare.len()));
    }

    #[test]
    fn values_are_kept_by_count_and_then_by_bytes() {
        check(ALL, &["c", "a", "b", "d"], &[]);
        check(Selection { min_count: 2, ..ALL }, &["c", "a"], &["b", "d"]);
        check(Selection { min_count: 4, ..ALL }, &[], &["c", "a", "b", "d"]);
        check(Selection { top: 3, ..ALL }, &["c", "a", "b"], &["d"]);
        check(Selection { top: 3, min_count: 2, ..ALL }, &["c", "a"], &["b", "d"]);
        check(Selection { top: 1, min_count: 2, ..ALL }, &["c"], &["a", "b", "d"]);
    }

    #[test]
    fn values_are_kept_by_positives() {
        let by_positives = Selection { by: TopBy::Positives, ..ALL };
        check(by_positives, &["d", "c", "a", "b"], &[]);
        check(Selection { top: 2, ..by_positives }, &["d", "c"], &["a", "b"]);
        check(Selection { top: 2, min_count: 2, ..by_positives }, &["c", "a"], &["b", "d"]);
    }

    #[test]
    fn values_are_counted_in_all_their_spellings() {
        let keep = Selection { top: 1, by: TopBy::Positives, ..ALL };
        let mut fitter = VocabularyFitter::new(keep);
        for (value, positive) in
            [("7", true), ("39.0", true), ("7", false), ("39", true), ("7", false), ("+39", false)]
        {
            fitter.observe(value, positive).expect("few values");
        }
        let apart = fitter.clone().finish(None);
        assert_eq!(apart.values.iter().collect::<Vec<_>>(), ["7"]);
        let merged = fitter.finish(Some(&FieldSpelling::Column(SpellingRule::Number)));
        assert_eq!(merged.values.iter().collect::<Vec<_>>(), ["39"]);
        assert_eq!((merged.rare.len(), merged.id("7")), (1, RARE));
    }

    proptest! {
        /// Few letters make values that occur again in a run, and thousands of values make the table grow in a run.
        #[test]
        fn runs_teach_what_single_values_teach(
            few in vec("[a-d]{0,9}", 0..100),
            many in 0..300_u32,
            size in 1..RUN + 1,
            by in prop::sample::select(vec![TopBy::Count, TopBy::Positives]),
        ) {
            let values = few.into_iter().chain((0..many).map(|number| number.to_string()));
            let values: Vec<_> = values.collect();
            let row = |value: &'_ String| value.starts_with(POSITIVE);
            let mut single = VocabularyFitter::new(Selection { by, ..ALL });
            let mut runs = single.clone();
            let mut new = Vec::new();
            for value in &values {
                new.push(single.observe(value, row(value)).expect("few values"));
            }
            for (values, new) in values.chunks(size).zip(new.chunks(size)) {
                let run: Vec<_> = values.iter().map(|value| (value.as_str(), row(value))).collect();
                let bits = runs.observe_run(&run).expect("few values");
                let bits: Vec<_> = (0..run.len()).map(|at| bits >> at & 1 == 1).collect();
                prop_assert_eq!(&bits[..], new);
            }
            prop_assert_eq!(&single.counts, &runs.counts);
            prop_assert_eq!(&single.positives, &runs.positives);
            prop_assert_eq!(single.finish(None), runs.finish(None));
        }

        #[test]
        fn equally_frequent_values_are_ordered_by_their_bytes(
            values in prop::collection::btree_set("[a\u{0}é]{0,12}", 0..40), offset in 0..40_usize,
        ) {
            let mut turned: Vec<_> = values.iter().cloned().collect();
            turned.rotate_left(offset.checked_rem(values.len()).unwrap_or(0));
            let found: Vec<_> = fit(ALL, &turned).values.iter().map(str::to_owned).collect();
            prop_assert_eq!(found, values.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn ids_lead_back_to_values() {
        let vocabulary = fit(ALL, &["x", "y", "x"]);
        let values: Vec<_> = (0..6).map(|id| vocabulary.value(id)).collect();
        assert_eq!(values, [None, None, None, Some("x"), Some("y"), None]);
        assert_eq!(vocabulary.value(u32::MAX), None);
    }

    #[test]
    fn forged_states_are_refused() {
        let check = |text: &str, lengths: &[u64], rare: &[u32], message: &str| {
            let bytes = encode_to_vec((text, lengths, rare), standard()).expect("it can be stored");
            let decoded = decode_from_slice::<Vocabulary, _>(&bytes, standard());
            let result = decoded.expect("it has the form").0.restore("f");
            let found = result.map_or_else(|error| error.to_string(), |()| "accepted".to_owned());
            assert!(found.ends_with(message), "{found}");
        };
        let no_end = "has a value that ends after the text or within a character";
        check("abc", &[1, 2], &[5, 6], "accepted");
        check("abc", &[1, 3], &[], no_end);
        check("abc", &[u64::MAX], &[], no_end);
        check("é", &[1, 1], &[], no_end);
        check("aa", &[1, 1], &[], "field `f`: the vocabulary has `a` twice, or too many values");
        check("abc", &[1], &[], "the vocabulary has text after its last value");
        check("a", &[0, 1], &[], "accepted");
        check("a", &[0, 0, 1], &[], "the vocabulary has more values than text");
        for rare in [[6, 5], [5, 5]] {
            check("", &[], &rare, "has fingerprints that do not ascend");
        }
    }

    /// The same choice, made in the slow and simple way.
    fn naive(keep: Selection, values: &[String]) -> Vec<String> {
        let mut counts = std::collections::BTreeMap::<&String, u64>::new();
        for value in values {
            *counts.entry(value).or_default() += 1;
        }
        let rank = |value: &String, count: u64| {
            let positive = keep.by == TopBy::Positives && value.starts_with(POSITIVE);
            std::cmp::Reverse((if positive { count } else { 0 }, count))
        };
        let mut order: Vec<_> =
            counts.into_iter().filter(|&(_, count)| count >= keep.min_count).collect();
        order.sort_by_key(|&(value, count)| rank(value, count));
        order.into_iter().take(keep.top).map(|(value, _)| value.clone()).collect()
    }

    proptest! {
        #[test]
        fn the_right_values_are_kept(
            values in vec("[abd é]{0,2}", 0..60),
            min_count in 1_u64..5,
            top in 1_usize..8,
            by in prop::sample::select(vec![TopBy::Count, TopBy::Positives]),
        ) {
            let keep = Selection { min_count, top, by };
            let vocabulary = fit(keep, &values);
            let kept = naive(keep, &values);
            let found: Vec<_> = vocabulary.values.iter().collect();
            prop_assert_eq!(found, kept.iter().map(String::as_str).collect::<Vec<_>>());
            for value in &values {
                let id = vocabulary.id(value);
                prop_assert_eq!(id >= FIRST, kept.contains(value));
                prop_assert_eq!(id == RARE, !kept.contains(value));
            }
        }
    }
}
