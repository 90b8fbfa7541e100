//! What a comparison tells while it goes on.

use crate::error::TrainError;
use crate::event::Event;
use deepcross_metrics::{Ranked, Summary};
use deepcross_model::TrainedModel;

/// Which run of a comparison it is.
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

/// A moment of a comparison.
#[derive(Debug)]
#[non_exhaustive]
pub enum CompareEvent<'a> {
    /// A run begins.
    Begins(CurrentRun<'a>),
    /// A moment of its training; the encoder that it tells of was fitted once for all runs.
    Training(CurrentRun<'a>, &'a Event<'a>),
    /// It has been trained; the model is dropped when it has been tested.
    Trained(CurrentRun<'a>, &'a TrainedModel),
    /// It has been tested.
    Tested(CurrentRun<'a>, &'a Summary, &'a Ranked<f32>),
}

impl CurrentRun<'_> {
    /// The error of the comparison where this run failed.
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
