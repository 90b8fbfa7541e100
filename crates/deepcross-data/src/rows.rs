//! Encoded rows, a batch at a time.
//!
//! A chunk of raw rows is read in order ([`intake`](crate::intake)), its rows are encoded in pieces on all threads
//! ([`piece`](crate::piece)) while one of them reads the next chunk, and pieces are put together in order, here: with all
//! that depends on the rows before, which are companion counts, the first error, and where bad rows stand.

use deepcross_features::{Batch, Binding, Counts, Encoder, FieldShape, History, Record};

use crate::cache::{Cache, CachedRows, Met, Recorded};
use crate::columns::append_all;
use crate::config::BadRows;
use crate::error::DataError;
use crate::intake::{Chunk, Entry, Intake};
use crate::negatives::{NegativeCounts, Negatives};
use crate::part::Part;
use crate::piece::{Encoding, Piece};
use crate::raw_values::RawValues;
use crate::selected::Selected;
use crate::side_by_side::join;
use crate::skipped::Skipped;
use crate::source::Source;

/// What a [`RowReader`] reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowPlan {
    /// Whether labels and weights are read.
    pub labels: Labels,
    /// Which rows are read.
    pub part: Part,
    /// What happens to a row that cannot be read.
    pub bad_rows: BadRows,
}

/// Whether a pass reads labels, and row weights where `[data]` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Each row has one: to train and to evaluate.
    Required,
    /// They are not looked at and need not be there: to predict.
    ///
    /// Where [`DataConfig::columns`](crate::DataConfig::columns) stand for a header, the number of
    /// fields in the first row tells whether the columns of the label and the weight are there.
    Ignored,
}

/// Streams the rows of a source into batches.
///
/// Within a pool of rayon's, rows are encoded on all of its threads, and elsewhere on the caller's; what comes out is the
/// same.
#[derive(Debug)]
pub struct RowReader<'e> {
    intake: Intake,
    encoder: &'e Encoder,
    binding: Binding,
    counts: Counts,
    skipped: Skipped,
    bad_positions: Vec<usize>,
    /// Of training rows, where there are companion counts.
    history: Option<History>,
    /// The columns of which the raw values are kept, and those of the last fill.
    kept_columns: Vec<usize>,
    raw_values: RawValues,
    /// The rows that are encoded, and those that are read meanwhile.
    chunk: Chunk,
    next: Chunk,
    pieces: Vec<Piece>,
    /// How many of the pieces hold rows that are to be appended.
    n_pieces: usize,
    /// Where rows come from instead of from text.
    cached: Option<CachedRows>,
    /// What the last fill met beside rows, where rows are to be stored.
    recorded: Option<Recorded>,
}

impl<'e> RowReader<'e> {
    /// Binds `encoder` and the label to the header of `source`, and starts a pass.
    ///
    /// # Errors
    /// If the header lacks a column, if labels are required and `[data]` names none, or if the
    /// first file can no longer be opened.
    pub fn new(source: &Source, encoder: &'e Encoder, plan: RowPlan) -> Result<Self, DataError> {
        let RowPlan { labels, part, bad_rows } = plan;
        let source = &match labels {
            Labels::Required if source.config().label().is_none() => {
                return Err(DataError::NoLabel);
            }
            Labels::Required => source.clone(),
            Labels::Ignored => source.without_targets()?,
        };
        let source = &source.with_fields(encoder.columns());
        let rows = match labels {
            Labels::Required => Selected::labelled(source, part)?,
            Labels::Ignored => Selected::unlabelled(source, part)?,
        };
        let binding = encoder
            .bind(source.header())
            .map_err(|error| DataError::in_header(error, source.first_file(), source.header()))?;
        let counts = Counts::new(encoder.shapes());
        let (skipped, bad_positions) = (Skipped::default(), Vec::new());
        let intake = Intake { rows, negatives: Negatives::ALL, bad_rows, tells_dropped: false };
        Ok(Self {
            intake,
            encoder,
            binding,
            counts,
            skipped,
            bad_positions,
            history: None,
            kept_columns: Vec::new(),
            raw_values: RawValues::default(),
            chunk: Chunk::default(),
            next: Chunk::default(),
            pieces: Vec::new(),
            n_pieces: 0,
            cached: None,
            recorded: None,
        })
    }

