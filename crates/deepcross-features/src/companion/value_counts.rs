//! Rows, and the positive ones among them: impressions and clicks.

/// How many rows there were, and how many of them positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

    /// What is left without `part`, which was counted in `self` too.
    pub(crate) fn minus(self, part: Self) -> Self {
        Self { rows: self.rows - part.rows, positives: self.positives - part.positives }
    }
}
