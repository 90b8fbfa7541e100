//! Counts of missing, unseen, rare, clipped and far values by field.
//!
//! The caller owns the counts and passes them to each call, so that one encoder can serve many threads.
//! The counts of the threads are merged afterwards.
//! Rejected: counters inside the encoder, because they would be atomics on the hot path.

use std::ops::{AddAssign, SubAssign};

use serde::{Deserialize, Serialize};

use crate::batch::shape::FieldShape;

/// The counts of all fields, in the order of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    names: Vec<String>,
    fields: Vec<FieldCounts>,
}

/// The counts of one field; `values` counts all values, and each of the others counts some of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldCounts {
    /// All values: one per row, or each element of a multi-hot row and each gram of a text.
    pub values: u64,
    /// Missing values.
    pub missing: u64,
    /// Values that did not occur in fitting.
    pub unseen: u64,
    /// Values that occurred in fitting, but were dropped from the vocabulary.
    pub rare: u64,
    /// Numbers that were moved into their range, and elements after the maximum length of a multi-hot row.
    pub clipped: u64,
    /// Numbers far outside of those of fitting: beyond their range by more than ten standard deviations.
    pub far: u64,
}

impl Counts {
    /// Zero counts for the fields of `shapes`.
    pub fn new(shapes: &[FieldShape]) -> Self {
        let names = shapes.iter().map(|shape| shape.name.clone()).collect();
        Self { names, fields: vec![FieldCounts::default(); shapes.len()] }
    }

    /// The counts of the field called `name`, if there is one.
    pub fn get(&self, name: &str) -> Option<&FieldCounts> {
        self.position(name).map(|index| &self.fields[index])
    }

    /// The names and counts, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FieldCounts)> {
        self.names.iter().map(String::as_str).zip(&self.fields)
    }

    /// Adds the counts of `other` by field name; fields that only `other` has are appended.
    pub fn merge(&mut self, other: &Self) {
        for (index, (name, counts)) in other.iter().enumerate() {
            // Counts of one encoder have their fields in the same order.
            let is_here = self.names.get(index).is_some_and(|known| known == name);
            match is_here.then_some(index).or_else(|| self.position(name)) {
                Some(index) => self.fields[index] += *counts,
                None => {
                    self.names.push(name.to_owned());
                    self.fields.push(*counts);
                }
            }
        }
    }

    /// Adds counts in the order of the fields; counts after the last field are ignored.
    pub fn add_in_order(&mut self, counts: impl IntoIterator<Item = FieldCounts>) {
        self.fields.iter_mut().zip(counts).for_each(|(field, counts)| *field += counts);
    }

    /// Sets all counts to zero.
    pub fn clear(&mut self) {
        self.fields.fill(FieldCounts::default());
    }

    pub(crate) fn fields_mut(&mut self) -> &mut [FieldCounts] {
        &mut self.fields
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

impl AddAssign for FieldCounts {
    fn add_assign(&mut self, other: Self) {
        self.values += other.values;
        self.missing += other.missing;
        self.unseen += other.unseen;
        self.rare += other.rare;
        self.clipped += other.clipped;
        self.far += other.far;
    }
}

impl SubAssign for FieldCounts {
    fn sub_assign(&mut self, other: Self) {
        self.values -= other.values;
        self.missing -= other.missing;
        self.unseen -= other.unseen;
        self.rare -= other.rare;
        self.clipped -= other.clipped;
        self.far -= other.far;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(names: &[&str], first_values: u64) -> Counts {
        let shapes: Vec<_> = names.iter().map(|&name| FieldShape::dense(name, 1)).collect();
        let mut counts = Counts::new(&shapes);
        for (values, field) in (first_values..).zip(counts.fields_mut()) {
            *field = FieldCounts { values, missing: 1, unseen: 2, rare: 3, clipped: 4, far: 5 };
        }
        counts
    }

    #[test]
    fn merge_adds_by_name() {
        let mut merged = counts(&["a", "b"], 10);
        merged.merge(&counts(&["b", "c"], 100));

        let values: Vec<_> = merged.iter().map(|(name, field)| (name, field.values)).collect();
        assert_eq!(values, [("a", 10), ("b", 111), ("c", 101)]);
        let doubled =
            FieldCounts { values: 111, missing: 2, unseen: 4, rare: 6, clipped: 8, far: 10 };
        assert_eq!(merged.get("b"), Some(&doubled));
        assert_eq!(merged.get("d"), None);
    }

    #[test]
    fn clear_keeps_the_names() {
        let mut cleared = counts(&["a"], 5);
        cleared.clear();
        assert_eq!(cleared.get("a"), Some(&FieldCounts::default()));
    }

    #[test]
    fn subtraction_undoes_addition() {
        let one = FieldCounts { values: 9, missing: 1, unseen: 2, rare: 3, clipped: 4, far: 5 };
        let mut sum = one;
        sum += one;
        sum -= one;
        assert_eq!(sum, one);
    }
}
