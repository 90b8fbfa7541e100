//! The rows of a part of a cache that a reader takes: all of them, those of one side, or those in a range.

use std::ops::Range;

use super::file::Cache;
use crate::encode::Side;

/// Rows of a part of a cache, in the order of their source.
///
/// ```no_run
/// # use deepcross_data::{DataError, Side};
/// # use deepcross_data::cache::Cache;
/// # fn example(path: &std::path::Path) -> Result<(), DataError> {
/// let cache = Cache::open(path)?;
/// // The training rows in the second half of the first part.
/// let n_rows = cache.rows(0).n_rows_of_part();
/// let rows = cache.rows(0).side(Side::Train).range(n_rows / 2..n_rows);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct CachedRows {
    pub(super) cache: Cache,
    pub(super) part: usize,
    pub(super) side: Option<Side>,
    /// The positions of the rows among the good rows of both sides.
    pub(super) range: Range<u64>,
}

impl Cache {
    /// The good rows of a part, in the order of the part's source. There are none if the cache has no such part.
    pub fn rows(&self, part: usize) -> CachedRows {
        let all = CachedRows { cache: self.clone(), part, side: None, range: 0..0 };
        CachedRows { range: 0..all.n_rows_of_part(), ..all }
    }
}

impl CachedRows {
    /// Only the rows of one side of the split. A part that was not split has [`Side::Train`] alone.
    #[must_use]
    pub fn side(self, side: Side) -> Self {
        Self { side: Some(side), ..self }
    }

    /// Only the rows at these positions, which count the good rows of the part, of both sides, from 0.
    ///
    /// Bad rows are reported with the next good row, and those at the end of the part with its last one. So ranges that
    /// follow each other report each bad row once.
    #[must_use]
    pub fn range(self, range: Range<u64>) -> Self {
        let n_rows = self.cache.rows(self.part).n_rows_of_part();
        let end = range.end.min(n_rows);
        Self { range: range.start.min(end)..end, ..self }
    }

    /// The number of good rows of the side in the whole part, before any is dropped, for any range.
    pub fn n_rows_of_part(&self) -> u64 {
        let blocks = self.cache.blocks(self.part).iter();
        blocks.map(|block| u64::from(block.counts.get(self.side).rows)).sum()
    }
}
