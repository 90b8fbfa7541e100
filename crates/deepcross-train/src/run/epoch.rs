//! An epoch of a run: a step for each batch, and checkpoints on the way.

use super::read_ahead::{Batches, ReadAhead};
use super::trainer::Run;
use crate::checkpoint::{BatchSums, Snapshot};
use crate::diagnosis::report_rows;
use crate::error::TrainError;
use crate::event::{Event, Observer};
use crate::objective::{positive_weight, total_weight};
use crate::options::Next;
use deepcross_features::Batch;
use deepcross_model::Unit;

impl<'a> Run<'a> {
    /// Trains on the remaining rows of the epoch; returns the mean log loss of all its rows.
    pub(super) fn epoch(
        &mut self,
        epoch: u32,
        ahead: &mut ReadAhead<Batches<'a>>,
        observer: &mut Observer<'_>,
    ) -> Result<f64, TrainError> {
        observer.event(Event::BatchWanted);
        while let Some(done) = ahead.next(|batch| {
            observer.event(Event::BatchReady);
            let done = self.step(epoch, batch, observer);
            observer.event(Event::BatchWanted);
            done
        })? {
            done?;
        }
        observer.event(Event::BatchReady);
        self.check_weights()?;
        let sums = self.state.sums;
        if sums.rows == 0 {
            let negatives = ahead.source().shuffled.reader().negatives().met;
            return Err(TrainError::NoRowKept { epoch, negatives });
        }
        if sums.weight > 0.0 {
            Ok(sums.mean_loss())
        } else {
            Err(TrainError::NoWeight { rows: sums.rows })
        }
    }

    /// Trains on a batch.
    fn step(
        &mut self,
        epoch: u32,
        batch: &mut Batch,
        observer: &mut Observer<'_>,
    ) -> Result<(), TrainError> {
        let (weight, positive_weight) = (total_weight(batch), positive_weight(batch));
        smooth(batch.labels_mut(), self.config.train.label_smoothing);
        if self.unit_rows.n_rows() == 0 && weight > 0.0 {
            self.unit_rows = report_rows(batch, self.encoder.new_batch());
            self.observe_units(0, observer)?;
        }
        self.engine.set_rate_factor(self.rates.factor(self.engine.n_steps()));
        let loss = self.engine.step(batch).map_err(|error| self.with_value_named(error))?;
        let rows = batch.n_rows() as u64;
        let sums = self.state.add_batch(BatchSums { rows, loss, weight, positive_weight });
        if sums.weight > 0.0 {
            let (rows, loss) = (sums.rows, sums.mean_loss());
            observer.event(Event::Step { epoch, rows, loss });
        }
        self.after_batch(observer)
    }

    pub(super) fn observe_units(
        &mut self,
        epoch: u32,
        observer: &mut Observer<'_>,
    ) -> Result<(), TrainError> {
        if !self.engine.model().units().iter().any(Unit::is_residual) {
            return Ok(());
        }
        let units = self.engine.units(&self.unit_rows);
        observer.event(Event::Units { epoch, rows: self.unit_rows.n_rows(), units: &units });
        observer.warn_all(self.unit_warnings.after(epoch, &units))
    }

    fn check_weights(&self) -> Result<(), TrainError> {
        let Some(what) = self.engine.find_non_finite() else { return Ok(()) };
        let step = self.engine.n_steps();
        Err(self.with_value_named(TrainError::NotFinite {
            step,
            what: Box::new(what),
            checkpoint: None,
        }))
    }

    /// The error, with the value that the row of a table stands for.
    fn with_value_named(&self, mut error: TrainError) -> TrainError {
        if let TrainError::NotFinite { what, .. } = &mut error
            && let Some(element) = what.element_mut()
        {
            element.name_value(self.encoder);
        }
        error
    }

    /// Asks what is next after a batch, and writes a checkpoint if it is time for one.
    fn after_batch(&mut self, observer: &mut Observer<'_>) -> Result<(), TrainError> {
        let step = self.engine.n_steps();
        if self.stop.is_some_and(|stop| stop()) {
            return Err(TrainError::Interrupted { step });
        }
        let Some(next) = self.schedule.as_mut().map(|schedule| schedule.next(step)) else {
            return Ok(());
        };
        if next == Next::Continue {
            return Ok(());
        }
        // The last good checkpoint stays.
        self.check_weights()?;
        let snapshot = Snapshot {
            encoder: self.encoder,
            fitted: self.fitted,
            n_steps: step,
            state: &self.state,
            weights: self.engine.params(),
            optimizer: self.engine.optimizer_state(),
            best: self.best.as_ref(),
        };
        let schedule = self.schedule.as_mut();
        schedule.map_or(Ok(()), |schedule| schedule.save(snapshot, next, observer))
    }
}

/// Moves labels by `smoothing`, in [0, 1), towards one half (Szegedy et al., CVPR 2016).
pub(super) fn smooth(labels: &mut [f32], smoothing: f64) {
    if smoothing > 0.0 {
        let (keep, add) = ((1.0 - smoothing) as f32, (0.5 * smoothing) as f32);
        labels.iter_mut().for_each(|label| *label = keep * *label + add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_moved_towards_one_half() {
        for (smoothing, expected) in [(0.0, [0.0, 1.0]), (0.25, [0.125, 0.875])] {
            let mut labels = [0.0, 1.0];
            smooth(&mut labels, smoothing);
            assert_eq!(labels, expected);
        }
    }
}
