//! Streams predictions for the rows of files, in their order, and writes them as text.

use crate::error::TrainError;
use crate::run::{InOrder, OrderedRows, ROWS, ReadAhead};
use deepcross_data::RowReader;
use deepcross_model::{Predictor, Tapes};
use std::io::{self, Write};

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

/// Writes the header `probability` and a line for each row that `reader` has not read yet, and returns the number of
/// rows.
///
/// The line of a row that could not be read is empty, so that lines and rows correspond.
///
/// # Errors
/// As [`RowReader::fill`], and [`TrainError::Output`].
pub fn write_predictions(
    predictor: Predictor<'_>,
    reader: &mut RowReader<'_>,
    out: &mut impl Write,
) -> Result<u64, TrainError> {
    let output = |source| TrainError::Output { source };
    let tapes = Tapes::new();
    let mut predictions = Predictions::new(predictor, reader, &tapes);
    let mut n_rows = 0;
    writeln!(out, "probability").map_err(output)?;
    while let Some(chunk) = predictions.next_chunk()? {
        write_lines(chunk, out).map_err(output)?;
        n_rows += chunk.len() as u64;
    }
    out.flush().map_err(output)?;
    Ok(n_rows)
}

fn write_lines(probabilities: &[Option<f32>], out: &mut impl Write) -> io::Result<()> {
    for probability in probabilities {
        match probability {
            Some(probability) => writeln!(out, "{probability}")?,
            None => writeln!(out)?,
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::write_lines;

    #[test]
    fn a_row_that_could_not_be_read_has_an_empty_line() {
        let mut out = Vec::new();
        write_lines(&[Some(0.25), None, Some(1e-8)], &mut out).unwrap();
        assert_eq!(out, b"0.25\n\n0.00000001\n");
    }
}
