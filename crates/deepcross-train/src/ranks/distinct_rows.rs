//! The distinct rows of a table that some rows of a batch look up, with numbers of their own.

use deepcross_autodiff::{Share, place, row_at};
use std::ops::Range;

/// The distinct table rows of one column of ids, in the order of their owners, and of their places in the table.
#[derive(Debug, Default)]
pub(super) struct DistinctRows {
    rows: Vec<u32>,
    /// The end of the rows of each owner.
    ends: Vec<usize>,
    /// A table by hash: the number of each distinct row plus 1, or 0.
    slots: Vec<u32>,
    /// The key by which each distinct row is sorted, and its number before.
    order: Vec<(u64, u32)>,
    /// The number after sorting of each number before.
    numbers: Vec<u32>,
}

impl DistinctRows {
    /// Collects the rows that `ids` name, and replaces each id by the number of its row here.
    pub(super) fn renumber(&mut self, ids: &mut [u32], share: Share) {
        self.number_as_met(ids);
        self.sort(share);
        ids.iter_mut().for_each(|id| *id = self.numbers[*id as usize]);
    }

    /// Numbers the rows in the order in which they are met.
    fn number_as_met(&mut self, ids: &mut [u32]) {
        let n_slots = (2 * ids.len()).next_power_of_two().max(2);
        self.slots.clear();
        self.slots.resize(n_slots, 0);
        self.rows.clear();
        // The highest bits of the product depend on all bits of the id (Knuth's multiplicative hashing).
        let shift = 32 - n_slots.trailing_zeros();
        for id in ids {
            let mut at = (id.wrapping_mul(0x9E37_79B1) >> shift) as usize;
            let number = loop {
                match self.slots[at] {
                    0 => {
                        self.rows.push(*id);
                        let number = self.rows.len() as u32;
                        self.slots[at] = number;
                        break number - 1;
                    }
                    number if self.rows[number as usize - 1] == *id => break number - 1,
                    _ => at = (at + 1) % n_slots,
                }
            };
            *id = number;
        }
    }

    fn sort(&mut self, share: Share) {
        let Self { rows, ends, order, numbers, .. } = self;
        order.clear();
        let key = |row: u32| (share.owner(row) as u64) << 32 | u64::from(place(row));
        order.extend((0..).zip(&*rows).map(|(number, &row)| (key(row), number)));
        order.sort_unstable();
        numbers.clear();
        numbers.resize(rows.len(), 0);
        for (now, &(_, before)) in (0..).zip(&*order) {
            numbers[before as usize] = now;
        }
        rows.clear();
        rows.extend(order.iter().map(|&(key, _)| row_at(key as u32)));
        ends.clear();
        ends.extend(
            (1..=share.of() as u64)
                .map(|owner| order.partition_point(|&(key, _)| key >> 32 < owner)),
        );
    }

    /// The rows, by their numbers.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The numbers of the rows of an owner.
    pub(super) fn of_owner(&self, owner: usize) -> Range<usize> {
        let start = owner.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[owner]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_and_numbers_name_the_same_rows(
            ids in prop::collection::vec(prop_oneof![0_u32..70, any::<u32>()], 0..200),
            bits in 0_u32..4,
        ) {
            let (mut distinct, mut numbers) = (DistinctRows::default(), ids.clone());
            let share = Share::new(0, 1 << bits);
            // What is left of other ids does not matter.
            distinct.renumber(&mut [5, 9, 5], share);
            distinct.renumber(&mut numbers, share);
            let rows = distinct.rows();
            let named: Vec<_> = numbers.iter().map(|&number| rows[number as usize]).collect();
            prop_assert_eq!(named, ids.clone());
            let mut once = ids;
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(rows.len(), once.len());
            let mut end = 0;
            for owner in 0..share.of() {
                let own = distinct.of_owner(owner);
                prop_assert_eq!(own.start, end);
                end = own.end;
                let rows = &rows[own];
                prop_assert!(rows.iter().all(|&row| share.owner(row) == owner));
                prop_assert!(rows.is_sorted_by_key(|&row| place(row)));
            }
            prop_assert_eq!(end, rows.len());
        }
    }
}
