//! Distinct values and their numbers: a hash table over one string.
//!
//! A map from `String` to number would allocate for every value and store each key apart; here a value costs its bytes, an end position and a table slot.
//! Values of up to eight bytes, most of those in click logs, stand in the slot too, so that a look-up waits for memory twice instead of four times.
//! Values are hashed by XXH3-64 without seed, once a look-up.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use xxhash_rust::xxh3::xxh3_64;

/// The number of values that the table may hold: ids are 32 bits wide, and three are reserved.
pub(crate) const MAX_VALUES: u32 = u32::MAX - 3;

/// Distinct values, numbered from 0 in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(crate) struct ValueTable {
    values: Values,
    table: HashTable<Slot>,
}

/// Values end to end in one string.
#[derive(Clone, Debug, Default)]
struct Values {
    text: String,
    ends: Vec<usize>,
}

/// A value's key and number, in 16 bytes: a struct within this one would round it up to 24.
#[derive(Clone, Copy, Debug)]
struct Slot {
    start: u64,
    len: u32,
    index: u32,
}

/// A value's length and its bytes, as far as eight of them go: equal for equal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    start: u64,
    len: u32,
}

impl ValueTable {
    pub(crate) fn with_capacity(n_values: usize, n_bytes: usize) -> Self {
        let (text, ends) = (String::with_capacity(n_bytes), Vec::with_capacity(n_values));
        Self { values: Values { text, ends }, table: HashTable::with_capacity(n_values) }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.ends.len()
    }

    /// The number of `value`, whose hash is `hash`.
    #[inline]
    pub(crate) fn find(&self, value: &str, hash: u64) -> Option<u32> {
        let key = Key::new(value);
        self.table.find(hash, |slot| self.values.is_in(slot, key, value)).map(|slot| slot.index)
    }

    /// The number of `value`, which is added where it is new; `None` where the table is full.
    pub(crate) fn find_or_add(&mut self, value: &str) -> Option<u32> {
        let Self { values, table } = self;
        let key = Key::new(value);
        let same = |slot: &Slot| values.is_in(slot, key, value);
        match table.entry(hash(value), same, |slot| hash(values.get(slot.index))) {
            Entry::Occupied(entry) => Some(entry.get().index),
            Entry::Vacant(entry) => {
                let index = values.next_index()?;
                entry.insert(Slot { start: key.start, len: key.len, index });
                values.push(value);
                Some(index)
            }
        }
    }

    /// The value numbered `index`.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn value(&self, index: u32) -> &str {
        self.values.get(index)
    }

    /// All values, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).map(|index| self.value(index))
    }
}

impl Values {
    fn get(&self, index: u32) -> &str {
        let index = index as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }

    /// Whether `slot` is that of `value`, whose key is `key`.
    #[inline]
    fn is_in(&self, slot: &Slot, key: Key, value: &str) -> bool {
        let same_key = slot.start == key.start && slot.len == key.len;
        same_key && (value.len() <= Key::BYTES || self.get(slot.index) == value)
    }

    fn next_index(&self) -> Option<u32> {
        u32::try_from(self.ends.len()).ok().filter(|&index| index < MAX_VALUES)
    }

    fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len());
    }
}

impl Key {
    const BYTES: usize = 8;

    #[inline]
    fn new(value: &str) -> Self {
        let bytes = value.as_bytes();
        let start = match bytes.first_chunk() {
            Some(&first) => u64::from_le_bytes(first),
            None => bytes.iter().rev().fold(0, |start, &byte| start << 8 | u64::from(byte)),
        };
        // Long values are compared in full: their length need only tell them from short ones.
        Self { start, len: u32::try_from(value.len()).unwrap_or(u32::MAX) }
    }
}

/// The hash by which a value is looked up.
#[inline]
pub(crate) fn hash(value: &str) -> u64 {
    xxh3_64(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_as_they_come() {
        let mut table = ValueTable::default();
        let numbers: Vec<_> =
            ["b", "", "a", "b", ""].iter().map(|value| table.find_or_add(value)).collect();
        assert_eq!(numbers, [Some(0), Some(1), Some(2), Some(0), Some(1)]);
        assert_eq!(table.iter().collect::<Vec<_>>(), ["b", "", "a"]);
        assert_eq!(table.find("a", hash("a")), Some(2));
        assert_eq!(table.find("c", hash("c")), None);
    }

    #[test]
    fn long_values_are_compared_beyond_their_key() {
        let mut table = ValueTable::default();
        table.find_or_add("12345678a");
        // A forged hash stands for two values that collide.
        assert_eq!(table.find("12345678b", hash("12345678a")), None);
        assert_eq!(table.find("12345678", hash("12345678a")), None);
        assert_eq!(table.find("12345678a", hash("12345678a")), Some(0));
    }

    #[test]
    fn growth_keeps_all_values() {
        let mut table = ValueTable::default();
        // Shorter, as long as and longer than what a slot holds, with equal beginnings.
        let value = |number: u32| format!("{number}{}", &"aaaaaaaaaaaa"[..number as usize % 12]);
        for number in 0..5_000 {
            assert_eq!(table.find_or_add(&value(number)), Some(number));
        }
        for number in 0..5_000 {
            let value = value(number);
            assert_eq!(table.find(&value, hash(&value)), Some(number));
        }
    }
}
