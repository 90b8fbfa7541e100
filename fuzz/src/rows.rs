//! Checks of the rows of a file, read one by one and read encoded by several threads.

use std::slice;
use std::sync::LazyLock;

use deepcross_data::rows::RawRow;
use deepcross_data::{
    BadRows, DataConfig, DataError, Fitted, LabelReader, Labels, Partition, RowPlan, RowReader,
    Source, WeightReader, fit,
};
use deepcross_features::batch::Column;
use deepcross_features::{Batch, Binding, Counts, Encoder, History};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::fields::schema;
use crate::file::{Written, judge};

/// The threads of the readers that are compared with readers of one thread.
pub(crate) static POOL: LazyLock<ThreadPool> =
    LazyLock::new(|| ThreadPoolBuilder::new().num_threads(2).build().expect("two threads"));

/// Raw rows, with `None` for each bad row, and the message of the error that ended the pass.
pub(crate) type Raw = (Vec<Option<Vec<Vec<u8>>>>, Option<String>);

/// The result of a pass over encoded rows.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) batch: Batch,
    counts: Counts,
    /// The positions of the bad rows among all rows.
    bad: Vec<usize>,
    /// The messages of the first bad rows.
    messages: Vec<String>,
    /// The message of the error that ended the pass.
    pub(crate) ended: Option<String>,
}

/// Reads a file in all ways and compares the results.
pub(crate) fn check(config: &DataConfig, bytes: &[u8]) {
    let file = Written::new(bytes);
    let source = match open(config, &file) {
        Ok(source) => source,
        Err(error) => return judge(&error, &file),
    };
    check_raw(&source, &file);
    let Some(schema) = schema(&source) else { return };
    let fitted = match fit(&source, &schema, Partition::All, BadRows::Skip) {
        Ok(fitted) => fitted,
        Err(error) => return judge(&error, &file),
    };
    let Fitted { encoder, history, rows, skipped, .. } = fitted;
    let trained = check_encoded(&source, &encoder, Labels::Required, Some(history));
    if let Some(trained) = trained {
        assert_eq!(trained.batch.n_rows() as u64, rows);
        assert_eq!(trained.bad.len() as u64, skipped.rows);
    }
    let required = check_encoded(&source, &encoder, Labels::Required, None);
    compare_with_one_by_one(&source, &encoder, required);
    check_encoded(&source, &encoder, Labels::Ignored, None);
    check_stopped(&source, &encoder);
}

pub(crate) fn open(config: &DataConfig, file: &Written) -> Result<Source, DataError> {
    Source::open(slice::from_ref(&file.path()), config)
}

/// The raw rows of a file, or `None` if it cannot be read.
pub(crate) fn rows(config: &DataConfig, bytes: &[u8]) -> Option<Raw> {
    let file = Written::new(bytes);
    open(config, &file).ok().map(|source| raw(&source))
}

pub(crate) fn raw(source: &Source) -> Raw {
    let mut rows = Vec::new();
    let Ok(mut reader) = source.rows(BadRows::Error) else { return (rows, None) };
    loop {
        match reader.next_row() {
            Ok(Some(row)) => rows.push(Some(row.fields().map(<[u8]>::to_vec).collect())),
            Ok(None) => return (rows, None),
            Err(error) if error.is_bad_row() => rows.push(None),
            Err(_) => return (rows, Some(String::new())),
        }
    }
}

/// Checks that each good row has as many fields as the header, and that every error names its place.
fn check_raw(source: &Source, file: &Written) {
    let mut reader = match source.rows(BadRows::Error) {
        Ok(reader) => reader,
        Err(error) => return judge(&error, file),
    };
    loop {
        match reader.next_row() {
            Ok(Some(row)) => assert_eq!(row.n_fields(), source.header().len()),
            Ok(None) => return,
            Err(error) => {
                judge(&error, file);
                if !error.is_bad_row() {
                    return;
                }
            }
        }
    }
}

/// Encodes all rows on this thread and in a pool, in batches of different sizes: the results must be equal and valid.
fn check_encoded(
    source: &Source,
    encoder: &Encoder,
    labels: Labels,
    history: Option<History>,
) -> Option<Outcome> {
    let plan = RowPlan { labels, partition: Partition::All, bad_rows: BadRows::Skip };
    let reader = || {
        let reader = RowReader::new(source, encoder, plan);
        reader.map(|reader| match &history {
            Some(history) => reader.with_history(history.clone()),
            None => reader,
        })
    };
    let here = encode(reader().ok()?, 3);
    let pooled = POOL.install(|| reader().map(|reader| encode(reader, 1000)));
    check_batch(&here, encoder);
    assert_eq!(Some(&here), pooled.ok().as_ref());
    Some(here)
}

