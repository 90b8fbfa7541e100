//! Reads the rows of a source as batches of encoded rows.
//!
//! First, a chunk of raw rows is read in order ([`chunk_reader`](super::chunk_reader)).
//! Second, all threads encode its rows in pieces ([`chunk_encoder`](super::chunk_encoder)).
//! Third, the pieces are put together in order ([`chunk_commit`](super::chunk_commit)).
//! These three steps run at the same time, with one chunk each ([`pipeline`](super::pipeline)).

use deepcross_features::batch::FieldShape;
use deepcross_features::{Batch, Binding, Counts, Encoder, History};

use super::chunk_commit::ChunkCommit;
use super::chunk_encoder::ChunkEncoder;
use super::chunk_reader::ChunkReader;
use super::negative_sampling::{NegativeCounts, NegativeSampling};
use super::pipeline::{EncodedChunk, Pipeline};
use super::recorded::Recorded;
use super::row_filter::RowFilter;
use super::split_survey::SplitReport;
use super::stored_rows::{Met, StoredRows};
use crate::config::BadRows;
use crate::error::DataError;
use crate::formats::{ColumnType, ColumnTypes};
use crate::rows::RawValues;
use crate::source::{AbsentLabels, Division, Partition, Skipped, Source};

/// The rows and targets that a [`RowReader`] reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowPlan {
    /// Whether labels and weights are read.
    pub labels: Labels,
    /// The rows that are read.
    pub partition: Partition,
    /// The treatment of a row that cannot be read.
    pub bad_rows: BadRows,
}

/// Whether a pass reads labels, and row weights if `[data]` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Each row must have a label: for training and evaluation.
    Required,
    /// Labels and weights are not read and may be absent: for prediction.
    ///
    /// If [`DataConfig::columns`](crate::DataConfig::columns) replace a header, the number of fields in the first row
    /// shows whether the columns of the label and the weight are there.
    Ignored,
}

/// Streams the rows of a source into batches.
///
/// Within a thread pool of rayon, rows are encoded on all threads of the pool, and elsewhere on the caller's thread.
/// The rows are the same in both cases.
#[derive(Debug)]
pub struct RowReader<'e> {
    source: Source,
    chunks: ChunkReader,
    binding: Binding,
    pipeline: Pipeline,
    commit: ChunkCommit<'e>,
    /// Stored rows, which replace those of the text.
    stored: Option<Box<dyn StoredRows>>,
}

impl<'e> RowReader<'e> {
    /// Binds `encoder` and the label to the header of `source`, and starts a pass.
    ///
    /// # Errors
    /// If the header lacks a column, if labels are required and `[data]` names none, or if the
    /// first file can no longer be opened.
    pub fn new(source: &Source, encoder: &'e Encoder, plan: RowPlan) -> Result<Self, DataError> {
        let RowPlan { labels, partition, bad_rows } = plan;
        let source = &match labels {
            Labels::Required if source.config().label().is_none() => {
                return Err(DataError::NoLabel);
            }
            Labels::Required => source.clone(),
            Labels::Ignored => source.without_targets()?,
        };
        let source = &source.with_fields(encoder.columns());
        let filter = match labels {
            Labels::Required => RowFilter::labelled(source, partition)?,
            Labels::Ignored => RowFilter::unlabelled(source, partition),
        };
        let binding = source.bind(|header| encoder.bind(header))?;
        let chunks = ChunkReader::new(source, filter, bad_rows)?;
        let commit = ChunkCommit::new(encoder, binding.clone(), bad_rows);
        let source = source.clone();
        Ok(Self { source, chunks, binding, pipeline: Pipeline::default(), commit, stored: None })
    }

    /// Gives the rows the companion counts that training rows may know, instead of those at the end of training.
    ///
    /// The reader must read labels, and the same rows that `history` was fitted on.
    #[must_use]
    pub fn with_history(mut self, history: History) -> Self {
        self.commit.history = (!history.is_empty()).then_some(history);
        self.chunks.keeps_dropped = self.commit.history.is_some();
        self
    }

