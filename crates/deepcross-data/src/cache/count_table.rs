//! The differences of counts that a block stores, as a table by field and count.

use std::ops::Range;

use crate::encode::{CountDifference, N_STATS, Stats};

/// The differences of a block, by field and count.
#[derive(Debug, Default)]
pub(super) struct CountTable {
    /// For each stored column: the field, the position of the count in [`Stats`], and the difference in each row.
    pub(super) columns: Vec<(usize, usize, Vec<u32>)>,
}

impl CountTable {
    pub(super) fn of(differences: &[CountDifference], n_fields: usize, n_rows: usize) -> Self {
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

    /// The differences of all rows, one for each count.
    pub(super) fn differences(&self) -> impl Iterator<Item = CountDifference> {
        self.columns.iter().flat_map(|(field, stat, by)| {
            let found = by.iter().enumerate().filter(|(_, by)| **by != 0);
            found.map(|(row, &by)| {
                let mut stats = [0; N_STATS];
                stats[*stat] = by;
                CountDifference { row, field: *field, stats }
            })
        })
    }

    /// Adds the differences of these rows to `stats`.
    pub(super) fn add(&self, rows: Range<usize>, stats: &mut [Stats]) {
        for (field, stat, by) in &self.columns {
            let sum: i64 = by[rows.clone()].iter().map(|&by| i64::from(by as i32)).sum();
            let place = &mut stats[*field][*stat];
            *place = place.saturating_add_signed(sum);
        }
    }
}
