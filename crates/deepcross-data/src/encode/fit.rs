//! Fits an encoder in one streaming pass over the rows.
//!
//! Rows come in chunks, and each field looks at all rows of a chunk, on all threads: first all fields check the rows,
//! then they learn from the rows that are good, and meanwhile the next chunk is read.
//! Fields know nothing of each other and take the rows in order, so the encoder depends neither on the number of threads
//! nor on where chunks end.
//! The fields that took the longest in the chunk before begin first, so that no thread waits long for the last field.
//! Rejected: rows for each thread, because each thread would need a vocabulary of its own for each field.
//!
//! For the same reason the ranks of a job share the fields and not the rows ([`shared_fit`](super::shared_fit)).

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use deepcross_collective::Communicator;
use deepcross_features::{
    Encoder, FeatureError, FieldConfig, FieldLearner, Fitter, History, LearnedField, Schema,
    TrainingRow,
};

use super::chunk_reader::{Chunk, ChunkReader, ChunkRow};
use super::positive_blocks::PositiveBlocks;
use super::row_filter::RowFilter;
use super::shared_fit::{CHUNKS_BETWEEN, FieldNotes, Progress, agree, is_own, share_fields};
use super::split_survey::SplitReport;
use crate::config::BadRows;
use crate::error::DataError;
use crate::parallel::{for_each, join};
use crate::rows::RawRow;
use crate::source::{AbsentLabels, Partition, Skipped, Source};

/// A fitted encoder, with the counts of the rows that it was fitted on.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The encoder.
    pub encoder: Encoder,
    /// The companion counts of the rows that the encoder was fitted on, for
    /// [`RowReader::with_history`](crate::RowReader::with_history).
    pub history: History,
    /// The number of rows that the encoder was fitted on.
    pub rows: u64,
    /// The number of positive rows among them; 0 if `[data]` names no label.
    pub positives: u64,
    /// The sum of the weights of these rows; their number if `[data]` names no weight.
    pub weight: f64,
    /// The sum of the weights of the positive rows.
    pub positive_weight: f64,
    /// How the share of positive rows changes along these rows.
    pub blocks: PositiveBlocks,
    /// The bad rows, which the encoder has not seen.
    pub skipped: Skipped,
    /// The comparison of the rows that the encoder was fitted on with those that are held out, if any are.
    pub split: Option<SplitReport>,
    /// The values of the label that `[data]` names and no row had, if there are any.
    pub absent_labels: Option<AbsentLabels>,
    /// The negative label of the rows, 0 or −1; `None` if `[data]` names the classes.
    pub negative_label: Option<i8>,
    /// The fields whose ids are floating-point numbers above 2⁵³, which a program may have rounded.
    pub rounded_ids: Vec<String>,
    /// The fields of numbers with points like those of thousands, although decimals follow a comma.
    pub points_like_thousands: Vec<String>,
}

/// Fits the encoder of `schema` on the rows of `partition`, which are read once.
///
/// If `[data]` names a label or a weight, these are checked as well, so that the encoder learns only from rows that can
/// be trained on.
///
/// # Errors
/// As [`RawReader::next_row`](crate::RawReader::next_row).
/// A header without a column that a field reads is an error, and so are files without a row.
/// If `[data]` names values for a class of the label, one of them must occur.
/// A field that has not learned its value at prediction is an error.
/// A bad row is an error if `bad_rows` is `error`.
pub fn fit(
    source: &Source,
    schema: &Schema,
    partition: Partition,
    bad_rows: BadRows,
) -> Result<Fitted, DataError> {
    fit_until(source, schema, (partition, bad_rows), &|| false)
}

/// As [`fit`]; `stop` is asked after each chunk of rows whether the pass ends.
///
/// # Errors
/// As [`fit`], and [`DataError::Stopped`].
pub fn fit_until(
    source: &Source,
    schema: &Schema,
    (partition, bad_rows): (Partition, BadRows),
    stop: Stop<'_>,
) -> Result<Fitted, DataError> {
    fit_share(source, schema, (partition, bad_rows), Learners::Alone(stop))
}

/// As [`fit`], by the ranks of a job, which all call this function for the same files and get the same result.
///
/// All ranks read all rows, and each learns some of the fields.
/// If a rank meets an error, all ranks fit alone, so that the error is that of one process.
///
/// # Errors
/// As [`fit`]; [`DataError::Ranks`] if a rank is lost or ended the job, and [`DataError::OtherRows`] if the ranks do not
/// read the same rows.
pub fn fit_on_ranks(
    source: &Source,
    schema: &Schema,
    partition: Partition,
    bad_rows: BadRows,
    ranks: &dyn Communicator,
) -> Result<Fitted, DataError> {
    let labels = source.labels_so_far();
    match fit_share(source, schema, (partition, bad_rows), Learners::Ranks(ranks)) {
        Err(DataError::Rank { .. }) => {
            source.set_labels_so_far(labels);
            fit(source, schema, partition, bad_rows)
        }
        fitted => fitted,
    }
}

