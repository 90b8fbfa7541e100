//! When checkpoints are written, and where the last one stands.

use crate::identity::Identity;
use crate::{Checkpoints, Next};
use std::path::Path;

/// Keeps the checkpoints of a run.
pub(crate) struct Keeper<'c> {
    checkpoints: Checkpoints<'c>,
    run: Identity,
    /// A checkpoint after so many steps.
    every: Option<u64>,
    /// The steps at the last checkpoint that was written or tried.
    last: u64,
    /// The steps of the checkpoint in the file, where it is of this run.
    stands: Option<u64>,
}

impl<'c> Keeper<'c> {
    pub(crate) fn new(checkpoints: Checkpoints<'c>, run: Identity, every: Option<u64>) -> Self {
        Self { checkpoints, run, every, last: 0, stands: None }
    }

    /// Takes notice that the file holds the checkpoint of this step.
    pub(crate) fn stands_at(&mut self, step: u64) {
        (self.last, self.stands) = (step, Some(step));
    }

    /// What is next after so many steps.
    pub(crate) fn next(&mut self, step: u64) -> Next {
        let is_due = self.every.is_some_and(|every| step - self.last >= every);
        match (self.checkpoints.ask)(step) {
            Next::GoOn if is_due => Next::Checkpoint,
            next => next,
        }
    }

    /// Takes notice that a checkpoint of this step was tried, and whether it was written.
    pub(crate) fn tried(&mut self, step: u64, written: bool) {
        self.last = step;
        if written {
            self.stands = Some(step);
        }
    }

    pub(crate) fn file(&self) -> &Path {
        self.checkpoints.file()
    }

    pub(crate) fn run(&self) -> &Identity {
        &self.run
    }

    /// The step of the checkpoint in the file, where it is of this run.
    pub(crate) fn stands(&self) -> Option<u64> {
        self.stands
    }
}
