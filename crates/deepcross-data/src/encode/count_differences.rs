//! The counts of single rows, as far as the encoded rows do not imply them.
//!
//! A row that sampling drops is not counted, so that a cache must know the counts of each row by itself.
//! The ids imply nearly all of these: a reserved id says whether the value was missing, unseen or rare.
//! Only differences from that are noted: which numbers were missing, for instance, or which elements were beyond the
//! greatest length.

use std::ops::Range;

use deepcross_features::{Column, FieldCounts, FieldShape, Reserved, ShapeKind};

/// The numbers in [`FieldCounts`].
pub(crate) const N_STATS: usize = 5;

/// The counts of a field, as numbers.
pub(crate) type Stats = [u64; N_STATS];

pub(crate) fn stats_of(counts: &FieldCounts) -> Stats {
    let FieldCounts { values, missing, unseen, rare, clipped } = *counts;
    [values, missing, unseen, rare, clipped]
}

pub(crate) fn counts_of([values, missing, unseen, rare, clipped]: Stats) -> FieldCounts {
    FieldCounts { values, missing, unseen, rare, clipped }
}

/// The counts of some rows of a column that their encoded values imply.
pub(crate) fn implied_counts(column: &Column, shape: &FieldShape, rows: Range<usize>) -> Stats {
    let (Column::Sparse(column), ShapeKind::Sparse { reserved, .. }) = (column, &shape.kind) else {
        return [rows.len() as u64, 0, 0, 0, 0];
    };
    let ids = match column.offsets() {
        Some(offsets) => offsets[rows.start] as usize..offsets[rows.end] as usize,
        None => rows,
    };
    let ids = &column.ids()[ids];
    let count =
        |id: Option<u32>| id.map_or(0, |id| ids.iter().map(|&other| u64::from(other == id)).sum());
    let Reserved { missing, unseen, rare } = *reserved;
    [ids.len() as u64, count(missing), count(unseen), count(rare), 0]
}

/// The counts of a field of a row, less those that the encoded row implies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CountDifference {
    pub(crate) row: usize,
    pub(crate) field: usize,
    /// Modulo 2³², and so always a number that is stored.
    pub(crate) stats: [u32; N_STATS],
}

impl CountDifference {
    /// `None` if the encoded row implies all that it counted.
    fn of(row: usize, field: usize, counted: &Stats, implied: &Stats) -> Option<Self> {
        let stats = std::array::from_fn(|i| counted[i].wrapping_sub(implied[i]) as u32);
        (stats != [0; N_STATS]).then_some(Self { row, field, stats })
    }
}

/// The differences of rows that are encoded one after another.
#[derive(Debug, Default)]
pub(crate) struct CountDifferences {
    found: Vec<CountDifference>,
    /// The counts of each field before the row.
    before: Vec<Stats>,
}

impl CountDifferences {
    /// Forgets all rows.
    pub(crate) fn clear(&mut self) {
        self.found.clear();
        self.before.clear();
    }

    /// Notes the differences of the last row of a batch, once `counts` include it and the rows before it.
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

    /// The differences of all rows, as of rows that begin at `start`.
    pub(crate) fn from(&self, start: usize) -> impl Iterator<Item = CountDifference> {
        self.found.iter().map(move |found| CountDifference { row: found.row + start, ..*found })
    }
}
