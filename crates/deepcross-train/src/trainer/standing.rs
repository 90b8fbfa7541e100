//! How far a run has come, beside its weights: what changes from step to step and decides what follows.

use crate::{EpochReport, TrainConfig};
use deepcross_metrics::Summary;
use serde::{Deserialize, Serialize};

/// Where a run stands between two steps. It is stored as it is: a change of it is a new version of the checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// The epoch, from 1.
    pub(crate) epoch: u32,
    /// The batches of this epoch that are done.
    pub(crate) batches: u64,
    pub(crate) sums: Sums,
    /// What the schedule has decayed to, and how long it has waited.
    pub(crate) level: f64,
    pub(crate) waited: u32,
    pub(crate) best: Best,
    /// The epochs before this one.
    pub(crate) reports: Vec<EpochReport>,
}

/// Over the rows of the epoch so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sums {
    pub(crate) rows: u64,
    /// The sum of losses, each by its row's weight.
    pub(crate) loss: f64,
    pub(crate) weight: f64,
}

impl Sums {
    /// Of rows that have some weight.
    pub(crate) fn mean_loss(&self) -> f64 {
        self.loss / self.weight
    }
}

/// The epoch whose weights are kept; 0 before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    pub(crate) epoch: u32,
    pub(crate) steps: u64,
    pub(crate) valid: Option<Summary>,
}

impl Default for Standing {
    /// Before the first step.
    fn default() -> Self {
        let (sums, best, reports) = (Sums::default(), Best::default(), Vec::new());
        Self { epoch: 1, batches: 0, sums, level: 1.0, waited: 0, best, reports }
    }
}

impl Standing {
    /// Moves on to the first batch of an epoch.
    pub(crate) fn begin(&mut self, epoch: u32) {
        (self.epoch, self.batches, self.sums) = (epoch, 0, Sums::default());
    }

    /// Takes notice of a batch that is done; the sums with it.
    pub(crate) fn add_batch(&mut self, rows: u64, loss: f64, weight: f64) -> Sums {
        self.batches += 1;
        self.sums.rows += rows;
        self.sums.loss += loss * weight;
        self.sums.weight += weight;
        self.sums
    }

    /// Why no run of these settings, on so many rows, can stand here; if so.
    pub(crate) fn problem(&self, config: &TrainConfig, n_rows: u64) -> Option<String> {
        let Self { epoch, level, best, reports, sums, .. } = self;
        if !(1..=config.epochs).contains(epoch) {
            return Some(format!("it is of epoch {epoch} of {}", config.epochs));
        }
        if sums.rows > n_rows {
            return Some(format!("{} rows of {n_rows} are done", sums.rows));
        }
        if reports.len() != *epoch as usize - 1 {
            return Some(format!("it has {} epochs before epoch {epoch}", reports.len()));
        }
        if best.epoch >= *epoch || (best.epoch == 0) != (*epoch == 1) {
            return Some(format!("epoch {} is the best before epoch {epoch}", best.epoch));
        }
        if !(*level > 0.0 && *level <= 1.0) {
            return Some(format!("the learning rates are {level} of their full size"));
        }
        None
    }
}