/// Asks the caller whether a pass over rows is to end early.
pub type Stop<'s> = &'s (dyn Fn() -> bool + Sync);

/// Those who learn the fields.
#[derive(Clone, Copy)]
enum Learners<'a> {
    /// This process, until it is asked to stop.
    Alone(Stop<'a>),
    /// The ranks of a job.
    Ranks(&'a dyn Communicator),
}

impl<'a> Learners<'a> {
    fn ranks(self) -> Option<&'a dyn Communicator> {
        match self {
            Self::Alone(_) => None,
            Self::Ranks(ranks) => Some(ranks),
        }
    }
}

/// Fits all fields, or the share of a rank; [`DataError::Rank`] says that a rank has met an error in the rows.
fn fit_share(
    source: &Source,
    schema: &Schema,
    (partition, bad_rows): (Partition, BadRows),
    learners: Learners<'_>,
) -> Result<Fitted, DataError> {
    let ranks = learners.ranks();
    let source = &source.with_fields(schema.fields().iter().flat_map(FieldConfig::columns));
    let mut fitter = Fitter::with_counts_from(schema, source.config().order.into());
    let binding = source.bind(|header| fitter.bind(header))?;
    let mut chunks = ChunkReader::new(source, RowFilter::labelled(source, partition)?, bad_rows)?;
    if partition != Partition::All {
        chunks.compare_sets(source, schema.fields().iter().flat_map(FieldConfig::columns));
    }
    let mut pass = FitPass::new(fitter.learners(&binding), bad_rows, ranks);
    match learners {
        Learners::Alone(stop) => pass.learn_all(&mut chunks, stop)?,
        Learners::Ranks(ranks) => pass.learn_on_ranks(&mut chunks, ranks)?,
    }
    let FitPass { rows, positives, weight, positive_weight, blocks, skipped, .. } = pass;
    let split = chunks.split_report();
    if rows == 0 {
        let file = source.first_file();
        return Err(match split.map_or(0, |split| split.valid.rows) {
            rows if rows > 0 && skipped.rows == 0 => DataError::AllHeldOut { file, rows },
            _ => DataError::NoRows { file, skipped: skipped.rows },
        });
    }
    let absent_labels = chunks.filter.absent_labels(source.first_file())?;
    let own = FieldNotes::of(&fitter);
    let mut shared = Ok(own.clone());
    let (encoder, history) = fitter.finish_with(|fields| match ranks {
        None => for_each(fields, &|_, field: &mut LearnedField| field.finish()),
        Some(ranks) => shared = share_fields(fields, &own, ranks),
    });
    let notes = shared?;
    encoder.check_given_values()?;
    Ok(Fitted {
        encoder,
        history,
        rows,
        positives,
        weight,
        positive_weight,
        blocks,
        skipped,
        split,
        absent_labels,
        negative_label: source.negative_label(),
        rounded_ids: notes.in_order_of(schema, &notes.rounded_ids),
        points_like_thousands: notes.in_order_of(schema, &notes.points_like_thousands),
    })
}

/// Reads the first rows of `source` as [`fit`] reads all of them, so that files that cannot be read for these fields are
/// an error before other files are read.
///
/// The labels of the rows are not compared with those of other sources of a run.
///
/// # Errors
/// As [`fit`], as far as columns and first rows show it.
pub fn check_first_rows(
    source: &Source,
    schema: &Schema,
    bad_rows: BadRows,
) -> Result<(), DataError> {
    let columns = schema.fields().iter().flat_map(FieldConfig::columns);
    let source = &source.apart().with_fields(columns);
    let mut fitter = Fitter::with_counts_from(schema, source.config().order.into());
    let binding = source.bind(|header| fitter.bind(header))?;
    let filter = RowFilter::labelled(source, Partition::All)?;
    let mut chunks = ChunkReader::new(source, filter, bad_rows)?;
    let mut pass = FitPass::new(fitter.learners(&binding), bad_rows, None);
    pass.learn_first(&mut chunks)?;
    let FitPass { rows, skipped, .. } = pass;
    match rows {
        0 => Err(DataError::NoRows { file: source.first_file(), skipped: skipped.rows }),
        _ => Ok(()),
    }
}

