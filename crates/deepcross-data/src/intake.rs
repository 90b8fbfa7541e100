//! The front of encoding: raw rows read in order, some at a time, and what is known of each before it is encoded.
//!
//! One thread finds where lines end, and takes those with a quote apart: where such a row ends depends on all quotes
//! before it, and on what is made of a stray one.
//! All other lines are split, and told by part and label, on all threads; which negative ones are dropped is decided in
//! order again.
//! Cutting the bytes anywhere lost: each thread would have to know whether it begins within a quote, and where the row
//! before it had been given up.

use std::ops::Range;

use crate::config::BadRows;
use crate::criteria::{Target, Verdict};
use crate::error::DataError;
use crate::negatives::Negatives;
use crate::raw_rows::{RawRows, RowView};
use crate::selected::Selected;
use crate::side_by_side::for_each;

/// The most rows of a chunk.
pub(crate) const CHUNK_ROWS: usize = 768;

/// With so many bytes a chunk takes no further row.
const CHUNK_BYTES: usize = 384 << 10;

/// Reads rows into chunks.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) rows: Selected,
    pub(crate) negatives: Negatives,
    pub(crate) bad_rows: BadRows,
    /// Whether rows that are dropped are handed on, for companion counts.
    pub(crate) tells_dropped: bool,
}

/// Rows that stand in a file one after another.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    sheets: Vec<RawRows>,
    /// How many of the sheets hold rows.
    n_sheets: usize,
    /// The rows and their bytes, of any part.
    n_rows: usize,
    n_bytes: usize,
    pub(crate) entries: Vec<Entry>,
    /// How many of the entries have been handed on.
    pub(crate) done: usize,
    /// Whether an entry is an error that ends the pass, so that nothing is read behind before it has been told.
    pub(crate) stops: bool,
}

/// Where a row stands in a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    sheet: usize,
    row: usize,
}

/// A row of a chunk.
#[derive(Debug)]
pub(crate) enum Entry {
    /// The row here is to be encoded.
    Kept(At, Target),
    /// The row here is a negative one that is dropped.
    Dropped(At),
    /// The row could not be read; `None` once that has been told.
    Bad(Option<Box<DataError>>),
}

impl Entry {
    /// Whether the row counts among those that a caller asked for: all but the dropped ones.
    pub(crate) fn counts(&self) -> bool {
        !matches!(self, Self::Dropped(_))
    }

    /// Where a row that is kept stands, and its target.
    pub(crate) fn kept(&self) -> Option<(At, Target)> {
        match self {
            Self::Kept(at, target) => Some((*at, *target)),
            Self::Dropped(_) | Self::Bad(_) => None,
        }
    }

    /// The label of a row that is kept, where there is one.
    pub(crate) fn label(&self) -> Option<f32> {
        match self {
            Self::Kept(_, target) => target.label,
            Self::Dropped(_) | Self::Bad(_) => None,
        }
    }
}

impl Chunk {
    /// The entries that have not been handed on.
    pub(crate) fn rest(&self) -> &[Entry] {
        &self.entries[self.done..]
    }

    /// The row at a place that an entry names.
    pub(crate) fn row(&self, at: At) -> RowView<'_> {
        self.sheets[at.sheet].get(at.row)
    }

    /// Forgets all rows and keeps the capacity.
    pub(crate) fn clear(&mut self) {
        self.sheets[..self.n_sheets].iter_mut().for_each(RawRows::clear);
        (self.n_sheets, self.n_rows, self.n_bytes) = (0, 0, 0);
        self.entries.clear();
        (self.done, self.stops) = (0, false);
    }

    /// The next entries, of which no more than `most` count, and how many do.
    pub(crate) fn first(&self, most: usize) -> (Range<usize>, usize) {
        let (mut end, mut n_counting) = (self.done, 0);
        while end < self.entries.len() && n_counting < most {
            n_counting += usize::from(self.entries[end].counts());
            end += 1;
        }
        (self.done..end, n_counting)
    }

    fn is_full(&self) -> bool {
        self.n_rows >= CHUNK_ROWS || self.n_bytes >= CHUNK_BYTES
    }

    /// An empty sheet behind those that hold rows.
    fn new_sheet(&mut self) -> &mut RawRows {
        if self.n_sheets == self.sheets.len() {
            self.sheets.push(RawRows::default());
        }
        self.n_sheets += 1;
        &mut self.sheets[self.n_sheets - 1]
    }
}

impl Intake {
    /// Fills a chunk, in place of what is in it, with rows until `most` of them count; none at the end.
    ///
    /// No more rows are read than `most`, of any part, while none counts: nobody waits for a row that was not asked for.
    pub(crate) fn read(&mut self, chunk: &mut Chunk, most: usize) {
        chunk.clear();
        let (mut n_counting, mut ended) = (0, false);
        while n_counting < most && !ended && !chunk.stops {
            if chunk.is_full() && chunk.entries.is_empty() {
                chunk.clear();
            }
            if chunk.is_full() {
                return;
            }
            let first = chunk.n_sheets;
            let taken = self.take(chunk, most - n_counting);
            let criteria = self.rows.criteria();
            let sheets = &mut chunk.sheets[first..chunk.n_sheets];
            for_each(sheets, &|_, sheet: &mut RawRows| sheet.judge(criteria));
            n_counting += self.select(chunk, first);
            ended = !matches!(taken, Ok(true));
            if let Err(error) = taken {
                chunk.entries.push(Entry::Bad(Some(Box::new(error))));
                chunk.stops = true;
            }
        }
    }

    /// Reads up to `most` rows into sheets behind those of the chunk; false at the end.
    fn take(&mut self, chunk: &mut Chunk, most: usize) -> Result<bool, DataError> {
        let end = CHUNK_ROWS.min(chunk.n_rows.saturating_add(most));
        while chunk.n_rows < end && !chunk.is_full() {
            let n_left = end - chunk.n_rows;
            let sheet = chunk.new_sheet();
            let mut taken = Ok(true);
            while matches!(taken, Ok(true)) && sheet.len() < n_left && !sheet.is_full() {
                taken = self.rows.next_into(sheet);
            }
            let (n_rows, n_bytes) = (sheet.len(), sheet.n_bytes());
            (chunk.n_rows, chunk.n_bytes) = (chunk.n_rows + n_rows, chunk.n_bytes + n_bytes);
            if !matches!(taken, Ok(true)) {
                return taken;
            }
        }
        Ok(true)
    }

    /// Makes entries of the rows of the part, from a sheet on; returns how many count.
    fn select(&mut self, chunk: &mut Chunk, first: usize) -> usize {
        let mut n_counting = 0;
        for sheet in first..chunk.n_sheets {
            for (row, verdict) in chunk.sheets[sheet].verdicts_mut().iter_mut().enumerate() {
                let at = At { sheet, row };
                let entry = match std::mem::replace(verdict, Verdict::Elsewhere) {
                    Verdict::Elsewhere => continue,
                    Verdict::Here(target) if self.keeps(target) => Entry::Kept(at, target),
                    Verdict::Here(_) if self.tells_dropped => Entry::Dropped(at),
                    Verdict::Here(_) => continue,
                    Verdict::Bad(error) => {
                        chunk.stops |= self.bad_rows == BadRows::Error;
                        Entry::Bad(Some(error))
                    }
                };
                n_counting += usize::from(entry.counts());
                chunk.entries.push(entry);
            }
        }
        n_counting
    }

    fn keeps(&mut self, target: Target) -> bool {
        target.label.is_none_or(|label| self.negatives.keep(label))
    }
}
