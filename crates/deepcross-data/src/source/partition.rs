//! The part of the rows of a source that a reader takes.

use super::division::{Division, SplitSet};

/// A part of the rows of a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Partition {
    /// All rows.
    All,
    /// The rows for training, by a division of all rows.
    Train(Division),
    /// The rows that are held out for validation, by a division of all rows.
    Valid(Division),
}

impl Partition {
    /// The division of the rows and the set that is read; `None` if all rows are read.
    pub(crate) fn set(self) -> Option<(Division, SplitSet)> {
        match self {
            Self::All => None,
            Self::Train(division) => Some((division, SplitSet::Train)),
            Self::Valid(division) => Some((division, SplitSet::Valid)),
        }
    }
}
