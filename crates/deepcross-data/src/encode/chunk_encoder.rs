//! Encodes the rows of a chunk in pieces of a few rows, each into a separate batch: the second step of encoding.
//!
//! The encoded form of a row depends on that row alone, so any thread can encode it at any time.
//! Everything that depends on earlier rows is done later and in order ([`chunk_commit`](super::chunk_commit)).
//! The number of rows of a piece does not depend on the number of threads.
//! It is small enough that all threads end at about the same time, and large enough that handing a piece to a thread
//! costs little compared to encoding it.

use std::ops::Range;

use deepcross_features::{Batch, Binding, Counts, Encoder, FeatureError};

use super::chunk_reader::{Chunk, ChunkRow};
use super::count_differences::CountDifferences;
use crate::config::BadRows;
use crate::error::DataError;
use crate::parallel::for_each;
use crate::rows::RawRow;

/// The number of rows of a piece.
const PIECE_ROWS: usize = 32;

/// A few rows of a chunk, encoded.
#[derive(Debug)]
pub(crate) struct EncodedPiece {
    /// The positions of the rows in the chunk.
    pub(crate) rows: Range<usize>,
    /// The good and kept rows among them, up to the first error if errors end the pass.
    pub(crate) batch: Batch,
    pub(crate) counts: Counts,
    /// The rows that turned out to be bad, the last one first.
    errors: Vec<(usize, DataError)>,
    /// Counts that the encoded batch does not carry, if the caller asked for them.
    pub(crate) differences: CountDifferences,
    /// Scratch for encoding a row to learn whether it is valid.
    spare: (Batch, Counts),
    /// The same rows by each further encoder.
    pub(crate) others: Vec<OtherRows>,
}

/// The rows of a piece, encoded by a further encoder.
#[derive(Debug)]
pub(crate) struct OtherRows {
    pub(crate) batch: Batch,
    pub(crate) counts: Counts,
    /// Scratch for encoding a row to learn whether it is valid.
    spare: (Batch, Counts),
}

/// An encoder, bound to the columns of a source.
#[derive(Debug)]
pub(crate) struct BoundEncoder<'e> {
    pub(crate) encoder: &'e Encoder,
    pub(crate) binding: Binding,
}

/// Encodes the rows of chunks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkEncoder<'a> {
    pub(crate) encoder: &'a Encoder,
    pub(crate) binding: &'a Binding,
    /// Further encoders of the same rows. A row that one of them cannot encode is bad.
    pub(crate) others: &'a [BoundEncoder<'a>],
    pub(crate) bad_rows: BadRows,
    /// Whether the counts of each single row are noted, for a cache.
    pub(crate) records: bool,
}

impl EncodedPiece {
    fn new(encoder: ChunkEncoder<'_>) -> Self {
        let others = encoder.others.iter().map(|other| OtherRows::new(other.encoder)).collect();
        let OtherRows { batch, counts, spare } = OtherRows::new(encoder.encoder);
        let differences = CountDifferences::default();
        Self { rows: 0..0, batch, counts, errors: Vec::new(), differences, spare, others }
    }

    /// Forgets all rows and keeps the capacity.
    fn clear(&mut self) {
        self.batch.clear();
        self.counts.clear();
        self.errors.clear();
        self.differences.clear();
        for OtherRows { batch, counts, .. } in &mut self.others {
            batch.clear();
            counts.clear();
        }
    }

    /// Takes the error of a row; the caller must ask for rows in order.
    pub(crate) fn take_error(&mut self, row: usize) -> Option<DataError> {
        self.errors.pop_if(|(bad, _)| *bad == row).map(|(_, error)| error)
    }
}

impl OtherRows {
    fn new(encoder: &Encoder) -> Self {
        let new = || (encoder.new_batch(), encoder.new_counts());
        let ((batch, counts), spare) = (new(), new());
        Self { batch, counts, spare }
    }
}

impl BoundEncoder<'_> {
    fn encode(
        &self,
        row: &RawRow<'_>,
        (batch, counts): (&mut Batch, &mut Counts),
    ) -> Result<(), FeatureError> {
        self.encoder.encode(&self.binding, row, batch, counts)
    }
}

