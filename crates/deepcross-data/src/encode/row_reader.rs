//! Reads the rows of a source as batches of encoded rows.
//!
//! First, a chunk of raw rows is read in order ([`chunk_reader`](super::chunk_reader)).
//! Second, all threads encode its rows in pieces ([`chunk_encoder`](super::chunk_encoder)).
//! Third, the pieces are put together in order ([`chunk_commit`](super::chunk_commit)).
//! These three steps run at the same time, with one chunk each ([`pipeline`](super::pipeline)).

use deepcross_features::batch::FieldShape;
use deepcross_features::{Batch, Binding, Counts, Encoder, History};

use super::chunk_commit::{BoundHistory, ChunkCommit, OtherBatch};
use super::chunk_encoder::{BoundEncoder, ChunkEncoder};
use super::chunk_reader::{Chunk, ChunkReader};
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
use crate::source::{AbsentLabels, Division, LabelReader, Partition, Skipped, Source};

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
    origin: Origin<'e>,
    commit: ChunkCommit<'e>,
}

/// The origin of the rows.
#[derive(Debug)]
enum Origin<'e> {
    /// The rows of a source, which are encoded.
    Text(Box<TextRows<'e>>),
    /// Rows that were encoded before.
    Stored(StoredPass),
}

/// The rows of a source, on their way to a batch.
#[derive(Debug)]
struct TextRows<'e> {
    source: Source,
    chunks: ChunkReader,
    binding: Binding,
    /// Further encoders of the same rows.
    others: Vec<BoundEncoder<'e>>,
    pipeline: Pipeline,
    /// Scratch for rows that are passed over.
    skipped: Chunk,
}

/// A pass over stored rows.
#[derive(Debug)]
struct StoredPass {
    rows: Box<dyn StoredRows>,
    sampling: NegativeSampling,
    /// Whether bad rows are reported even if they would have been dropped.
    keeps_dropped: bool,
}

impl<'e> RowReader<'e> {
    /// Binds `encoder` and the label to the header of `source`, and starts a pass.
    ///
    /// # Errors
    /// If the header lacks a column, if labels are required and `[data]` names none, or if the
    /// first file can no longer be opened.
    pub fn new(source: &Source, encoder: &'e Encoder, plan: RowPlan) -> Result<Self, DataError> {
        Self::with_encoders(source, encoder, &[], plan)
    }