    /// Compares the rows that are read, if they are those of one [`Partition`] of several, with the other rows.
    #[must_use]
    pub fn comparing_partitions(mut self) -> Self {
        let Self { source, chunks, commit, .. } = &mut self;
        if chunks.filter.is_divided() {
            chunks.compare_sets(source, commit.encoder.columns());
        }
        self
    }

    /// The comparison of the partitions, by all rows that were read.
    pub fn split_report(&self) -> Option<SplitReport> {
        self.chunks.split_report()
    }

    /// The named values of the label that no row had that was read.
    ///
    /// # Errors
    /// [`DataError::AbsentClass`] if all values of a class are among them.
    pub fn absent_labels(&self) -> Result<Option<AbsentLabels>, DataError> {
        self.chunks.filter.absent_labels(self.source.first_file())
    }

    /// Takes the rows from `stored` instead of from the text.
    ///
    /// They must be the rows that this reader would give.
    /// `has_history` says whether this reader would give them companion counts.
    pub(crate) fn with_stored(mut self, stored: Box<dyn StoredRows>, has_history: bool) -> Self {
        self.commit.history = None;
        self.chunks.keeps_dropped = has_history;
        self.stored = Some(stored);
        self
    }

    /// Makes the reader note, for each row, what a cache must store beside it; the rows for validation of `division` are
    /// held out.
    ///
    /// Companion counts then come from the rows that are not held out, and only these rows get them.
    pub(crate) fn recording(mut self, division: Option<Division>) -> Self {
        self.commit.recorded = Some(Recorded::default());
        if let Some(division) = division {
            self.chunks.filter.note_sides(division, &self.source);
        }
        self
    }

