//! The end of encoding: pieces put together in order, with all that depends on the rows before, which are companion
//! counts, the first error, and where bad rows stand.

use deepcross_features::{Batch, Binding, Counts, Encoder, History, RowFields};

use crate::cache::Recorded;
use crate::columns::append_all;
use crate::config::BadRows;
use crate::error::DataError;
use crate::intake::{Chunk, Entry};
use crate::piece::Piece;
use crate::raw_values::RawValues;
use crate::skipped::Skipped;
use crate::stages::Stage;

/// What a pass has met so far, and in its last fill.
#[derive(Debug)]
pub(crate) struct Settling<'e> {
    pub(crate) encoder: &'e Encoder,
    pub(crate) binding: Binding,
    bad_rows: BadRows,
    pub(crate) counts: Counts,
    pub(crate) skipped: Skipped,
    pub(crate) bad_positions: Vec<usize>,
    /// Of training rows, where there are companion counts.
    pub(crate) history: Option<History>,
    /// The columns of which the raw values are kept, and those of the last fill.
    pub(crate) kept_columns: Vec<usize>,
    pub(crate) raw_values: RawValues,
    /// What the last fill met beside rows, where rows are to be stored.
    pub(crate) recorded: Option<Recorded>,
}

impl<'e> Settling<'e> {
    pub(crate) fn new(encoder: &'e Encoder, binding: Binding, bad_rows: BadRows) -> Self {
        Self {
            encoder,
            binding,
            bad_rows,
            counts: Counts::new(encoder.shapes()),
            skipped: Skipped::default(),
            bad_positions: Vec::new(),
            history: None,
            kept_columns: Vec::new(),
            raw_values: RawValues::default(),
            recorded: None,
        }
    }

    /// Begins a fill.
    pub(crate) fn begin(&mut self) {
        self.bad_positions.clear();
        self.raw_values.clear();
        self.recorded.iter_mut().for_each(Recorded::clear);
    }

    /// Begins a pass.
    pub(crate) fn restart(&mut self) {
        self.counts.clear();
        self.skipped = Skipped::default();
        self.bad_positions.clear();
        self.history.iter_mut().for_each(History::restart);
    }

    /// Appends the rows that were encoded to `batch`, in which this fill began at row `start`.
    ///
    /// # Errors
    /// The first error, where bad rows end a pass: the batch has the rows before it.
    pub(crate) fn append(
        &mut self,
        stage: &mut Stage,
        batch: &mut Batch,
        start: usize,
    ) -> Result<(), DataError> {
        let mut n_good = batch.n_rows() - start;
        let (chunk, pieces) = stage.parts();
        let ended = (0..pieces.len())
            .map(|index| (index + 1, self.settle(chunk, &mut pieces[index], &mut n_good)))
            .find(|(_, settled)| settled.is_err());
        let (n_pieces, settled) = ended.unwrap_or((pieces.len(), Ok(())));
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
        settled
    }

    /// Does for the rows of a piece what depends on the rows before them; adds how many are good, up to an error.
    ///
    /// Its batch has no row behind the error that this gives: encoding has ended there, or nothing was read behind it.
    fn settle(
        &mut self,
        chunk: &mut Chunk,
        piece: &mut Piece,
        n_good: &mut usize,
    ) -> Result<(), DataError> {
        self.counts.merge(&piece.counts);
        let mut at = 0;
        for index in piece.entries.clone() {
            let entry = &mut chunk.entries[index];
            chunk.done = index + 1;
            let error = match entry {
                Entry::Bad(error) => error.take().map(|error| *error),
                Entry::Kept(..) | Entry::Dropped(_) => piece.take_error(index),
            };
            if let Some(error) = error {
                if let Some(recorded) = &mut self.recorded {
                    recorded.bad(*n_good, entry.label(), error.to_string());
                }
                self.skipped.admit(error, self.bad_rows)?;
                self.bad_positions.push(*n_good + self.bad_positions.len());
                continue;
            }
            if let Some(history) = &mut self.history {
                learn(history, &self.binding, (chunk, index), (&mut piece.batch, at));
            }
            let entry = &chunk.entries[index];
            if let Entry::Kept(row, _) = entry
                && !self.kept_columns.is_empty()
            {
                let row = chunk.row(*row);
                self.raw_values.push(self.kept_columns.iter().map(|&column| row.field(column)));
            }
            let is_kept = usize::from(matches!(entry, Entry::Kept(..)));
            (at, *n_good) = (at + is_kept, *n_good + is_kept);
        }
        Ok(())
    }
}

/// Lets the companion counts of later rows know a row of a chunk, and writes what it may know of earlier ones to its row
/// of a batch.
fn learn(
    history: &mut History,
    binding: &Binding,
    (chunk, entry): (&Chunk, usize),
    (batch, at): (&mut Batch, usize),
) {
    match &chunk.entries[entry] {
        Entry::Kept(row, target) => {
            history.rewrite(binding, &chunk.row(*row), target.label == Some(1.0), (batch, at));
        }
        Entry::Dropped(row) => history.pass(binding, &chunk.row(*row), false),
        Entry::Bad(_) => {}
    }
}
