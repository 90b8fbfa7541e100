//! Raw records to probabilities, for those who serve: one scorer for all threads, one session for each.

use crate::artifact::ArtifactError;
use crate::trained_model::TrainedModel;
use deepcross_autodiff::Tape;
use deepcross_features::{Batch, Binding, Counts, Encoder, FeatureError, RowFields};
use std::path::Path;

/// A trained model, ready to score; shared between threads.
#[derive(Debug)]
pub struct Scorer {
    trained: TrainedModel,
}

/// A caller's scratch memory; after a first use of its size, scoring allocates nothing.
#[derive(Debug)]
pub struct Session {
    tape: Tape<f32>,
    batch: Batch,
    counts: Counts,
    probabilities: Vec<f32>,
}

impl Scorer {
    /// A scorer of an artifact.
    ///
    /// # Errors
    /// As [`TrainedModel::load`].
    pub fn load(path: &Path) -> Result<Self, ArtifactError> {
        TrainedModel::load(path).map(Self::new)
    }

    /// A scorer of an artifact whose tables stay in the file.
    ///
    /// # Errors
    /// As [`TrainedModel::map`], which says what is asked of the file.
    pub fn map(path: &Path) -> Result<Self, ArtifactError> {
        TrainedModel::map(path).map(Self::new)
    }

    /// A scorer of a model in memory.
    pub fn new(trained: TrainedModel) -> Self {
        Self { trained }
    }

    /// The model.
    pub fn trained(&self) -> &TrainedModel {
        &self.trained
    }

    /// The encoder, to bind the columns of records with.
    pub fn encoder(&self) -> &Encoder {
        &self.trained.encoder
    }

    /// Scratch memory for one caller at a time.
    pub fn session(&self) -> Session {
        let encoder = self.encoder();
        Session {
            tape: Tape::new(),
            batch: encoder.new_batch(),
            counts: encoder.new_counts(),
            probabilities: Vec::new(),
        }
    }

    /// Encodes a record into the session's batch.
    ///
    /// # Errors
    /// [`FeatureError`] where a value cannot be encoded; the session is as before.
    pub fn push<R: RowFields + ?Sized>(
        &self,
        session: &mut Session,
        binding: &Binding,
        record: &R,
    ) -> Result<(), FeatureError> {
        self.encoder().encode(binding, record, &mut session.batch, &mut session.counts)
    }

    /// Encodes records as [`push`](Self::push) does one after the other, or none of them.
    ///
    /// Values of one column are looked up side by side, which is faster by far.
    /// Returns whether all could be encoded; where not, the session is as before, and [`push`](Self::push) tells which
    /// record is at fault.
    pub fn push_all<R: RowFields>(
        &self,
        session: &mut Session,
        binding: &Binding,
        records: &[R],
    ) -> bool {
        self.encoder().encode_rows(binding, records, &mut session.batch, &mut session.counts)
    }

    /// The probability of a click for each pushed record, in order; the session is empty afterwards.
    pub fn score<'s>(&self, session: &'s mut Session) -> &'s [f32] {
        let Session { tape, batch, probabilities, .. } = session;
        probabilities.clear();
        probabilities.resize(batch.n_rows(), 0.0);
        self.trained.predictor().predict(tape, batch.rows(0..batch.n_rows()), probabilities);
        batch.clear();
        probabilities
    }
}

impl Session {
    /// Unseen, missing and other values met so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }
}