    /// Takes the notes on the last fill.
    pub(crate) fn take_recorded(&mut self) -> Recorded {
        self.commit.recorded.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Keeps the raw values of these columns of the source beside the encoded rows.
    ///
    /// # Errors
    /// [`DataError::MissingColumn`] if the source has no such column.
    pub fn keeping_values(mut self, columns: &[String]) -> Result<Self, DataError> {
        let position = |name: &String| self.source.column(name, "the raw values to keep");
        self.commit.kept_columns = columns.iter().map(position).collect::<Result<_, _>>()?;
        self.commit.raw_values = RawValues::new(columns.len());
        self.commit.bad_values = RawValues::new(columns.len());
        Ok(self)
    }

    /// The types of the columns given to [`keeping_values`](Self::keeping_values), which all of their values fit.
    ///
    /// All rows are read for this; the rows of this reader stay to be read.
    ///
    /// # Errors
    /// As [`RawReader::next_row`](crate::RawReader::next_row).
    pub fn kept_types(&self) -> Result<Vec<ColumnType>, DataError> {
        let columns = &self.commit.kept_columns;
        let mut types = ColumnTypes::new(columns.len());
        let mut rows = self.source.rows(self.chunks.bad_rows)?;
        while let Some(row) = rows.next_row()? {
            types.observe(columns.iter().map(|&column| row.field(column)));
        }
        Ok(types.types())
    }

    /// Keeps each negative row with the probability `rate`, and drops the others.
    ///
    /// A row is dropped before it is encoded, so its values are neither counted nor checked; but companion counts
    /// include the row.
    /// The choice depends on `seed`, on the epoch and on the order of the rows. It is independent of the rows that a
    /// [`Division`] with the same seed holds out.
    /// All rows without labels are kept.
    #[must_use]
    pub fn with_negative_rate(mut self, rate: f64, seed: u64) -> Self {
        self.chunks.sampling = NegativeSampling::sampled(rate, seed);
        self
    }

    /// Begins the draw of the negative rows of `epoch`; a new reader is at epoch 0.
    ///
    /// Must be called before the first row is read; [`Shuffled`](crate::Shuffled) calls it.
    pub fn set_epoch(&mut self, epoch: u64) {
        self.chunks.sampling.begin(epoch);
    }

    /// Appends up to `rows` rows to `batch`, which the encoder must have made, and returns the number of rows.
    ///
    /// A number below `rows` means that the source is at its end.
    /// A fill that returns 0 may still have met bad rows.
    ///
    /// # Errors
    /// As [`RawReader::next_row`](crate::RawReader::next_row), and if a value, label or weight is bad while
    /// `bad_rows` is `error`; the batch keeps the rows before it.
    pub fn fill(&mut self, batch: &mut Batch, rows: usize) -> Result<usize, DataError> {
        self.commit.begin();
        if let Some(stored) = &mut self.stored {
            let keeps_dropped = self.chunks.keeps_dropped;
            let ChunkCommit { encoder, counts, skipped, bad_positions, .. } = &mut self.commit;
            let sampling = &mut self.chunks.sampling;
            let met = Met { counts, skipped, bad_positions, sampling, keeps_dropped };
            return stored.fill(encoder.shapes(), batch, rows, met);
        }
        let start = batch.n_rows();
        loop {
            let wanted = rows - (batch.n_rows() - start);
            if wanted == 0 || !self.step(batch, start, wanted)? {
                return Ok(rows - wanted);
            }
        }
    }

    /// The encoder's counts of values since the pass started.
    pub fn counts(&self) -> &Counts {
        &self.commit.counts
    }

    /// The numbers of negative rows since the pass started.
    pub fn negatives(&self) -> NegativeCounts {
        self.chunks.sampling.counts()
    }

    /// The bad rows since the pass started.
    pub fn skipped(&self) -> &Skipped {
        &self.commit.skipped
    }

    /// The positions of the bad rows of the last fill, in order.
    ///
    /// Positions are counted from 0 among all rows that the fill read, good and bad.
    pub fn bad_positions(&self) -> &[usize] {
        &self.commit.bad_positions
    }

    /// The raw values of the rows that the last fill appended, in the columns given to
    /// [`keeping_values`](Self::keeping_values).
    pub fn raw_values(&self) -> &RawValues {
        &self.commit.raw_values
    }

    /// The raw values of the bad rows of the last fill, in the same columns.
    ///
    /// They are empty for a row that could not be split into its columns.
    pub fn bad_values(&self) -> &RawValues {
        &self.commit.bad_values
    }

    /// Starts again at the first row, with all counts at zero, in the same epoch.
    ///
    /// # Errors
    /// If the first file can no longer be opened.
    pub fn restart(&mut self) -> Result<(), DataError> {
        match &mut self.stored {
            Some(stored) => stored.restart(),
            None => self.chunks.restart()?,
        }
        self.pipeline.clear();
        self.chunks.sampling.restart();
        self.commit.restart();
        Ok(())
    }

    /// The shape of each field.
    pub(crate) fn shapes(&self) -> &[FieldShape] {
        self.commit.encoder.shapes()
    }

    /// An empty batch for the encoder's rows.
    pub fn new_batch(&self) -> Batch {
        self.commit.encoder.new_batch()
    }

    /// Continues the fill that began at row `start` of `batch` and still wants `wanted` rows; false at the end.
    fn step(&mut self, batch: &mut Batch, start: usize, wanted: usize) -> Result<bool, DataError> {
        let Self { chunks, binding, pipeline, commit, .. } = self;
        let (encoder, bad_rows) = (commit.encoder, chunks.bad_rows);
        let records = commit.recorded.is_some();
        let encoder = ChunkEncoder { encoder, binding, bad_rows, records };
        let mut committed = Ok(());
        let append = |encoded: &mut EncodedChunk| committed = commit.append(encoded, batch, start);
        let goes_on = pipeline.step(chunks, encoder, wanted, append);
        if committed.is_err() {
            pipeline.recall();
        }
        committed.map(|()| goes_on)
    }
}
