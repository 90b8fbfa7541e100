//! `--data` and `--valid`: the files of rows that a command reads.

use crate::inputs::{DataPaths, check_standard_input};
use anyhow::Result;
use clap::Args;
use deepcross_data::input::Pipes;
use deepcross_train::Files;
use std::path::PathBuf;

/// The end of a help text: how a call can name data files. It is a macro, since `concat!` takes no constants.
macro_rules! files_help {
    () => {
        "Data files are plain text or compressed by gzip or zstd. A folder stands for the data files in it \
and below it, and a quoted pattern such as 'logs/*.csv.gz' for all matching files, ordered by name; \
folders such as `day=2024-03-01` give a column. `-` is the standard input. Columns are found by name \
in each file."
    };
}

pub(crate) use files_help;

/// The same for a command whose help text ends with nothing else.
pub(crate) const FILES_HELP: &str = files_help!();

/// The files that a command reads in one pass.
///
/// A command replaces the help text to say more about the rows.
#[derive(Debug, Args)]
pub(crate) struct DataFiles {
    /// Rows; several files are read in order
    #[arg(id = "data", long = "data", value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) named: Vec<PathBuf>,
}

impl DataFiles {
    /// The files in the order of the call, in place of folders and patterns too.
    pub(crate) fn files(&self) -> Result<DataPaths> {
        let files = DataPaths::find(&self.named)?;
        check_standard_input(files.iter())?;
        Ok(files)
    }
}

/// The files that a model is trained with.
#[derive(Debug, Args)]
pub(crate) struct TrainingFiles {
    /// Training data; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// Validation data; without it, a share of the training rows is held out
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "data")]
    pub(crate) valid: Vec<PathBuf>,
}

impl TrainingFiles {
    /// The paths in the order of the call, in place of folders and patterns too.
    pub(crate) fn paths(&self) -> Result<TrainingPaths> {
        let (train, valid) = (DataPaths::find(&self.data)?, DataPaths::find(&self.valid)?);
        Ok(TrainingPaths { train, valid })
    }
}

/// The paths of the files that a model is trained with.
#[derive(Debug)]
pub(crate) struct TrainingPaths {
    train: DataPaths,
    valid: DataPaths,
}

impl TrainingPaths {
    /// All paths.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &PathBuf> {
        self.train.iter().chain(self.valid.iter())
    }

    /// The files at these paths; `pipes` keeps the bytes of pipes.
    pub(crate) fn files(&self, pipes: &Pipes) -> Files {
        let [train, valid] = [&self.train, &self.valid].map(|paths| paths.input(pipes));
        Files { train, valid }
    }
}
