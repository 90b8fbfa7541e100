//! Reports what was unusual about rows that were read, and warns of it.

use crate::output::say;
use crate::text::skipped_rows::skipped_lines;
use crate::text::unusual_values::unusual_values;
use crate::warnings::Warnings;
use anyhow::Result;
use deepcross_data::{RowReader, Skipped};
use deepcross_model::TrainedModel;
use deepcross_train::Warning;

/// Reports unusual values of the rows that were read, and the rows that were left out.
pub(crate) fn say_unusual_values(reader: &RowReader<'_>) {
    say(unusual_values(reader));
    skipped_lines(reader.skipped()).iter().for_each(say);
}

/// Warns if the rows that a model has read are unlike those of its training; `n_rows` is the number of good rows.
///
/// # Errors
/// The first warning, if the command is strict.
pub(crate) fn warn_of_rows(
    warnings: Warnings,
    trained: &TrainedModel,
    reader: &RowReader<'_>,
    n_rows: u64,
) -> Result<()> {
    warn_of_skipped(warnings, reader.skipped(), n_rows)?;
    let changes = trained.value_changes(reader.counts());
    changes.into_iter().try_for_each(|change| warnings.warn(change))
}

/// Warns if more rows were left out than the `read` ones.
///
/// # Errors
/// The warning, if the command is strict.
pub(crate) fn warn_of_skipped(warnings: Warnings, skipped: &Skipped, read: u64) -> Result<()> {
    match skipped.are_most(read) {
        true => warnings.warn(Warning::MostSkipped { skipped: skipped.rows, read }),
        false => Ok(()),
    }
}
