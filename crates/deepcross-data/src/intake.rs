//! The front of encoding: raw rows read in order, some at a time, and what is known of each before it is encoded.
//!
//! Splitting lines into fields stays with one thread: where a row ends depends on all quotes before it, and on what is
//! made of a stray one, and it costs a small part of what encoding does.
//! Cutting the bytes at line ends and splitting the cuts side by side lost: each thread would have to know whether it
//! begins within a quote, and where the row before it had been given up.

use std::ops::Range;

use crate::config::BadRows;
use crate::error::DataError;
use crate::negatives::Negatives;
use crate::raw_rows::RawRows;
use crate::selected::{Selected, Target};

/// The most rows of a chunk.
pub(crate) const CHUNK_ROWS: usize = 512;

/// With so many bytes a chunk takes no further row.
const CHUNK_BYTES: usize = 256 << 10;

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
    pub(crate) rows: RawRows,
    pub(crate) entries: Vec<Entry>,
    /// How many of the entries have been handed on.
    pub(crate) done: usize,
    /// Whether nothing is read behind the last entry, an error, before it has been told.
    pub(crate) stops: bool,
}

/// A row of a chunk.
#[derive(Debug)]
pub(crate) enum Entry {
    /// The row at this position is to be encoded.
    Kept(usize, Target),
    /// The row at this position is a negative one that is dropped.
    Dropped(usize),
    /// The row could not be read; `None` once that has been told.
    Bad(Option<DataError>),
}

impl Entry {
    /// Whether the row counts among those that a caller asked for: all but the dropped ones.
    pub(crate) fn counts(&self) -> bool {
        !matches!(self, Self::Dropped(_))
    }
}

impl Chunk {
    /// The entries that have not been handed on.
    pub(crate) fn rest(&self) -> &[Entry] {
        &self.entries[self.done..]
    }

    /// Forgets all rows and keeps the capacity.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
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
        self.entries.len() >= CHUNK_ROWS || self.rows.n_bytes() >= CHUNK_BYTES
    }
}

impl Intake {
    /// Fills a chunk, in place of what is in it, with rows until `most` of them count; none at the end.
    pub(crate) fn read(&mut self, chunk: &mut Chunk, most: usize) {
        chunk.clear();
        let mut n_counting = 0;
        while n_counting < most && !chunk.is_full() && !chunk.stops {
            let entry = match self.rows.next() {
                Ok(None) => return,
                Ok(Some(target)) if self.keeps(target) => Entry::Kept(chunk.rows.len(), target),
                Ok(Some(_)) if self.tells_dropped => Entry::Dropped(chunk.rows.len()),
                Ok(Some(_)) => continue,
                Err(error) => {
                    chunk.stops = self.bad_rows == BadRows::Error || !error.is_bad_row();
                    Entry::Bad(Some(error))
                }
            };
            n_counting += usize::from(entry.counts());
            if !matches!(entry, Entry::Bad(_)) {
                chunk.rows.push(self.rows.row());
            }
            chunk.entries.push(entry);
        }
    }

    fn keeps(&mut self, target: Target) -> bool {
        target.label.is_none_or(|label| self.negatives.keep(label))
    }
}
