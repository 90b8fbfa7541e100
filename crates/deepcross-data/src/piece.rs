//! The middle of encoding: the rows of a chunk, a few at a time, each few into a batch of their own.
//!
//! What a row becomes depends on nothing but the row, so that it does not matter which thread encodes it, nor when;
//! what depends on the rows before it is done later, in order.
//! Pieces have a fixed number of rows, whatever the number of threads: small enough that all threads end at about the
//! same time, and large enough that handing one over costs nothing beside it.

use std::ops::Range;

use deepcross_features::{Batch, Binding, Counts, Encoder};

use crate::cache::Differences;
use crate::config::BadRows;
use crate::error::DataError;
use crate::intake::{Chunk, Entry};
use crate::row::Located;
use crate::side_by_side::for_each;

/// The rows of a piece.
const PIECE_ROWS: usize = 32;

/// A few rows of a chunk, encoded.
#[derive(Debug)]
pub(crate) struct Piece {
    /// The entries of the chunk.
    pub(crate) entries: Range<usize>,
    /// The good rows among them that are kept, up to the first error where that ends the pass.
    pub(crate) batch: Batch,
    pub(crate) counts: Counts,
    /// The entries that turned out to be bad, the last one first.
    errors: Vec<(usize, DataError)>,
    /// What its rows counted that is not told by what they are encoded to, where that is to be known.
    pub(crate) differences: Differences,
    /// Where a dropped row is encoded where it must be known whether it can be.
    spare: (Batch, Counts),
}

/// How rows are encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoding<'a> {
    pub(crate) encoder: &'a Encoder,
    pub(crate) binding: &'a Binding,
    pub(crate) bad_rows: BadRows,
    /// Whether it is to be known what each row counts.
    pub(crate) records: bool,
}

impl Piece {
    fn new(encoder: &Encoder) -> Self {
        let (batch, counts) = (encoder.new_batch(), encoder.new_counts());
        let spare = (encoder.new_batch(), encoder.new_counts());
        let differences = Differences::default();
        Self { entries: 0..0, batch, counts, errors: Vec::new(), differences, spare }
    }

    /// Forgets all rows and keeps the capacity.
    fn clear(&mut self) {
        self.batch.clear();
        self.counts.clear();
        self.errors.clear();
        self.differences.clear();
    }

    /// What is wrong with an entry; entries are to be asked for in order.
    pub(crate) fn take_error(&mut self, entry: usize) -> Option<DataError> {
        self.errors.pop_if(|(bad, _)| *bad == entry).map(|(_, error)| error)
    }
}

impl Encoding<'_> {
    /// Cuts entries into pieces and gives these, which reuse the first of `pieces`.
    pub(crate) fn cut<'p>(
        encoder: &Encoder,
        entries: Range<usize>,
        pieces: &'p mut Vec<Piece>,
    ) -> &'p mut [Piece] {
        let n_pieces = entries.len().div_ceil(PIECE_ROWS);
        while pieces.len() < n_pieces {
            pieces.push(Piece::new(encoder));
        }
        let pieces = &mut pieces[..n_pieces];
        for (index, piece) in pieces.iter_mut().enumerate() {
            let start = entries.start + index * PIECE_ROWS;
            piece.entries = start..entries.end.min(start + PIECE_ROWS);
        }
        pieces
    }

    /// Encodes all pieces of a chunk, on the threads of the pool.
    pub(crate) fn encode_all(self, chunk: &Chunk, pieces: &mut [Piece]) {
        for_each(pieces, &|_, piece: &mut Piece| self.encode(chunk, piece));
    }

    fn encode(self, chunk: &Chunk, piece: &mut Piece) {
        piece.clear();
        // What each row counts is known row by row only.
        if !self.records && self.encode_together(chunk, piece) {
            return;
        }
        piece.clear();
        for index in piece.entries.clone() {
            // A row behind an error that ends the pass is none of this batch's.
            if self.bad_rows == BadRows::Error && matches!(chunk.entries[index], Entry::Bad(_)) {
                break;
            }
            if let Err(error) = self.encode_entry(chunk, index, piece) {
                piece.errors.push((index, error));
                if self.bad_rows == BadRows::Error {
                    break;
                }
            }
        }
        piece.errors.reverse();
    }

    /// Encodes all rows of a piece column by column; false where that cannot be, which row by row tells why.
    fn encode_together(self, chunk: &Chunk, piece: &mut Piece) -> bool {
        let entries = &chunk.entries[piece.entries.clone()];
        let mut kept = entries.iter().filter_map(Entry::kept);
        // In place of a vector, which would be an allocation for each piece.
        let Some((first, _)) = kept.clone().next() else { return false };
        let (mut rows, mut n_rows) = ([chunk.row(first); PIECE_ROWS], 0);
        let needs_order = |entry: &Entry| match entry {
            Entry::Kept(..) => false,
            Entry::Dropped(_) => self.bad_rows == BadRows::Skip,
            Entry::Bad(_) => self.bad_rows == BadRows::Error,
        };
        if entries.iter().any(needs_order) {
            return false;
        }
        for (place, (at, target)) in rows.iter_mut().zip(&mut kept) {
            *place = chunk.row(at);
            piece.batch.labels_mut().extend(target.label);
            piece.batch.weights_mut().extend(target.weight);
            n_rows += 1;
        }
        self.encoder.encode_rows(self.binding, &rows[..n_rows], &mut piece.batch, &mut piece.counts)
    }

    fn encode_entry(self, chunk: &Chunk, index: usize, piece: &mut Piece) -> Result<(), DataError> {
        let (row, target, (batch, counts)) = match &chunk.entries[index] {
            Entry::Kept(row, target) => (*row, Some(target), (&mut piece.batch, &mut piece.counts)),
            // Companion counts were fitted on good rows only; where bad ones did not end that pass, this may be one.
            Entry::Dropped(row) if self.bad_rows == BadRows::Skip => {
                let (batch, counts) = &mut piece.spare;
                batch.clear();
                (*row, None, (batch, counts))
            }
            Entry::Dropped(_) | Entry::Bad(_) => return Ok(()),
        };
        let row = chunk.row(row);
        self.encoder
            .encode(self.binding, &row, batch, counts)
            .map_err(|error| DataError::in_row(error, || row.place()))?;
        if self.records {
            let counts = counts.iter().map(|(_, counts)| counts);
            piece.differences.observe(batch.columns(), self.encoder.shapes(), counts);
        }
        if let Some(target) = target {
            batch.labels_mut().extend(target.label);
            batch.weights_mut().extend(target.weight);
        }
        Ok(())
    }
}
