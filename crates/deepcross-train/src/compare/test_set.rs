//! The rows on which all models of a comparison are tested.

use super::TestedOn;
use crate::error::TrainError;
use crate::run::{InOrder, ROWS, ReadAhead};
use crate::warning::Warning;
use deepcross_data::{RowPlan, RowReader, Source};
use deepcross_features::{Counts, Encoder};
use deepcross_metrics::inference::TestRows;
use deepcross_metrics::{Evaluated, Evaluation};
use deepcross_model::{Predictor, Tapes, TrainedModel};

/// Rows with labels, which are read again for each model.
pub(super) struct TestSet {
    source: Source,
    plan: RowPlan,
    tapes: Tapes,
    pub(super) rows: TestRows,
    pub(super) positives: u64,
    /// The counts of their values, if they are rows of test files.
    counts: Option<Counts>,
    skipped: u64,
}

impl TestSet {
    /// Reads all rows once, for their labels and weights, so that their problems are reported before the first
    /// training.
    pub(super) fn read(
        (source, tested_on): (Source, TestedOn),
        plan: RowPlan,
        encoder: &Encoder,
    ) -> Result<Self, TrainError> {
        let mut reader = RowReader::new(&source, encoder, plan)?;
        let (mut labels, mut weights) = (Vec::new(), Vec::new());
        let mut batch = reader.new_batch();
        while reader.fill(&mut batch, ROWS)? > 0 {
            labels.extend_from_slice(batch.labels());
            weights.extend_from_slice(batch.weights());
            batch.clear();
        }
        let positives = labels.iter().filter(|label| **label == 1.0).count() as u64;
        let rows = TestRows::new(&labels, &weights)?;
        // With weights of 0, a class may still turn out to be empty.
        if positives < 2 || labels.len() as u64 - positives < 2 {
            return Err(TrainError::TestRows);
        }
        let counts = (tested_on == TestedOn::Test).then(|| reader.counts().clone());
        let skipped = reader.skipped().rows;
        Ok(Self { source, plan, tapes: Tapes::new(), rows, positives, counts, skipped })
    }

    /// The warning of test files most of whose rows could not be read.
    pub(super) fn skipped(&self) -> Option<Warning> {
        let (skipped, read) = (self.skipped, self.rows.len() as u64);
        let is_most = self.counts.is_some() && skipped > read;
        is_most.then_some(Warning::MostSkipped { skipped, read })
    }

    /// The warnings of test files whose values are unlike those of the training of a model.
    ///
    /// Validation rows are looked at in training.
    pub(super) fn unlike_training(&self, trained: &TrainedModel) -> Vec<Warning> {
        let changes = self.counts.iter().flat_map(|counts| trained.value_changes(counts));
        changes.map(Warning::TestValues).collect()
    }

    /// The probability of each row, and the metrics of all rows.
    pub(super) fn evaluate(
        &self,
        encoder: &Encoder,
        predictor: Predictor<'_>,
    ) -> Result<(Vec<f32>, Evaluated<f32>), TrainError> {
        let mut reader = RowReader::new(&self.source, encoder, self.plan)?;
        let mut ahead = ReadAhead::new(InOrder { reader: &mut reader, rows: ROWS });
        let mut evaluation = Evaluation::default();
        let (mut all, mut probabilities) = (Vec::with_capacity(self.rows.len()), Vec::new());
        while let Some(pushed) = ahead.next(|rows| {
            predictor.predict_batch(&self.tapes, &rows.batch, &mut probabilities);
            all.extend_from_slice(&probabilities);
            evaluation.push_all(&probabilities, rows.batch.labels(), rows.batch.weights())
        })? {
            pushed?;
        }
        Ok((all, evaluation.finish()))
    }
}
