//! Moves rows through the steps of encoding.
//!
//! Reads chunk n + 2 while encoding n + 1 and appending n, so that the serial steps overlap with the parallel one.

use super::chunk_encoder::{ChunkEncoder, EncodedPiece};
use super::chunk_reader::{Chunk, ChunkReader};
use crate::parallel::join;

/// The number of rows of the first chunk of a fill.
///
/// It is small, since the other threads wait while one thread finds the line ends of this chunk.
/// Each later chunk may have twice as many rows as the one before it, until chunks are full.
const FIRST_ROWS: usize = 128;

/// Three consecutive chunks, one in each of the three steps of encoding.
#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    /// The oldest rows, which are next to be encoded, or else to be appended.
    pub(crate) first: EncodedChunk,
    /// The rows that are encoded while the first ones are appended.
    second: EncodedChunk,
    /// The rows that are read meanwhile.
    third: Chunk,
}

/// A chunk, and the encoded form of the next of its rows.
#[derive(Debug, Default)]
pub(crate) struct EncodedChunk {
    pub(crate) chunk: Chunk,
    pieces: Vec<EncodedPiece>,
    /// The number of pieces with rows to be appended; 0 if no row is encoded.
    n_pieces: usize,
    /// The number of their rows that [count](super::chunk_reader::ChunkRow::counts).
    n_counting: usize,
}

impl EncodedChunk {
    fn is_empty(&self) -> bool {
        self.chunk.rest().is_empty()
    }

    /// The number of rows to be read while these rows are encoded, if `left` more rows are wanted.
    fn next_rows(&self, left: usize) -> usize {
        left.min(2 * self.n_counting.max(FIRST_ROWS))
    }

    /// Whether encoded rows wait to be appended.
    pub(crate) fn is_encoded(&self) -> bool {
        self.n_pieces > 0
    }

    /// The chunk and its encoded pieces.
    pub(crate) fn parts(&mut self) -> (&mut Chunk, &mut [EncodedPiece]) {
        (&mut self.chunk, &mut self.pieces[..self.n_pieces])
    }

    /// Forgets the encoded pieces.
    fn recall(&mut self) {
        (self.n_pieces, self.n_counting) = (0, 0);
    }

    /// Cuts the next rows, of which at most `most` count, into pieces to be encoded.
    fn cut(&mut self, encoder: ChunkEncoder<'_>, most: usize) {
        let (rows, n_counting) = self.chunk.first(most);
        self.n_pieces = encoder.cut(rows, &mut self.pieces).len();
        self.n_counting = n_counting;
    }
}

impl Pipeline {
    /// Forgets all rows and keeps the capacity.
    pub(crate) fn clear(&mut self) {
        for encoded in [&mut self.first, &mut self.second] {
            encoded.chunk.clear();
            encoded.recall();
        }
        self.third.clear();
    }

    /// Advances by one chunk, of which at most `wanted` rows count; false at the end.
    ///
    /// Reads and encodes rows, while `append` appends the first chunk if it is encoded.
    ///
    /// No row is read that the caller did not ask for, so that a pass counts only rows that were handed out.
    /// There is one exception: negative rows after an error that ends a fill may have been counted ahead.
    pub(crate) fn step(
        &mut self,
        reader: &mut ChunkReader,
        encoder: ChunkEncoder<'_>,
        wanted: usize,
        append: impl FnOnce(&mut EncodedChunk) + Send,
    ) -> bool {
        self.move_up();
        if self.first.is_empty() {
            reader.read(&mut self.first.chunk, wanted.min(FIRST_ROWS));
        }
        if self.first.is_empty() {
            return false;
        }
        if self.first.is_encoded() {
            self.append_and_encode(reader, encoder, wanted, append);
        } else {
            self.encode_first(reader, encoder, wanted);
        }
        true
    }

    /// Forgets the encoded pieces after an error that ends a fill.
    ///
    /// They were cut for the rows that this fill wanted, and the next fill may want fewer.
    pub(crate) fn recall(&mut self) {
        self.first.recall();
        self.second.recall();
    }

    /// Moves chunks up to take the place of those without rows.
    fn move_up(&mut self) {
        if self.first.is_empty() {
            self.first.recall();
            std::mem::swap(&mut self.first, &mut self.second);
        }
        if self.second.is_empty() {
            self.second.recall();
            std::mem::swap(&mut self.second.chunk, &mut self.third);
        }
    }

    fn encode_first(&mut self, reader: &mut ChunkReader, encoder: ChunkEncoder<'_>, wanted: usize) {
        let Self { first, second, .. } = self;
        first.cut(encoder, wanted);
        let most = wanted - first.n_counting;
        let reads = most > 0 && second.is_empty() && !first.chunk.stops;
        let most = first.next_rows(most);
        let EncodedChunk { chunk, pieces, n_pieces, .. } = first;
        join(
            || encoder.encode_all(chunk, &mut pieces[..*n_pieces]),
            || {
                if reads {
                    reader.read(&mut second.chunk, most);
                }
            },
        );
    }

    fn append_and_encode(
        &mut self,
        reader: &mut ChunkReader,
        encoder: ChunkEncoder<'_>,
        wanted: usize,
        append: impl FnOnce(&mut EncodedChunk) + Send,
    ) {
        let Self { first, second, third } = self;
        // Never below 0: all rows that were cut had been wanted, and bad rows among them leave more rows to be wanted.
        // While it is above 0, all rows of the first chunk were cut, and the rows of the second chunk follow them.
        let left = wanted - first.n_counting;
        if left > 0 {
            second.cut(encoder, left);
        } else {
            second.recall();
        }
        let most = left - second.n_counting;
        let stops = first.chunk.stops || second.chunk.stops;
        let reads = most > 0 && third.rest().is_empty() && !stops && !second.is_empty();
        let most = second.next_rows(most);
        let EncodedChunk { chunk, pieces, n_pieces, .. } = second;
        join(
            || append(first),
            || {
                join(
                    || encoder.encode_all(chunk, &mut pieces[..*n_pieces]),
                    || {
                        if reads {
                            reader.read(third, most);
                        }
                    },
                );
            },
        );
        first.recall();
    }
}