    /// As [`new`](Self::new), for rows that further encoders encode too, each into a batch of its own.
    ///
    /// A row that one of the encoders cannot encode is bad, so that all batches have the same rows.
    /// The batches of further encoders have neither labels nor weights, and companion counts as after training.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_encoders(
        source: &Source,
        encoder: &'e Encoder,
        others: &[&'e Encoder],
        plan: RowPlan,
    ) -> Result<Self, DataError> {
        let RowPlan { labels, partition, bad_rows } = plan;
        let source = &match labels {
            Labels::Required if source.config().label().is_none() => {
                return Err(DataError::NoLabel);
            }
            Labels::Required => source.clone(),
            Labels::Ignored => source.without_targets()?,
        };
        let encoders = [encoder].into_iter().chain(others.iter().copied());
        let source = &source.with_fields(encoders.flat_map(Encoder::columns));
        let filter = match labels {
            Labels::Required => RowFilter::labelled(source, partition)?,
            Labels::Ignored => RowFilter::unlabelled(source, partition),
        };
        let binding = source.bind(|header| encoder.bind(header))?;
        let bound = |&encoder: &&'e Encoder| {
            let binding = source.bind(|header| encoder.bind(header))?;
            Ok(BoundEncoder { encoder, binding })
        };
        let others = others.iter().map(bound).collect::<Result<Vec<_>, DataError>>()?;
        let chunks = ChunkReader::new(source, filter, bad_rows)?;
        let mut commit = ChunkCommit::new(encoder, bad_rows);
        commit.others = others.iter().map(|other| OtherBatch::new(other.encoder)).collect();
        let (source, pipeline, skipped) = (source.clone(), Pipeline::default(), Chunk::default());
        let text = TextRows { source, chunks, binding, others, pipeline, skipped };
        Ok(Self { origin: Origin::Text(Box::new(text)), commit })
    }

    /// A reader of rows that `encoder` encoded before, at their beginning.
    ///
    /// `has_history` says whether these rows have companion counts of earlier rows.
    pub(crate) fn stored(
        encoder: &'e Encoder,
        rows: Box<dyn StoredRows>,
        has_history: bool,
    ) -> Self {
        let (sampling, keeps_dropped) = (NegativeSampling::ALL, has_history);
        let origin = Origin::Stored(StoredPass { rows, sampling, keeps_dropped });
        Self { origin, commit: ChunkCommit::new(encoder, BadRows::Skip) }
    }

    /// The rows of the source; `None` if the rows are stored ones.
    fn text(&self) -> Option<&TextRows<'e>> {
        match &self.origin {
            Origin::Text(text) => Some(text),
            Origin::Stored(_) => None,
        }
    }

    fn sampling(&self) -> &NegativeSampling {
        match &self.origin {
            Origin::Text(text) => &text.chunks.sampling,
            Origin::Stored(stored) => &stored.sampling,
        }
    }

    fn sampling_mut(&mut self) -> &mut NegativeSampling {
        match &mut self.origin {
            Origin::Text(text) => &mut text.chunks.sampling,
            Origin::Stored(stored) => &mut stored.sampling,
        }
    }

    /// Gives the rows the companion counts that training rows may know, instead of those at the end of training.
    ///
    /// The reader must read labels, and the same rows that `history` was fitted on.
    /// Stored rows have their counts already.
    #[must_use]
    pub fn with_history(mut self, history: History) -> Self {
        if let Origin::Text(text) = &mut self.origin {
            let binding = text.binding.clone();
            self.commit.history =
                (!history.is_empty()).then_some(BoundHistory { history, binding });
            text.chunks.keeps_dropped = self.commit.history.is_some();
        }
        self
    }

    /// Compares the rows that are read, if they are those of one [`Partition`] of several, with the other rows.
    #[must_use]
    pub fn comparing_partitions(mut self) -> Self {
        if let Origin::Text(text) = &mut self.origin {
            let TextRows { source, chunks, .. } = &mut **text;
            if chunks.filter.is_divided() {
                chunks.compare_sets(source, self.commit.encoder.columns());
            }
        }
        self
    }

    /// The comparison of the partitions, by all rows that were read.
    pub fn split_report(&self) -> Option<SplitReport> {
        self.text()?.chunks.split_report()
    }

    /// The named values of the label that no row had that was read.
    ///
    /// # Errors
    /// [`DataError::AbsentClass`] if all values of a class are among them.
    pub fn absent_labels(&self) -> Result<Option<AbsentLabels>, DataError> {
        let Some(TextRows { source, chunks, .. }) = self.text() else { return Ok(None) };
        chunks.filter.absent_labels(source.first_file())
    }

    /// Makes the reader note, for each row, what a cache must store beside it; the rows for validation of `division` are
    /// held out.
    ///
    /// Companion counts then come from the rows that are not held out, and only these rows get them.
    pub(crate) fn recording(mut self, division: Option<Division>) -> Self {
        self.commit.recorded = Some(Recorded::default());
        if let (Some(division), Origin::Text(text)) = (division, &mut self.origin) {
            let TextRows { source, chunks, .. } = &mut **text;
            chunks.filter.note_sides(division, source);
        }
        self
    }

    /// Takes the notes on the last fill.
    pub(crate) fn take_recorded(&mut self) -> Recorded {
        self.commit.recorded.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Keeps the raw values of these columns of the source beside the encoded rows; stored rows have none.
    ///
    /// # Errors
    /// [`DataError::MissingColumn`] if the source has no such column.
    pub fn keeping_values(mut self, columns: &[String]) -> Result<Self, DataError> {
        let Some(TextRows { source, .. }) = self.text() else { return Ok(self) };
        let position = |name: &String| source.column(name, "the raw values to keep");
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
        let Some(TextRows { source, chunks, .. }) = self.text() else { return Ok(types.types()) };
        let mut rows = source.rows(chunks.bad_rows)?;
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
        *self.sampling_mut() = NegativeSampling::sampled(rate, seed);
        self
    }

    /// Begins the draw of the negative rows of `epoch`; a new reader is at epoch 0.
    ///
    /// Must be called before the first row is read; [`Shuffled`](crate::Shuffled) calls it.
    pub fn set_epoch(&mut self, epoch: u64) {
        self.sampling_mut().begin(epoch);
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
        match &mut self.origin {
            Origin::Stored(stored) => stored.fill(&mut self.commit, batch, rows),
            Origin::Text(text) => text.fill(&mut self.commit, batch, rows),
        }
    }

    /// Appends the good ones of the next `rows` rows to `batch`, and returns the number of rows with the bad ones.
    ///
    /// The reader must read all rows of a source. A number below `rows` means that the source is at its end.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    pub(crate) fn fill_from(&mut self, batch: &mut Batch, rows: usize) -> Result<usize, DataError> {
        self.commit.begin();
        match &mut self.origin {
            Origin::Stored(stored) => stored.fill(&mut self.commit, batch, rows),
            Origin::Text(text) => text.fill_from(&mut self.commit, batch, rows),
        }
    }

    /// Passes over the next `rows` rows, good and bad ones, without encoding them; returns their number.
    ///
    /// The reader must read all rows of a source, and be where the last [`fill_from`](Self::fill_from) or `skip` ended.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(crate) fn skip(&mut self, rows: usize) -> Result<usize, DataError> {
        match &mut self.origin {
            Origin::Stored(_) => Ok(0),
            Origin::Text(text) => text.chunks.skip(&mut text.skipped, rows),
        }
    }

    /// As [`skip`](Self::skip), for rows whose labels companion counts of later rows know; bad rows must end the pass.
    ///
    /// # Errors
    /// If a row cannot be split, or has no label, weight or set; a value that cannot be encoded is not noticed.
    pub(crate) fn pass(&mut self, rows: usize) -> Result<usize, DataError> {
        match &mut self.origin {
            Origin::Stored(_) => Ok(0),
            Origin::Text(text) => text.pass(&mut self.commit, rows),
        }
    }

    /// Whether the labels of the rows so far contradict each other.
    pub(crate) fn has_contrary_labels(&self) -> bool {
        let label = self.text().and_then(|text| text.chunks.filter.label());
        label.is_some_and(LabelReader::has_contrary_values)
    }

    /// The encoder's counts of values since the pass started.
    pub fn counts(&self) -> &Counts {
        &self.commit.counts
    }

    /// The same for each further encoder.
    pub fn other_counts(&self) -> impl ExactSizeIterator<Item = &Counts> {
        self.commit.others.iter().map(|other| &other.counts)
    }

    /// Exchanges `batches` for the rows that the last fill appended, as each further encoder encodes them.
    ///
    /// The old batches are filled again later, so that a caller who hands them back saves allocations.
    pub fn swap_other_batches(&mut self, batches: &mut Vec<Batch>) {
        let others = &mut self.commit.others;
        batches.truncate(others.len());
        batches.extend(others[batches.len()..].iter().map(|other| other.encoder.new_batch()));
        for (other, batch) in others.iter_mut().zip(batches) {
            std::mem::swap(&mut other.batch, batch);
        }
    }

    /// The numbers of negative rows since the pass started.
    pub fn negatives(&self) -> NegativeCounts {
        self.sampling().counts()
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
        match &mut self.origin {
            Origin::Stored(stored) => stored.rows.restart(),
            Origin::Text(text) => {
                text.chunks.restart()?;
                text.pipeline.clear();
            }
        }
        self.sampling_mut().restart();
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
}

