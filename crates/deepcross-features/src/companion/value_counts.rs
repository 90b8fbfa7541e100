//! The counts of a value: its rows and its positive rows, which are impressions and clicks.

use serde::{Deserialize, Serialize};

/// The number of rows of a value, and the number of positive rows among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ValueCounts {
    pub(crate) rows: u64,
    pub(crate) positives: u64,
}

impl ValueCounts {
    pub(crate) fn add(&mut self, positive: bool) {
        self.rows += 1;
        self.positives += u64::from(positive);
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self { rows: self.rows + other.rows, positives: self.positives + other.positives }
    }

    /// The counts without those of `part`, which are included in `self`.
    pub(crate) fn minus(self, part: Self) -> Self {
        Self { rows: self.rows - part.rows, positives: self.positives - part.positives }
    }
}
