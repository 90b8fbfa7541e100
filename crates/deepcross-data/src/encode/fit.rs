//! Fits an encoder in one streaming pass over the rows.
//!
//! Rows come in chunks, and each field looks at all rows of a chunk, on all threads: first all fields check the rows,
//! then they learn from the rows that are good, and meanwhile the next chunk is read.
//! Fields know nothing of each other and take the rows in order, so the encoder depends neither on the number of threads
//! nor on where chunks end.
//! The fields that took the longest in the chunk before begin first, so that no thread waits long for the last field.
//! Rejected: rows for each thread, because each thread would need a vocabulary of its own for each field.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use deepcross_features::{
    Encoder, FeatureError, FieldConfig, FieldLearner, Fitter, History, LearnedField, Schema,
    TrainingRow,
};

use super::chunk_reader::{Chunk, ChunkReader, ChunkRow};
use super::positive_blocks::PositiveBlocks;
use super::row_filter::RowFilter;
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
/// A bad row is an error if `bad_rows` is `error`.
pub fn fit(
    source: &Source,
    schema: &Schema,
    partition: Partition,
    bad_rows: BadRows,
) -> Result<Fitted, DataError> {
    let source = &source.with_fields(schema.fields().iter().flat_map(FieldConfig::columns));
    let mut fitter = Fitter::with_counts_from(schema, source.config().order.into());
    let binding = source.bind(|header| fitter.bind(header))?;
    let mut chunks = ChunkReader::new(source, RowFilter::labelled(source, partition)?, bad_rows)?;
    if partition != Partition::All {
        chunks.compare_sets(source, schema.fields().iter().flat_map(FieldConfig::columns));
    }
    let mut pass = FitPass::new(fitter.learners(&binding), bad_rows);
    pass.learn_all(&mut chunks)?;
    let FitPass { rows, positives, blocks, skipped, .. } = pass;
    let split = chunks.split_report();
    if rows == 0 {
        let file = source.first_file();
        return Err(match split.map_or(0, |split| split.valid.rows) {
            rows if rows > 0 && skipped.rows == 0 => DataError::AllHeldOut { file, rows },
            _ => DataError::NoRows { file, skipped: skipped.rows },
        });
    }
    let absent_labels = chunks.filter.absent_labels(source.first_file())?;
    let rounded_ids = fitter.fields_with_rounded_ids().map(str::to_owned).collect();
    let points_like_thousands = fitter.fields_with_points_like_thousands().map(str::to_owned);
    let points_like_thousands = points_like_thousands.collect();
    let (encoder, history) = fitter
        .finish_with(|fields| for_each(fields, &|_, field: &mut LearnedField| field.finish()));
    Ok(Fitted {
        encoder,
        history,
        rows,
        positives,
        blocks,
        skipped,
        split,
        absent_labels,
        negative_label: source.negative_label(),
        rounded_ids,
        points_like_thousands,
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
    let mut pass = FitPass::new(fitter.learners(&binding), bad_rows);
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
    blocks: PositiveBlocks,
    skipped: Skipped,
}

/// A field, and what it says of the rows of a chunk.
struct FieldPass<'f> {
    /// The position of the field among all.
    index: usize,
    learner: FieldLearner<'f>,
    /// The time that the last chunk took.
    took: Duration,
    /// The positions of the rows whose value is bad, and the reasons.
    bad: Vec<(usize, FeatureError)>,
    learned: Result<(), (usize, FeatureError)>,
}

impl<'f> FitPass<'f> {
    fn new(learners: impl Iterator<Item = FieldLearner<'f>>, bad_rows: BadRows) -> Self {
        let took = Duration::ZERO;
        let field =
            |(index, learner)| FieldPass { index, learner, took, bad: Vec::new(), learned: Ok(()) };
        Self {
            fields: learners.enumerate().map(field).collect(),
            bad_rows,
            rows: 0,
            positives: 0,
            blocks: PositiveBlocks::default(),
            skipped: Skipped::default(),
        }
    }

    /// Learns from all rows; each chunk is read while the one before it is learned from.
    fn learn_all(&mut self, reader: &mut ChunkReader) -> Result<(), DataError> {
        let (mut chunk, mut next) = (Chunk::default(), Chunk::default());
        reader.read(&mut chunk, usize::MAX);
        while !chunk.rest().is_empty() {
            next.clear();
            let (stops, mut learned) = (chunk.stops, Ok(()));
            join(
                || learned = self.learn(&mut chunk),
                || {
                    if !stops {
                        reader.read(&mut next, usize::MAX);
                    }
                },
            );
            learned?;
            std::mem::swap(&mut chunk, &mut next);
        }
        Ok(())
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
        for_each(&mut self.fields, &|_, field| field.learn(&raw_rows, &good));
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
            assert_eq!(fitted.encoder.value(0, 3), Some(kept));
        }
    }
}
