//! Runs a training up to an epoch: from its checkpoint if it has one, and with the cache of its fields.

use crate::cache_store::CacheStore;
use crate::clock::due;
use crate::error::TuneError;
use crate::event::{Events, RunName, TuneEvent};
use deepcross_data::DataError;
use deepcross_model::ModelError;
use deepcross_train::{
    Checkpoints, EpochReport, Event, Files, Next, RunConfig, RunOptions, TrainError,
    remove_checkpoint, train,
};
use std::path::{Path, PathBuf};

/// What all runs of a search share.
#[derive(Clone, Copy)]
pub(crate) struct Runner<'a> {
    pub(crate) files: &'a Files,
    pub(crate) caches: &'a CacheStore,
    /// The threads of each run.
    pub(crate) threads: usize,
    pub(crate) events: &'a Events<'a>,
    /// Whether runs are to stop, with a checkpoint.
    pub(crate) stop: &'a (dyn Fn() -> bool + Sync),
}

/// The files of a run.
#[derive(Clone, Debug)]
pub(crate) struct RunFiles {
    /// The trained model, which is there when the run has ended.
    pub(crate) model: PathBuf,
    pub(crate) checkpoint: PathBuf,
}

/// How far a run has come.
pub(crate) enum Progress {
    /// It has trained the epochs that it was asked for.
    Paused(Vec<EpochReport>),
    /// It has ended, and its model is stored.
    Ended(Vec<EpochReport>),
    /// It was stopped before, and can be resumed.
    Stopped,
}

/// Why a run failed.
pub(crate) enum Failure {
    /// Its settings do not suit the rows; one sentence.
    OfSettings(TrainError),
    /// Another reason, for which the search ends.
    OfSearch(Box<TuneError>),
}

impl RunFiles {
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let file = |end: &str| folder.join(format!("{name}.{end}"));
        Self { model: file("dcx"), checkpoint: file("dcx.checkpoint") }
    }

    /// Removes the checkpoint, if there is one: the run does not go on.
    pub(crate) fn remove_checkpoint(&self) -> Result<(), TuneError> {
        Ok(remove_checkpoint(&self.checkpoint)?)
    }
}

impl Runner<'_> {
    /// Trains up to the end of an epoch, or of the run if it ends before.
    pub(crate) fn run(
        &self,
        name: RunName<'_>,
        config: &RunConfig,
        files: &RunFiles,
        epochs: u32,
    ) -> Result<Progress, Failure> {
        let rows = (self.files, self.threads, self.stop);
        let lease = match self.caches.lease(config, rows, (self.events, name)) {
            Err(TrainError::Data(DataError::Stopped)) => return Ok(Progress::Stopped),
            lease => lease?,
        };
        let (mut is_due, stop) = (due(config.train.checkpoint_minutes()), self.stop);
        let ask = move |_: u64| match (stop(), is_due()) {
            (true, _) => Next::Stop,
            (false, true) => Next::Checkpoint,
            (false, false) => Next::Continue,
        };
        let checkpoints =
            Checkpoints::new(&files.checkpoint).resume(true).pause_after(epochs).ask(ask);
        let (checkpoints, cache) = (Some(checkpoints), lease.path().map(Path::to_owned));
        let stop_fitting = Some(self.stop);
        let options =
            RunOptions { checkpoints, cache, stop_fitting, ..RunOptions::on_threads(self.threads) };
        let mut reports = Vec::new();
        let trained = train(config, self.files, options, &mut |event| {
            match &event {
                Event::Resumed { reports: before, .. } => reports = before.to_vec(),
                Event::Epoch(report) => reports.push(report.clone()),
                _ => {}
            }
            self.events.send(TuneEvent::Training(name, &event));
        });
        match trained {
            Ok(trained) => {
                trained.save(&files.model).map_err(TuneError::from)?;
                files.remove_checkpoint()?;
                Ok(Progress::Ended(reports))
            }
            Err(TrainError::Stopped { .. }) if reports.len() >= epochs as usize => {
                Ok(Progress::Paused(reports))
            }
            Err(TrainError::Stopped { .. } | TrainError::Data(DataError::Stopped)) => {
                Ok(Progress::Stopped)
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl From<TuneError> for Failure {
    fn from(error: TuneError) -> Self {
        Self::OfSearch(Box::new(error))
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        match is_of_settings(&error) {
            true => Self::OfSettings(error),
            false => Self::OfSearch(Box::new(error.into())),
        }
    }
}

/// Whether an error follows from settings and rows alone, so that it would come again.
fn is_of_settings(error: &TrainError) -> bool {
    match error {
        TrainError::NotFinite { .. }
        | TrainError::Config { .. }
        | TrainError::NoneHeldOut { .. }
        | TrainError::NoValidationRows
        | TrainError::NoRowKept { .. }
        | TrainError::NoWeight { .. } => true,
        // Less memory is left if several jobs run.
        TrainError::Model(error) => !matches!(error, ModelError::OutOfMemory { .. }),
        TrainError::Data(error) => matches!(
            error,
            DataError::Config { .. }
                | DataError::Features(_)
                | DataError::MissingColumn { .. }
                | DataError::UnreadColumn { .. }
                | DataError::AllHeldOut { .. }
                | DataError::Row { .. }
                | DataError::NoRows { .. }
        ),
        _ => false,
    }
}
