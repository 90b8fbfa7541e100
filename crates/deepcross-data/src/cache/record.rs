//! What a reader of text notes beside the rows that it hands out, for whoever stores them.

use super::tally::Difference;

/// A row that could not be read or encoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BadRow {
    /// How many of the rows handed out stand before it.
    pub(super) before: usize,
    /// Its label, where that could be read: only such a row has a part in the draw of negative rows.
    pub(super) label: Option<f32>,
    /// What is wrong with it.
    pub(super) message: String,
}

/// What one fill met beside the rows that it handed out.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    pub(super) bad: Vec<BadRow>,
    pub(super) differences: Vec<Difference>,
}

impl Recorded {
    pub(crate) const NOTHING: Self = Self { bad: Vec::new(), differences: Vec::new() };

    /// Forgets what the last fill met.
    pub(crate) fn clear(&mut self) {
        self.bad.clear();
        self.differences.clear();
    }

    pub(crate) fn bad(&mut self, before: usize, label: Option<f32>, message: String) {
        self.bad.push(BadRow { before, label, message });
    }

    pub(crate) fn counted(&mut self, differences: impl Iterator<Item = Difference>) {
        self.differences.extend(differences);
    }
}
