//! Reports what was unusual about rows that were read, and warns of it.

use crate::output::say;
use crate::text::skipped_rows::skipped_lines;
use crate::text::unusual_values::unusual_values;
use crate::warnings::Warnings;
use anyhow::Result;
use deepcross_data::{RowReader, Skipped};
use deepcross_features::Encoder;
use deepcross_model::TrainedModel;
use deepcross_train::{Ensemble, Member, Warning};
use std::fmt::Display;

/// Reports unusual values of the rows that were read, and the rows that were left out.
pub(crate) fn say_unusual_values(reader: &RowReader<'_>) {
    say(unusual_values(reader.counts()));
    skipped_lines(reader.skipped()).iter().for_each(say);
}

/// The same for the rows that several models have read together; the lines of several models name theirs.
pub(crate) fn say_unusual_values_of(ensemble: &Ensemble, reader: &RowReader<'_>) {
    for (member, counts) in ensemble.counts(reader) {
        say(of_member(ensemble, member, unusual_values(counts)));
    }
    skipped_lines(reader.skipped()).iter().for_each(say);
}

/// A text about a member of an ensemble, with the name of the member if there are several.
fn of_member(ensemble: &Ensemble, member: &Member, text: impl Display) -> String {
    match ensemble.members().len() {
        1 => text.to_string(),
        _ => format!("`{}`: {text}", member.name),
    }
}

/// Says which fields have a given value in each row, since their column is known only in training.
pub(crate) fn say_given_values(encoder: &Encoder) {
    for (field, value) in encoder.given_values() {
        say(format_args!(
            "the field `{field}` is `{value}` in every row that is scored (`at_prediction`); its column is read only in \
             training"
        ));
    }
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

/// The same for the rows that several models have read together.
///
/// # Errors
/// The first warning, if the command is strict.
pub(crate) fn warn_of_rows_of(
    warnings: Warnings,
    ensemble: &Ensemble,
    reader: &RowReader<'_>,
    n_rows: u64,
) -> Result<()> {
    warn_of_skipped(warnings, reader.skipped(), n_rows)?;
    for (member, counts) in ensemble.counts(reader) {
        for change in member.run.trained.value_changes(counts) {
            warnings.warn(of_member(ensemble, member, change))?;
        }
    }
    Ok(())
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
