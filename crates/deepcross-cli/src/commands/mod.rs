//! One command, one file.

pub(crate) mod calibrate;
pub(crate) mod compare;
pub(crate) mod convert;
pub(crate) mod describe;
pub(crate) mod encode;
pub(crate) mod evaluate;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod infer_config;
pub(crate) mod inspect;
mod neighbours;
pub(crate) mod predict;
pub(crate) mod quickstart;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod split;
pub(crate) mod train;

use crate::args::FileFormat;
use crate::tables::grouped;
use anyhow::{Context, Result};
use deepcross_data::{DataConfig, Labels, Partition, RowPlan, RowReader, Skipped, Source};
use deepcross_model::TrainedModel;
use deepcross_train::RunConfig;
use std::path::{Path, PathBuf};

/// An artifact, and the configuration that it was trained with.
pub(crate) fn load(path: &Path) -> Result<(TrainedModel, RunConfig)> {
    with_config(path, TrainedModel::load(path)?)
}

/// As [`load`], with tables that stay in the file.
pub(crate) fn map(path: &Path) -> Result<(TrainedModel, RunConfig)> {
    with_config(path, TrainedModel::map(path)?)
}

fn with_config(path: &Path, trained: TrainedModel) -> Result<(TrainedModel, RunConfig)> {
    let file = format!("{}: the configuration in the artifact", path.display());
    let config = RunConfig::parse(&trained.config, &[], &file)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok((trained, config))
}

/// Reads files of another format than the model's training data; the label stays the one of training.
pub(crate) fn set_format(data: &mut DataConfig, format: Option<FileFormat>) {
    let Some(format) = format else { return };
    data.label = data.label();
    data.format = Some(format.into());
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

/// Runs `work` on so many threads.
pub(crate) fn on_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> Result<R> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.with_context(|| format!("cannot start {threads} threads"))?;
    Ok(pool.install(work))
}

/// Which rows could not be read: the first few, and how many.
pub(crate) fn skipped_lines(skipped: &Skipped) -> Vec<String> {
    let mut lines: Vec<String> =
        skipped.first.iter().map(|message| format!("left out: {message}")).collect();
    match skipped.rows {
        0 => {}
        1 => lines.push("1 row could not be read and is left out".to_owned()),
        n => lines.push(format!("{} rows could not be read and are left out", grouped(n))),
    }
    lines
}
