//! The files and options of a run: everything that it is called with beside its configuration.
//!
//! Of the options, only the model to begin from changes the result.
//! This crate reads no clock and handles no signals: after each step it asks the caller what is next, and the caller
//! knows about time and signals.

use deepcross_collective::Communicator;
pub use deepcross_data::Stop;

use deepcross_data::Input;
use deepcross_model::TrainedModel;
use std::fmt;
use std::path::{Path, PathBuf};

/// The options of a run, for [`train`](crate::train).
pub struct RunOptions<'a> {
    /// The number of threads; the result does not depend on it.
    pub threads: usize,
    /// A model to begin from, with its encoder and weights, instead of a new model; see
    /// [`load_model`](crate::load_model).
    pub init: Option<TrainedModel>,
    /// The file and the times of checkpoints, if any are written.
    pub checkpoints: Option<Checkpoints<'a>>,
    /// Asked after each batch; if it returns true, the run ends with
    /// [`TrainError::Interrupted`](crate::TrainError::Interrupted) and without a checkpoint.
    pub stop: Option<Stop<'a>>,
    /// Asked while the encoder is fitted to the rows of files; if it returns true, the run ends before its first step, with
    /// [`DataError::Stopped`](deepcross_data::DataError::Stopped).
    pub stop_fitting: Option<Stop<'a>>,
    /// A file for the encoded rows, if any, so that epochs do not parse text.
    ///
    /// A cache of the same rows that is already there is used; any other file is replaced.
    /// A run without [`Files`] reads the cache alone, which must be there.
    /// The result does not depend on the cache.
    pub cache: Option<PathBuf>,
    /// Whether the first [`Warning`](crate::Warning) ends the run, as
    /// [`TrainError::Warned`](crate::TrainError::Warned).
    pub strict: bool,
    /// The ranks that train together, if there are several: each calls [`train`](crate::train) with the same
    /// configuration and files, and with a cache that has been written before.
    ///
    /// The result does not depend on their number, but each gets its share of the rows of tables;
    /// [`save_on_ranks`](crate::save_on_ranks) stores the whole model.
    pub ranks: Option<&'a dyn Communicator>,
}

impl Default for RunOptions<'_> {
    /// A new model on one thread, without checkpoints and cache, not strict, and trained to its end.
    fn default() -> Self {
        let (init, checkpoints, stop, cache, ranks) = (None, None, None, None, None);
        let (stop_fitting, strict) = (None, false);
        Self { threads: 1, init, checkpoints, stop, stop_fitting, cache, strict, ranks }
    }
}

impl fmt::Debug for RunOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { threads, init, checkpoints, cache, strict, ranks, .. } = self;
        let mut debug = f.debug_struct("RunOptions");
        debug.field("threads", threads).field("init", init).field("checkpoints", checkpoints);
        debug.field("cache", cache).field("strict", strict).field("ranks", ranks);
        debug.finish_non_exhaustive()
    }
}

impl RunOptions<'_> {
    /// Options for a new model on `threads` threads, without checkpoints and cache.
    pub fn on_threads(threads: usize) -> Self {
        Self { threads, ..Self::default() }
    }
}

/// The files of a run; none of both kinds if it reads a [cache](RunOptions::cache) alone.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The training files, read in order.
    pub train: Input,
    /// The validation files; if there are none, rows of the training files are held out.
    pub valid: Input,
}

impl Files {
    /// Training files without validation files.
    pub fn new(train: impl Into<Input>) -> Self {
        Self { train: train.into(), valid: Input::default() }
    }

    /// Whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.train.is_empty() && self.valid.is_empty()
    }
}

/// The file and the times of checkpoints, and whether the run resumes from one.
///
/// There is one file, which each checkpoint replaces as a whole.
/// It stays when the run ends, in whatever way: the caller [removes](crate::remove_checkpoint) it when the trained
/// model has been saved.
pub struct Checkpoints<'a> {
    pub(crate) file: PathBuf,
    pub(crate) resume: bool,
    /// The epoch after which the run stops, if it is not the last.
    pub(crate) pause_after: Option<u32>,
    pub(crate) ask: Box<dyn FnMut(u64) -> Next + Send + 'a>,
}

/// The action after a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Next {
    #[default]
    /// The next step; before it a checkpoint only if `train.checkpoint_steps` asks for one.
    Continue,
    /// A checkpoint, then the next step.
    Checkpoint,
    /// A checkpoint, then the end, with [`TrainError::Stopped`](crate::TrainError::Stopped).
    Stop,
}

impl<'a> Checkpoints<'a> {
    /// Checkpoints in this file, after every `train.checkpoint_steps` steps; a run that does not resume replaces a
    /// checkpoint that is there.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        let ask = Box::new(|_| Next::Continue);
        Self { file: file.into(), resume: false, pause_after: None, ask }
    }

    /// With `true`, the run resumes from the checkpoint in the file, if there is one.
    #[must_use]
    pub fn resume(self, resume: bool) -> Self {
        Self { resume, ..self }
    }

    /// Stops the run when this epoch has ended and been validated, with a checkpoint and
    /// [`TrainError::Stopped`](crate::TrainError::Stopped); a run that ends in this epoch or before ends as always.
    ///
    /// Unlike a run of fewer epochs, the run follows the schedule of all its epochs, and can be resumed.
    #[must_use]
    pub fn pause_after(self, epoch: u32) -> Self {
        Self { pause_after: Some(epoch), ..self }
    }

    /// Asks `ask` after each batch what is next, with the number of steps that the run has made since it first began.
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
        let Self { file, resume, pause_after, ask: _ } = self;
        let mut debug = f.debug_struct("Checkpoints");
        debug.field("file", file).field("resume", resume).field("pause_after", pause_after);
        debug.finish_non_exhaustive()
    }
}
