//! The values of a column with their counts: all values up to a bound, then the frequent ones.
//!
//! Beyond the bound this is the algorithm of Misra and Gries (1982).
//! Each value has a credit that grows with its rows.
//! When the table is full, every value pays the median credit, and values that have no credit left are removed; this
//! halves the table at once, as in Anderson et al. (2017).
//! A value in more than 1 of 8192 rows is then always in the table.
//! A value that is kept stays in the table at no cost, so that its count is exact however rare it is.
//! Rejected: *Space-saving*, the usual choice, which gives a new value the count of the value that it displaces, and
//! with it a mean label that the new value never had.

use std::fmt;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::hyper_log_log::HyperLogLog;
use super::label_counts::{Label, LabelCounts};
use crate::number_text::grouped;

/// The largest number of values that are counted exactly.
pub(crate) const EXACT: usize = 1 << 14;

/// The number of bytes of a value that are kept to show it.
const SHOWN: usize = 64;

/// The values of a column, in bounded memory; each has a `T`, which is found out once, when the value enters the table.
#[derive(Clone, Debug)]
pub(crate) struct ValueCounts<T = ()> {
    entries: HashTable<Entry<T>>,
    /// An estimate of the number of distinct values, from the moment on when the table was full.
    distinct: Option<HyperLogLog>,
}

/// A value and its rows since it entered the table.
#[derive(Clone, Debug)]
pub(crate) struct Entry<T> {
    /// The hash of the value, by which it is looked up.
    hash: u64,
    /// The value, cut to [`SHOWN`] bytes.
    pub(crate) text: Box<str>,
    pub(crate) counts: LabelCounts,
    /// The rows that it has not paid yet; [`KEPT`] if it stays in the table without paying.
    credit: u64,
    /// What is known about the whole value.
    pub(crate) known: T,
}

/// The credit of a value that stays in the table.
const KEPT: u64 = u64::MAX;

/// A number of distinct values, counted or estimated.
///
/// As text: `1,500`, or `about 1,500` if the number is an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DistinctCount {
    /// The number; within a few percent if it is an estimate.
    pub n: u64,
    /// Whether the number was counted, and not estimated.
    pub exact: bool,
}

impl fmt::Display for DistinctCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.exact { "" } else { "about " };
        write!(f, "{about}{}", grouped(self.n))
    }
}

impl<T> Default for ValueCounts<T> {
    fn default() -> Self {
        Self { entries: HashTable::new(), distinct: None }
    }
}

impl ValueCounts {
    /// Counts a row with `value`.
    pub(crate) fn add(&mut self, value: &[u8], label: Option<Label>) {
        if self.add_known(value, label).is_none() {
            self.add_new(value, label, ());
        }
    }

    /// Adds the rows of a value that were counted elsewhere.
    pub(crate) fn add_counts(&mut self, value: &str, counts: LabelCounts) {
        let hash = xxh3_64(value.as_bytes());
        if let Some(distinct) = &mut self.distinct {
            distinct.add(hash);
        }
        match self.entries.find_mut(hash, |entry| entry.hash == hash) {
            Some(entry) => {
                entry.counts += counts;
                entry.credit = entry.credit.saturating_add(counts.rows);
            }
            None => self.insert(hash, shown(value.as_bytes()), counts, ()),
        }
    }
}

impl<T: Copy> ValueCounts<T> {
    /// Counts a row with `value` and returns what is known about it; does nothing if the value is not in the table.
    pub(crate) fn add_known(&mut self, value: &[u8], label: Option<Label>) -> Option<T> {
        let hash = xxh3_64(value);
        let entry = self.entries.find_mut(hash, |entry| entry.hash == hash)?;
        entry.counts.add(label);
        entry.credit = entry.credit.saturating_add(1);
        if let Some(distinct) = &mut self.distinct {
            distinct.add(hash);
        }
        Some(entry.known)
    }

    /// Counts the first row with a `value` that is not in the table.
    pub(crate) fn add_new(&mut self, value: &[u8], label: Option<Label>, known: T) {
        let hash = xxh3_64(value);
        if let Some(distinct) = &mut self.distinct {
            distinct.add(hash);
        }
        let mut counts = LabelCounts::default();
        counts.add(label);
        self.insert(hash, shown(value), counts, known);
    }

    /// Keeps a value of the table in it, so that all of its rows from now on are counted.
    ///
    /// For few values: the table is not bounded otherwise.
    pub(crate) fn keep(&mut self, value: &[u8]) {
        let hash = xxh3_64(value);
        if let Some(entry) = self.entries.find_mut(hash, |entry| entry.hash == hash) {
            entry.credit = KEPT;
        }
    }

    /// The counts of a value that is in the table.
    pub(crate) fn counts(&self, value: &[u8]) -> Option<LabelCounts> {
        let hash = xxh3_64(value);
        self.entries.find(hash, |entry| entry.hash == hash).map(|entry| entry.counts)
    }

    /// Removes a value from the table and returns its counts, if it was there.
    ///
    /// An estimate of the number of distinct values still counts it.
    pub(crate) fn take(&mut self, value: &[u8]) -> Option<LabelCounts> {
        let hash = xxh3_64(value);
        let entry = self.entries.find_entry(hash, |entry| entry.hash == hash).ok()?;
        Some(entry.remove().0.counts)
    }

    /// Takes rows away from a value; without any row left, the value is removed.
    pub(crate) fn subtract(&mut self, value: &[u8], counts: LabelCounts) {
        let hash = xxh3_64(value);
        let Ok(mut entry) = self.entries.find_entry(hash, |entry| entry.hash == hash) else {
            return;
        };
        entry.get_mut().counts.subtract(counts);
        if entry.get().counts.rows == 0 {
            entry.remove();
        }
    }

