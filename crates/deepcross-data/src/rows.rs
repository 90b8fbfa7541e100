//! Encoded rows, a batch at a time.
//!
//! A chunk of raw rows is read in order ([`intake`](crate::intake)), its rows are encoded in pieces on all threads
//! ([`piece`](crate::piece)), and pieces are put together in order ([`settling`](crate::settling)); these three go on at
//! once, with one chunk each ([`stages`](crate::stages)).

use deepcross_features::{Batch, Binding, Counts, Encoder, FieldShape, History};

use crate::cache::{Cache, CachedRows, Met, Recorded};
use crate::config::BadRows;
use crate::error::DataError;
use crate::intake::Intake;
use crate::negatives::{NegativeCounts, Negatives};
use crate::part::Part;
use crate::piece::Encoding;
use crate::raw_values::RawValues;
use crate::selected::Selected;
use crate::settling::Settling;
use crate::skipped::Skipped;
use crate::source::Source;
use crate::stages::{Stage, Stages};

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
    binding: Binding,
    stages: Stages,
    settling: Settling<'e>,
    /// Where rows come from instead of from text.
    cached: Option<CachedRows>,
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
        let intake = Intake { rows, negatives: Negatives::ALL, bad_rows, tells_dropped: false };
        let settling = Settling::new(encoder, binding.clone(), bad_rows);
        Ok(Self { intake, binding, stages: Stages::default(), settling, cached: None })
    }

    /// Gives the rows the companion counts that training rows may know, and not those after training.
    ///
    /// The rows, with labels, must be those that `history` was fitted on.
    #[must_use]
    pub fn with_history(mut self, history: History) -> Self {
        self.settling.history = (!history.is_empty()).then_some(history);
        self.intake.tells_dropped = self.settling.history.is_some();
        self
    }

    /// Takes the rows from a part of `cache` instead of from the text; they must be those that this reader would give, and
    /// whether it has companion counts must be as `has_history` says.
    ///
    /// What it hands out and counts is the same; but it keeps no raw values.
    #[must_use]
    pub fn with_cache(mut self, cache: &Cache, part: usize, has_history: bool) -> Self {
        self.settling.history = None;
        self.intake.tells_dropped = has_history;
        self.cached = Some(CachedRows::new(cache.clone(), part));
        self
    }

    /// Notes beside the rows what a cache must know of them.
    pub(crate) fn recording(mut self) -> Self {
        self.settling.recorded = Some(Recorded::default());
        self
    }

    /// What was noted in the last fill.
    pub(crate) fn recorded(&self) -> &Recorded {
        static NOTHING: Recorded = Recorded::NOTHING;
        self.settling.recorded.as_ref().unwrap_or(&NOTHING)
    }

    /// Keeps the raw values of these columns of the source, beside what the rows are encoded to.
    ///
    /// # Errors
    /// [`DataError::MissingColumn`] where the source has no such column.
    pub fn keeping_values(mut self, columns: &[String]) -> Result<Self, DataError> {
        let position = |name: &String| self.intake.rows.column(name, "what keeps raw values");
        self.settling.kept_columns = columns.iter().map(position).collect::<Result<_, _>>()?;
        self.settling.raw_values = RawValues::new(columns.len());
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
        self.settling.begin();
        if let Some(cached) = &mut self.cached {
            let tells_dropped = self.intake.tells_dropped;
            let Settling { encoder, counts, skipped, bad_positions, .. } = &mut self.settling;
            let negatives = &mut self.intake.negatives;
            let met = Met { counts, skipped, bad_positions, negatives, tells_dropped };
            return cached.fill(encoder.shapes(), batch, rows, met);
        }
        let start = batch.n_rows();
        loop {
            let wanted = rows - (batch.n_rows() - start);
            if wanted == 0 || !self.step(batch, start, wanted)? {
                return Ok(rows - wanted);
            }
        }
    }

    /// What the encoder met since the pass started.
    pub fn counts(&self) -> &Counts {
        &self.settling.counts
    }

    /// The negative rows since the pass started.
    pub fn negatives(&self) -> NegativeCounts {
        self.intake.negatives.counts()
    }

    /// The bad rows since the pass started.
    pub fn skipped(&self) -> &Skipped {
        &self.settling.skipped
    }

    /// Where the last fill met bad rows: positions, in order, among all rows that it read, good and
    /// bad, counted from 0.
    pub fn bad_positions(&self) -> &[usize] {
        &self.settling.bad_positions
    }

    /// The raw values of the rows that the last fill appended, of the columns that
    /// [`keeping_values`](Self::keeping_values) names.
    pub fn raw_values(&self) -> &RawValues {
        &self.settling.raw_values
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
        self.stages.clear();
        self.intake.negatives.restart();
        self.settling.restart();
        Ok(())
    }

    /// The form of each field.
    pub(crate) fn shapes(&self) -> &[FieldShape] {
        self.settling.encoder.shapes()
    }

    /// An empty batch for the encoder's rows.
    pub fn new_batch(&self) -> Batch {
        self.settling.encoder.new_batch()
    }

    /// Goes on with the fill that began at row `start` of `batch` and wants so many rows more; false at the end.
    fn step(&mut self, batch: &mut Batch, start: usize, wanted: usize) -> Result<bool, DataError> {
        let Self { intake, binding, stages, settling, .. } = self;
        let (encoder, bad_rows) = (settling.encoder, intake.bad_rows);
        let encoding =
            Encoding { encoder, binding, bad_rows, records: settling.recorded.is_some() };
        let mut settled = Ok(());
        let append = |stage: &mut Stage| settled = settling.append(stage, batch, start);
        let goes_on = stages.step(intake, encoding, wanted, append);
        if settled.is_err() {
            stages.recall();
        }
        settled.map(|()| goes_on)
    }
}
