//! Reads rows from a cache as a pass over the text would hand them out.
//!
//! The same negative rows are kept, and the counts and reports are the same.

use std::ops::Range;

use deepcross_features::batch::FieldShape;
use deepcross_features::{Batch, Encoder};

use super::block::{self, Block};
use super::cached_rows::CachedRows;
use super::side_counts::BothSides;
use crate::encode::{
    BadRow, Met, RowReader, Side, Stats, StoredRows, append_rows, counts_of, gather, implied_counts,
};
use crate::error::DataError;

/// Reads rows of a part of a cache.
#[derive(Debug)]
struct CacheReader {
    rows: CachedRows,
    /// The position at which the pass ends. A pass over the last row also has the bad rows after it.
    end: u64,
    next: NextBlock,
    block: Block,
    bytes: Vec<u8>,
    /// Whether all good rows of the block are of the side.
    all_here: bool,
    /// The rows of the block that are still to be handed on, of any side.
    good: Range<usize>,
    /// The bad rows of the block that are still to be handed on, of any side.
    bad: Range<usize>,
    /// Scratch: the rows that are kept.
    kept: Vec<usize>,
    /// Scratch: the counts of these rows.
    stats: Vec<Stats>,
}

/// The block that is read next.
#[derive(Clone, Copy, Debug, Default)]
struct NextBlock {
    index: usize,
    /// The position of its first row in the part.
    first: u64,
    /// The number of rows of the side before it that take part in the draw of negative rows.
    drawn: u64,
}

impl CacheReader {
    fn new(rows: CachedRows) -> Self {
        let n_rows = rows.cache.rows(rows.part).n_rows_of_part();
        let Range { start, end } = rows.range;
        let is_last = end == n_rows && (start < end || n_rows == 0);
        let end = if is_last { u64::MAX } else { end };
        let (next, block, bytes, kept, stats) = Default::default();
        let all_here = true;
        Self { rows, end, next, block, bytes, all_here, good: 0..0, bad: 0..0, kept, stats }
    }

    /// Whether a row of this side is handed on.
    fn has(&self, side: Side) -> bool {
        self.rows.side.is_none_or(|own| own == side)
    }

    /// Reads the next block with a row to hand on; false at the end.
    fn read_block(&mut self, shapes: &[FieldShape], met: &mut Met<'_>) -> Result<bool, DataError> {
        let (part, start) = (self.rows.part, self.rows.range.start);
        while let Some(place) = self.rows.cache.blocks(part).get(self.next.index) {
            let (index, counts) = (self.next.index, place.counts);
            let (first, drawn) = (self.next.first, self.next.drawn);
            let (all, own) = (counts.get(None), counts.get(self.rows.side));
            let last = first + u64::from(all.rows);
            self.next =
                NextBlock { index: index + 1, first: last, drawn: drawn + u64::from(own.drawn) };
            if first >= self.end {
                return Ok(false);
            }
            let is_empty = own.rows == 0 && own.bad == 0;
            if is_empty || (last <= start && last > first) || last < start {
                continue;
            }
            self.load((part, index), counts, shapes)?;
            self.all_here = own.rows == all.rows;
            self.cut(first);
            let before = self.block.counts(self.good.start).get(self.rows.side).drawn;
            met.sampling.start_at(drawn + u64::from(before));
            return Ok(true);
        }
        Ok(false)
    }

    /// Reads a block, which must have the rows that the index says.
    fn load(
        &mut self,
        (part, index): (usize, usize),
        counts: BothSides,
        shapes: &[FieldShape],
    ) -> Result<(), DataError> {
        let cache = &self.rows.cache;
        cache.read(part, index, &mut self.bytes)?;
        let damaged = |problem: String| cache.damaged((part, index), &problem);
        let block = block::read(&self.bytes, shapes).map_err(damaged)?;
        if block.counts(usize::MAX) != counts {
            return Err(damaged("its numbers of rows differ from the index".to_owned()));
        }
        self.block = block;
        Ok(())
    }

    /// Chooses the rows of the block that are in the range; the first row of the block is at `first`.
    fn cut(&mut self, first: u64) {
        let within = |position: u64| {
            let position = position.saturating_sub(first);
            usize::try_from(position).unwrap_or(usize::MAX)
        };
        let (start, end) = (within(self.rows.range.start), within(self.end));
        let n_rows = self.block.n_rows();
        self.good = start.min(n_rows)..end.min(n_rows);
        let n_before = |end| self.block.bad.partition_point(|bad| bad.before < end);
        self.bad = n_before(start)..n_before(end);
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
        let (labels, start) = (from.labels(), self.good.start);
        self.kept.clear();
        let mut row = start;
        while row < end && self.kept.len() < most {
            let is_here = self.all_here || self.has(self.block.side(row));
            if is_here && labels.get(row).is_none_or(|&label| met.sampling.keep(label)) {
                self.kept.push(row);
            }
            row += 1;
        }
        self.good.start = row;
        self.stats.clear();
        self.stats.resize(shapes.len(), Stats::default());
        for run in self.kept.chunk_by(|a, b| a + 1 == *b) {
            let rows = run[0]..run[0] + run.len();
            count(&mut self.stats, &self.block, (from, shapes), rows);
        }
        match self.kept.len() == row - start {
            true => append_rows(batch, from, start..row),
            false => gather(batch, from, &self.kept),
        }
        met.counts.add_in_order(self.stats.iter().map(|stats| counts_of(*stats)));
        self.kept.len()
    }

    /// Reports the next bad row after `n_good` good ones, unless it is of the other side, or would have been dropped
    /// before it was known to be bad.
    fn report(&mut self, n_good: usize, met: &mut Met<'_>) {
        let Some(index) = self.bad.next() else { return };
        let BadRow { side, label, message, .. } = &self.block.bad[index];
        if !self.has(*side) {
            return;
        }
        let is_kept = label.is_none_or(|label| met.sampling.keep(label));
        if is_kept || met.keeps_dropped {
            met.skipped.note(|| message.clone());
            met.bad_positions.push(n_good + met.bad_positions.len());
        }
    }
}

impl StoredRows for CacheReader {
    fn fill(
        &mut self,
        shapes: &[FieldShape],
        batch: &mut Batch,
        rows: usize,
        mut met: Met<'_>,
    ) -> Result<usize, DataError> {
        let mut n_good = 0;
        while n_good < rows {
            let is_done = self.good.is_empty() && self.bad.is_empty();
            if is_done && !self.read_block(shapes, &mut met)? {
                break;
            }
            let next_bad = self.bad.clone().next().map(|index| self.block.bad[index].before);
            let end = next_bad.unwrap_or(self.good.end).min(self.good.end);
            if self.good.start < end {
                n_good += self.append((shapes, end), batch, rows - n_good, &mut met);
            } else {
                self.report(n_good, &mut met);
            }
        }
        Ok(n_good)
    }

    fn restart(&mut self) {
        (self.next, self.block) = (NextBlock::default(), Block::default());
        (self.good, self.bad) = (0..0, 0..0);
    }
}

impl<'e> RowReader<'e> {
    /// A reader of the rows in a cache, which `encoder` must have encoded; it needs no files of text.
    ///
    /// `has_history` says whether the rows have companion counts of earlier rows, as training rows do.
    /// Rows, counts and reports are those of a reader of the text. Raw values are not kept.
    pub fn of_cache(encoder: &'e Encoder, rows: CachedRows, has_history: bool) -> Self {
        Self::stored(encoder, Box::new(CacheReader::new(rows)), has_history)
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
