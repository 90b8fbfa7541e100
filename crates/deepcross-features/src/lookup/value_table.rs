//! Numbers distinct values by a hash table over one string.
//!
//! A value costs its bytes, an end position and a table slot.
//! Rejected: a map from `String` to number, because it allocates for every value and stores each key separately.
//! The slot also holds the first eight bytes of the value, and most values of click logs are not longer.
//! So most look-ups wait for memory once.
//! A value takes the first free slot from the position of its hash on.
//! Rejected: a table with a control byte for each slot, like hashbrown's, because it waits twice, and its callers
//! cannot fetch a slot before it is needed.
//! Values are hashed by XXH3-64 without a seed, once per look-up.

use std::mem;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::lookup::short_hash;
use crate::raw::value::{RUN, Value};
use crate::raw::value_text::shorten;

/// The largest number of values in a table: ids have 32 bits, and three ids are reserved.
pub(crate) const MAX_VALUES: u32 = u32::MAX - 3;

/// Distinct values, numbered from 0 in the order in which they were added.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ValueTable {
    values: Values,
    /// The number of slots is a power of two, and at most three in four are taken; or there are none.
    /// They are not stored.
    #[serde(skip)]
    slots: Vec<Slot>,
}

/// All values, end to end in one string.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Values {
    text: String,
    #[serde(with = "lengths")]
    ends: Vec<usize>,
}

/// The key and the number of a value, in 16 bytes; with [`Key`] as a field, it would have 24.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    start: u64,
    len: u32,
    /// [`FREE`] if the slot has no value.
    index: u32,
}

/// The index in a slot without a value.
const FREE: u32 = u32::MAX;

const FREE_SLOT: Slot = Slot { start: 0, len: 0, index: FREE };

/// The length and the first eight bytes of a value: equal for equal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    start: u64,
    len: u32,
}

impl ValueTable {
    pub(crate) fn with_capacity(n_values: usize, n_bytes: usize) -> Self {
        let (text, ends) = (String::with_capacity(n_bytes), Vec::with_capacity(n_values));
        let slots = vec![FREE_SLOT; n_slots(n_values)];
        Self { values: Values { text, ends }, slots }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.ends.len()
    }

    /// The number of `value`, whose hash is `hash`.
    #[inline]
    pub(crate) fn find(&self, value: &str, hash: u64) -> Option<u32> {
        self.find_from(self.first_slot(hash)?, &Value::new(value.as_bytes()), hash)
    }

    /// The slot at which the search for a value with this hash begins; `None` in a table without slots.
    ///
    /// A caller that reads the first slots of several values before it searches any of them waits for memory once.
    #[inline]
    pub(crate) fn first_slot(&self, hash: u64) -> Option<Slot> {
        self.slots.get(self.place(hash)).copied()
    }

    /// As [`find`](Self::find), with the result of [`first_slot`](Self::first_slot).
    #[inline]
    pub(crate) fn find_from(&self, first: Slot, value: &Value<'_>, hash: u64) -> Option<u32> {
        let key = Key::new(value);
        let (mut slot, mut place) = (first, self.place(hash));
        while slot.index != FREE {
            if self.values.is_in(&slot, key, value) {
                return Some(slot.index);
            }
            place = (place + 1) & (self.slots.len() - 1);
            slot = self.slots[place];
        }
        None
    }

    /// The numbers of all `values`, as by [`find`](Self::find), but the processor waits for memory once and not for each
    /// value.
    pub(crate) fn find_run(&self, values: &[Value<'_>; RUN]) -> [Option<u32>; RUN] {
        let (mut hashes, mut slots, mut found) = ([0; RUN], [None; RUN], [None; RUN]);
        for ((hash, slot), value) in hashes.iter_mut().zip(&mut slots).zip(values) {
            *hash = hash_of(value);
            *slot = self.first_slot(*hash);
        }
        for (at, found) in found.iter_mut().enumerate() {
            *found = slots[at].and_then(|slot| self.find_from(slot, &values[at], hashes[at]));
        }
        found
    }

    /// The number of `value`, which is added if it is new; `None` if the table is full.
    pub(crate) fn find_or_add(&mut self, value: &str) -> Option<u32> {
        self.find_or_add_from(None, value, hash(value))
    }

    /// As [`find_or_add`](Self::find_or_add), with the hash of the value and perhaps its first slot, as it was before
    /// other values were added.
    #[inline]
    pub(crate) fn find_or_add_from(
        &mut self,
        first: Option<Slot>,
        value: &str,
        hash: u64,
    ) -> Option<u32> {
        let found = first
            .and_then(|slot| self.find_from(slot, &Value::new(value.as_bytes()), hash))
            .or_else(|| self.find(value, hash));
        if found.is_some() {
            return found;
        }
        let index = self.values.next_index()?;
        self.values.push(value);
        let n_slots = n_slots(self.len());
        if n_slots > self.slots.len() {
            self.grow(n_slots);
        } else {
            take_slot(&mut self.slots, value, hash, index);
        }
        Some(index)
    }

    /// Changes the number of slots, and gives all values a slot.
    fn grow(&mut self, n_slots: usize) {
        self.slots.clear();
        self.slots.resize(n_slots, FREE_SLOT);
        let Self { values, slots } = self;
        for index in 0..values.ends.len() as u32 {
            let value = values.get(index);
            take_slot(slots, value, hash(value), index);
        }
    }

    /// The position at which the search for a value with this hash begins.
    #[inline]
    fn place(&self, hash: u64) -> usize {
        hash as usize & self.slots.len().wrapping_sub(1)
    }

    /// The value with the number `index`.
    ///
    /// # Panics
    /// If there is no such value.
    pub(crate) fn value(&self, index: u32) -> &str {
        self.values.get(index)
    }

    /// Checks what was read from a stored encoder, and gives all values a slot.
    ///
    /// # Errors
    /// The problem, as a predicate of the values.
    pub(crate) fn restore(&mut self) -> Result<(), String> {
        let Values { text, ends } = mem::take(&mut self.values);
        // Only one value can be empty: the capacity is at most the number of possible values.
        if ends.len() > text.len() + 1 {
            return Err("has more values than text".to_owned());
        }
        *self = Self::with_capacity(ends.len(), text.len());
        let mut start = 0;
        for (index, &end) in ends.iter().enumerate() {
            let value = text.get(start..end);
            let value =
                value.ok_or("has a value that ends after the text or within a character")?;
            if self.find_or_add(value).map(|found| found as usize) != Some(index) {
                return Err(format!("has `{}` twice, or too many values", shorten(value)));
            }
            start = end;
        }
        if start == text.len() { Ok(()) } else { Err("has text after its last value".to_owned()) }
    }

    /// All values, in order.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).map(|index| self.value(index))
    }
}

