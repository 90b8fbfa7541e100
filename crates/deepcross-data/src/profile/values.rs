//! The values of a column with their counts: all of them up to a bound, then the frequent ones.
//!
//! Past the bound this is the algorithm of Misra and Gries (1982), with the table cut to half by the
//! median at once, as in Anderson et al. (2017): each value has a credit that grows with its rows,
//! and a full table costs every value the median credit; those that cannot pay go.
//! A value in more than 1 in 8192 of the rows is then always in the table.
//! *Space-saving*, the usual choice, lost: it gives a new value the count of the one that it
//! displaces, and with it a mean label that it never had.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::distinct::Distinct;
use super::tally::{Label, Tally};

/// So many values are counted exactly.
pub(crate) const EXACT: usize = 1 << 14;

/// So many bytes of a value are kept to show it.
const SHOWN: usize = 64;

/// The values of a column, in bounded memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    entries: HashTable<Entry>,
    /// From the moment on at which the table was full.
    distinct: Option<Distinct>,
}

/// A value and its rows since it came into the table.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The hash of the value, which stands for it.
    hash: u64,
    /// The value, cut to [`SHOWN`] bytes.
    pub(crate) text: Box<str>,
    pub(crate) tally: Tally,
    credit: u64,
}

/// A number of distinct values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The number; within a few percent where it is not exact.
    pub n: u64,
    /// Whether it was counted, and not estimated.
    pub exact: bool,
}

impl Values {
    /// Counts a row of `value`; true if the value was not in the table.
    pub(crate) fn add(&mut self, value: &[u8], label: Option<Label>) -> bool {
        let hash = xxh3_64(value);
        if let Some(distinct) = &mut self.distinct {
            distinct.add(hash);
        }
        if let Some(entry) = self.entries.find_mut(hash, |entry| entry.hash == hash) {
            entry.tally.add(label);
            entry.credit += 1;
            return false;
        }
        let mut tally = Tally::default();
        tally.add(label);
        self.insert(hash, shown(value), tally);
        true
    }

    /// Counts all rows of a value that was counted elsewhere.
    pub(crate) fn add_tally(&mut self, value: &str, tally: Tally) {
        let hash = xxh3_64(value.as_bytes());
        if let Some(distinct) = &mut self.distinct {
            distinct.add(hash);
        }
        match self.entries.find_mut(hash, |entry| entry.hash == hash) {
            Some(entry) => {
                entry.tally += tally;
                entry.credit += tally.rows;
            }
            None => self.insert(hash, shown(value.as_bytes()), tally),
        }
    }

    /// The number of distinct values.
    pub(crate) fn distinct(&self) -> Count {
        match &self.distinct {
            Some(distinct) => Count { n: distinct.estimate(), exact: false },
            None => Count { n: self.entries.len() as u64, exact: true },
        }
    }

    /// The values in the table, the most frequent first, equal ones in the order of their text.
    pub(crate) fn by_rows(&self) -> Vec<&Entry> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by(|a, b| b.tally.rows.cmp(&a.tally.rows).then_with(|| a.text.cmp(&b.text)));
        entries
    }

    /// The values in the table, in no order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    fn insert(&mut self, hash: u64, text: Box<str>, tally: Tally) {
        if self.entries.len() == EXACT {
            self.make_room();
            self.distinct.get_or_insert_with(Distinct::new).add(hash);
        }
        let entry = Entry { hash, text, tally, credit: tally.rows };
        self.entries.insert_unique(hash, entry, |entry| entry.hash);
    }

    fn make_room(&mut self) {
        if self.distinct.is_none() {
            let mut distinct = Distinct::new();
            self.entries.iter().for_each(|entry| distinct.add(entry.hash));
            self.distinct = Some(distinct);
        }
        let mut credits: Vec<_> = self.entries.iter().map(|entry| entry.credit).collect();
        let middle = credits.len() / 2;
        let median = *credits.select_nth_unstable(middle).1;
        self.entries.retain(|entry| {
            entry.credit = entry.credit.saturating_sub(median);
            entry.credit > 0
        });
    }
}

/// What is kept of a value to show it.
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
        let mut values = Values::default();
        let n = 30 * EXACT;
        for i in 0..n {
            values.add(format!("rare {i}").as_bytes(), None);
            if i % 100 == 0 {
                values.add(b"frequent", Some(Label { positive: i % 200 == 0, half: i / 100 % 2 }));
            }
            assert!(values.entries.len() <= EXACT);
        }
        let top = values.by_rows()[0];
        assert_eq!(&*top.text, "frequent");
        assert!(top.tally.rows <= n as u64 / 100 + 1);
        assert!(top.tally.rows + 2 * n as u64 / EXACT as u64 >= n as u64 / 100, "{top:?}");
        let mean = top.tally.mean_label().unwrap();
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        let Count { n: estimate, exact } = values.distinct();
        assert!(!exact && (estimate as f64 / n as f64 - 1.0).abs() < 0.04, "{estimate} of {n}");
    }

    proptest! {
        #[test]
        fn few_values_are_counted_exactly(rows in prop::collection::vec((0_u8..20, any::<bool>()), 0..300)) {
            let mut values = Values::default();
            for (value, positive) in &rows {
                values.add(&[*value], Some(Label { positive: *positive, half: 0 }));
            }
            for value in 0..20_u8 {
                let of = |positive| rows.iter().filter(|row| **row == (value, positive)).count() as u64;
                let entry = values.entries().find(|entry| entry.hash == xxh3_64(&[value]));
                let tally = entry.map(|entry| entry.tally).unwrap_or_default();
                prop_assert_eq!((tally.rows, tally.positives[0]), (of(true) + of(false), of(true)));
            }
            prop_assert!(values.distinct().exact);
            prop_assert!(values.by_rows().is_sorted_by_key(|entry| u64::MAX - entry.tally.rows));
        }

        #[test]
        fn what_is_shown_is_the_values_beginning(text in "\\PC{0,80}") {
            let shown = shown(text.as_bytes());
            prop_assert!(text.starts_with(&*shown) && shown.len() <= SHOWN);
            prop_assert!(shown.len() == text.len() || shown.len() > SHOWN - 4);
        }
    }
}