/// The state of the pass over the rows.
struct FitPass<'f> {
    /// The fields, the slowest first.
    fields: Vec<FieldPass<'f>>,
    bad_rows: BadRows,
    rows: u64,
    positives: u64,
    weight: f64,
    positive_weight: f64,
    blocks: PositiveBlocks,
    skipped: Skipped,
}

/// A field, and what it says of the rows of a chunk.
struct FieldPass<'f> {
    /// The position of the field among all.
    index: usize,
    /// Whether this rank learns the field, and does not only check its values.
    learns: bool,
    learner: FieldLearner<'f>,
    /// The time that the last chunk took.
    took: Duration,
    /// The positions of the rows whose value is bad, and the reasons.
    bad: Vec<(usize, FeatureError)>,
    learned: Result<(), (usize, FeatureError)>,
}

/// The chunk that is learned from, and the one that is read meanwhile.
#[derive(Default)]
struct ReadAhead {
    chunk: Chunk,
    next: Chunk,
}

impl<'f> FitPass<'f> {
    fn new(
        learners: impl Iterator<Item = FieldLearner<'f>>,
        bad_rows: BadRows,
        ranks: Option<&dyn Communicator>,
    ) -> Self {
        let field = |(index, learner)| {
            let learns = ranks.is_none_or(|ranks| is_own(index, ranks));
            let (took, bad, learned) = (Duration::ZERO, Vec::new(), Ok(()));
            FieldPass { index, learns, learner, took, bad, learned }
        };
        // If a bad row ends the pass, a rank need not know the bad rows of the others before it is over.
        let is_met = |field: &FieldPass<'_>| field.learns || bad_rows == BadRows::Skip;
        Self {
            fields: learners.enumerate().map(field).filter(is_met).collect(),
            bad_rows,
            rows: 0,
            positives: 0,
            weight: 0.0,
            positive_weight: 0.0,
            blocks: PositiveBlocks::default(),
            skipped: Skipped::default(),
        }
    }

    /// Learns from all rows; each chunk is read while the one before it is learned from.
    fn learn_all(&mut self, reader: &mut ChunkReader, stop: Stop<'_>) -> Result<(), DataError> {
        let mut ahead = ReadAhead::new(reader);
        while self.learn_next(reader, &mut ahead)? {
            if stop() {
                return Err(DataError::Stopped);
            }
        }
        Ok(())
    }

    /// As [`learn_all`](Self::learn_all), together with other ranks.
    ///
    /// The ranks tell each other now and then whether one has met an error, so that none reads much further.
    fn learn_on_ranks(
        &mut self,
        reader: &mut ChunkReader,
        ranks: &dyn Communicator,
    ) -> Result<(), DataError> {
        let mut ahead = ReadAhead::new(reader);
        loop {
            let mut next = (0..CHUNKS_BETWEEN).map(|_| self.learn_next(reader, &mut ahead));
            let ended = next.find(|next| !matches!(next, Ok(true)));
            let own = match ended {
                None => Progress::Reading,
                Some(Ok(_)) => Progress::Done,
                Some(Err(_)) => Progress::Failed,
            };
            agree(own, self.rows, ranks)?;
            if own == Progress::Done {
                return Ok(());
            }
        }
    }

    /// Learns from the next chunk, while the one after it is read; false at the end.
    fn learn_next(
        &mut self,
        reader: &mut ChunkReader,
        ReadAhead { chunk, next }: &mut ReadAhead,
    ) -> Result<bool, DataError> {
        if chunk.rest().is_empty() {
            return Ok(false);
        }
        next.clear();
        let (stops, mut learned) = (chunk.stops, Ok(()));
        join(
            || learned = self.learn(chunk),
            || {
                if !stops {
                    reader.read(next, usize::MAX);
                }
            },
        );
        learned?;
        std::mem::swap(chunk, next);
        Ok(true)
    }

    /// Learns from the first chunk that has a good row.
    fn learn_first(&mut self, reader: &mut ChunkReader) -> Result<(), DataError> {
        let mut chunk = Chunk::default();
        while self.rows == 0 {
            chunk.clear();
            reader.read(&mut chunk, usize::MAX);
            if chunk.rest().is_empty() {
                break;
            }
            self.learn(&mut chunk)?;
        }
        Ok(())
    }

