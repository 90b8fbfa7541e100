//! Counts of rows and of their labels: for a column, for a value, or for an element of a list.
//!
//! Rows with labels are counted in two halves, so that the mean label of one half can be tested on the other.
//! Rejected: one count for all rows, because every rare value would seem to predict its label.

use std::ops::AddAssign;

/// The label of a row, and the half that the row is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) positive: bool,
    /// 0 or 1, drawn for each row.
    pub(crate) half: usize,
}

/// A number of rows, and how many of them have a label and a positive label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelCounts {
    /// All rows, with and without a label.
    pub rows: u64,
    /// The rows with a label in each half.
    pub(crate) labelled: [u64; 2],
    /// The positive rows in each half.
    pub(crate) positives: [u64; 2],
}

impl LabelCounts {
    /// Counts a row.
    pub(crate) fn add(&mut self, label: Option<Label>) {
        self.rows += 1;
        if let Some(Label { positive, half }) = label {
            self.labelled[half] += 1;
            self.positives[half] += u64::from(positive);
        }
    }

    /// Takes rows away that were counted before.
    pub(crate) fn subtract(&mut self, other: Self) {
        self.rows = self.rows.saturating_sub(other.rows);
        for half in 0..2 {
            self.labelled[half] = self.labelled[half].saturating_sub(other.labelled[half]);
            self.positives[half] = self.positives[half].saturating_sub(other.positives[half]);
        }
    }

    /// The number of rows with a label.
    pub fn labelled(&self) -> u64 {
        self.labelled.iter().sum()
    }

    /// The number of positive rows.
    pub fn positives(&self) -> u64 {
        self.positives.iter().sum()
    }

    /// The share of positive rows among the rows with a label; `None` if no row has one.
    pub fn mean_label(&self) -> Option<f64> {
        let labelled = self.labelled();
        (labelled > 0).then(|| self.positives() as f64 / labelled as f64)
    }
}

impl AddAssign for LabelCounts {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        for half in 0..2 {
            self.labelled[half] += other.labelled[half];
            self.positives[half] += other.positives[half];
        }
    }
}
