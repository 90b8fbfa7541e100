//! Encoded rows, a batch at a time.

use deepcross_features::{Batch, Binding, Counts, Encoder, History};

use crate::config::BadRows;
use crate::error::DataError;
use crate::negatives::{NegativeCounts, Negatives};
use crate::part::Part;
use crate::selected::{Selected, Target};
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
#[derive(Debug)]
pub struct RowReader<'e> {
    rows: Selected,
    encoder: &'e Encoder,
    binding: Binding,
    bad_rows: BadRows,
    negatives: Negatives,
    counts: Counts,
    skipped: Skipped,
    bad_positions: Vec<usize>,
    /// Of training rows, where there are companion counts.
    history: Option<History>,
    /// Where a dropped row is encoded where it must be known whether it can be.
    spare: (Batch, Counts),
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
        let rows = match labels {
            Labels::Required => Selected::labelled(source, part)?,
            Labels::Ignored => Selected::unlabelled(source, part)?,
        };
        let binding = encoder
            .bind(source.header())
            .map_err(|error| DataError::in_header(error, source.first_file(), source.header()))?;
        let counts = Counts::new(encoder.shapes());
        let (skipped, bad_positions) = (Skipped::default(), Vec::new());
        Ok(Self {
            rows,
            encoder,
            binding,
            bad_rows,
            counts,
            skipped,
            bad_positions,
            history: None,
            spare: (encoder.new_batch(), encoder.new_counts()),
            negatives: Negatives::ALL,
        })
    }

    /// Gives the rows the companion counts that training rows may know, and not those after training.
    ///
    /// The rows, with labels, must be those that `history` was fitted on.
    #[must_use]
    pub fn with_history(self, history: History) -> Self {
        Self { history: (!history.is_empty()).then_some(history), ..self }
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
        self.negatives = Negatives::sampled(rate, seed);
        self
    }

    /// Begins the draw of the negative rows of `epoch`; a reader begins with that of epoch 0.
    ///
    /// To be called before the first row; [`Shuffled`](crate::Shuffled) does.
    pub fn set_epoch(&mut self, epoch: u64) {
        self.negatives.begin(epoch);
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
        let mut appended = 0;
        while appended < rows {
            match self.encode_next(batch) {
                Ok(true) => appended += 1,
                Ok(false) => break,
                Err(error) => {
                    self.skipped.admit(error, self.bad_rows)?;
                    self.bad_positions.push(appended + self.bad_positions.len());
                }
            }
        }
        Ok(appended)
    }

    /// What the encoder met since the pass started.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The negative rows since the pass started.
    pub fn negatives(&self) -> NegativeCounts {
        self.negatives.counts()
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

    /// Starts anew at the first row, with all counts at zero, in the same epoch.
    ///
    /// # Errors
    /// If the first file can no longer be opened.
    pub fn restart(&mut self) -> Result<(), DataError> {
        self.rows.restart()?;
        self.negatives.restart();
        self.counts.clear();
        self.skipped = Skipped::default();
        self.bad_positions.clear();
        self.history.iter_mut().for_each(History::restart);
        Ok(())
    }

    /// An empty batch for the encoder's rows.
    pub fn new_batch(&self) -> Batch {
        self.encoder.new_batch()
    }

    /// Appends the next row; false at the end.
    fn encode_next(&mut self, batch: &mut Batch) -> Result<bool, DataError> {
        let Some(Target { label, weight }) = self.next_kept()? else { return Ok(false) };
        let row = self.rows.row();
        self.encoder
            .encode(&self.binding, row, batch, &mut self.counts)
            .map_err(|error| DataError::in_row(error, || row.place()))?;
        if let Some(history) = &mut self.history {
            history.rewrite(&self.binding, row, label == Some(1.0), batch);
        }
        batch.labels_mut().extend(label);
        batch.weights_mut().extend(weight);
        Ok(true)
    }

    /// Reads the next row that is not dropped; `None` at the end.
    fn next_kept(&mut self) -> Result<Option<Target>, DataError> {
        while let Some(target) = self.rows.next()? {
            if target.label.is_none_or(|label| self.negatives.keep(label)) {
                return Ok(Some(target));
            }
            self.drop_row()?;
        }
        Ok(None)
    }

    /// Lets the companion counts of later rows know a negative row that is dropped.
    ///
    /// The history was fitted on good rows only; where bad ones did not end that pass, this row may be one.
    fn drop_row(&mut self) -> Result<(), DataError> {
        let Some(history) = &mut self.history else { return Ok(()) };
        let row = self.rows.row();
        if self.bad_rows == BadRows::Skip {
            let (batch, counts) = &mut self.spare;
            batch.clear();
            self.encoder
                .encode(&self.binding, row, batch, counts)
                .map_err(|error| DataError::in_row(error, || row.place()))?;
        }
        history.pass(&self.binding, row, false);
        Ok(())
    }
}
