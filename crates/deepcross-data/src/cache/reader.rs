//! Reads rows from a cache as a pass over the text would hand them out.
//!
//! The same negative rows are kept, and the counts and reports are the same.

use std::ops::Range;

use deepcross_features::{Batch, FieldShape};

use super::block::{self, Block};
use super::file::Cache;
use crate::encode::{
    BadRow, Met, RowReader, Stats, StoredRows, append_rows, counts_of, gather, implied_counts,
};
use crate::error::DataError;

/// Reads the rows of a part of a cache.
#[derive(Debug)]
struct CachedRows {
    cache: Cache,
    part: usize,
    /// The position of the next block.
    next: usize,
    block: Block,
    bytes: Vec<u8>,
    /// The number of rows of the block that were handed on.
    at: usize,
    /// The number of bad rows of the block that were handed on.
    bad_at: usize,
    /// Scratch: the rows that are kept.
    kept: Vec<usize>,
    /// Scratch: the counts of these rows.
    stats: Vec<Stats>,
}

impl CachedRows {
    fn new(cache: Cache, part: usize) -> Self {
        let (block, bytes, kept, stats) = Default::default();
        Self { cache, part, next: 0, block, bytes, at: 0, bad_at: 0, kept, stats }
    }

    fn n_rows(&self) -> usize {
        self.block.batch.as_ref().map_or(0, Batch::n_rows)
    }

    fn is_done(&self) -> bool {
        self.at == self.n_rows() && self.bad_at == self.block.bad.len()
    }

    /// Reads the next block; false at the end.
    fn read_block(&mut self, shapes: &[FieldShape]) -> Result<bool, DataError> {
        let Some(place) = self.cache.blocks(self.part).get(self.next) else { return Ok(false) };
        let (at, n_rows) = ((self.part, self.next), place.n_rows as usize);
        self.cache.read(at.0, at.1, &mut self.bytes)?;
        let damaged = |problem: String| self.cache.damaged(at, &problem);
        let block = block::read(&self.bytes, shapes).map_err(damaged)?;
        if block.batch.as_ref().map_or(0, Batch::n_rows) != n_rows {
            return Err(self.cache.damaged(at, "its number of rows differs from the index"));
        }
        (self.block, self.at, self.bad_at) = (block, 0, 0);
        self.next += 1;
        Ok(true)
    }

    /// Appends up to `most` of the rows before `end`, without the dropped ones, and returns the number of rows.
    fn append(
        &mut self,
        (shapes, end): (&[FieldShape], usize),
        batch: &mut Batch,
        most: usize,
        met: &mut Met<'_>,
    ) -> usize {
        let Some(from) = &self.block.batch else { return 0 };
        let start = self.at;
        self.kept.clear();
        while self.at < end && self.kept.len() < most {
            let is_kept = from.labels().get(self.at).is_none_or(|&label| met.sampling.keep(label));
            if is_kept {
                self.kept.push(self.at);
            }
            self.at += 1;
        }
        self.stats.clear();
        self.stats.resize(shapes.len(), Stats::default());
        let all = start..self.at;
        if self.kept.len() == all.len() {
            count(&mut self.stats, &self.block, (from, shapes), all.clone());
            append_rows(batch, from, all);
        } else {
            for &row in &self.kept {
                count(&mut self.stats, &self.block, (from, shapes), row..row + 1);
            }
            gather(batch, from, &self.kept);
        }
        met.counts.add_in_order(self.stats.iter().map(|stats| counts_of(*stats)));
        self.kept.len()
    }
}

impl StoredRows for CachedRows {
    fn fill(
        &mut self,
        shapes: &[FieldShape],
        batch: &mut Batch,
        rows: usize,
        mut met: Met<'_>,
    ) -> Result<usize, DataError> {
        let mut n_good = 0;
        while n_good < rows {
            if self.is_done() && !self.read_block(shapes)? {
                break;
            }
            let n_rows = self.n_rows();
            let end = self.block.bad.get(self.bad_at).map_or(n_rows, |bad| bad.before);
            if self.at < end {
                n_good += self.append((shapes, end), batch, rows - n_good, &mut met);
            } else if self.bad_at < self.block.bad.len() {
                let bad = &self.block.bad[self.bad_at];
                report(bad, n_good, &mut met);
                self.bad_at += 1;
            }
        }
        Ok(n_good)
    }

    fn restart(&mut self) {
        (self.next, self.at, self.bad_at) = (0, 0, 0);
        self.block = Block::default();
    }
}

impl RowReader<'_> {
    /// Takes the rows from a part of `cache` instead of from the text.
    ///
    /// They must be the rows that this reader would give.
    /// `has_history` says whether this reader would give them companion counts.
    /// The rows and counts are the same as those of the text, but the reader keeps no raw values.
    #[must_use]
    pub fn with_cache(self, cache: &Cache, part: usize, has_history: bool) -> Self {
        self.with_stored(Box::new(CachedRows::new(cache.clone(), part)), has_history)
    }
}

/// Adds the counts of rows of a block.
fn count(
    stats: &mut [Stats],
    block: &Block,
    (batch, shapes): (&Batch, &[FieldShape]),
    rows: Range<usize>,
) {
    for ((column, shape), stats) in batch.columns().iter().zip(shapes).zip(stats.iter_mut()) {
        let implied = implied_counts(column, shape, rows.clone());
        stats.iter_mut().zip(implied).for_each(|(sum, implied)| *sum += implied);
    }
    block.differences.add(rows, stats);
}

/// Reports a bad row after `n_good` good ones, unless it would have been dropped before it was known to be bad.
fn report(bad: &BadRow, n_good: usize, met: &mut Met<'_>) {
    let is_kept = bad.label.is_none_or(|label| met.sampling.keep(label));
    if is_kept || met.keeps_dropped {
        met.skipped.note(|| bad.message.clone());
        met.bad_positions.push(n_good + met.bad_positions.len());
    }
}
