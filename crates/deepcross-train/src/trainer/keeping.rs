//! Checkpoints on the way, and the way back to where one stands.

use super::{Run, smooth};
use crate::checkpoint::Moment;
use crate::engine::total_weight;
use crate::event::Event;
use crate::read_ahead::{Batches, Reads};
use crate::units::rows_to_look_at;
use crate::{Next, TrainError};
use deepcross_features::Batch;
use deepcross_model::artifact::ArtifactError;

impl<'a> Run<'a> {
    /// Reads up to where the run stands: the batches that are done are read once more, and dropped.
    ///
    /// The rows that units are looked at with are the first of the run, and found on the way.
    pub(super) fn catch_up(&mut self, batches: &mut Batches<'a>) -> Result<(), TrainError> {
        let (epoch, mut batch) = (self.standing.epoch, batches.new_chunk());
        if epoch > 1 {
            while self.looked_at.n_rows() == 0 && self.read_again(batches, &mut batch)? {}
            batches.shuffled.restart(u64::from(epoch))?;
        }
        for _ in 0..self.standing.batches {
            if !self.read_again(batches, &mut batch)? {
                let reason = "the training rows have fewer batches than were done".to_owned();
                return Err(self.other_rows(reason));
            }
        }
        Ok(())
    }

    /// Reads a batch that is done; false at the end.
    fn read_again(
        &mut self,
        batches: &mut Batches<'a>,
        batch: &mut Batch,
    ) -> Result<bool, TrainError> {
        let has_rows = batches.read(batch)?;
        if self.looked_at.n_rows() == 0 && has_rows && total_weight(batch) > 0.0 {
            smooth(batch.labels_mut(), self.config.train.label_smoothing);
            self.looked_at = rows_to_look_at(batch, self.encoder.new_batch());
        }
        Ok(has_rows)
    }

    fn other_rows(&self, difference: String) -> TrainError {
        let file = self.keeper.as_ref().map(|keeper| keeper.file().to_owned()).unwrap_or_default();
        TrainError::OtherRun { file, differences: vec![difference] }
    }

    /// Asks what is next after a batch; writes a checkpoint where it is time for one.
    ///
    /// Where it cannot be written, the run goes on, since what it holds in memory is worth more than a copy of it; unless
    /// it was to stop.
    pub(super) fn after_batch(
        &mut self,
        observe: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<(), TrainError> {
        let step = self.engine.n_steps();
        if self.stop.is_some_and(|stop| stop()) {
            return Err(TrainError::Interrupted { step });
        }
        let Some(next) = self.keeper.as_mut().map(|keeper| keeper.next(step)) else {
            return Ok(());
        };
        if next == Next::GoOn {
            return Ok(());
        }
        // The last good checkpoint stays.
        self.check_weights()?;
        let written = self.write_checkpoint();
        let Some(keeper) = &mut self.keeper else { return Ok(()) };
        keeper.tried(step, written.is_ok());
        let file = keeper.file();
        match (written, next) {
            (Ok(()), Next::Stop) => Err(TrainError::Stopped { step, file: file.to_owned() }),
            (Err(error), Next::Stop) => Err(error.into()),
            (Ok(()), _) => {
                observe(Event::Checkpoint { file, step });
                Ok(())
            }
            (Err(error), _) => {
                observe(Event::NoCheckpoint { step, error: &error });
                Ok(())
            }
        }
    }

    fn write_checkpoint(&self) -> Result<(), ArtifactError> {
        let Some(keeper) = &self.keeper else { return Ok(()) };
        let moment = Moment {
            run: keeper.run(),
            encoder: self.encoder,
            fitted: self.fitted,
            n_steps: self.engine.n_steps(),
            standing: &self.standing,
            weights: self.engine.params(),
            optimizer: self.engine.optimizer_state(),
            best: self.best.as_ref(),
        };
        moment.write(keeper.file())
    }

    /// The error of a run, with the checkpoint that it leaves where that is of use.
    pub(super) fn with_checkpoint(&self, error: TrainError) -> TrainError {
        let stands = self.keeper.as_ref().filter(|keeper| keeper.stands().is_some());
        match (error, stands) {
            (TrainError::NotFinite { step, what, .. }, Some(keeper)) => {
                TrainError::NotFinite { step, what, checkpoint: Some(keeper.file().to_owned()) }
            }
            (error, _) => error,
        }
    }
}
