//! Brings the reader of a resumed run to its position: the batches that are done are read again, and dropped.

use super::epoch::smooth;
use super::read_ahead::{Batches, Reads};
use super::trainer::Run;
use crate::diagnosis::report_rows;
use crate::error::TrainError;
use crate::objective::total_weight;
use deepcross_features::Batch;

impl<'a> Run<'a> {
    /// Reads up to the position of the run: the batches that are done are read again, and dropped.
    ///
    /// The rows of the unit reports are the first of the run; they are taken on the way.
    pub(super) fn catch_up(&mut self, batches: &mut Batches<'a>) -> Result<(), TrainError> {
        let (epoch, member) = self.turn();
        let mut batch = batches.new_chunk();
        if (epoch, member) > (1, 0) {
            while self.unit_rows.n_rows() == 0 && self.read_again(batches, &mut batch)? {}
            self.restart(batches, (epoch, member))?;
        }
        for _ in 0..self.state.batches {
            if !self.read_again(batches, &mut batch)? {
                let reason =
                    "the training rows have fewer batches than the run has already made steps on"
                        .to_owned();
                return Err(self.other_rows(reason));
            }
        }
        Ok(())
    }

    /// Reads a batch that is done; returns false at the end.
    fn read_again(
        &mut self,
        batches: &mut Batches<'a>,
        batch: &mut Batch,
    ) -> Result<bool, TrainError> {
        let has_rows = batches.read(batch)?;
        if self.unit_rows.n_rows() == 0 && has_rows && total_weight(batch) > 0.0 {
            smooth(batch.labels_mut(), self.config.train.label_smoothing);
            self.unit_rows = report_rows(batch, self.encoder.new_batch());
        }
        Ok(has_rows)
    }

    fn other_rows(&self, difference: String) -> TrainError {
        let file = self.schedule.as_ref().map(|schedule| schedule.file().to_owned());
        TrainError::OtherRun { file: file.unwrap_or_default(), differences: vec![difference] }
    }
}