    /// The number of distinct values.
    pub(crate) fn distinct(&self) -> DistinctCount {
        match &self.distinct {
            Some(distinct) => DistinctCount { n: distinct.estimate(), exact: false },
            None => DistinctCount { n: self.entries.len() as u64, exact: true },
        }
    }

    /// The values in the table, the most frequent first; equally frequent ones in the order of their text.
    pub(crate) fn by_rows(&self) -> Vec<&Entry<T>> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by(|a, b| b.counts.rows.cmp(&a.counts.rows).then_with(|| a.text.cmp(&b.text)));
        entries
    }

    /// The most frequent value in the table; of equally frequent ones, the first in the order of their text.
    pub(crate) fn most_frequent(&self) -> Option<&Entry<T>> {
        let by_rows = |a: &&Entry<T>, b: &&Entry<T>| {
            a.counts.rows.cmp(&b.counts.rows).then_with(|| b.text.cmp(&a.text))
        };
        self.entries.iter().max_by(by_rows)
    }

    /// The values in the table, in no particular order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry<T>> {
        self.entries.iter()
    }

    fn insert(&mut self, hash: u64, text: Box<str>, counts: LabelCounts, known: T) {
        if self.entries.len() == EXACT {
            self.shrink();
            self.distinct.get_or_insert_with(HyperLogLog::new).add(hash);
        }
        let entry = Entry { hash, text, counts, credit: counts.rows, known };
        self.entries.insert_unique(hash, entry, |entry| entry.hash);
    }

    fn shrink(&mut self) {
        if self.distinct.is_none() {
            let mut distinct = HyperLogLog::new();
            self.entries.iter().for_each(|entry| distinct.add(entry.hash));
            self.distinct = Some(distinct);
        }
        let paying = self.entries.iter().filter(|entry| entry.credit != KEPT);
        let mut credits: Vec<_> = paying.map(|entry| entry.credit).collect();
        let middle = credits.len() / 2;
        let median = *credits.select_nth_unstable(middle).1;
        self.entries.retain(|entry| {
            let paid = if entry.credit == KEPT { 0 } else { median };
            entry.credit = entry.credit.saturating_sub(paid);
            entry.credit > 0
        });
    }
}

/// The beginning of a value, which is kept to show it.
fn shown(value: &[u8]) -> Box<str> {
    let text = String::from_utf8_lossy(&value[..value.len().min(4 * SHOWN)]);
    let mut end = SHOWN.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frequent_values_stay_among_many() {
        let mut values = ValueCounts::<()>::default();
        let n = 30 * EXACT;
        for i in 0..n {
            values.add(format!("rare {i}").as_bytes(), None);
            if i % 100 == 0 {
                values.add(b"frequent", Some(Label { positive: i % 200 == 0, half: i / 100 % 2 }));
            }
            assert!(values.entries.len() <= EXACT);
        }
        let top = values.by_rows()[0];
        assert_eq!(values.most_frequent().map(|entry| &entry.text), Some(&top.text));
        assert_eq!(&*top.text, "frequent");
        assert!(top.counts.rows <= n as u64 / 100 + 1);
        assert!(top.counts.rows + 2 * n as u64 / EXACT as u64 >= n as u64 / 100, "{top:?}");
        let mean = top.counts.mean_label().unwrap();
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        let DistinctCount { n: estimate, exact } = values.distinct();
        assert!(!exact && (estimate as f64 / n as f64 - 1.0).abs() < 0.04, "{estimate} of {n}");
    }

    #[test]
    fn a_kept_value_is_counted_however_rare_it_is() {
        let mut values = ValueCounts::<()>::default();
        for i in 0..4 * EXACT {
            values.add(format!("other {i}").as_bytes(), None);
            if i % EXACT == 5 {
                values.add(b"odd", None);
                values.keep(b"odd");
            }
        }
        assert_eq!(values.counts(b"odd").map(|counts| counts.rows), Some(4));
        assert_eq!(values.take(b"odd").map(|counts| counts.rows), Some(4));
        assert_eq!((values.counts(b"odd"), values.take(b"odd")), (None, None));
    }

    proptest! {
        #[test]
        fn few_values_are_counted_exactly(rows in prop::collection::vec((0_u8..20, any::<bool>()), 0..300)) {
            let mut values = ValueCounts::<()>::default();
            for (value, positive) in &rows {
                values.add(&[*value], Some(Label { positive: *positive, half: 0 }));
            }
            for value in 0..20_u8 {
                let of = |positive| rows.iter().filter(|row| **row == (value, positive)).count() as u64;
                let entry = values.entries().find(|entry| entry.hash == xxh3_64(&[value]));
                let counts = entry.map(|entry| entry.counts).unwrap_or_default();
                prop_assert_eq!((counts.rows, counts.positives[0]), (of(true) + of(false), of(true)));
            }
            prop_assert!(values.distinct().exact);
            prop_assert!(values.by_rows().is_sorted_by_key(|entry| u64::MAX - entry.counts.rows));
        }

        #[test]
        fn the_shown_text_is_the_beginning_of_the_value(text in "\\PC{0,80}") {
            let shown = shown(text.as_bytes());
            prop_assert!(text.starts_with(&*shown) && shown.len() <= SHOWN);
            prop_assert!(shown.len() == text.len() || shown.len() > SHOWN - 4);
        }
    }
}
