//! Moves rows through the steps of encoding: reads chunk n + 2 while encoding n + 1 and appending n, so that the serial
//! steps overlap with the parallel one.

use deepcross_features::Encoder;

use super::chunk_encoder::{ChunkEncoder, EncodedPiece};
use super::chunk_reader::{Chunk, ChunkReader};
use crate::parallel::join;

/// The number of rows of the first chunk of a fill, whose line ends one thread finds while the others wait.
///
/// Each later chunk may have twice as many rows as the one before it, until chunks are full.
const FIRST_ROWS: usize = 128;

/// Three chunks that follow each other, in the three steps of encoding.
#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    /// The oldest rows: still to be encoded, or encoded and to be appended.
    pub(crate) first: EncodedChunk,
    /// Rows that are encoded while the first ones are appended.
    second: EncodedChunk,
    /// Rows that are read meanwhile.
    third: Chunk,
}

/// A chunk, and the next of its rows, encoded.
#[derive(Debug, Default)]
pub(crate) struct EncodedChunk {
    pub(crate) chunk: Chunk,
    pieces: Vec<EncodedPiece>,
    /// The number of pieces with rows to be appended; 0 if no row is encoded.
    n_pieces: usize,
    /// The number of their rows that count.
    n_counting: usize,
}

impl EncodedChunk {
    fn is_empty(&self) -> bool {
        self.chunk.rest().is_empty()
    }

    /// The number of rows to be read while these rows are encoded, of `left` that are wanted.
    fn next_rows(&self, left: usize) -> usize {
        left.min(2 * self.n_counting.max(FIRST_ROWS))
    }

    /// Whether rows wait to be appended.
    pub(crate) fn is_encoded(&self) -> bool {
        self.n_pieces > 0
    }

    /// The chunk, and the pieces that its rows are encoded to.
    pub(crate) fn parts(&mut self) -> (&mut Chunk, &mut [EncodedPiece]) {
        (&mut self.chunk, &mut self.pieces[..self.n_pieces])
    }

    /// Forgets the encoded pieces.
    fn recall(&mut self) {
        (self.n_pieces, self.n_counting) = (0, 0);
    }

    /// Cuts the next rows, of which no more than `most` count, into pieces that are to be encoded.
    fn cut(&mut self, encoder: &Encoder, most: usize) {
        let (rows, n_counting) = self.chunk.first(most);
        self.n_pieces = ChunkEncoder::cut(encoder, rows, &mut self.pieces).len();
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

    /// Advances by a chunk, for rows of which at most `wanted` count: reads and encodes rows, while `append` appends the
    /// first ones if these are encoded; false at the end.
    ///
    /// No row is read that was not asked for: a pass counts the rows that were handed out. The exception are negative
    /// rows after an error that ends a fill, which may have been counted ahead.
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

    /// Forgets the encoded pieces after an error that ends a fill: they were cut for what this fill wanted, and the next
    /// one may want fewer rows.
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
        first.cut(encoder.encoder, wanted);
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
        // All rows that were cut had been wanted, and bad rows among them leave more to be wanted, so that this is never
        // below 0. While it is above 0, all rows of the first chunk were cut, and those of the second follow them.
        let left = wanted - first.n_counting;
        if left > 0 {
            second.cut(encoder.encoder, left);
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
