//! `--config`, `--set`, `--unset` and `--seed`: the configuration of a run, and its changes for one call.

use crate::output::read_text;
use anyhow::Result;
use clap::Args;
use deepcross_data::DataConfig;
use deepcross_train::RunConfig;
use deepcross_train::config::{ColumnsOf, ConfigText, Overrides};
use std::path::{Path, PathBuf};

/// The configuration of a run that says how a command reads files.
#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// The configuration of a run; its `[data]` says how to read the files
    #[arg(id = "config", long = "config", value_name = "FILE")]
    pub(crate) path: Option<PathBuf>,
}

impl ConfigFile {
    /// The section `[data]` of the configuration, if the call names one; it may have no other section.
    pub(crate) fn read_data(&self) -> Result<Option<DataConfig>> {
        self.path.as_deref().map(read_data).transpose()
    }
}

/// Reads the section `[data]` of a configuration, which may have no other section.
pub(crate) fn read_data(path: &Path) -> Result<DataConfig> {
    Ok(RunConfig::parse_data(&read_text(path)?, &path.display().to_string())?)
}

/// Reads a configuration with the changes of a call; `columns` are those of the training files of the run.
pub(crate) fn read_config(
    path: &Path,
    overrides: Overrides<'_>,
    columns: ColumnsOf<'_>,
) -> Result<RunConfig> {
    let (text, file) = (&read_text(path)?, &path.display().to_string());
    Ok(RunConfig::read(ConfigText { text, file, overrides, columns: Some(columns) })?)
}

/// Changes of a run's configuration.
#[derive(Debug, Args)]
pub(crate) struct ConfigChanges {
    /// Replace a value of the configuration, as in `train.epochs=5`, `field.age.transform=standard` or, for all
    /// matching fields, `field.*.min_count=5`
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Remove a key, a field or a section of the configuration, as in `train.patience` or `field.age`; removals come
    /// before replacements
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
}

impl ConfigChanges {
    pub(crate) fn get(&self) -> Overrides<'_> {
        Overrides { set: &self.set, unset: &self.unset }
    }
}

/// Changes of the configuration of a single run.
#[derive(Debug, Args)]
pub(crate) struct RunChanges {
    /// The seed of the run, instead of the one in the configuration
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    #[command(flatten)]
    changes: ConfigChanges,
}

impl RunChanges {
    /// Passes all changes to `read`; the seed is the last.
    pub(crate) fn read<T>(&self, read: impl FnOnce(Overrides<'_>) -> T) -> T {
        let seed = self.seed.map(|seed| format!("train.seed={seed}"));
        let set: Vec<_> = self.changes.set.iter().cloned().chain(seed).collect();
        read(Overrides { set: &set, unset: &self.changes.unset })
    }
}
