//! Streams predictions for the rows of files, in their order.

use crate::error::TrainError;
use crate::run::{InOrder, OrderedRows, ROWS, ReadAhead};
use deepcross_data::RowReader;
use deepcross_model::{Predictor, Tapes};

/// A stream of probabilities: one for each row of a reader, and `None` for a row that could not be read.
#[derive(Debug)]
pub struct Predictions<'a, 'r, 'e> {
    predictor: Predictor<'a>,
    ahead: ReadAhead<InOrder<'r, 'e>>,
    tapes: &'a Tapes,
    probabilities: Vec<f32>,
    in_order: Vec<Option<f32>>,
}

impl<'a, 'r, 'e> Predictions<'a, 'r, 'e> {
    /// Predictions for the rows that `reader` has not read yet.
    pub fn new(predictor: Predictor<'a>, reader: &'r mut RowReader<'e>, tapes: &'a Tapes) -> Self {
        let ahead = ReadAhead::new(InOrder { reader, rows: ROWS });
        Self { predictor, ahead, tapes, probabilities: Vec::new(), in_order: Vec::new() }
    }

    /// The next probabilities, in the order of the rows; `None` at the end.
    ///
    /// # Errors
    /// As [`RowReader::fill`].
    pub fn next_chunk(&mut self) -> Result<Option<&[Option<f32>]>, TrainError> {
        let Self { predictor, ahead, tapes, probabilities, in_order } = self;
        let done = ahead.next(|rows| {
            predictor.predict_batch(tapes, &rows.batch, probabilities);
            put_in_order(probabilities, rows, in_order);
        })?;
        Ok(done.map(|()| &**in_order))
    }
}

/// Lays the probabilities out, with gaps for the rows that could not be read.
fn put_in_order(probabilities: &[f32], rows: &OrderedRows, in_order: &mut Vec<Option<f32>>) {
    let (mut good, mut bad) = (probabilities.iter(), rows.bad_positions.iter().peekable());
    in_order.clear();
    for position in 0..probabilities.len() + rows.bad_positions.len() {
        let is_bad = bad.next_if(|&&at| at == position).is_some();
        in_order.push(if is_bad { None } else { good.next().copied() });
    }
}
