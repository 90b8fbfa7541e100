//! Streams predictions for the rows of files, in their order, and writes them in any format.

use crate::average::{Prediction, Predictors, Terms};
use crate::error::TrainError;
use crate::run::{InOrder, OrderedRows, ROWS, ReadAhead};
use deepcross_data::rows::{RawColumn, RawValues};
use deepcross_data::write::{ColumnType, Compression, FileForm, RowWriter};
use deepcross_data::{DataError, Format, RowReader};
use deepcross_model::{Predictor, Tapes};
use std::fmt::Write as _;
use std::io::Write;

/// A stream of predictions: one for each row of a reader, and `None` for a row that could not be read.
#[derive(Debug)]
pub struct Predictions<'a, 'r, 'e> {
    predictors: Predictors<'a>,
    /// The predictors that are averaged, each with the place of its encoder in the reader.
    averaged: Vec<(usize, Predictor<'a>)>,
    ahead: ReadAhead<InOrder<'r, 'e>>,
    tapes: &'a Tapes,
    /// The logits of each predictor that is averaged.
    logits: Vec<Vec<f32>>,
    terms: Terms,
    in_order: Vec<Option<Prediction>>,
    raw_values: RawValues,
    bad_values: RawValues,
}

/// Rows with their predictions.
#[derive(Clone, Copy, Debug)]
pub struct PredictedRows<'p> {
    /// A prediction for each row in order, and `None` for a row that could not be read.
    pub predictions: &'p [Option<Prediction>],
    /// The [raw values](RowReader::raw_values) of the rows with a prediction.
    pub raw_values: &'p RawValues,
    /// The [raw values](RowReader::bad_values) of the other rows.
    pub bad_values: &'p RawValues,
}

impl<'a, 'r, 'e> Predictions<'a, 'r, 'e> {
    /// Predictions for the rows that `reader` has not read yet.
    ///
    /// # Panics
    /// If the reader has not one encoder for each model.
    #[track_caller]
    pub fn new(
        predictors: impl Into<Predictors<'a>>,
        reader: &'r mut RowReader<'e>,
        tapes: &'a Tapes,
    ) -> Self {
        let predictors = predictors.into();
        let n_encoders = 1 + reader.other_counts().len();
        assert_eq!(predictors.len(), n_encoders, "each encoder of a reader has a model");
        let ahead = ReadAhead::new(InOrder { reader, rows: ROWS });
        let averaged = predictors.averaged();
        let logits = vec![Vec::new(); averaged.len()];
        let (terms, in_order, raw_values, bad_values) = Default::default();
        Self { predictors, averaged, ahead, tapes, logits, terms, in_order, raw_values, bad_values }
    }

    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// As [`RowReader::fill`].
    pub fn next_chunk(&mut self) -> Result<Option<PredictedRows<'_>>, TrainError> {
        let Self { predictors, averaged, tapes, logits, terms, in_order, .. } = self;
        let (raw_values, bad_values) = (&mut self.raw_values, &mut self.bad_values);
        let done = self.ahead.next(|rows| {
            for ((encoder, predictor), logits) in averaged.iter().zip(&mut *logits) {
                let other = encoder.checked_sub(1).map(|other| &rows.other_batches[other]);
                predictor.logits_batch(tapes, other.unwrap_or(&rows.batch), logits);
            }
            let each = 0..rows.batch.n_rows();
            let predictions = each.map(|row| predictors.prediction(logits, row, terms));
            put_in_order(predictions, rows, in_order);
            std::mem::swap(raw_values, &mut rows.raw_values);
            std::mem::swap(bad_values, &mut rows.bad_values);
        })?;
        let Self { in_order: predictions, raw_values, bad_values, .. } = &*self;
        Ok(done.map(|()| PredictedRows { predictions, raw_values, bad_values }))
    }
}

/// The columns that are written for each row, and the form of the file.
#[derive(Clone, Debug)]
pub struct PredictionPlan {
    /// The format and the compression.
    pub form: FileForm,
    /// The columns of the input that come first, which the reader must [keep](RowReader::keeping_values).
    ///
    /// The types are those that the reader [finds](RowReader::kept_types), or any if the format has none.
    pub with: Vec<(String, ColumnType)>,
    /// Whether the number of the row is written before the probability.
    ///
    /// It is counted from 0 over all rows that are read, those included that could not be read.
    pub row: bool,
    /// Whether the logit is written behind the probability.
    pub logit: bool,
    /// Whether the spread of the models is written last.
    pub spread: bool,
}

impl Default for PredictionPlan {
    /// One column in CSV: the probability.
    fn default() -> Self {
        let form = FileForm { format: Format::CSV, compression: Compression::None };
        Self { form, with: Vec::new(), row: false, logit: false, spread: false }
    }
}

impl PredictionPlan {
    /// The name of the column of the probability.
    pub const PROBABILITY: &str = "probability";
    /// The name of the column of the row's number.
    pub const ROW: &str = "row";
    /// The name of the column of the logit.
    pub const LOGIT: &str = "logit";
    /// The name of the column of the spread.
    pub const SPREAD: &str = "spread";