    /// Gives the rows the companion counts that training rows may know, and not those after training.
    ///
    /// The rows, with labels, must be those that `history` was fitted on.
    #[must_use]
    pub fn with_history(mut self, history: History) -> Self {
        self.history = (!history.is_empty()).then_some(history);
        self.intake.tells_dropped = self.history.is_some();
        self
    }

    /// Takes the rows from a part of `cache` instead of from the text; they must be those that this reader would give, and
    /// whether it has companion counts must be as `has_history` says.
    ///
    /// What it hands out and counts is the same; but it keeps no raw values.
    #[must_use]
    pub fn with_cache(mut self, cache: &Cache, part: usize, has_history: bool) -> Self {
        self.history = None;
        self.intake.tells_dropped = has_history;
        self.cached = Some(CachedRows::new(cache.clone(), part));
        self
    }

    /// Notes beside the rows what a cache must know of them.
    pub(crate) fn recording(mut self) -> Self {
        self.recorded = Some(Recorded::default());
        self
    }

    /// What was noted in the last fill.
    pub(crate) fn recorded(&self) -> &Recorded {
        static NOTHING: Recorded = Recorded::NOTHING;
        self.recorded.as_ref().unwrap_or(&NOTHING)
    }

    /// Keeps the raw values of these columns of the source, beside what the rows are encoded to.
    ///
    /// # Errors
    /// [`DataError::MissingColumn`] where the source has no such column.
    pub fn keeping_values(mut self, columns: &[String]) -> Result<Self, DataError> {
        let position = |name: &String| self.intake.rows.column(name, "what keeps raw values");
        self.kept_columns = columns.iter().map(position).collect::<Result<_, _>>()?;
        self.raw_values = RawValues::new(columns.len());
        Ok(self)
    }

    /// Keeps each negative row with the probability `rate`; the others are as if they were not there.
    ///
    /// A row is dropped before it is encoded, so that it is neither counted nor found bad by a value; but companion
    /// counts know it.
    /// Which rows are kept depends on `seed`, on the epoch and on their order, and not on which rows a [`Part`] with the
    /// same seed holds out.
    /// Rows without labels are all kept.
    #[must_use]
    pub fn with_negative_rate(mut self, rate: f64, seed: u64) -> Self {
        self.intake.negatives = Negatives::sampled(rate, seed);
        self
    }

    /// Begins the draw of the negative rows of `epoch`; a reader begins with that of epoch 0.
    ///
    /// To be called before the first row; [`Shuffled`](crate::Shuffled) does.
    pub fn set_epoch(&mut self, epoch: u64) {
        self.intake.negatives.begin(epoch);
    }

    /// Appends up to `rows` rows to `batch`, which the encoder must have made; returns how many.
    ///
    /// Fewer than `rows` means that the source is at its end.
    /// A fill that returns 0 may still have met bad rows.
    ///
    /// # Errors
    /// As [`Records::read`](crate::Records::read), and if a value, label or weight is bad while
    /// `bad_rows` is `error`; the batch keeps the rows before it.
    pub fn fill(&mut self, batch: &mut Batch, rows: usize) -> Result<usize, DataError> {
        self.bad_positions.clear();
        self.raw_values.clear();
        self.recorded.iter_mut().for_each(Recorded::clear);
        if let Some(cached) = &mut self.cached {
            let tells_dropped = self.intake.tells_dropped;
            let Self { counts, skipped, bad_positions, intake, .. } = self;
            let negatives = &mut intake.negatives;
            let met = Met { counts, skipped, bad_positions, negatives, tells_dropped };
            return cached.fill(self.encoder.shapes(), batch, rows, met);
        }
        let start = batch.n_rows();
        loop {
            let wanted = rows - (batch.n_rows() - start);
            if wanted == 0 || !self.encode_chunk(wanted) {
                return Ok(rows - wanted);
            }
            self.append(batch, start)?;
        }
    }

    /// What the encoder met since the pass started.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The negative rows since the pass started.
    pub fn negatives(&self) -> NegativeCounts {
        self.intake.negatives.counts()
    }

