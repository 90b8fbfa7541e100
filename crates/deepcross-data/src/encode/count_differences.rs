//! The counts of single rows that the encoded rows do not imply.
//!
//! A row that sampling drops is not counted, so a cache must know the counts of each single row.
//! The ids imply nearly all of them: a reserved id shows that the value was missing, unseen or rare.
//! Only the differences from these implied counts are noted, such as missing numbers, or elements beyond the greatest
//! length.

use std::ops::Range;

use deepcross_features::FieldCounts;
use deepcross_features::batch::{Column, FieldShape, Reserved, ShapeKind};

/// The number of counts in a [`FieldCounts`].
pub(crate) const N_STATS: usize = 6;

/// The counts of a field, as an array.
pub(crate) type Stats = [u64; N_STATS];

pub(crate) fn stats_of(counts: &FieldCounts) -> Stats {
    let FieldCounts { values, missing, unseen, rare, clipped, far } = *counts;
    [values, missing, unseen, rare, clipped, far]
}

pub(crate) fn counts_of(stats: Stats) -> FieldCounts {
    let [values, missing, unseen, rare, clipped, far] = stats;
    FieldCounts { values, missing, unseen, rare, clipped, far }
}

/// The counts that the encoded values of some rows of a column imply.
pub(crate) fn implied_counts(column: &Column, shape: &FieldShape, rows: Range<usize>) -> Stats {
    let (Column::Sparse(column), ShapeKind::Sparse { reserved, .. }) = (column, &shape.kind) else {
        return [rows.len() as u64, 0, 0, 0, 0, 0];
    };
    let ids = match column.offsets() {
        Some(offsets) => offsets[rows.start] as usize..offsets[rows.end] as usize,
        None => rows,
    };
    let ids = &column.ids()[ids];
    let count =
        |id: Option<u32>| id.map_or(0, |id| ids.iter().map(|&other| u64::from(other == id)).sum());
    let Reserved { missing, unseen, rare } = *reserved;
    [ids.len() as u64, count(missing), count(unseen), count(rare), 0, 0]
}

/// The counts of one field in one row, minus those that the encoded row implies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CountDifference {
    pub(crate) row: usize,
    pub(crate) field: usize,
    /// The differences modulo 2³², which a cache can always store.
    pub(crate) stats: [u32; N_STATS],
}

impl CountDifference {
    /// The difference between the counts of a row and its implied counts; `None` if they are equal.
    fn of(row: usize, field: usize, counted: &Stats, implied: &Stats) -> Option<Self> {
        let stats = std::array::from_fn(|i| counted[i].wrapping_sub(implied[i]) as u32);
        (stats != [0; N_STATS]).then_some(Self { row, field, stats })
    }
}

/// Collects the differences of rows that are encoded one after another.
#[derive(Debug, Default)]
pub(crate) struct CountDifferences {
    found: Vec<CountDifference>,
    /// The counts of each field before the next row.
    before: Vec<Stats>,
}

impl CountDifferences {
    /// Forgets all rows.
    pub(crate) fn clear(&mut self) {
        self.found.clear();
        self.before.clear();
    }

    /// Notes the differences of the last row of a batch; `counts` must include this row and the rows before it.
    pub(crate) fn observe<'c>(
        &mut self,
        columns: &[Column],
        shapes: &[FieldShape],
        counts: impl Iterator<Item = &'c FieldCounts>,
    ) {
        self.before.resize(shapes.len(), Stats::default());
        let fields = columns.iter().zip(shapes).zip(counts).zip(&mut self.before);
        for (field, (((column, shape), counts), before)) in fields.enumerate() {
            let (now, row) = (stats_of(counts), column.n_rows() - 1);
            let counted = std::array::from_fn(|i| now[i] - before[i]);
            let implied = implied_counts(column, shape, row..row + 1);
            self.found.extend(CountDifference::of(row, field, &counted, &implied));
            *before = now;
        }
    }

    /// The differences of all rows, with the first row numbered `start`.
    pub(crate) fn from(&self, start: usize) -> impl Iterator<Item = CountDifference> {
        self.found.iter().map(move |found| CountDifference { row: found.row + start, ..*found })
    }
}
