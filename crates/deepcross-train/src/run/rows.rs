//! The rows of a run: the files that they come from, and the rows that are held out.

use crate::config_file::{RunConfig, Schedule};
use crate::error::TrainError;
use crate::options::Files;
use deepcross_data::split::{SplitBy, hold_out};
use deepcross_data::{
    BadRows, DataError, Division, Labels, Partition, RowPlan, Source, check_first_rows,
};
use std::sync::OnceLock;

/// The training and validation rows of a run.
pub(crate) struct Rows {
    pub(crate) train: Source,
    valid: ValidRows,
    bad_rows: BadRows,
    /// The division of the training files, once it is known.
    division: OnceLock<Division>,
}

/// The rows that a run validates with.
enum ValidRows {
    None,
    Files(Source),
    HeldOut(SplitBy),
}

impl Rows {
    pub(crate) fn open(config: &RunConfig, files: &Files) -> Result<Self, TrainError> {
        let train = Source::open(&files.train, &config.data)?;
        let valid = if !files.valid.is_empty() {
            ValidRows::Files(Source::open(&files.valid, &config.data)?.in_run_of(&train))
        } else if config.train.valid_fraction() > 0.0 {
            ValidRows::HeldOut(config.hold_out_by())
        } else {
            ValidRows::None
        };
        Ok(Self { train, valid, bad_rows: config.data.bad_rows, division: OnceLock::new() })
    }

    /// The division of the training files into rows that are trained on and rows that are held out, if any are.
    ///
    /// The first call may read all rows, to find those that are the last ones. So nothing is read for a run whose rows
    /// come from a cache.
    ///
    /// # Errors
    /// As [`hold_out`].
    pub(crate) fn division(&self) -> Result<Option<Division>, DataError> {
        let ValidRows::HeldOut(by) = &self.valid else { return Ok(None) };
        if let Some(known) = self.division.get() {
            return Ok(Some(*known));
        }
        let found = hold_out(&self.train, by, self.bad_rows)?;
        Ok(Some(*self.division.get_or_init(|| found)))
    }

    /// Whether rows of the training files are held out.
    pub(crate) fn holds_out(&self) -> bool {
        matches!(self.valid, ValidRows::HeldOut(_))
    }

    /// The rows of the training files that are trained on.
    ///
    /// # Errors
    /// As [`division`](Self::division).
    pub(crate) fn train_part(&self) -> Result<Partition, DataError> {
        Ok(self.division()?.map_or(Partition::All, Partition::Train))
    }

    /// The validation rows, if any are held out or given.
    ///
    /// # Errors
    /// As [`division`](Self::division).
    pub(crate) fn valid(&self) -> Result<Option<(&Source, Partition)>, DataError> {
        Ok(match (self.valid_source(), self.division()?) {
            (source, Some(division)) => source.map(|source| (source, Partition::Valid(division))),
            (source, None) => source.map(|source| (source, Partition::All)),
        })
    }

    /// Refuses validation files that lack a column, that have no rows, or whose first rows cannot be read, before the
    /// training rows are read.
    ///
    /// # Errors
    /// As [`check_first_rows`].
    pub(crate) fn check_valid_files(&self, config: &RunConfig) -> Result<(), TrainError> {
        match &self.valid {
            ValidRows::Files(source) => {
                Ok(check_first_rows(source, &config.schema()?, self.bad_rows)?)
            }
            ValidRows::None | ValidRows::HeldOut(_) => Ok(()),
        }
    }

    /// Refuses validation files whose labels are not those of the training rows, as far as the first rows show it.
    ///
    /// # Errors
    /// As [`Source::check_first_labels`].
    pub(crate) fn check_valid_labels(&self) -> Result<(), DataError> {
        match &self.valid {
            ValidRows::Files(source) => source.check_first_labels(self.bad_rows),
            ValidRows::None | ValidRows::HeldOut(_) => Ok(()),
        }
    }

    /// The source of the validation rows, which may have other rows too.
    pub(crate) fn valid_source(&self) -> Option<&Source> {
        match &self.valid {
            ValidRows::None => None,
            ValidRows::Files(source) => Some(source),
            ValidRows::HeldOut(_) => Some(&self.train),
        }
    }

    pub(crate) fn plan(config: &RunConfig, partition: Partition) -> RowPlan {
        RowPlan { labels: Labels::Required, partition, bad_rows: config.data.bad_rows }
    }
}

/// Refuses settings that contradict the files of a run; `has_valid_files` says whether it has validation files.
///
/// # Errors
/// [`TrainError::Config`] with every problem.
pub(crate) fn check_settings(config: &RunConfig, has_valid_files: bool) -> Result<(), TrainError> {
    let mut problems = Vec::new();
    if config.data.label().is_none() {
        problems.push(
            "`data.label`: is required for training: set it to the column of the label".to_owned(),
        );
    }
    let no_validation = !has_valid_files && config.train.valid_fraction() == 0.0;
    let set = [
        ("monitor", config.train.monitor.is_some()),
        ("min_delta", config.train.min_delta.is_some()),
        ("patience", config.train.patience.is_some()),
        ("valid_by", config.train.valid_by.is_some()),
        ("split_seed", config.train.split_seed.is_some()),
        ("schedule", config.train.schedule == Schedule::Plateau),
    ];
    for (key, _) in set.iter().filter(|(_, set)| *set && no_validation) {
        let problem = "needs validation rows, but `train.valid_fraction` is 0";
        problems.push(format!("`train.{key}`: {problem}"));
    }
    let of_split = [
        ("valid_fraction", config.train.valid_fraction.is_some()),
        ("valid_by", config.train.valid_by.is_some()),
        ("split_seed", config.train.split_seed.is_some()),
    ];
    for (key, _) in of_split.iter().filter(|(_, set)| *set && has_valid_files) {
        problems.push(format!(
            "`train.{key}`: has no meaning with a validation file; remove one of the two"
        ));
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(TrainError::Config { file: "the configuration".to_owned(), problems })
}