    /// The bad rows since the pass started.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// Where the last fill met bad rows: positions, in order, among all rows that it read, good and
    /// bad, counted from 0.
    pub fn bad_positions(&self) -> &[usize] {
        &self.bad_positions
    }

    /// The raw values of the rows that the last fill appended, of the columns that
    /// [`keeping_values`](Self::keeping_values) names.
    pub fn raw_values(&self) -> &RawValues {
        &self.raw_values
    }

    /// Starts anew at the first row, with all counts at zero, in the same epoch.
    ///
    /// # Errors
    /// If the first file can no longer be opened.
    pub fn restart(&mut self) -> Result<(), DataError> {
        match &mut self.cached {
            Some(cached) => cached.restart(),
            None => self.intake.rows.restart()?,
        }
        self.chunk.clear();
        self.next.clear();
        self.intake.negatives.restart();
        self.counts.clear();
        self.skipped = Skipped::default();
        self.bad_positions.clear();
        self.history.iter_mut().for_each(History::restart);
        Ok(())
    }

    /// The form of each field.
    pub(crate) fn shapes(&self) -> &[FieldShape] {
        self.encoder.shapes()
    }

    /// An empty batch for the encoder's rows.
    pub fn new_batch(&self) -> Batch {
        self.encoder.new_batch()
    }

    /// Encodes rows of the next chunk, of which no more than `wanted` count, and reads the one after it; false at the end.
    ///
    /// No row is read that a caller has not asked for: counts are those of the rows that were handed out.
    fn encode_chunk(&mut self, wanted: usize) -> bool {
        let Self { intake, encoder, binding, chunk, next, pieces, n_pieces, recorded, .. } = self;
        if chunk.rest().is_empty() {
            std::mem::swap(chunk, next);
            next.clear();
        }
        if chunk.rest().is_empty() {
            intake.read(chunk, wanted);
        }
        let (entries, n_counting) = chunk.first(wanted);
        let (bad_rows, records) = (intake.bad_rows, recorded.is_some());
        let encoding = Encoding { encoder, binding, bad_rows, records };
        *n_pieces = encoding.cut(entries, pieces).len();
        let pieces = &mut pieces[..*n_pieces];
        let reads_on = !chunk.stops && next.rest().is_empty() && wanted > n_counting;
        let mut encode = || encoding.encode_all(chunk, pieces);
        if reads_on {
            join(encode, || intake.read(next, wanted - n_counting));
        } else {
            encode();
        }
        *n_pieces > 0
    }

    /// Appends the rows that were encoded to `batch`, in which this fill began at row `start`.
    fn append(&mut self, batch: &mut Batch, start: usize) -> Result<(), DataError> {
        let mut n_good = batch.n_rows() - start;
        let ended = (0..self.n_pieces)
            .map(|piece| (piece + 1, self.settle(piece, &mut n_good)))
            .find(|(_, settled)| settled.is_err());
        let (n_pieces, settled) = ended.unwrap_or((self.n_pieces, Ok(())));
        let pieces = &self.pieces[..n_pieces];
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
    fn settle(&mut self, piece: usize, n_good: &mut usize) -> Result<(), DataError> {
        let piece = &mut self.pieces[piece];
        self.counts.merge(&piece.counts);
        let mut at = 0;
        for index in piece.entries.clone() {
            let entry = &mut self.chunk.entries[index];
            self.chunk.done = index + 1;
            let error = match entry {
                Entry::Bad(error) => error.take(),
                Entry::Kept(..) | Entry::Dropped(_) => piece.take_error(index),
            };
            if let Some(error) = error {
                if let Some(recorded) = &mut self.recorded {
                    recorded.bad(*n_good, entry.label(), error.to_string());
                }
                self.skipped.admit(error, self.intake.bad_rows)?;
                self.bad_positions.push(*n_good + self.bad_positions.len());
                continue;
            }
            if let Some(history) = &mut self.history {
                learn(history, &self.binding, (&self.chunk, index), (&mut piece.batch, at));
            }
            let entry = &self.chunk.entries[index];
            if let Entry::Kept(row, _) = entry
                && !self.kept_columns.is_empty()
            {
                let row = self.chunk.row(*row);
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
