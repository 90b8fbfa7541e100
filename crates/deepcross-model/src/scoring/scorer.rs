//! The scorer, from raw rows to probabilities: one for all threads, with a session for each thread.

use crate::artifact::ArtifactError;
use crate::trained_model::TrainedModel;
use deepcross_autodiff::Tape;
use deepcross_features::{Batch, Binding, Counts, Encoder, FeatureError, RowFields};
use std::path::Path;

/// A trained model that is ready to score; threads share it.
#[derive(Debug)]
pub struct Scorer {
    trained: TrainedModel,
}

/// The scratch memory of a caller. After a call of the same size, scoring allocates nothing.
#[derive(Debug)]
pub struct Session {
    tape: Tape<f32>,
    batch: Batch,
    counts: Counts,
    /// Logits or probabilities.
    results: Vec<f32>,
}

impl Scorer {
    /// Reads an artifact.
    ///
    /// # Errors
    /// As [`TrainedModel::load`].
    pub fn load(path: &Path) -> Result<Self, ArtifactError> {
        TrainedModel::load(path).map(Self::new)
    }

    /// Maps an artifact, whose tables stay in the file.
    ///
    /// # Errors
    /// As [`TrainedModel::map`], which states the conditions on the file.
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

    /// The encoder, which binds the columns of rows.
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
            results: Vec::new(),
        }
    }

    /// Encodes a row into the session's batch.
    ///
    /// # Errors
    /// [`FeatureError`] if a value cannot be encoded; the session is as before.
    pub fn push<R: RowFields + ?Sized>(
        &self,
        session: &mut Session,
        binding: &Binding,
        row: &R,
    ) -> Result<(), FeatureError> {
        self.encoder().encode(binding, row, &mut session.batch, &mut session.counts)
    }

    /// Encodes several rows, with the same result as [`push`](Self::push) for each of them, or none of them.
    ///
    /// The values of one column are looked up side by side, which is much faster.
    /// Returns whether all rows could be encoded. If not, the session is as before, and [`push`](Self::push) reports
    /// the row at fault.
    pub fn push_all<R: RowFields>(
        &self,
        session: &mut Session,
        binding: &Binding,
        rows: &[R],
    ) -> bool {
        self.encoder().encode_rows(binding, rows, &mut session.batch, &mut session.counts)
    }

    /// Computes the probability of a click for each pushed row, in order; the session is empty afterwards.
    pub fn score<'s>(&self, session: &'s mut Session) -> &'s [f32] {
        self.logits(session);
        session.results.iter_mut().for_each(|value| *value = self.probability(*value));
        &session.results
    }

    /// As [`score`](Self::score), with the logits before any calibration, which have an order where probabilities are
    /// rounded to 0 or 1.
    pub fn logits<'s>(&self, session: &'s mut Session) -> &'s [f32] {
        let Session { tape, batch, results, .. } = session;
        results.clear();
        results.resize(batch.n_rows(), 0.0);
        self.trained.predictor().logits(tape, batch.rows(0..batch.n_rows()), results);
        batch.clear();
        results
    }

    /// The probability that belongs to a logit, calibrated if the model has a calibrator.
    #[inline]
    pub fn probability(&self, logit: f32) -> f32 {
        self.trained.predictor().probability(logit)
    }
}

impl Session {
    /// The counts of unseen, missing and other values in all rows so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Removes the rows that were pushed, and sets the counts to zero.
    pub fn clear(&mut self) {
        self.batch.clear();
        self.counts.clear();
    }
}
