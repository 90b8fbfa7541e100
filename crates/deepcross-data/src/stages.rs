//! Rows on their way into a batch: a chunk is read while the one before it is encoded and the one before that appended,
//! so that no thread waits for one that does what only one can do.

use deepcross_features::Encoder;

use crate::intake::{Chunk, Intake};
use crate::piece::{Encoding, Piece};
use crate::side_by_side::join;

/// The rows of the first chunk of a fill, whose line ends one thread finds while the others wait; each later one may have
/// twice as many as the one before it, until chunks are full.
const FIRST_ROWS: usize = 128;

/// Chunks in their order, each with what it is encoded to.
#[derive(Debug, Default)]
pub(crate) struct Stages {
    /// The oldest rows: to be encoded, or to be appended where they are.
    pub(crate) first: Stage,
    /// Rows that are encoded while those of the first stage are appended.
    second: Stage,
    /// Rows that are read meanwhile.
    third: Chunk,
}

/// A chunk, and the next of its rows, encoded.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    pub(crate) chunk: Chunk,
    pieces: Vec<Piece>,
    /// How many of the pieces hold rows that are to be appended; none where none are encoded.
    n_pieces: usize,
    /// How many of their entries count.
    n_counting: usize,
}

impl Stage {
    fn is_empty(&self) -> bool {
        self.chunk.rest().is_empty()
    }

    /// How many rows are read while its rows are encoded, of `left` that are wanted.
    fn next_rows(&self, left: usize) -> usize {
        left.min(2 * self.n_counting.max(FIRST_ROWS))
    }

    /// Whether rows of it wait to be appended.
    pub(crate) fn is_encoded(&self) -> bool {
        self.n_pieces > 0
    }

    /// What the rows are encoded to, beside their chunk.
    pub(crate) fn parts(&mut self) -> (&mut Chunk, &mut [Piece]) {
        (&mut self.chunk, &mut self.pieces[..self.n_pieces])
    }

    /// Forgets what rows are encoded to.
    fn recall(&mut self) {
        (self.n_pieces, self.n_counting) = (0, 0);
    }

    /// Cuts the next rows, of which no more than `most` count, into pieces that are to be encoded.
    fn cut(&mut self, encoder: &Encoder, most: usize) {
        let (entries, n_counting) = self.chunk.first(most);
        self.n_pieces = Encoding::cut(encoder, entries, &mut self.pieces).len();
        self.n_counting = n_counting;
    }
}

impl Stages {
    /// Forgets all rows and keeps the capacity.
    pub(crate) fn clear(&mut self) {
        for stage in [&mut self.first, &mut self.second] {
            stage.chunk.clear();
            stage.recall();
        }
        self.third.clear();
    }

    /// Goes on with rows of which no more than `wanted` count: reads and encodes some, while `append` appends those of
    /// the first stage, where these are encoded; false at the end.
    ///
    /// No row is read that was not asked for: what a pass counts are the rows that were handed out, but for negative rows
    /// behind an error that ends a fill, which may have been counted ahead.
    pub(crate) fn step(
        &mut self,
        intake: &mut Intake,
        encoding: Encoding<'_>,
        wanted: usize,
        append: impl FnOnce(&mut Stage) + Send,
    ) -> bool {
        self.move_up();
        if self.first.is_empty() {
            intake.read(&mut self.first.chunk, wanted.min(FIRST_ROWS));
        }
        if self.first.is_empty() {
            return false;
        }
        if self.first.is_encoded() {
            self.append_and_encode(intake, encoding, wanted, append);
        } else {
            self.encode_first(intake, encoding, wanted);
        }
        true
    }

    /// Forgets what rows are encoded to, where an error ends a fill: they were cut for what this fill wanted, and the next
    /// one may want fewer.
    pub(crate) fn recall(&mut self) {
        self.first.recall();
        self.second.recall();
    }

    /// Moves chunks up to where no rows are left.
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

    fn encode_first(&mut self, intake: &mut Intake, encoding: Encoding<'_>, wanted: usize) {
        let Self { first, second, .. } = self;
        first.cut(encoding.encoder, wanted);
        let most = wanted - first.n_counting;
        let reads = most > 0 && second.is_empty() && !first.chunk.stops;
        let most = first.next_rows(most);
        let Stage { chunk, pieces, n_pieces, .. } = first;
        join(
            || encoding.encode_all(chunk, &mut pieces[..*n_pieces]),
            || {
                if reads {
                    intake.read(&mut second.chunk, most);
                }
            },
        );
    }

    fn append_and_encode(
        &mut self,
        intake: &mut Intake,
        encoding: Encoding<'_>,
        wanted: usize,
        append: impl FnOnce(&mut Stage) + Send,
    ) {
        let Self { first, second, third } = self;
        // Rows that were cut to be encoded were wanted, and bad ones among them leave more to be wanted: this is never
        // below 0. While it is above, all rows of the first stage were cut, and those of the second follow them.
        let left = wanted - first.n_counting;
        if left > 0 {
            second.cut(encoding.encoder, left);
        } else {
            second.recall();
        }
        let most = left - second.n_counting;
        let stops = first.chunk.stops || second.chunk.stops;
        let reads = most > 0 && third.rest().is_empty() && !stops && !second.is_empty();
        let most = second.next_rows(most);
        let Stage { chunk, pieces, n_pieces, .. } = second;
        join(
            || append(first),
            || {
                join(
                    || encoding.encode_all(chunk, &mut pieces[..*n_pieces]),
                    || {
                        if reads {
                            intake.read(third, most);
                        }
                    },
                );
            },
        );
        first.recall();
    }
}
