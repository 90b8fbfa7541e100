//! The schedule of checkpoints: the steps after which they are written, and the step of the last one.

use super::identity::Identity;
use crate::options::{Checkpoints, Next};
use std::path::Path;

/// The checkpoints of a run, past and to come.
pub(crate) struct CheckpointSchedule<'c> {
    checkpoints: Checkpoints<'c>,
    run: Identity,
    /// The number of steps between two checkpoints, if steps decide about them.
    every: Option<u64>,
    /// The step of the last checkpoint that was written or tried.
    last: u64,
    /// The step of the checkpoint in the file, if it is of this run.
    written: Option<u64>,
}

impl<'c> CheckpointSchedule<'c> {
    pub(crate) fn new(checkpoints: Checkpoints<'c>, run: Identity, every: Option<u64>) -> Self {
        Self { checkpoints, run, every, last: 0, written: None }
    }

    /// Records that the file has the checkpoint of this step.
    pub(crate) fn resume_at(&mut self, step: u64) {
        (self.last, self.written) = (step, Some(step));
    }

    /// The action after `step` steps.
    pub(crate) fn next(&mut self, step: u64) -> Next {
        let is_due = self.every.is_some_and(|every| step - self.last >= every);
        match (self.checkpoints.ask)(step) {
            Next::Continue if is_due => Next::Checkpoint,
            next => next,
        }
    }

    /// Records that a checkpoint of this step was tried, and whether it was written.
    pub(super) fn tried(&mut self, step: u64, written: bool) {
        self.last = step;
        if written {
            self.written = Some(step);
        }
    }

    /// Whether the run stops before this epoch.
    pub(crate) fn pauses_before(&self, epoch: u32) -> bool {
        self.checkpoints.pause_after.is_some_and(|last| last < epoch)
    }

    pub(crate) fn file(&self) -> &Path {
        self.checkpoints.file()
    }

    pub(super) fn run(&self) -> &Identity {
        &self.run
    }

    /// The step of the checkpoint in the file, if it is of this run.
    pub(super) fn written(&self) -> Option<u64> {
        self.written
    }
}
