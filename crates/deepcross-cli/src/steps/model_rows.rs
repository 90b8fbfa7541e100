//! Reads a trained model, and rows as the model's training data were read.

use crate::output::say;
use crate::text::skipped_rows::skipped_lines;
use crate::text::unusual_values::unusual_values;
use anyhow::Result;
use deepcross_data::{Labels, Partition, RowPlan, RowReader, Source};
use deepcross_model::TrainedModel;
use deepcross_train::RunConfig;
use std::path::{Path, PathBuf};

/// Reads a trained model, and the configuration that it was trained with.
pub(crate) fn load(path: &Path) -> Result<(TrainedModel, RunConfig)> {
    with_config(path, TrainedModel::load(path)?)
}

/// The same as [`load`], with tables that stay in the file.
pub(crate) fn map(path: &Path) -> Result<(TrainedModel, RunConfig)> {
    with_config(path, TrainedModel::map(path)?)
}

fn with_config(path: &Path, trained: TrainedModel) -> Result<(TrainedModel, RunConfig)> {
    let file = format!("{}: the configuration in the artifact", path.display());
    let config = RunConfig::parse(&trained.config, &[], &file)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok((trained, config))
}

/// All rows of files, read as the model's training data were.
pub(crate) fn reader<'m>(
    trained: &'m TrainedModel,
    config: &RunConfig,
    files: &[PathBuf],
    labels: Labels,
) -> Result<RowReader<'m>> {
    reader_of(trained, config, &Source::open(files, &config.data)?, labels)
}

/// All rows of a source.
pub(crate) fn reader_of<'m>(
    trained: &'m TrainedModel,
    config: &RunConfig,
    source: &Source,
    labels: Labels,
) -> Result<RowReader<'m>> {
    let plan = RowPlan { labels, partition: Partition::All, bad_rows: config.data.bad_rows };
    Ok(RowReader::new(source, &trained.encoder, plan)?)
}

/// Reports unusual values of the rows that were read, and the rows that were left out.
pub(crate) fn say_unusual_values(reader: &RowReader<'_>) {
    say(unusual_values(reader));
    skipped_lines(reader.skipped()).iter().for_each(say);
}
