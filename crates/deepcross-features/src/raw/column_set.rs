//! Sets of the columns of a field, which has at most eight.

use std::ops::BitAnd;

/// Some columns of a field: a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnSet(u8);

impl ColumnSet {
    /// The columns for which `is_in` is true, which has a value for each column.
    pub(crate) fn of(is_in: impl IntoIterator<Item = bool>) -> Self {
        Self(
            is_in
                .into_iter()
                .enumerate()
                .fold(0, |bits, (column, is_in)| bits | u8::from(is_in) << column),
        )
    }

    pub(crate) fn contains(self, column: usize) -> bool {
        self.0 >> column & 1 == 1
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The columns of this set and of another one.
    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The columns of this set without those of another one.
    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// A set for each of its columns, with this column alone.
    pub(crate) fn each(self) -> impl Iterator<Item = Self> {
        (0..8).map(move |column| Self(self.0 & 1 << column)).filter(|set| !set.is_empty())
    }
}

impl BitAnd for ColumnSet {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}
