//! The events of a run, by which it reports its progress; this crate prints nothing and reads no clock.

use crate::diagnosis::UnitReport;
use crate::error::TrainError;
use crate::member_place::MemberPlace;
use crate::rank_traffic::RankTraffic;
use crate::warning::Warning;
use deepcross_autodiff::ProductPrecision;
use deepcross_data::{Drift, RowReader, Skipped};
use deepcross_metrics::Summary;
use deepcross_model::Model;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// An event of a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The encoder has been fitted.
    Fitted {
        /// Training rows, before any is dropped.
        rows: u64,
        /// The positive ones among them.
        positives: u64,
        /// Rows that could not be read and were left out.
        skipped: &'a Skipped,
    },
    /// The model has been built.
    Built {
        /// The model.
        model: &'a Model,
        /// The number of weights of each member.
        n_parameters: usize,
        /// The number of members.
        n_members: usize,
        /// The precision of products in training steps.
        precision: ProductPrecision,
    },
    /// The threads need the next batch: an epoch begins, or a step has ended.
    ///
    /// Until [`BatchReady`](Self::BatchReady), one thread reads and all others count as waiting; this takes no time if
    /// the batch was read during the step. See [`DataWait`](crate::DataWait).
    BatchWanted,
    /// The next batch has been read, or the epoch has no more batches.
    BatchReady,
    /// All training rows are shuffled as a whole, since a buffer would not mix them: the answer to
    /// [`Shuffle::Auto`](crate::config::Shuffle::Auto).
    ShuffledWhole {
        /// The rows of the buffer.
        buffer: usize,
        /// The change of the share of positive rows that a shuffle through this buffer would leave.
        drift: Drift,
    },
    /// The run resumes from a checkpoint; [`Fitted`](Self::Fitted) and [`Built`](Self::Built) come before, as in the
    /// first part of the run.
    Resumed {
        /// The checkpoint.
        file: &'a Path,
        /// The steps made so far.
        step: u64,
        /// The epoch, from 1.
        epoch: u32,
        /// The member that is trained.
        member: MemberPlace,
        /// Rows of this epoch and member so far.
        rows: u64,
        /// The reports of the epochs before it.
        reports: &'a [EpochReport],
    },
    /// A checkpoint has been written, and the run goes on.
    Checkpoint {
        /// The file.
        file: &'a Path,
        /// The steps made so far.
        step: u64,
    },
    /// A fact that the user of the run should know; a strict run ends with it instead.
    Warning(&'a Warning),
    /// The cache of the run was used, refused or written; see [`RunOptions::cache`](crate::RunOptions::cache).
    Cache(CacheEvent<'a>),
    /// A step has been made.
    Step {
        /// The epoch, from 1.
        epoch: u32,
        /// The member that is trained.
        member: MemberPlace,
        /// Rows of this epoch and member so far, without those that were dropped.
        rows: u64,
        /// Their mean log loss.
        loss: f64,
    },
    /// An epoch has ended.
    Epoch(EpochReport),
    /// The messages of this rank during an epoch that has ended, if several ranks train.
    Exchanged(&'a RankTraffic),
    /// All epochs have ended; the readers have the counts of the last one.
    Read {
        /// The training rows that the epoch kept, and how many negative ones it dropped.
        train: &'a RowReader<'a>,
        /// The validation rows, if rows were held out or given.
        valid: Option<&'a RowReader<'a>>,
    },
    /// The reports of the residual units, before the first step and after each epoch; a resumed run reports only the
    /// epochs after its checkpoint. Of several members, they are about the first.
    ///
    /// The reports are always about the same rows: those of the first batch whose weight is not 0, at most 1024.
    /// A model without residual units has no such event.
    Units {
        /// The epoch, from 1; 0 before the first step.
        epoch: u32,
        /// The member whose units these are: the first.
        member: MemberPlace,
        /// The number of rows that the reports are about.
        rows: usize,
        /// One report a unit, from the stacked input to the score.
        units: &'a [UnitReport],
    },
}

/// An event of a cache of encoded rows.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum CacheEvent<'a> {
    /// The cache existed, and all rows come from it.
    Used {
        /// The file.
        file: &'a Path,
        /// The training rows, before any is dropped.
        rows: u64,
    },
    /// The file is damaged, or a cache of other rows; it is rebuilt.
    Refused {
        /// The file.
        file: &'a Path,
        /// The damage, or the differences, one sentence each.
        reasons: &'a [String],
    },
    /// The cache has been written, and all rows come from it.
    Made {
        /// The file.
        file: &'a Path,
        /// The training rows, before any is dropped.
        rows: u64,
        /// The length of the file.
        bytes: u64,
    },
}

/// Passes the events of a run on, and decides what becomes of its warnings.
pub(crate) struct Observer<'o> {
    observe: &'o mut (dyn FnMut(Event<'_>) + Send),
    is_strict: bool,
}

impl<'o> Observer<'o> {
    /// Passes events on to `observe`; if it is strict, the first warning ends the run.
    pub(crate) fn new(observe: &'o mut (dyn FnMut(Event<'_>) + Send), is_strict: bool) -> Self {
        Self { observe, is_strict }
    }

    /// Whether the first warning ends the run.
    pub(crate) fn is_strict(&self) -> bool {
        self.is_strict
    }

    pub(crate) fn event(&mut self, event: Event<'_>) {
        (self.observe)(event);
    }

    /// Warns.
    ///
    /// # Errors
    /// [`TrainError::Warned`] if the run is strict.
    pub(crate) fn warn(&mut self, warning: Warning) -> Result<(), TrainError> {
        if self.is_strict {
            return Err(TrainError::Warned(warning));
        }
        (self.observe)(Event::Warning(&warning));
        Ok(())
    }

    /// Warns of each.
    ///
    /// # Errors
    /// As [`warn`](Self::warn).
    pub(crate) fn warn_all(&mut self, warnings: Vec<Warning>) -> Result<(), TrainError> {
        warnings.into_iter().try_for_each(|warning| self.warn(warning))
    }
}

/// The report of an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// The epoch, from 1.
    pub epoch: u32,
    /// The mean log loss over the rows of the epoch, each taken before the step on its batch.
    ///
    /// Of several members, it is the mean of theirs.
    /// With `negative_rate` it is the loss of the kept rows, by their own odds, and must not be compared with that of
    /// the validation rows.
    pub train_loss: f64,
    /// The learning rate of the last step of the epoch: `learning_rate` times the factor of the schedule.
    ///
    /// A learning rate of embedding tables has the same factor.
    pub learning_rate: f64,
    /// The validation metrics, if rows were held out or given.
    pub valid: Option<Summary>,
    /// Whether the weights of this epoch are the best so far.
    pub best: bool,
}
