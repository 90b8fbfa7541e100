//! Labelled rows as small numbers: one id for each distinct value of a column.

use deepcross_data::{LabelReader, Source};
use deepcross_features::{FOLDS, fold};
use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::error::ProfileError;
use crate::present_value::PresentValues;

/// The most rows that are kept.
const MOST: u64 = 1_000_000;

/// The number of rows in a block; a block is kept or left out as a whole.
const BLOCK: u64 = 8192;

/// The number of parts of the rows: the folds of companion counts.
pub(super) const PARTS: usize = FOLDS;

/// The part whose rows judge, while those of the others choose.
pub(super) const JUDGES: usize = PARTS - 1;

/// The ids and labels of the rows.
#[derive(Clone, Debug, Default)]
pub(super) struct IdRows {
    pub(super) columns: Vec<IdColumn>,
    pub(super) positives: Vec<bool>,
}

/// The ids of one column: id 0 is a missing value.
#[derive(Clone, Debug)]
pub(super) struct IdColumn {
    pub(super) name: String,
    pub(super) ids: Vec<u32>,
    /// The number of ids.
    pub(super) n_ids: usize,
}

impl IdRows {
    /// Reads the columns at `columns` of the rows with a label; `n_labelled` is the number of these rows.
    pub(super) fn read(
        source: &Source,
        columns: &[usize],
        n_labelled: u64,
    ) -> Result<Self, ProfileError> {
        let Some(label) = source.config().label() else { return Ok(Self::default()) };
        let label = LabelReader::bind(&label, source)?;
        let present = PresentValues::new(source.config());
        let of_column = |column: &usize| IdColumn {
            name: source.header()[*column].clone(),
            ids: Vec::new(),
            n_ids: 1,
        };
        let mut rows =
            Self { columns: columns.iter().map(of_column).collect(), positives: Vec::new() };
        let mut known = vec![Numbered::default(); columns.len()];
        let mut reader = source.rows(source.config().bad_rows)?;
        let mut number = 0;
        while let Some(row) = reader.next_row()? {
            let Ok(positive) = label.read(&row) else { continue };
            number += 1;
            if !is_kept(number - 1, n_labelled) {
                continue;
            }
            rows.positives.push(positive > 0.5);
            for ((column, known), &at) in rows.columns.iter_mut().zip(&mut known).zip(columns) {
                let value = present.get(&row, at);
                column.ids.push(value.map_or(0, |text| 1 + known.number(xxh3_64(&text))));
            }
        }
        for (column, known) in rows.columns.iter_mut().zip(&known) {
            column.n_ids = 1 + known.len();
        }
        Ok(rows)
    }

    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        self.positives.len()
    }
}

/// Numbers different keys from 0, in the order in which they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbered(HashTable<(u64, u32)>);

impl Numbered {
    /// The number of a key.
    pub(super) fn number(&mut self, key: u64) -> u32 {
        let next = self.0.len() as u32;
        let hash = |key: &u64| xxh3_64(&key.to_le_bytes());
        let entry = self.0.entry(hash(&key), |(known, _)| *known == key, |(known, _)| hash(known));
        entry.or_insert((key, next)).get().1
    }

    /// The number of different keys.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Whether the block of row `number` is kept, if there are `rows` rows.
fn is_kept(number: u64, rows: u64) -> bool {
    let (block, n_blocks) = (number / BLOCK, rows.div_ceil(BLOCK).max(1));
    let kept = (MOST / BLOCK).min(n_blocks);
    // Bresenham's line: the kept blocks are spread evenly.
    block * kept / n_blocks != (block + 1) * kept / n_blocks
}

/// The part of a row, which is practically random.
pub(super) fn part(row: usize) -> usize {
    fold(row as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_blocks_are_spread_over_all_rows() {
        for (rows, least) in [(1, 1), (8_192, 8_192), (100_000, 100_000), (10_000_000, 990_000)] {
            let kept = (0..rows).filter(|row| is_kept(*row, rows)).count() as u64;
            assert!((least..=MOST).contains(&kept), "{rows}: {kept}");
        }
        let first_half = (0..5_000_000).filter(|row| is_kept(*row, 10_000_000)).count();
        assert!((480_000..=520_000).contains(&first_half), "{first_half}");
    }

    #[test]
    fn parts_are_even() {
        let mut rows = [0_u32; PARTS];
        (0..50_000).for_each(|row| rows[part(row)] += 1);
        assert!(rows.iter().all(|n| (9_600..10_400).contains(n)), "{rows:?}");
    }
}
