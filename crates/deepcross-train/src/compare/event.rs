//! The events of a comparison, by which it reports its progress.

use crate::error::TrainError;
use crate::event::Event;
use crate::warning::Warning;
use deepcross_metrics::Evaluated;
use deepcross_model::TrainedModel;

/// The run of a comparison that an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentRun<'a> {
    /// The name of the model.
    pub name: &'a str,
    /// The seed of the run.
    pub seed: u64,
    /// The number of the run, from 1.
    pub run: usize,
    /// The number of all runs.
    pub of: usize,
}

/// An event of a comparison.
#[derive(Debug)]
#[non_exhaustive]
pub enum CompareEvent<'a> {
    /// A fact about the rows of all runs that the user should know; a strict comparison ends with it instead.
    ///
    /// Warnings about one run are events of its training.
    Warning(&'a Warning),
    /// A run begins.
    Begins(CurrentRun<'a>),
    /// An event of the training of a run; its encoder has been fitted once for all runs.
    Training(CurrentRun<'a>, &'a Event<'a>),
    /// A model has been trained; only its weights are kept until it is tested.
    Trained(CurrentRun<'a>, &'a TrainedModel),
    /// A model has been tested, after all have been trained.
    Tested(CurrentRun<'a>, &'a Evaluated<f32>),
}

impl CurrentRun<'_> {
    /// The error of the comparison if this run fails.
    pub(super) fn failed(self, error: TrainError) -> TrainError {
        match error {
            error @ (TrainError::Interrupted { .. } | TrainError::TestRows) => error,
            error => TrainError::Candidate {
                name: self.name.to_owned(),
                seed: self.seed,
                error: Box::new(error),
            },
        }
    }
}
