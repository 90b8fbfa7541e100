//! A warm start: training from an earlier model, on new rows of the same fields, with the same layers.
//!
//! The encoder stays as it is, since the weights belong to its ids: values that it does not know count as unseen, or go
//! to their buckets.
//! Rejected: fitting it again, and moving the weights of values that are still there. Ids would mean something else
//! each day, and table rows of new values would start from chance beside old ones.
//! For the same reason companion counts stay those of the rows that they were counted on. These rows are not the rows
//! that are trained on now, so that no row's own label is in its counts, and the counts are used as in predictions.
//! The optimizer starts without a state: its moments would be those of other rows.

use super::rows::Rows;
use crate::checkpoint::FittedRows;
use crate::config_file::{RunConfig, differences, differences_within};
use crate::error::TrainError;
use deepcross_data::{DataError, PositiveBlocks, RowReader};
use deepcross_features::fields::DecimalMark;
use deepcross_features::{Encoder, FieldConfig};
use deepcross_model::TrainedModel;
use serde::Serialize;
use std::path::Path;
use toml::Table;

/// The rows that are read at a time.
const ROWS: usize = 4096;

/// Refuses a configuration whose fields or layers are not those of the model.
///
/// # Errors
/// [`TrainError::OtherModel`] with all differences.
pub(crate) fn check_schema(config: &RunConfig, init: &TrainedModel) -> Result<(), TrainError> {
    let own = RunConfig::parse(&init.config, &[], "the configuration of the model to begin from")?;
    let (own_schema, schema) = (schema(&own)?, schema(config)?);
    let (own_layers, layers) = (table(&init.spec)?, table(&config.model.check()?)?);
    let mut found = differences(&own_schema, &schema);
    found.extend(differences_within("model", &own_layers, &layers));
    if found.is_empty() { Ok(()) } else { Err(TrainError::OtherModel { differences: found }) }
}

/// Refuses a configuration with another number of members than the model has.
///
/// # Errors
/// [`TrainError::OtherModel`].
pub(super) fn check_members(config: &RunConfig, init: &TrainedModel) -> Result<(), TrainError> {
    let (own, asked) = (init.members().len(), config.train.members);
    if own == asked {
        return Ok(());
    }
    let difference =
        format!("`train.members` is {own} in the model, and {asked} in the configuration");
    Err(TrainError::OtherModel { differences: vec![difference] })
}

/// The settings that the encoder depends on.
fn schema(config: &RunConfig) -> Result<Table, TrainError> {
    #[derive(Serialize)]
    struct Schema<'a> {
        data: Data<'a>,
        field: &'a [FieldConfig],
    }
    #[derive(Serialize)]
    struct Data<'a> {
        missing: &'a [String],
        decimal: Option<DecimalMark>,
    }
    let data = Data { missing: &config.data.missing, decimal: config.data.decimal };
    table(&Schema { data, field: &config.field })
}

fn table(value: &impl Serialize) -> Result<Table, TrainError> {
    Table::try_from(value).map_err(|error| TrainError::Config {
        file: "the configuration".to_owned(),
        problems: vec![error.to_string()],
    })
}

/// Counts the training rows for the encoder of a model, which is not fitted to them and must be one for training.
///
/// # Errors
/// As [`RowReader::fill`], [`DataError::NoRows`], and [`DataError::AbsentClass`].
pub(crate) fn survey(
    config: &RunConfig,
    rows: &Rows,
    (init, encoder): (&TrainedModel, &Encoder),
) -> Result<FittedRows, TrainError> {
    rows.check_valid_files(config)?;
    let plan = Rows::plan(config, rows.train_part()?);
    let train = rows.train.after_training_on(init.training.negative_label);
    let mut reader = RowReader::new(&train, encoder, plan)?.comparing_partitions();
    let (mut batch, mut n_rows, mut positives) = (reader.new_batch(), 0, 0);
    let mut blocks = PositiveBlocks::default();
    while reader.fill(&mut batch, ROWS)? > 0 {
        n_rows += batch.n_rows() as u64;
        positives += batch.labels().iter().filter(|label| **label == 1.0).count() as u64;
        batch.labels().iter().for_each(|label| blocks.push(*label == 1.0));
        batch.clear();
    }
    let skipped = reader.skipped();
    if n_rows == 0 {
        let file = rows.train.files().next().map(Path::to_path_buf).unwrap_or_default();
        return Err(DataError::NoRows { file, skipped: skipped.rows }.into());
    }
    rows.check_valid_labels()?;
    let counts = FittedRows::new((n_rows, positives), blocks, skipped);
    let counts = counts.with_negative_label(train.negative_label());
    let changes = init.value_changes(reader.counts());
    Ok(counts.with_notes(reader.split_report(), reader.absent_labels()?).with_changes(changes))
}
