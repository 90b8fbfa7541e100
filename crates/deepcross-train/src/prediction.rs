//! Predictions for the rows of files, in their order.

use crate::TrainError;
use crate::validation::read;
use deepcross_data::RowReader;
use deepcross_features::Batch;
use deepcross_model::{Predictor, Tapes};

/// Streams probabilities, one for each row of a reader, and none for a row that could not be read.
#[derive(Debug)]
pub struct Predictions<'a, 'r, 'e> {
    predictor: Predictor<'a>,
    reader: &'r mut RowReader<'e>,
    tapes: &'a Tapes,
    batch: Batch,
    probabilities: Vec<f32>,
    in_order: Vec<Option<f32>>,
}

impl<'a, 'r, 'e> Predictions<'a, 'r, 'e> {
    /// Predictions for the rows that `reader` has not read yet.
    pub fn new(predictor: Predictor<'a>, reader: &'r mut RowReader<'e>, tapes: &'a Tapes) -> Self {
        let batch = reader.new_batch();
        Self { predictor, reader, tapes, batch, probabilities: Vec::new(), in_order: Vec::new() }
    }

    /// The next probabilities, in the order of the rows; `None` at the end.
    ///
    /// # Errors
    /// As [`RowReader::fill`].
    pub fn next_chunk(&mut self) -> Result<Option<&[Option<f32>]>, TrainError> {
        let n_good = read(self.reader, &mut self.batch)?;
        if n_good == 0 && self.reader.bad_positions().is_empty() {
            return Ok(None);
        }
        self.predictor.predict_batch(self.tapes, &self.batch, &mut self.probabilities);
        self.put_in_order();
        Ok(Some(&self.in_order))
    }

    /// Lays the probabilities out, with gaps for the rows that could not be read.
    fn put_in_order(&mut self) {
        let (mut good, mut bad) =
            (self.probabilities.iter(), self.reader.bad_positions().iter().peekable());
        self.in_order.clear();
        for position in 0..self.probabilities.len() + self.reader.bad_positions().len() {
            let is_bad = bad.next_if(|&&at| at == position).is_some();
            self.in_order.push(if is_bad { None } else { good.next().copied() });
        }
    }
}
