//! Quantises a trained model, and judges the result on rows that did not choose its scales.
//!
//! Every other row, from the first on, gives the ranges of the inputs of layers; the others are predicted by both models,
//! and their log losses are compared row by row.
//! Rejected: judging on all rows, whose ranges would fit better than those of rows to come.

use crate::error::TrainError;
use crate::run::{InOrder, ROWS, ReadAhead};
use deepcross_data::RowReader;
use deepcross_features::Batch;
use deepcross_metrics::inference::{LogLossDifference, log_loss_difference};
use deepcross_metrics::{Evaluated, Evaluation};
use deepcross_model::quantisation::{InputRanges, QuantisedForm};
use deepcross_model::{Tapes, TrainedModel};

/// The probability that the interval of the difference of log losses covers.
const LEVEL: f64 = 0.95;

/// A quantised model, and the metrics of both models on rows that did not choose its scales.
#[derive(Clone, Debug)]
pub struct Quantisation {
    /// The quantised model.
    pub trained: TrainedModel,
    /// The rows that chose the scales of inputs.
    pub scale_rows: u64,
    /// The metrics of the model as it was.
    pub before: Evaluated<f32>,
    /// The metrics of the quantised model.
    pub after: Evaluated<f32>,
    /// The log loss of the quantised model − that of the model, with a 95 % interval.
    pub log_loss: LogLossDifference,
}

impl Quantisation {
    /// The upper end of the interval of the change of the log loss, as a share of the log loss before.
    pub fn greatest_loss(&self) -> f64 {
        self.log_loss.high / self.log_loss.first
    }
}

/// Quantises a model on the remaining rows of `reader`, which must have labels.
///
/// Predictions are those of the model with its calibrator, if it has one. The result does not depend on the number of
/// threads. Memory holds half of the rows, encoded.
///
/// # Errors
/// As [`RowReader::fill`]. [`TrainError::Quantised`] if the model already is, [`TrainError::NothingToQuantise`] if it
/// has nothing that would be smaller, and [`TrainError::QuantisationRows`] if there are fewer than four rows with weight.
pub fn quantise(
    trained: TrainedModel,
    reader: &mut RowReader<'_>,
    tapes: &Tapes,
    form: QuantisedForm,
) -> Result<Quantisation, TrainError> {
    if trained.is_quantised() {
        return Err(TrainError::Quantised);
    }
    let new_batch = || trained.encoder.new_batch();
    let (mut ranges, mut judged, mut of_scales) =
        (InputRanges::default(), new_batch(), new_batch());
    let (mut row, mut scale_rows) = (0_u64, 0);
    let mut ahead = ReadAhead::new(InOrder { reader, rows: ROWS });
    while ahead
        .next(|rows| {
            of_scales.clear();
            for i in 0..rows.batch.n_rows() {
                let half = if row % 2 == 0 { &mut of_scales } else { &mut judged };
                half.push_row_from(&rows.batch, i);
                row += 1;
            }
            scale_rows += of_scales.n_rows() as u64;
            let predictor = trained.predictor();
            let all = of_scales.rows(0..of_scales.n_rows());
            tapes.with(|tape| ranges.observe(predictor, tape, all));
        })?
        .is_some()
    {}
    let quantised = trained.clone().quantised(form, &ranges);
    if !quantised.is_quantised() {
        return Err(TrainError::NothingToQuantise { form });
    }
    let (before, after) =
        (predictions(&trained, tapes, &judged), predictions(&quantised, tapes, &judged));
    let (labels, weights) = (judged.labels(), judged.weights());
    let log_loss = log_loss_difference(&before, &after, labels, weights, LEVEL)?;
    Ok(Quantisation {
        before: evaluated(&before, &judged)?,
        after: evaluated(&after, &judged)?,
        log_loss: log_loss.ok_or(TrainError::QuantisationRows)?,
        scale_rows,
        trained: quantised,
    })
}

fn predictions(trained: &TrainedModel, tapes: &Tapes, rows: &Batch) -> Vec<f32> {
    let mut out = Vec::new();
    trained.predictor().predict_batch(tapes, rows, &mut out);
    out
}

fn evaluated(probabilities: &[f32], rows: &Batch) -> Result<Evaluated<f32>, TrainError> {
    let mut evaluation = Evaluation::default();
    let mut weights = rows.weights().iter();
    for (&probability, &label) in probabilities.iter().zip(rows.labels()) {
        // A batch has a weight for each row, or no weights if all are 1.
        evaluation.push(probability, label, weights.next().copied().unwrap_or(1.0))?;
    }
    Ok(evaluation.finish())
}
