//! Columns that are one another renamed: each value of one goes with one value of the other.

use super::id_rows::{IdColumn, IdRows};

/// The fewest values of a column for which this is not chance.
const FEWEST: usize = 4;

/// The pairs of columns that are one another renamed; the second of each is the copy.
pub(super) fn pairs(rows: &IdRows) -> Vec<[usize; 2]> {
    let columns = &rows.columns;
    let mut found: Vec<[usize; 2]> = Vec::new();
    for second in 0..columns.len() {
        let first = (0..second).find(|first| {
            let is_copy = found.iter().any(|[_, copy]| copy == first);
            !is_copy && is_renamed(&columns[*first], &columns[second])
        });
        found.extend(first.map(|first| [first, second]));
    }
    found
}

fn is_renamed(a: &IdColumn, b: &IdColumn) -> bool {
    // The ids of both are numbered in the order of the rows, and a missing value has the id 0 in both.
    a.n_ids == b.n_ids && a.n_ids > FEWEST && a.ids == b.ids
}