    /// Learns from the rows of a chunk, in order.
    fn learn(&mut self, chunk: &mut Chunk) -> Result<(), DataError> {
        let rows = std::mem::take(&mut chunk.rows);
        let raw_rows: Vec<RawRow<'_>> = rows
            .iter()
            .filter_map(ChunkRow::kept)
            .map(|(position, _)| chunk.raw_row(position))
            .collect();
        self.fields.sort_by_key(|field| Reverse(field.took));
        for_each(&mut self.fields, &|_, field| field.check(&raw_rows));
        let good = self.good_rows(chunk, rows, &raw_rows)?;
        for_each(&mut self.fields, &|_, field| {
            if field.learns {
                field.learn(&raw_rows, &good);
            }
        });
        let failed = self.fields.iter_mut().filter_map(|field| {
            let (position, error) = std::mem::replace(&mut field.learned, Ok(())).err()?;
            Some((position, field.index, error))
        });
        match failed.min_by_key(|(position, index, _)| (*position, *index)) {
            Some((position, _, error)) => {
                Err(DataError::in_row(error, || raw_rows[position].place()))
            }
            None => Ok(()),
        }
    }

    /// Counts the rows of a chunk in order, and returns those that the fields learn from; `None` in place of a row with a
    /// bad value.
    fn good_rows(
        &mut self,
        chunk: &Chunk,
        rows: Vec<ChunkRow>,
        raw_rows: &[RawRow<'_>],
    ) -> Result<Vec<Option<TrainingRow>>, DataError> {
        let mut errors = self.first_errors();
        let mut good = Vec::with_capacity(raw_rows.len());
        for row in rows {
            let error = match row {
                ChunkRow::Kept(position, target) => match errors.remove(&good.len()) {
                    None => {
                        let positive = target.label == Some(1.0);
                        good.push(Some(TrainingRow { number: chunk.number(position), positive }));
                        self.rows += 1;
                        self.positives += u64::from(positive);
                        let weight = target.weight.map_or(1.0, f64::from);
                        self.weight += weight;
                        self.positive_weight += if positive { weight } else { 0.0 };
                        self.blocks.push(positive);
                        continue;
                    }
                    Some(error) => {
                        good.push(None);
                        DataError::in_row(error, || chunk.raw_row(position).place())
                    }
                },
                ChunkRow::Bad(_, Some(error)) => *error,
                ChunkRow::Bad(_, None) | ChunkRow::Dropped(_) => continue,
            };
            self.skipped.admit(error, self.bad_rows)?;
        }
        Ok(good)
    }

    /// The errors of the rows with a bad value, by their positions: that of the first field that has one.
    fn first_errors(&mut self) -> BTreeMap<usize, FeatureError> {
        let bad = self.fields.iter_mut().flat_map(|field| {
            let index = field.index;
            field.bad.drain(..).map(move |(position, error)| ((position, index), error))
        });
        let by_field: BTreeMap<_, _> = bad.collect();
        let mut errors = BTreeMap::new();
        for ((position, _), error) in by_field {
            errors.entry(position).or_insert(error);
        }
        errors
    }
}

impl ReadAhead {
    fn new(reader: &mut ChunkReader) -> Self {
        let mut ahead = Self::default();
        reader.read(&mut ahead.chunk, usize::MAX);
        ahead
    }
}

impl FieldPass<'_> {
    fn check(&mut self, rows: &[RawRow<'_>]) {
        let begun = Instant::now();
        self.bad = self.learner.check(rows);
        self.took = begun.elapsed();
    }

    fn learn(&mut self, rows: &[RawRow<'_>], good: &[Option<TrainingRow>]) {
        let begun = Instant::now();
        self.learned = self.learner.learn(rows.iter().zip(good.iter().copied()));
        self.took += begun.elapsed();
    }
}

#[cfg(test)]
mod tests {
    use deepcross_features::fields::TopBy;

    use super::*;
    use crate::DataConfig;

    #[test]
    fn the_encoder_learns_which_rows_are_positive() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.csv");
        std::fs::write(&file, "ad,click\nshoes,0\nshoes,0\nhats,1\nbags,0\n").unwrap();
        let config: DataConfig = toml::from_str("label = \"click\"").unwrap();
        let source = Source::open(&[file], &config).unwrap();
        for (top_by, kept) in [(TopBy::Count, "shoes"), (TopBy::Positives, "hats")] {
            let field = FieldConfig::categorical("ad").top(1).top_by(top_by);
            let schema = Schema::new(vec![field], Vec::new()).unwrap();
            let fitted = fit(&source, &schema, Partition::All, BadRows::Error).unwrap();
            assert_eq!(fitted.encoder.value(0, 3).as_deref(), Some(kept));
        }
    }
}
