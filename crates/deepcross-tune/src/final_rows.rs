//! The rows of the last comparison: test files, or rows that are cut off the training files before anything is fitted.
//!
//! The rows of files are copied into two files, and rows in memory are divided in place, by the same rule.
//! Rejected: a third part beside the rows that are trained on and held out. Whatever reads rows would have to leave them
//! out, and one mistake would spoil the comparison without a message.

use crate::error::TuneError;
use crate::event::{Events, TuneEvent};
use deepcross_data::split::{
    Shares, SplitBy, SplitFile, SplitFiles, SplitFolder, SplitRows, SplitSet, Splitter,
    split_in_memory,
};
use deepcross_data::{BadRows, DataError, Input, Source, Stop, check_first_rows};
use deepcross_train::config::ValidBy;
use deepcross_train::{Files, RunConfig};
use std::path::Path;

/// Where the rows of the last comparison come from.
#[derive(Clone, Debug)]
pub(crate) enum FinalRows {
    /// Test files.
    Given(Input),
    /// A share of the training rows.
    Share(f64),
}

/// The files of a search; each row is in one of them.
#[derive(Clone, Debug)]
pub(crate) struct SearchFiles {
    /// The files that trials are trained and validated with.
    pub(crate) files: Files,
    /// The rows of the last comparison.
    pub(crate) test: Input,
}

impl FinalRows {
    /// Refuses test files whose columns, labels or first rows cannot be read, and training files that rows cannot be cut
    /// off; before anything is written.
    ///
    /// # Errors
    /// As [`check_first_rows`], and [`TuneError::NotCopied`].
    pub(crate) fn check(&self, files: &Files, config: &RunConfig) -> Result<(), TuneError> {
        let train = Source::open(&files.train, &config.data)?;
        match self {
            Self::Given(test) => {
                let test = Source::open(test, &config.data)?.in_run_of(&train);
                Ok(check_first_rows(&test, &config.schema()?, config.data.bad_rows)?)
            }
            Self::Share(_) if files.train.is_in_memory() => Ok(()),
            Self::Share(_) => check_copies(&train),
        }
    }

    /// The files; rows are cut off into `folder`, unless they are in memory or an earlier call has done that.
    ///
    /// # Errors
    /// If rows cannot be divided or written, and [`TuneError::Interrupted`] if the caller asks to stop meanwhile.
    pub(crate) fn files(
        self,
        files: &Files,
        config: &RunConfig,
        folder: &Path,
        (events, stop): (&Events<'_>, Stop<'_>),
    ) -> Result<SearchFiles, TuneError> {
        let share = match self {
            Self::Given(test) => return Ok(SearchFiles { files: files.clone(), test }),
            Self::Share(share) => share,
        };
        if files.train.is_in_memory() {
            return in_memory(files, config, share, events);
        }
        let source = Source::open(&files.train, &config.data)?;
        let path = |name: &str| folder.join(format!("{name}.{}", source.extension()));
        let (train, test) = (path("train"), path("test"));
        if !(train.is_file() && test.is_file()) {
            let written = cut(&source, &rule(config, share), config.data.bad_rows, (folder, stop))?;
            let n = |set| written.iter().filter(|file| file.set == set).map(|file| file.rows).sum();
            let (train, test) = (n(SplitSet::Train), n(SplitSet::Test));
            events.send(TuneEvent::CutOff { train, test, folder: Some(folder) });
        }
        let files = Files { train: vec![train].into(), valid: files.valid.clone() };
        Ok(SearchFiles { files, test: vec![test].into() })
    }
}

/// Refuses files whose rows cannot be copied as they are.
fn check_copies(source: &Source) -> Result<(), TuneError> {
    let refused = |why: String| Err(TuneError::NotCopied { why });
    if let Some(column) = source.folder_columns().next() {
        return refused(format!("the column `{column}` is in the names of folders"));
    }
    source.check_one_form().or_else(|error| refused(error.to_string()))
}

/// Divides rows in memory.
fn in_memory(
    files: &Files,
    config: &RunConfig,
    share: f64,
    events: &Events<'_>,
) -> Result<SearchFiles, TuneError> {
    let parts = split_in_memory(&files.train, &config.data, &rule(config, share))?;
    let of = |set| parts.iter().find(|part: &&SplitRows| part.set == set).cloned();
    let part = |set| of(set).ok_or(DataError::NoFiles);
    let (train, test) = (part(SplitSet::Train)?, part(SplitSet::Test)?);
    events.send(TuneEvent::CutOff { train: train.rows, test: test.rows, folder: None });
    let files = Files { train: train.input, valid: files.valid.clone() };
    Ok(SearchFiles { files, test: test.input })
}

/// Writes the rows that are left and those that are cut off.
fn cut(
    source: &Source,
    by: &SplitBy,
    bad_rows: BadRows,
    (folder, stop): (&Path, Stop<'_>),
) -> Result<Vec<SplitFile>, TuneError> {
    let mut splitter = Splitter::new(source, by, bad_rows)?;
    let mut outputs = SplitFiles::create(SplitFolder::create(folder)?, source, by)?;
    outputs.write_until(&mut splitter, stop)?;
    Ok(outputs.finish()?)
}

/// The rule by which rows are held out for validation, with another draw.
fn rule(config: &RunConfig, test: f64) -> SplitBy {
    let (shares, seed) = (Shares { valid: 0.0, test }, config.train.split_seed());
    match config.valid_by() {
        ValidBy::Row => SplitBy::Row { shares, seed },
        ValidBy::Field(column) => SplitBy::Key { column, shares, seed },
        ValidBy::Time(Some(column)) => SplitBy::Time { column, shares },
        ValidBy::Time(None) => SplitBy::Order(shares),
    }
}
