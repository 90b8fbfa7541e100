//! The warnings that validation rows give, beside the training rows.

use super::rows::Rows;
use super::validation::ROWS;
use crate::config_file::RunConfig;
use crate::error::TrainError;
use crate::warning::Warning;
use deepcross_data::{Partition, RowReader};
use deepcross_features::{Counts, Encoder, FieldCounts};
use deepcross_metrics::{Evaluation, Summary};
use deepcross_model::{TrainingCounts, value_changes};

/// The counts of each field in the rows of the readers, which have been read to their end.
pub(super) fn training_counts(
    train: &RowReader<'_>,
    valid: Option<&RowReader<'_>>,
) -> Vec<TrainingCounts> {
    let of_field = |(name, &train): (&str, &FieldCounts)| {
        let valid = valid.and_then(|valid| valid.counts().get(name)).copied().unwrap_or_default();
        TrainingCounts { train, valid }
    };
    train.counts().iter().map(of_field).collect()
}

/// The warning of validation rows that define no AUC.
pub(super) fn no_auc(summary: &Summary) -> Option<Warning> {
    let rows = summary.rows;
    summary.undefined().map(|(_, reason)| Warning::NoValidationAuc { rows, reason })
}

/// The warnings of validation files, by the counts of their values.
pub(super) fn unlike_training(
    encoder: &Encoder,
    train: &RowReader<'_>,
    valid: &Counts,
) -> impl Iterator<Item = Warning> + use<> {
    let known = training_counts(train, None);
    value_changes(encoder, &known, valid).into_iter().map(Warning::ValidationValues)
}

/// The warnings of validation files before training; none without such files.
///
/// All rows are read once for them, so that a strict run ends before it replaces a cache.
///
/// # Errors
/// As [`RowReader::fill`].
pub(super) fn early_warnings(
    config: &RunConfig,
    rows: &Rows,
    encoder: &Encoder,
) -> Result<Vec<Warning>, TrainError> {
    let Some(source) = rows.valid_source().filter(|_| !rows.holds_out()) else {
        return Ok(Vec::new());
    };
    let plan = Rows::plan(config, Partition::All);
    let (train, _) = read(RowReader::new(&rows.train, encoder, plan)?)?;
    let (valid, summary) = read(RowReader::new(source, encoder, plan)?)?;
    let of_values = unlike_training(encoder, &train, valid.counts());
    Ok(no_auc(&summary).into_iter().chain(of_values).collect())
}

/// The reader at its end, and the summary of its rows for a model that knows nothing.
fn read(mut reader: RowReader<'_>) -> Result<(RowReader<'_>, Summary), TrainError> {
    let (mut batch, mut evaluation) = (reader.new_batch(), Evaluation::default());
    while reader.fill(&mut batch, ROWS)? > 0 {
        let probabilities = vec![0.5; batch.n_rows()];
        evaluation.push_all(&probabilities, batch.labels(), batch.weights())?;
        batch.clear();
    }
    Ok((reader, evaluation.finish().summary))
}
