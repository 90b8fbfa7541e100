//! The epoch of a member: a step for each batch, and checkpoints on the way.

use super::member::Member;
use super::read_ahead::{Batches, ReadAhead};
use super::trainer::Run;
use crate::checkpoint::{BatchSums, Snapshot};
use crate::diagnosis::report_rows;
use crate::error::TrainError;
use crate::event::{Event, Observer};
use crate::member_place::MemberPlace;
use crate::objective::{positive_weight, total_weight};
use crate::options::Next;
use deepcross_features::Batch;
use deepcross_model::Unit;

impl<'a> Run<'a> {
    /// Trains the member whose turn it is on the remaining rows of the epoch.
    pub(super) fn epoch(
        &mut self,
        epoch: u32,
        ahead: &mut ReadAhead<Batches<'a>>,
        observer: &mut Observer<'_>,
    ) -> Result<(), TrainError> {
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
        if let Some(ranks) = self.ranks {
            self.engine_mut().end_block(ranks)?;
        }
        self.engine_mut().settle();
        self.check_weights()?;
        // The end of an epoch ends a block too, and what waited for that must not wait for another one.
        let delayed = std::mem::take(&mut self.delayed);
        self.follow(delayed, observer)?;
        let sums = self.state.sums;
        if sums.rows == 0 {
            let negatives = ahead.source().shuffled.reader().negatives().met;
            return Err(TrainError::NoRowKept { epoch, negatives });
        }
        if sums.weight > 0.0 { Ok(()) } else { Err(TrainError::NoWeight { rows: sums.rows }) }
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
        let factor = self.rates.factor(self.engine().n_steps());
        self.engine_mut().set_rate_factor(factor);
        let loss = match self.ranks {
            Some(ranks) => self.engine_mut().step_among(ranks, batch),
            None => self.engine_mut().step(batch),
        };
        let loss = loss.map_err(|error| self.with_value_named(error))?;
        let rows = batch.n_rows() as u64;
        let sums = self.state.add_batch(BatchSums { rows, loss, weight, positive_weight });
        if sums.weight > 0.0 {
            let (rows, loss) = (sums.rows, sums.mean_loss());
            observer.event(Event::Step { epoch, member: self.place(), rows, loss });
        }
        self.after_batch(observer)
    }

    pub(super) fn observe_units(
        &mut self,
        epoch: u32,
        observer: &mut Observer<'_>,
    ) -> Result<(), TrainError> {
        let (engine, rows) = (&mut self.members[0].engine, &self.unit_rows);
        if !engine.model().units().iter().any(Unit::is_residual) {
            return Ok(());
        }
        let units = match self.ranks {
            Some(ranks) => engine.units_among(ranks, rows)?,
            None => engine.units(rows),
        };
        let (member, rows) = (MemberPlace { number: 1, of: self.members.len() }, rows.n_rows());
        observer.event(Event::Units { epoch, member, rows, units: &units });
        // Scoring weights of 0 pass no gradient on, until the first step moves them.
        if epoch == 0 && self.config.train.start_from_rate {
            return Ok(());
        }
        observer.warn_all(self.unit_warnings.after(epoch, member, &units))
    }

    fn check_weights(&self) -> Result<(), TrainError> {
        let found = match self.ranks {
            Some(ranks) => self.engine().find_non_finite_among(ranks)?,
            None => self.engine().find_non_finite(),
        };
        let Some(what) = found else { return Ok(()) };
        let (step, what) = (self.engine().n_steps(), Box::new(what));
        let error = TrainError::NotFinite { member: None, step, what, checkpoint: None };
        Err(self.with_value_named(error))
    }

    /// The error, with the value that the row of a table stands for, and with the member if there are several.
    fn with_value_named(&self, mut error: TrainError) -> TrainError {
        if let TrainError::NotFinite { member, what, .. } = &mut error {
            *member = Some(self.place()).filter(|place| place.of > 1);
            let element = what.element_mut();
            element.into_iter().for_each(|element| element.name_value(self.encoder));
        }
        error
    }

    /// Stops the run before an epoch, with a checkpoint, if it is to pause there.
    pub(super) fn pause_before(
        &mut self,
        epoch: u32,
        observer: &mut Observer<'_>,
    ) -> Result<(), TrainError> {
        if !self.schedule.as_ref().is_some_and(|schedule| schedule.pauses_before(epoch)) {
            return Ok(());
        }
        if self.turn().0 < epoch {
            self.state.begin(epoch, 0);
        }
        self.follow(Next::Stop, observer)
    }

    /// Asks what is next after a batch, and writes a checkpoint if it is time for one.
    fn after_batch(&mut self, observer: &mut Observer<'_>) -> Result<(), TrainError> {
        let step = self.n_steps();
        let next = self.schedule.as_mut().map_or(Next::Continue, |schedule| schedule.next(step));
        let is_stopped = self.stop.is_some_and(|stop| stop());
        let (next, is_stopped) = match self.ranks {
            Some(ranks) => ranks.agree(next, is_stopped)?,
            None => (next, is_stopped),
        };
        if is_stopped {
            return Err(TrainError::Interrupted { step });
        }
        // Only between two blocks all ranks have the same dense weights.
        let next = next.max(std::mem::take(&mut self.delayed));
        if self.engine().is_within_block() {
            self.delayed = next;
            return Ok(());
        }
        self.follow(next, observer)
    }

    /// Writes a checkpoint, if `next` asks for one.
    fn follow(&mut self, next: Next, observer: &mut Observer<'_>) -> Result<(), TrainError> {
        if next == Next::Continue {
            return Ok(());
        }
        // The last good checkpoint stays.
        self.check_weights()?;
        let (_, member) = self.turn();
        let members: Vec<_> = self.members.iter().map(Member::snapshot).collect();
        let snapshot = Snapshot {
            encoder: self.encoder,
            fitted: self.fitted,
            n_steps: self.n_steps(),
            state: &self.state,
            members: &members,
            block: self.members[member].engine.block(),
        };
        let (schedule, ranks) = (self.schedule.as_mut(), self.ranks);
        schedule.map_or(Ok(()), |schedule| schedule.save(snapshot, next, ranks, observer))
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
