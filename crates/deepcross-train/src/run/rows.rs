//! The rows of a run: the files that they come from, and the rows that are held out.

use crate::config_file::{RunConfig, Schedule};
use crate::error::TrainError;
use crate::options::Files;
use deepcross_data::{Labels, Partition, RowPlan, Source};

/// The training and validation rows of a run.
pub(crate) struct Rows {
    pub(crate) train: Source,
    pub(crate) train_part: Partition,
    /// `None` if no rows are held out or given.
    pub(crate) valid: Option<(Source, Partition)>,
}

impl Rows {
    pub(crate) fn open(config: &RunConfig, files: &Files) -> Result<Self, TrainError> {
        let train = Source::open(&files.train, &config.data)?;
        if !files.valid.is_empty() {
            let valid = (Source::open(&files.valid, &config.data)?, Partition::All);
            return Ok(Self { train, train_part: Partition::All, valid: Some(valid) });
        }
        let (valid_fraction, seed) = (config.train.valid_fraction(), config.train.split_seed());
        if valid_fraction == 0.0 {
            return Ok(Self { train, train_part: Partition::All, valid: None });
        }
        let valid = (train.clone(), Partition::Valid { valid_fraction, seed });
        Ok(Self {
            train,
            train_part: Partition::Train { valid_fraction, seed },
            valid: Some(valid),
        })
    }

    pub(crate) fn plan(config: &RunConfig, partition: Partition) -> RowPlan {
        RowPlan { labels: Labels::Required, partition, bad_rows: config.data.bad_rows }
    }
}

/// Refuses settings that contradict the files.
///
/// # Errors
/// [`TrainError::Config`] with every problem.
pub(crate) fn check_files(config: &RunConfig, files: &Files) -> Result<(), TrainError> {
    let mut problems = Vec::new();
    if config.data.label().is_none() {
        problems.push(
            "`data.label`: is required for training: set it to the column of the label".to_owned(),
        );
    }
    let no_validation = files.valid.is_empty() && config.train.valid_fraction() == 0.0;
    let set = [
        ("monitor", config.train.monitor.is_some()),
        ("patience", config.train.patience.is_some()),
        ("split_seed", config.train.split_seed.is_some()),
        ("schedule", config.train.schedule == Schedule::Plateau),
    ];
    for (key, _) in set.iter().filter(|(_, set)| *set && no_validation) {
        let problem = "needs validation rows, but `train.valid_fraction` is 0";
        problems.push(format!("`train.{key}`: {problem}"));
    }
    let of_split = [
        ("valid_fraction", config.train.valid_fraction.is_some()),
        ("split_seed", config.train.split_seed.is_some()),
    ];
    for (key, _) in of_split.iter().filter(|(_, set)| *set && !files.valid.is_empty()) {
        problems.push(format!(
            "`train.{key}`: has no meaning with a validation file; remove one of the two"
        ));
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(TrainError::Config { file: "the configuration".to_owned(), problems })
}