impl PartialEq for ValueTable {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

/// Stores ends as lengths, because most lengths take one byte in a variable-length encoding.
mod lengths {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(ends: &[usize], to: S) -> Result<S::Ok, S::Error> {
        let starts = std::iter::once(&0).chain(ends);
        to.collect_seq(ends.iter().zip(starts).map(|(end, start)| (end - start) as u64))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<usize>, D::Error> {
        let mut end = 0_usize;
        let lengths = Vec::<u64>::deserialize(from)?;
        let ends = lengths.into_iter().map(|length| {
            end = end.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
            end
        });
        Ok(ends.collect())
    }
}

/// The number of slots for `n_values` values.
fn n_slots(n_values: usize) -> usize {
    if n_values == 0 { 0 } else { (n_values + n_values.div_ceil(3)).next_power_of_two() }
}

/// Puts a new value into the first free slot from the position of its hash on.
fn take_slot(slots: &mut [Slot], value: &str, hash: u64, index: u32) {
    let mask = slots.len() - 1;
    let mut place = hash as usize & mask;
    while slots[place].index != FREE {
        place = (place + 1) & mask;
    }
    let Key { start, len } = Key::new(&Value::new(value.as_bytes()));
    slots[place] = Slot { start, len, index };
}

impl Values {
    fn get(&self, index: u32) -> &str {
        let index = index as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }

    /// Whether `slot` holds `value`, whose key is `key`.
    #[inline]
    fn is_in(&self, slot: &Slot, key: Key, value: &Value<'_>) -> bool {
        let same_key = slot.start == key.start && slot.len == key.len;
        same_key && (value.is_short() || self.get(slot.index).as_bytes() == value.bytes())
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
    #[inline]
    fn new(value: &Value<'_>) -> Self {
        // Long values are compared in full: their length only has to differ from that of short ones.
        Self { start: value.word(), len: u32::try_from(value.bytes().len()).unwrap_or(u32::MAX) }
    }
}

/// The hash of a value for look-ups.
#[inline]
pub(crate) fn hash(value: &str) -> u64 {
    hash_of(&Value::new(value.as_bytes()))
}

/// The same hash of a [`Value`].
#[inline]
pub(crate) fn hash_of(value: &Value<'_>) -> u64 {
    match value.is_short() {
        true => short_hash::xxh3_64(value.word(), 0, value.bytes().len(), 0),
        false => xxh3_64(value.bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_in_the_order_of_addition() {
        let mut table = ValueTable::default();
        let numbers: Vec<_> =
            ["b", "", "a", "b", ""].iter().map(|value| table.find_or_add(value)).collect();
        assert_eq!(numbers, [Some(0), Some(1), Some(2), Some(0), Some(1)]);
        assert_eq!(table.iter().collect::<Vec<_>>(), ["b", "", "a"]);
        assert_eq!(table.find("a", hash("a")), Some(2));
        assert_eq!(table.find("c", hash("c")), None);
    }

    #[test]
    fn long_values_are_compared_in_full() {
        let mut table = ValueTable::default();
        table.find_or_add("12345678a");
        // The hash of another value stands for a collision.
        assert_eq!(table.find("12345678b", hash("12345678a")), None);
        assert_eq!(table.find("12345678", hash("12345678a")), None);
        assert_eq!(table.find("12345678a", hash("12345678a")), Some(0));
    }

    #[test]
    fn growth_keeps_all_values() {
        let mut table = ValueTable::default();
        // Values that are shorter than, as long as and longer than the part in a slot, with equal beginnings.
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
