//! The form of a field in a batch, and its size: all that a model must know about the field.
//!
//! A shape does not say how values become ids or numbers, so that a model can be built and tested without an encoder.

/// The name and form of one field of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldShape {
    /// The field's name, unique within a batch's shapes.
    pub name: String,
    /// Ids or numbers, and their number.
    pub kind: ShapeKind,
}

/// The two forms of a field in a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShapeKind {
    /// Ids in `0..dimensions`: rows of an embedding table.
    Sparse {
        /// The number of ids, reserved slots included; at least 1 and at most 2³² − 1.
        dimensions: usize,
        /// Whether a row may hold any number of ids instead of exactly one.
        multi_hot: bool,
        /// The ids that do not belong to a single value.
        reserved: Reserved,
    },
    /// `width` numbers per row.
    Dense {
        /// The number of numbers per row, at least 1.
        width: usize,
        /// Whether the numbers are one value, such as the bins of a number or a vector, which a network embeds like a
        /// category.
        embedded: bool,
    },
}

/// The ids for values that do not have their own id; `None` if a field has no such slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reserved {
    /// The id of a missing value.
    pub missing: Option<u32>,
    /// The id of values that did not occur in fitting.
    pub unseen: Option<u32>,
    /// The id of values that occurred in fitting, but were dropped because they were too rare.
    pub rare: Option<u32>,
}

impl Reserved {
    /// No reserved slots: every id belongs to a value.
    pub const NONE: Self = Self { missing: None, unseen: None, rare: None };
    /// The slots of a field whose values are all known before fitting: 0 is missing, values follow.
    pub const MISSING: Self = Self { missing: Some(0), unseen: None, rare: None };
    /// The slots of a field that hashes its values: 0 is missing, buckets follow.
    pub const HASH: Self = Self { missing: Some(0), unseen: None, rare: None };
    /// The slots of a field with a vocabulary: 0 is missing, 1 unseen, 2 rare, values follow.
    pub const VOCABULARY: Self = Self { missing: Some(0), unseen: Some(1), rare: Some(2) };

    /// The number of reserved slots.
    pub fn count(&self) -> usize {
        [self.missing, self.unseen, self.rare].iter().flatten().count()
    }
}

impl FieldShape {
    /// A field with exactly one id per row and no reserved slots.
    pub fn one_hot(name: impl Into<String>, dimensions: usize) -> Self {
        Self::sparse(name, dimensions, false, Reserved::NONE)
    }

    /// A field with any number of ids per row and no reserved slots.
    pub fn multi_hot(name: impl Into<String>, dimensions: usize) -> Self {
        Self::sparse(name, dimensions, true, Reserved::NONE)
    }

    /// A field of `width` numbers per row.
    pub fn dense(name: impl Into<String>, width: usize) -> Self {
        Self { name: name.into(), kind: ShapeKind::Dense { width, embedded: false } }
    }

    /// A field whose value is `width` numbers per row together: the bins of a number or a vector, and perhaps an indicator.
    pub fn embedded(name: impl Into<String>, width: usize) -> Self {
        Self { name: name.into(), kind: ShapeKind::Dense { width, embedded: true } }
    }

    /// Whether the field distinguishes values that did not occur in fitting from all others.
    pub fn knows_unseen(&self) -> bool {
        matches!(self.kind, ShapeKind::Sparse { reserved, .. } if reserved.unseen.is_some())
    }

    pub(crate) fn sparse(
        name: impl Into<String>,
        dimensions: usize,
        multi_hot: bool,
        reserved: Reserved,
    ) -> Self {
        Self { name: name.into(), kind: ShapeKind::Sparse { dimensions, multi_hot, reserved } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_slots_are_counted() {
        for (reserved, count) in [
            (Reserved::NONE, 0),
            (Reserved::MISSING, 1),
            (Reserved::HASH, 1),
            (Reserved::VOCABULARY, 3),
        ] {
            assert_eq!(reserved.count(), count);
        }
    }

    #[test]
    fn only_a_vocabulary_distinguishes_unseen_values() {
        for (reserved, expected) in [
            (Reserved::NONE, false),
            (Reserved::MISSING, false),
            (Reserved::HASH, false),
            (Reserved::VOCABULARY, true),
        ] {
            let shape = FieldShape::sparse("ad", 10, false, reserved);
            assert_eq!(shape.knows_unseen(), expected, "{reserved:?}");
        }
        assert!(!FieldShape::dense("age", 1).knows_unseen());
    }
}
