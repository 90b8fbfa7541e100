//! How a run begins and how it is kept: what is neither configuration nor data, and changes no bit of the result but for
//! the model that it begins from.
//!
//! This crate reads no clock and hears no signal. After each step it asks whoever called, and that is all that time and
//! signals need.

use deepcross_model::TrainedModel;
use std::fmt;
use std::path::{Path, PathBuf};

/// The circumstances of a run, for [`train_with`](crate::train_with).
#[derive(Debug)]
pub struct RunOptions<'a> {
    /// The number of threads; the result does not depend on it.
    pub threads: usize,
    /// A model to begin from, with its encoder and weights, instead of new ones; see [`load_model`](crate::load_model).
    pub init: Option<TrainedModel>,
    /// Where and when checkpoints are written, if at all.
    pub checkpoints: Option<Checkpoints<'a>>,
    /// A file for the encoded rows, if any, so that no epoch after this parses text.
    ///
    /// One that is there and of the same rows is used, by this run and by later ones; any other is made anew.
    /// The result does not depend on it.
    pub cache: Option<PathBuf>,
}

impl RunOptions<'_> {
    /// A new model on so many threads, without checkpoints.
    pub fn on_threads(threads: usize) -> Self {
        Self { threads, init: None, checkpoints: None, cache: None }
    }
}

/// The files of a run.
#[derive(Clone, Debug)]
pub struct Files {
    /// Read in order.
    pub train: Vec<PathBuf>,
    /// Validation files; where there are none, rows of the training files are held out.
    pub valid: Vec<PathBuf>,
}

/// Where and when checkpoints are written, and whether the run goes on from one.
///
/// There is one file, which is replaced whole by each checkpoint.
/// It stays when the run ends, in whatever way: when the trained model has been saved, it is the caller's to
/// [remove](crate::remove_checkpoint).
pub struct Checkpoints<'a> {
    pub(crate) file: PathBuf,
    pub(crate) resume: bool,
    pub(crate) ask: Box<dyn FnMut(u64) -> Next + Send + 'a>,
}

/// What happens after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next step; a checkpoint only where `train.checkpoint_steps` calls for one.
    Continue,
    /// A checkpoint, then the next step.
    Checkpoint,
    /// A checkpoint, then the end, with [`TrainError::Stopped`](crate::TrainError::Stopped).
    Stop,
}

impl<'a> Checkpoints<'a> {
    /// Checkpoints in this file, after every `train.checkpoint_steps` steps; a run that begins anew replaces one that is
    /// there.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), resume: false, ask: Box::new(|_| Next::Continue) }
    }

    /// Goes on from the checkpoint in the file where there is one.
    #[must_use]
    pub fn resume(self, resume: bool) -> Self {
        Self { resume, ..self }
    }

    /// Asks `ask` after each batch what is next, with the number of steps that the run has made since its very beginning.
    #[must_use]
    pub fn ask(self, ask: impl FnMut(u64) -> Next + Send + 'a) -> Self {
        Self { ask: Box::new(ask), ..self }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

impl fmt::Debug for Checkpoints<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, resume, .. } = self;
        f.debug_struct("Checkpoints").field("file", file).field("resume", resume).finish()
    }
}