    /// The names of the columns and their types, in order.
    pub fn columns(&self) -> (Vec<String>, Vec<ColumnType>) {
        let own = [
            (self.row, Self::ROW, ColumnType::Int),
            (true, Self::PROBABILITY, ColumnType::Float),
            (self.logit, Self::LOGIT, ColumnType::Float),
            (self.spread, Self::SPREAD, ColumnType::Float),
        ];
        let own = own.into_iter().filter(|(is_written, ..)| *is_written);
        let own = own.map(|(_, name, kind)| (name.to_owned(), kind));
        self.with.iter().cloned().chain(own).unzip()
    }
}

/// Predictions that were written: the output, and the number of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenPredictions<W> {
    /// The complete output.
    pub out: W,
    /// The number of rows, those included that could not be read.
    pub rows: u64,
}

/// Writes the predictions for all rows that `reader` has not read yet.
///
/// A row that could not be read has a row too, without a probability, so that the rows of input and output correspond.
/// If the probability is the only column of delimited text, it is `NaN` there.
///
/// # Errors
/// As [`RowReader::fill`], and [`DataError::Output`]; [`DataError::Value`] if the format cannot hold a value of the
/// input.
///
/// # Panics
/// If the reader does not keep the columns of the plan, or has not one encoder for each model.
pub fn write_predictions<'a, W: Write>(
    predictors: impl Into<Predictors<'a>>,
    reader: &mut RowReader<'_>,
    out: W,
    plan: &PredictionPlan,
) -> Result<WrittenPredictions<W>, TrainError> {
    let (predictors, tapes) = (predictors.into(), Tapes::new());
    let (columns, types) = plan.columns();
    let mut writer = PredictionWriter {
        rows: RowWriter::new(out, plan.form, &columns, &types)?,
        plan,
        // An empty line is not a row for most readers, and two quotes make the column a text for some.
        missing: match columns.len() == 1 && plan.form.format.is_delimited() {
            true => "NaN",
            false => "",
        },
        n_rows: 0,
        texts: Default::default(),
    };
    let mut predictions = Predictions::new(predictors, reader, &tapes);
    while let Some(chunk) = predictions.next_chunk()? {
        writer.write(chunk)?;
        writer.rows.flush()?;
    }
    Ok(WrittenPredictions { out: writer.rows.finish()?, rows: writer.n_rows })
}

/// Writes the rows of a plan.
struct PredictionWriter<'p, W: Write> {
    rows: RowWriter<W>,
    plan: &'p PredictionPlan,
    /// The text in place of a missing probability.
    missing: &'static str,
    n_rows: u64,
    /// Scratch for the row's number, its probability, its logit and its spread.
    texts: [String; 4],
}

impl<W: Write> PredictionWriter<'_, W> {
    fn write(&mut self, chunk: PredictedRows<'_>) -> Result<(), DataError> {
        let mut good: Vec<_> = chunk.raw_values.columns().iter().map(RawColumn::iter).collect();
        let mut bad: Vec<_> = chunk.bad_values.columns().iter().map(RawColumn::iter).collect();
        for prediction in chunk.predictions {
            let values = if prediction.is_some() { &mut good } else { &mut bad };
            let values = values.iter_mut().map(|values| values.next().unwrap_or_default());
            self.spell(*prediction);
            let [row, probability, logit, spread] = self.texts.each_ref().map(String::as_bytes);
            let row = self.plan.row.then_some(row);
            let logit = self.plan.logit.then_some(logit);
            let spread = self.plan.spread.then_some(spread);
            self.rows.write(values.chain(row).chain([probability]).chain(logit).chain(spread))?;
            self.n_rows += 1;
        }
        Ok(())
    }

    /// Writes the numbers of a row into the scratch.
    fn spell(&mut self, prediction: Option<Prediction>) {
        let Self { texts: [row, probability, logit, spread], n_rows, missing, .. } = self;
        [&mut *row, probability, logit, spread].into_iter().for_each(String::clear);
        // Writing to a string does not fail.
        let _ = write!(row, "{n_rows}");
        match prediction {
            None => probability.push_str(missing),
            Some(found) => {
                let _ = write!(probability, "{}", found.probability);
                let _ = write!(logit, "{}", found.logit);
                let _ = write!(spread, "{}", found.spread);
            }
        }
    }
}

/// Lays the predictions out, with gaps for the rows that could not be read.
fn put_in_order(
    predictions: impl ExactSizeIterator<Item = Prediction>,
    rows: &OrderedRows,
    in_order: &mut Vec<Option<Prediction>>,
) {
    let n_rows = predictions.len() + rows.bad_positions.len();
    let (mut good, mut bad) = (predictions, rows.bad_positions.iter().peekable());
    in_order.clear();
    for position in 0..n_rows {
        let is_bad = bad.next_if(|&&at| at == position).is_some();
        in_order.push(if is_bad { None } else { good.next() });
    }
}
