//! Notes on the rows that a reader of text hands out, for a cache that stores them.

use super::count_differences::CountDifference;

/// The side of a row if some rows of a source are held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The row is trained on.
    Train = 0,
    /// The row is held out for validation.
    Valid = 1,
}

/// A row that could not be read or encoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BadRow {
    /// The number of rows handed out before it.
    pub(crate) before: usize,
    pub(crate) side: Side,
    /// Its label, if the label could be read: only a row with a label takes part in the draw of negative rows.
    pub(crate) label: Option<f32>,
    /// The message of its error.
    pub(crate) message: String,
}

/// The notes on the rows of one fill.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    /// The side of each good row.
    pub(crate) sides: Vec<Side>,
    pub(crate) bad: Vec<BadRow>,
    pub(crate) differences: Vec<CountDifference>,
}

impl Recorded {
    /// Forgets the notes on the last fill.
    pub(crate) fn clear(&mut self) {
        self.sides.clear();
        self.bad.clear();
        self.differences.clear();
    }

    pub(crate) fn counted(&mut self, differences: impl Iterator<Item = CountDifference>) {
        self.differences.extend(differences);
    }

    /// Adds the notes on rows that follow `n_rows` good rows.
    pub(crate) fn append(&mut self, n_rows: usize, later: Self) {
        let Self { sides, bad, differences } = later;
        self.sides.extend(sides);
        self.bad.extend(bad.into_iter().map(|bad| BadRow { before: n_rows + bad.before, ..bad }));
        let moved = |found: CountDifference| CountDifference { row: n_rows + found.row, ..found };
        self.differences.extend(differences.into_iter().map(moved));
    }

    /// Takes the notes on all after the first `n_rows` good rows, as notes on the first rows of the next fill.
    pub(crate) fn split_off(&mut self, n_rows: usize) -> Self {
        let bad = self.take_late(n_rows);
        let (own, later): (Vec<_>, Vec<_>) =
            self.differences.drain(..).partition(|found| found.row < n_rows);
        self.differences = own;
        let moved = |found: CountDifference| CountDifference { row: found.row - n_rows, ..found };
        let differences = later.into_iter().map(moved).collect();
        Self { sides: self.sides.split_off(n_rows), bad, differences }
    }

    /// Takes the bad rows after `n_rows` good rows, as bad rows of the next fill.
    pub(crate) fn take_late(&mut self, n_rows: usize) -> Vec<BadRow> {
        let first = self.bad.partition_point(|bad| bad.before < n_rows);
        let late = self.bad.drain(first..);
        late.map(|bad| BadRow { before: bad.before - n_rows, ..bad }).collect()
    }
}
