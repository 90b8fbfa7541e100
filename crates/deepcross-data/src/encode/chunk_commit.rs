//! Puts encoded pieces together in order: the last step of encoding.
//!
//! This step finds everything that depends on earlier rows: companion counts, the first error, and the positions of bad
//! rows.

use deepcross_features::{Batch, Binding, Cell, Counts, Encoder, History, TrainingRow};

use super::batch_columns::append_all;
use super::chunk_encoder::EncodedPiece;
use super::chunk_reader::{Chunk, ChunkRow};
use super::pipeline::EncodedChunk;
use super::recorded::{BadRow, Recorded, Side};
use crate::config::BadRows;
use crate::error::DataError;
use crate::rows::RawValues;
use crate::source::Skipped;

/// Commits chunks to a batch; holds the counts and errors of the pass so far, and those of its last fill.
#[derive(Debug)]
pub(crate) struct ChunkCommit<'e> {
    pub(crate) encoder: &'e Encoder,
    bad_rows: BadRows,
    pub(crate) counts: Counts,
    pub(crate) skipped: Skipped,
    pub(crate) bad_positions: Vec<usize>,
    /// The companion counts that training rows may know, if there are any.
    pub(crate) history: Option<BoundHistory>,
    /// The columns whose raw values are kept.
    pub(crate) kept_columns: Vec<usize>,
    /// The raw values of these columns in the rows of the last fill.
    pub(crate) raw_values: RawValues,
    /// The same for the bad rows of the last fill.
    pub(crate) bad_values: RawValues,
    /// The notes on the last fill that a cache needs, if the rows are to be stored.
    pub(crate) recorded: Option<Recorded>,
    /// The same rows by each further encoder.
    pub(crate) others: Vec<OtherBatch<'e>>,
}

/// Companion counts of training rows, bound to the columns of their source.
#[derive(Debug)]
pub(crate) struct BoundHistory {
    pub(crate) history: History,
    pub(crate) binding: Binding,
}

/// The rows of the last fill, encoded by a further encoder, and the counts of the pass so far.
#[derive(Debug)]
pub(crate) struct OtherBatch<'e> {
    pub(crate) encoder: &'e Encoder,
    pub(crate) batch: Batch,
    pub(crate) counts: Counts,
}

impl<'e> OtherBatch<'e> {
    pub(crate) fn new(encoder: &'e Encoder) -> Self {
        Self { encoder, batch: encoder.new_batch(), counts: encoder.new_counts() }
    }
}

impl<'e> ChunkCommit<'e> {
    pub(crate) fn new(encoder: &'e Encoder, bad_rows: BadRows) -> Self {
        Self {
            encoder,
            bad_rows,
            counts: Counts::new(encoder.shapes()),
            skipped: Skipped::default(),
            bad_positions: Vec::new(),
            history: None,
            kept_columns: Vec::new(),
            raw_values: RawValues::default(),
            bad_values: RawValues::default(),
            recorded: None,
            others: Vec::new(),
        }
    }

    /// Begins a fill.
    pub(crate) fn begin(&mut self) {
        self.bad_positions.clear();
        self.raw_values.clear();
        self.bad_values.clear();
        self.recorded.iter_mut().for_each(Recorded::clear);
        self.others.iter_mut().for_each(|other| other.batch.clear());
    }

    /// Begins a pass.
    pub(crate) fn restart(&mut self) {
        self.counts.clear();
        self.others.iter_mut().for_each(|other| other.counts.clear());
        self.skipped = Skipped::default();
        self.bad_positions.clear();
        self.history.iter_mut().for_each(|bound| bound.history.restart());
    }

    /// Appends the encoded rows of a chunk to `batch`, in which this fill began at row `start`.
    ///
    /// # Errors
    /// If bad rows end a pass, the first error; the batch then has the rows before it.
    pub(crate) fn append(
        &mut self,
        encoded: &mut EncodedChunk,
        batch: &mut Batch,
        start: usize,
    ) -> Result<(), DataError> {
        let mut n_good = batch.n_rows() - start;
        let (chunk, pieces) = encoded.parts();
        let ended = (0..pieces.len())
            .map(|index| (index + 1, self.commit_piece(chunk, &mut pieces[index], &mut n_good)))
            .find(|(_, committed)| committed.is_err());
        let (n_pieces, committed) = ended.unwrap_or((pieces.len(), Ok(())));
        let pieces = &pieces[..n_pieces];
        pieces.iter().try_for_each(|piece| self.encoder.check_room(batch, &piece.batch))?;
        if let Some(recorded) = &mut self.recorded {
            let mut first = batch.n_rows() - start;
            for piece in pieces {
                recorded.counted(piece.differences.from(first));
                first += piece.batch.n_rows();
            }
        }
        append_all(batch, pieces.iter().map(|piece| &piece.batch));
        for (index, OtherBatch { encoder, batch, .. }) in self.others.iter_mut().enumerate() {
            let of_pieces = pieces.iter().map(|piece| &piece.others[index].batch);
            of_pieces.clone().try_for_each(|piece| encoder.check_room(batch, piece))?;
            append_all(batch, of_pieces);
        }
        committed
    }

