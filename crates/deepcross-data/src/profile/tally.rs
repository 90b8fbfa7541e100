//! How many rows, and how many of them are positive: of a column, a value, an element.
//!
//! Rows with labels are counted in two halves, so that what one half says of a value can be tried
//! on the other; counted as one, every rare value would seem to know its label.

use std::ops::AddAssign;

/// What a row is to be counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) positive: bool,
    /// 0 or 1, drawn for each row.
    pub(crate) half: usize,
}

/// Counts of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All rows, with and without a label.
    pub rows: u64,
    /// Rows with a label, by half.
    pub(crate) labelled: [u64; 2],
    /// Positive rows, by half.
    pub(crate) positives: [u64; 2],
}

impl Tally {
    /// Counts a row.
    pub(crate) fn add(&mut self, label: Option<Label>) {
        self.rows += 1;
        if let Some(Label { positive, half }) = label {
            self.labelled[half] += 1;
            self.positives[half] += u64::from(positive);
        }
    }

    /// The rows with a label.
    pub fn labelled(&self) -> u64 {
        self.labelled.iter().sum()
    }

    /// The positive rows.
    pub fn positives(&self) -> u64 {
        self.positives.iter().sum()
    }

    /// The share of positive rows among those with a label; `None` without any.
    pub fn mean_label(&self) -> Option<f64> {
        let labelled = self.labelled();
        (labelled > 0).then(|| self.positives() as f64 / labelled as f64)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        for half in 0..2 {
            self.labelled[half] += other.labelled[half];
            self.positives[half] += other.positives[half];
        }
    }
}