/// Reads all rows of a reader, in fills of `rows` rows.
pub(crate) fn encode(mut reader: RowReader<'_>, rows: usize) -> Outcome {
    let (mut batch, mut bad, mut n_read, mut ended) = (reader.new_batch(), Vec::new(), 0, None);
    loop {
        let before = batch.n_rows();
        let filled = reader.fill(&mut batch, rows);
        bad.extend(reader.bad_positions().iter().map(|position| n_read + position));
        n_read += batch.n_rows() - before + reader.bad_positions().len();
        match filled {
            Ok(filled) if filled == rows => {}
            Ok(_) => break,
            Err(error) => {
                ended = Some(error.to_string());
                break;
            }
        }
    }
    let (counts, messages) = (reader.counts().clone(), reader.skipped().first.clone());
    assert_eq!(reader.skipped().rows, bad.len() as u64);
    Outcome { batch, counts, bad, messages, ended }
}

/// Checks that the rows are those of the encoder, with labels and weights in range.
pub(crate) fn check_batch(outcome: &Outcome, encoder: &Encoder) {
    let Outcome { batch, .. } = outcome;
    assert_eq!(batch.check(encoder.shapes()), Ok(()));
    check_finite(batch);
    assert!(batch.labels().iter().all(|label| *label == 0.0 || *label == 1.0));
    assert!(batch.weights().iter().all(|weight| weight.is_finite() && *weight >= 0.0));
}

/// Checks that all numbers of a batch are finite.
pub(crate) fn check_finite(batch: &Batch) {
    for column in batch.columns() {
        let values = match column {
            Column::Sparse(column) => column.weights(),
            Column::Dense(column) => column.values(),
        };
        assert!(values.iter().all(|value| value.is_finite()), "{values:?}");
    }
}

/// Encodes row by row, as a caller of the parts would, and compares.
fn compare_with_one_by_one(source: &Source, encoder: &Encoder, found: Option<Outcome>) {
    let (Some(found), Ok(Some(parts))) = (found, Parts::new(source, encoder)) else { return };
    let Ok((batch, counts, bad)) = parts.encode(source) else { return };
    assert_eq!(found.bad, bad);
    assert_eq!(found.counts, counts);
    assert_eq!(found.batch, batch);
}

/// The parts that encode a row.
struct Parts<'e> {
    label: Option<LabelReader>,
    weight: Option<WeightReader>,
    binding: Binding,
    encoder: &'e Encoder,
}

impl<'e> Parts<'e> {
    fn new(source: &Source, encoder: &'e Encoder) -> Result<Option<Self>, DataError> {
        let config = source.config();
        let label = config.label().map(|label| LabelReader::bind(&label, source)).transpose()?;
        let weight = config.weight.as_ref().map(|name| WeightReader::bind(name, source));
        let (weight, binding) = (weight.transpose()?, encoder.bind(source.header()).ok());
        Ok(binding.map(|binding| Self { label, weight, binding, encoder }))
    }

    /// Returns the good rows, their counts, and the positions of the bad rows.
    fn encode(&self, source: &Source) -> Result<(Batch, Counts, Vec<usize>), DataError> {
        let mut reader = source.rows(BadRows::Error)?;
        let (mut batch, mut counts) = (self.encoder.new_batch(), self.encoder.new_counts());
        let (mut bad, mut n_read) = (Vec::new(), 0);
        loop {
            let is_good = match reader.next_row() {
                Ok(None) => return Ok((batch, counts, bad)),
                Ok(Some(row)) => self.encode_row(&row, &mut batch, &mut counts).is_some(),
                Err(error) if error.is_bad_row() => false,
                Err(_) => return Ok((batch, counts, bad)),
            };
            if !is_good {
                bad.push(n_read);
            }
            n_read += 1;
        }
    }

    fn encode_row(&self, row: &RawRow<'_>, batch: &mut Batch, counts: &mut Counts) -> Option<()> {
        let label = self.label.as_ref().map(|label| label.read(row)).transpose().ok()?;
        let weight = self.weight.as_ref().map(|weight| weight.read(row)).transpose().ok()?;
        self.encoder.encode(&self.binding, row, batch, counts).ok()?;
        batch.labels_mut().extend(label);
        batch.weights_mut().extend(weight);
        Some(())
    }
}

/// Checks that a pass that stops at a bad row stops at the first row that a skipping pass leaves out.
fn check_stopped(source: &Source, encoder: &Encoder) {
    let first = [BadRows::Error, BadRows::Skip].map(|bad_rows| {
        let plan = RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows };
        let outcome = encode(RowReader::new(source, encoder, plan).ok()?, 1000);
        outcome.messages.into_iter().next().or(outcome.ended)
    });
    assert_eq!(first[0], first[1]);
}
