//! What a run tells while it goes on; this crate prints nothing and reads no clock.

use crate::diagnosis::UnitReport;
use deepcross_data::{RowReader, Skipped};
use deepcross_metrics::Summary;
use deepcross_model::Model;
use deepcross_model::artifact::ArtifactError;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A moment of a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The encoder has been fitted.
    Fitted {
        /// Training rows, before any is dropped.
        rows: u64,
        /// Clicks among them.
        positives: u64,
        /// Rows that could not be read and were left out.
        skipped: &'a Skipped,
    },
    /// The model has been built.
    Built {
        /// The model.
        model: &'a Model,
        /// The number of its weights.
        n_parameters: usize,
    },
    /// The threads have nothing to do but to read the next batch: an epoch begins, or a step has ended.
    ///
    /// Until [`BatchReady`](Self::BatchReady), one thread reads and all others count as waiting; that is no time at all
    /// where the batch was read while the step was made. See [`DataWait`](crate::DataWait).
    BatchWanted,
    /// The next batch has been read, or it is known that the epoch has no more.
    BatchReady,
    /// The run goes on from a checkpoint; first come [`Fitted`](Self::Fitted) and [`Built`](Self::Built), as they were.
    Resumed {
        /// The checkpoint.
        file: &'a Path,
        /// The steps made so far.
        step: u64,
        /// The epoch, from 1.
        epoch: u32,
        /// Rows of this epoch so far.
        rows: u64,
        /// The epochs before it.
        reports: &'a [EpochReport],
    },
    /// A checkpoint has been written, and the run goes on.
    Checkpoint {
        /// The file.
        file: &'a Path,
        /// The steps made so far.
        step: u64,
    },
    /// A checkpoint could not be written, and the run goes on; an earlier one is still there.
    NoCheckpoint {
        /// The steps made so far.
        step: u64,
        /// The reason.
        error: &'a ArtifactError,
    },
    /// What became of the cache of the run; see [`RunOptions::cache`](crate::RunOptions::cache).
    Cache(CacheEvent<'a>),
    /// A step has been made.
    Step {
        /// The epoch, from 1.
        epoch: u32,
        /// Rows of this epoch so far, without those that were dropped.
        rows: u64,
        /// The mean log loss of this epoch so far.
        loss: f64,
    },
    /// An epoch has ended.
    Epoch(EpochReport),
    /// All epochs have ended; the readers tell what they met in the last one.
    Read {
        /// The training rows that the epoch kept, and how many negative ones it dropped.
        train: &'a RowReader<'a>,
        /// The validation rows, where rows were held out or given.
        valid: Option<&'a RowReader<'a>>,
    },
    /// How the residual units do: before the first step, and after each epoch. A run that goes on tells of the epochs from
    /// there.
    ///
    /// Always on the same rows: those of the first batch whose weight is not 0, at most 1024.
    /// A model without units has nothing to tell.
    Units {
        /// The epoch, from 1; 0 before the first step.
        epoch: u32,
        /// The number of rows that are looked at.
        rows: usize,
        /// One report a unit, from the stacked input to the score.
        units: &'a [UnitReport],
    },
}

/// What became of a cache of encoded rows.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum CacheEvent<'a> {
    /// It was there, and all rows come from it.
    Used {
        /// The file.
        file: &'a Path,
        /// The training rows, before any is dropped.
        rows: u64,
    },
    /// A file was there that is damaged, or of other rows; it is made anew.
    Refused {
        /// The file.
        file: &'a Path,
        /// What is wrong with it, or another, one sentence each.
        reasons: &'a [String],
    },
    /// It has been made, and all rows come from it.
    Made {
        /// The file.
        file: &'a Path,
        /// The training rows, before any is dropped.
        rows: u64,
        /// The length of the file.
        bytes: u64,
    },
    /// It could not be written; rows come from the text, and nothing of it is left.
    NotMade {
        /// The error, with the file.
        reason: &'a str,
    },
}

/// How an epoch went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// The epoch, from 1.
    pub epoch: u32,
    /// The mean log loss over the epoch, each row before the step that it was part of.
    ///
    /// With `negative_rate` it is that of the kept rows, by their own odds, and not to be compared with the validation's.
    pub train_loss: f64,
    /// The validation metrics, where rows were held out or given.
    pub valid: Option<Summary>,
    /// Whether the weights of this epoch are the best so far.
    pub best: bool,
}
