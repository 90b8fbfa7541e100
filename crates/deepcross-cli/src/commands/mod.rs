//! One command, one file.

pub(crate) mod evaluate;
pub(crate) mod inspect;
pub(crate) mod predict;
pub(crate) mod quickstart;
pub(crate) mod simulate;
pub(crate) mod train;

use anyhow::{Context, Result};
use deepcross_data::{Labels, Part, RowPlan, RowReader, Source};
use deepcross_model::TrainedModel;
use deepcross_train::RunConfig;
use std::path::{Path, PathBuf};

/// An artifact, and the configuration that it was trained with.
pub(crate) fn load(path: &Path) -> Result<(TrainedModel, RunConfig)> {
    let trained = TrainedModel::load(path)?;
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
    let source = Source::open(files, &config.data)?;
    let plan = RowPlan { labels, part: Part::All, bad_rows: config.data.bad_rows };
    Ok(RowReader::new(&source, &trained.encoder, plan)?)
}

/// Runs `work` on so many threads.
pub(crate) fn on_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> Result<R> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.with_context(|| format!("cannot start {threads} threads"))?;
    Ok(pool.install(work))
}

/// Says what the encoder met, where there is something to say.
pub(crate) fn report_values(reader: &RowReader<'_>) {
    let counts = reader.counts().iter();
    let met = counts.filter(|(_, c)| c.missing + c.unseen + c.rare + c.clipped > 0);
    let mut table =
        crate::tables::table(&["field", "values", "missing", "unseen", "rare", "clipped"]);
    for (name, c) in met {
        let numbers =
            [c.values, c.missing, c.unseen, c.rare, c.clipped].map(crate::tables::grouped);
        table.add_row(std::iter::once(name.to_owned()).chain(numbers));
    }
    if !table.is_empty() {
        eprintln!("{table}\n");
    }
    report_skipped(reader);
}

fn report_skipped(reader: &RowReader<'_>) {
    let skipped = reader.skipped();
    for message in &skipped.first {
        eprintln!("left out: {message}");
    }
    if skipped.rows > 0 {
        eprintln!(
            "{} rows could not be read and are left out",
            crate::tables::grouped(skipped.rows)
        );
    }
}