    /// Adds the rows of a chunk to the companion counts of later rows, without encoding them.
    ///
    /// # Errors
    /// The first error of a row.
    pub(crate) fn pass(&mut self, chunk: &mut Chunk) -> Result<(), DataError> {
        let n_rows = chunk.rows.len();
        for row in 0..n_rows {
            if let ChunkRow::Bad(_, error) = &mut chunk.rows[row]
                && let Some(error) = error.take()
            {
                return Err(*error);
            }
            let is_train = chunk.rows[row].side() == Side::Train;
            if let Some(history) = self.history.as_mut().filter(|_| is_train) {
                history.pass(chunk, row);
            }
        }
        Ok(())
    }

    /// Commits the rows of a piece in order, up to an error, and adds the number of good rows to `n_good`.
    ///
    /// The batch of the piece has no row after the returned error, since either encoding ended there or nothing was
    /// read after it.
    fn commit_piece(
        &mut self,
        chunk: &mut Chunk,
        piece: &mut EncodedPiece,
        n_good: &mut usize,
    ) -> Result<(), DataError> {
        self.counts.merge(&piece.counts);
        for (other, of_piece) in self.others.iter_mut().zip(&piece.others) {
            other.counts.merge(&of_piece.counts);
        }
        let mut at = 0;
        for index in piece.rows.clone() {
            let row = &mut chunk.rows[index];
            chunk.done = index + 1;
            let error = match row {
                ChunkRow::Bad(_, error) => error.take().map(|error| *error),
                ChunkRow::Kept(..) | ChunkRow::Dropped(_) => piece.take_error(index),
            };
            if let Some(error) = error {
                if let Some(recorded) = &mut self.recorded {
                    let (side, label, message) = (row.side(), row.label(), error.to_string());
                    recorded.bad.push(BadRow { before: *n_good, side, label, message });
                }
                self.skipped.admit(error, self.bad_rows)?;
                self.bad_positions.push(*n_good + self.bad_positions.len());
                self.keep_bad(chunk, index);
                continue;
            }
            let side = row.side();
            if let Some(history) = self.history.as_mut().filter(|_| side == Side::Train) {
                history.learn((chunk, index), (&mut piece.batch, at));
            }
            let row = &chunk.rows[index];
            if let ChunkRow::Kept(position, _) = row
                && !self.kept_columns.is_empty()
            {
                let values = chunk.raw_row(*position);
                self.raw_values.push(self.kept_columns.iter().map(|&column| values.cell(column)));
            }
            let is_kept = matches!(row, ChunkRow::Kept(..));
            if let Some(recorded) = self.recorded.as_mut().filter(|_| is_kept) {
                recorded.sides.push(side);
            }
            (at, *n_good) = (at + usize::from(is_kept), *n_good + usize::from(is_kept));
        }
        Ok(())
    }
}

impl ChunkCommit<'_> {
    /// Keeps the values of a bad row, which are empty if the row could not be split.
    fn keep_bad(&mut self, chunk: &Chunk, index: usize) {
        if self.kept_columns.is_empty() {
            return;
        }
        let columns = self.kept_columns.iter();
        match &chunk.rows[index] {
            ChunkRow::Kept(position, _) => {
                let values = chunk.raw_row(*position);
                self.bad_values.push(columns.map(|&column| values.cell(column)));
            }
            _ => self.bad_values.push(columns.map(|_| Cell::Text(b""))),
        }
    }
}

impl BoundHistory {
    /// Adds a row of a chunk to the companion counts of later rows.
    fn pass(&mut self, chunk: &Chunk, row: usize) {
        if let ChunkRow::Kept(position, target) = &chunk.rows[row] {
            let is_positive = target.label == Some(1.0);
            self.history.pass(&self.binding, &chunk.raw_row(*position), is_positive);
        }
    }

    /// Adds a row of a chunk to the companion counts of later rows, and writes the counts of earlier rows to its row of a
    /// batch.
    fn learn(&mut self, (chunk, row): (&Chunk, usize), (batch, at): (&mut Batch, usize)) {
        let Self { history, binding } = self;
        match &chunk.rows[row] {
            ChunkRow::Kept(position, target) => {
                let row = TrainingRow {
                    number: chunk.number(*position),
                    positive: target.label == Some(1.0),
                };
                history.rewrite(binding, &chunk.raw_row(*position), row, (batch, at));
            }
            ChunkRow::Dropped(position) => history.pass(binding, &chunk.raw_row(*position), false),
            ChunkRow::Bad(..) => {}
        }
    }
}