impl ChunkEncoder<'_> {
    /// Cuts rows into pieces, which reuse the first elements of `pieces`, and returns these elements.
    pub(crate) fn cut(
        self,
        rows: Range<usize>,
        pieces: &mut Vec<EncodedPiece>,
    ) -> &mut [EncodedPiece] {
        let n_pieces = rows.len().div_ceil(PIECE_ROWS);
        while pieces.len() < n_pieces {
            pieces.push(EncodedPiece::new(self));
        }
        let pieces = &mut pieces[..n_pieces];
        for (index, piece) in pieces.iter_mut().enumerate() {
            let start = rows.start + index * PIECE_ROWS;
            piece.rows = start..rows.end.min(start + PIECE_ROWS);
        }
        pieces
    }

    /// Encodes all pieces of a chunk, on the threads of the pool.
    pub(crate) fn encode_all(self, chunk: &Chunk, pieces: &mut [EncodedPiece]) {
        for_each(pieces, &|_, piece: &mut EncodedPiece| self.encode(chunk, piece));
    }

    fn encode(self, chunk: &Chunk, piece: &mut EncodedPiece) {
        piece.clear();
        // The counts of a single row are known only if rows are encoded one by one.
        if !self.records && self.encode_together(chunk, piece) {
            return;
        }
        piece.clear();
        for index in piece.rows.clone() {
            // A row after an error that ends the pass does not belong to the batch.
            if self.bad_rows == BadRows::Error && matches!(chunk.rows[index], ChunkRow::Bad(..)) {
                break;
            }
            if let Err(error) = self.encode_row(chunk, index, piece) {
                piece.errors.push((index, error));
                if self.bad_rows == BadRows::Error {
                    break;
                }
            }
        }
        piece.errors.reverse();
    }

    /// Encodes all rows of a piece column by column.
    ///
    /// Returns false if that fails; encoding row by row then finds the reason.
    fn encode_together(self, chunk: &Chunk, piece: &mut EncodedPiece) -> bool {
        let all = &chunk.rows[piece.rows.clone()];
        let mut kept = all.iter().filter_map(ChunkRow::kept);
        // An array rather than a vector, which would be an allocation for each piece.
        let Some((first, _)) = kept.clone().next() else { return false };
        let (mut rows, mut n_rows) = ([chunk.raw_row(first); PIECE_ROWS], 0);
        let needs_order = |row: &ChunkRow| match row {
            ChunkRow::Kept(..) => false,
            ChunkRow::Dropped(_) => self.bad_rows == BadRows::Skip,
            ChunkRow::Bad(..) => self.bad_rows == BadRows::Error,
        };
        if all.iter().any(needs_order) {
            return false;
        }
        for (place, (position, target)) in rows.iter_mut().zip(&mut kept) {
            *place = chunk.raw_row(position);
            piece.batch.labels_mut().extend(target.label);
            piece.batch.weights_mut().extend(target.weight);
            n_rows += 1;
        }
        let rows = &rows[..n_rows];
        let mut others = self.others.iter().zip(&mut piece.others);
        self.encoder.encode_rows(self.binding, rows, &mut piece.batch, &mut piece.counts)
            && others.all(|(BoundEncoder { encoder, binding }, other)| {
                encoder.encode_rows(binding, rows, &mut other.batch, &mut other.counts)
            })
    }

    fn encode_row(
        self,
        chunk: &Chunk,
        index: usize,
        piece: &mut EncodedPiece,
    ) -> Result<(), DataError> {
        if let ChunkRow::Kept(at, _) = &chunk.rows[index] {
            let row = chunk.raw_row(*at);
            self.encode_others(&row, piece)
                .map_err(|error| DataError::in_row(error, || row.place()))?;
        }
        let (position, target, (batch, counts)) = match &chunk.rows[index] {
            ChunkRow::Kept(at, target) => {
                (*at, Some(target), (&mut piece.batch, &mut piece.counts))
            }
            // Companion counts were fitted on good rows only. If bad rows did not end that pass, this row may be bad.
            ChunkRow::Dropped(at) if self.bad_rows == BadRows::Skip => {
                let (batch, counts) = &mut piece.spare;
                batch.clear();
                (*at, None, (batch, counts))
            }
            ChunkRow::Dropped(_) | ChunkRow::Bad(..) => return Ok(()),
        };
        let row = chunk.raw_row(position);
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

    /// Encodes a row by the further encoders, if all encoders can; so the row is in all batches or in none.
    fn encode_others(self, row: &RawRow<'_>, piece: &mut EncodedPiece) -> Result<(), FeatureError> {
        if self.others.is_empty() {
            return Ok(());
        }
        let (batch, counts) = &mut piece.spare;
        batch.clear();
        self.encoder.encode(self.binding, row, batch, counts)?;
        for (encoder, OtherRows { spare: (batch, counts), .. }) in
            self.others.iter().zip(&mut piece.others)
        {
            batch.clear();
            encoder.encode(row, (batch, counts))?;
        }
        let mut others = self.others.iter().zip(&mut piece.others);
        others.try_for_each(|(encoder, OtherRows { batch, counts, .. })| {
            encoder.encode(row, (batch, counts))
        })
    }
}
