//! `--config`, `--set` and `--seed`: the configuration of a run, and replacements of its values.

use crate::output::read_text;
use anyhow::Result;
use clap::Args;
use deepcross_data::DataConfig;
use deepcross_train::RunConfig;
use std::path::{Path, PathBuf};

/// The configuration of a run that says how a command reads files.
#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// The configuration of a run; its `[data]` says how to read the files
    #[arg(id = "config", long = "config", value_name = "FILE")]
    pub(crate) path: Option<PathBuf>,
}

impl ConfigFile {
    /// The configuration, if the call names one.
    pub(crate) fn read(&self) -> Result<Option<RunConfig>> {
        self.path.as_deref().map(|path| read_config(path, &[])).transpose()
    }

    /// The section `[data]` of the configuration, if the call names one; it may have no other section.
    pub(crate) fn read_data(&self) -> Result<Option<DataConfig>> {
        let read = |path: &Path| {
            Ok(RunConfig::parse_data(&read_text(path)?, &path.display().to_string())?)
        };
        self.path.as_deref().map(read).transpose()
    }
}

/// Reads a configuration and replaces values by `KEY=VALUE`.
pub(crate) fn read_config(path: &Path, overrides: &[String]) -> Result<RunConfig> {
    Ok(RunConfig::parse(&read_text(path)?, overrides, &path.display().to_string())?)
}

/// Replacements of values of a run's configuration.
#[derive(Debug, Args)]
pub(crate) struct Overrides {
    /// The seed of the run, instead of the one in the configuration
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Replace a value of the configuration, as in `train.epochs=5` or `field.age.transform=standard`
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Overrides {
    /// All replacements, each as `KEY=VALUE`; the seed is the last.
    pub(crate) fn all(&self) -> Vec<String> {
        let seed = self.seed.map(|seed| format!("train.seed={seed}"));
        self.set.iter().cloned().chain(seed).collect()
    }
}
