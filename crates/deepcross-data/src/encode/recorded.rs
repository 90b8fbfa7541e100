//! Notes on the rows that a reader of text hands out, for a cache that stores them.

use super::count_differences::CountDifference;

/// A row that could not be read or encoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BadRow {
    /// The number of rows handed out before it.
    pub(crate) before: usize,
    /// Its label, if the label could be read: only a row with a label takes part in the draw of negative rows.
    pub(crate) label: Option<f32>,
    /// The message of its error.
    pub(crate) message: String,
}

/// The notes on the rows of one fill.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    pub(crate) bad: Vec<BadRow>,
    pub(crate) differences: Vec<CountDifference>,
}

impl Recorded {
    pub(crate) const NOTHING: Self = Self { bad: Vec::new(), differences: Vec::new() };

    /// Forgets the notes on the last fill.
    pub(crate) fn clear(&mut self) {
        self.bad.clear();
        self.differences.clear();
    }

    pub(crate) fn bad(&mut self, before: usize, label: Option<f32>, message: String) {
        self.bad.push(BadRow { before, label, message });
    }

    pub(crate) fn counted(&mut self, differences: impl Iterator<Item = CountDifference>) {
        self.differences.extend(differences);
    }
}
