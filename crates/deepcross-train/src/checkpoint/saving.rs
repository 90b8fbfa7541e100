//! Writes the checkpoints of a run, and names the last one if the run fails.

use super::file::Snapshot;
use super::schedule::CheckpointSchedule;
use crate::error::TrainError;
use crate::event::{Event, Observer};
use crate::options::Next;
use crate::ranks::Ranks;
use crate::warning::Warning;
use deepcross_model::artifact::ArtifactError;
use std::error::Error;

impl CheckpointSchedule<'_> {
    /// Writes a checkpoint of `snapshot`, in place of the last one.
    ///
    /// If the checkpoint cannot be written, the run goes on, since stopping would lose the work of the run.
    ///
    /// # Errors
    /// If `next` is [`Next::Stop`]: [`TrainError::Stopped`], or the reason why the checkpoint could not be written.
    /// In a strict run: [`TrainError::Warned`] if it could not be written.
    pub(crate) fn save(
        &mut self,
        snapshot: Snapshot<'_>,
        next: Next,
        ranks: Option<&Ranks<'_>>,
        observer: &mut Observer<'_>,
    ) -> Result<(), TrainError> {
        let step = snapshot.n_steps;
        let written = match ranks {
            Some(ranks) => snapshot.write_among(ranks, self.file(), self.run())?,
            None => snapshot.write(self.file(), self.run()),
        };
        self.tried(step, written.is_ok());
        let file = self.file();
        match (written, next) {
            (Ok(()), Next::Stop) => Err(TrainError::Stopped { step, file: file.to_owned() }),
            (Err(error), Next::Stop) => Err(error.into()),
            (Ok(()), _) => {
                observer.event(Event::Checkpoint { file, step });
                Ok(())
            }
            (Err(error), _) => {
                observer.warn(Warning::NoCheckpoint { step, reason: with_source(&error) })
            }
        }
    }

    /// Adds the last checkpoint to the error of a run, if the error can name it and there is one.
    pub(crate) fn name_in(&self, error: TrainError) -> TrainError {
        match error {
            TrainError::NotFinite { member, step, what, .. } if self.written().is_some() => {
                let checkpoint = Some(self.file().to_owned());
                TrainError::NotFinite { member, step, what, checkpoint }
            }
            error => error,
        }
    }
}

/// The error with its cause, which has the answer of the system.
pub(super) fn with_source(error: &ArtifactError) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