impl StoredPass {
    fn fill(
        &mut self,
        commit: &mut ChunkCommit<'_>,
        batch: &mut Batch,
        rows: usize,
    ) -> Result<usize, DataError> {
        let Self { rows: stored, sampling, keeps_dropped } = self;
        let ChunkCommit { encoder, counts, skipped, bad_positions, .. } = commit;
        let keeps_dropped = *keeps_dropped;
        let met = Met { counts, skipped, bad_positions, sampling, keeps_dropped };
        stored.fill(encoder.shapes(), batch, rows, met)
    }
}

impl TextRows<'_> {
    fn fill(
        &mut self,
        commit: &mut ChunkCommit<'_>,
        batch: &mut Batch,
        rows: usize,
    ) -> Result<usize, DataError> {
        let start = batch.n_rows();
        loop {
            let wanted = rows - (batch.n_rows() - start);
            if wanted == 0 || !self.step(commit, batch, (start, wanted))? {
                return Ok(rows - wanted);
            }
        }
    }

    fn fill_from(
        &mut self,
        commit: &mut ChunkCommit<'_>,
        batch: &mut Batch,
        rows: usize,
    ) -> Result<usize, DataError> {
        let start = batch.n_rows();
        loop {
            let met = batch.n_rows() - start + commit.bad_positions.len();
            let wanted = rows - met;
            if wanted == 0 || !self.step(commit, batch, (start, wanted))? {
                return Ok(met);
            }
        }
    }

    fn pass(&mut self, commit: &mut ChunkCommit<'_>, rows: usize) -> Result<usize, DataError> {
        let (chunk, mut n_rows) = (&mut self.skipped, 0);
        while n_rows < rows {
            self.chunks.read(chunk, rows - n_rows);
            if chunk.rows.is_empty() {
                break;
            }
            n_rows += chunk.rows.len();
            commit.pass(chunk)?;
        }
        chunk.clear();
        Ok(n_rows)
    }

    /// Continues the fill that began at row `start` of `batch` and still wants `wanted` rows; false at the end.
    fn step(
        &mut self,
        commit: &mut ChunkCommit<'_>,
        batch: &mut Batch,
        (start, wanted): (usize, usize),
    ) -> Result<bool, DataError> {
        let Self { chunks, binding, others, pipeline, .. } = self;
        let (encoder, bad_rows) = (commit.encoder, chunks.bad_rows);
        let records = commit.recorded.is_some();
        let encoder = ChunkEncoder { encoder, binding, others, bad_rows, records };
        let mut committed = Ok(());
        let append = |encoded: &mut EncodedChunk| committed = commit.append(encoded, batch, start);
        let goes_on = pipeline.step(chunks, encoder, wanted, append);
        if committed.is_err() {
            pipeline.recall();
        }
        committed.map(|()| goes_on)
    }
}
