//! What each row added to the counts of its fields: told from what the row was encoded to, as far as that goes.
//!
//! A row that sampling drops is not counted, so that a cache must know the counts of each row by itself.
//! Nearly all are told by the ids: a reserved one says whether the value was missing, unseen or rare.
//! Only differences from that are stored: of numbers which were missing, for instance, or which elements were beyond the
//! greatest length.

use std::ops::Range;

use deepcross_features::{Column, FieldCounts, FieldShape, Reserved, ShapeKind};

/// The numbers in [`FieldCounts`].
pub(super) const N_STATS: usize = 5;

/// What a field counted.
pub(super) type Stats = [u64; N_STATS];

pub(super) fn stats_of(counts: &FieldCounts) -> Stats {
    let FieldCounts { values, missing, unseen, rare, clipped } = *counts;
    [values, missing, unseen, rare, clipped]
}

pub(super) fn counts_of([values, missing, unseen, rare, clipped]: Stats) -> FieldCounts {
    FieldCounts { values, missing, unseen, rare, clipped }
}

/// What the rows of a column seem to have counted.
pub(super) fn told(column: &Column, shape: &FieldShape, rows: Range<usize>) -> Stats {
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

/// What is to be added to what is told of a row, so that it is what the row counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(super) row: usize,
    pub(super) field: usize,
    /// Modulo 2³², and so always a number that is stored.
    pub(super) stats: [u32; N_STATS],
}

impl Difference {
    /// `None` where the row counted what is told of it.
    fn of(row: usize, field: usize, counted: &Stats, told: &Stats) -> Option<Self> {
        let stats = std::array::from_fn(|i| counted[i].wrapping_sub(told[i]) as u32);
        (stats != [0; N_STATS]).then_some(Self { row, field, stats })
    }
}

/// The differences of rows that are encoded one after another.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    found: Vec<Difference>,
    /// What each field had counted before the row.
    before: Vec<Stats>,
}

impl Differences {
    /// Forgets all rows.
    pub(crate) fn clear(&mut self) {
        self.found.clear();
        self.before.clear();
    }

    /// Takes notice of the last row of `batch`, when `counts` have counted it and those before it.
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
            let told = told(column, shape, row..row + 1);
            self.found.extend(Difference::of(row, field, &counted, &told));
            *before = now;
        }
    }

    /// What was found of all rows, as of rows that begin at `start`.
    pub(crate) fn from(&self, start: usize) -> impl Iterator<Item = Difference> {
        self.found.iter().map(move |found| Difference { row: found.row + start, ..*found })
    }
}

/// The differences of a block, by field and number.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Which number of which field, and by how much it is another in each row.
    pub(super) columns: Vec<(usize, usize, Vec<u32>)>,
}

impl Table {
    pub(super) fn of(differences: &[Difference], n_fields: usize, n_rows: usize) -> Self {
        let mut all = vec![Vec::new(); n_fields * N_STATS];
        for difference in differences {
            for (stat, &by) in difference.stats.iter().enumerate().filter(|(_, by)| **by != 0) {
                let column: &mut Vec<u32> = &mut all[difference.field * N_STATS + stat];
                column.resize(n_rows, 0);
                column[difference.row] = by;
            }
        }
        let columns = all.into_iter().enumerate().filter(|(_, column)| !column.is_empty());
        let place = |(at, column)| (at / N_STATS, at % N_STATS, column);
        Self { columns: columns.map(place).collect() }
    }

    /// Adds what these rows counted beyond what is told of them.
    pub(super) fn add(&self, rows: Range<usize>, stats: &mut [Stats]) {
        for (field, stat, by) in &self.columns {
            let sum: i64 = by[rows.clone()].iter().map(|&by| i64::from(by as i32)).sum();
            let place = &mut stats[*field][*stat];
            *place = place.saturating_add_signed(sum);
        }
    }
}
