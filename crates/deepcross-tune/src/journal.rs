//! The journal of a search: a JSON object for each completed trial of a rung, so that a search that was killed goes on.
//!
//! A line counts when it is complete. The first line is the identity of the search; a journal of another one is refused.
//! Rejected: a checkpoint of the search as a whole. Decisions follow from the records alone, and another state could contradict
//! them.

use crate::error::TuneError;
use crate::record::{Records, TrialRecord};
use deepcross_data::input::Fingerprint;
use deepcross_train::config::Monitor;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What a search is: two searches that are equal in it have the same trials and the same winner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The version of the program.
    pub(crate) program: String,
    /// The configuration as TOML.
    pub(crate) config: String,
    /// The keys that trials change, one a line.
    pub(crate) space: String,
    /// The number of trials.
    pub(crate) trials: usize,
    /// The metric that trials are chosen by.
    pub(crate) by: Monitor,
    /// The share of the training rows that is cut off; `None` with test files.
    pub(crate) final_fraction: Option<f64>,
    /// The files for training and validation; no trial depends on those for the test.
    pub(crate) files: [Vec<Fingerprint>; 2],
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Search(Identity),
    Trial {
        #[serde(flatten)]
        record: TrialRecord,
        /// The seconds that the search has taken, over all its calls.
        elapsed: f64,
    },
    /// The time of the search had ended.
    Time {
        elapsed: f64,
    },
}

/// The open journal of a search.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// The records so far.
    pub(crate) records: Records,
    /// The seconds that the calls before this one have taken.
    pub(crate) elapsed: f64,
}

impl Journal {
    /// Begins a journal, or with `resume` goes on with the one that is there.
    ///
    /// # Errors
    /// If there is one and it is not resumed, or if it is of another search or damaged.
    pub(crate) fn open(folder: &Path, search: &Identity, resume: bool) -> Result<Self, TuneError> {
        let path = folder.join("journal.jsonl");
        let text = match std::fs::read(&path) {
            Ok(bytes) if !resume && has_records(&bytes) => {
                return Err(TuneError::Exists { folder: folder.to_owned() });
            }
            // A call that failed before its first trial was complete has nothing to go on with.
            Ok(_) if !resume => {
                clear(folder)?;
                Vec::new()
            }
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                check_empty(folder)?;
                Vec::new()
            }
            Err(error) => return Err(TuneError::of_file(&path)(error)),
        };
        // A line that was cut off by a kill has no line feed, and is written again.
        let complete = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (records, elapsed) = replayed(&path, &text[..complete], search)?;
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(TuneError::of_file(&path))?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(TuneError::Busy { folder: folder.to_owned() });
        }
        file.set_len(complete as u64).map_err(TuneError::of_file(&path))?;
        let mut journal = Self { path, file, records, elapsed };
        if complete == 0 {
            journal.write(&Line::Search(search.clone()))?;
        }
        Ok(journal)
    }

    /// Adds the record of a trial, after `elapsed` seconds of the search.
    pub(crate) fn add(&mut self, record: TrialRecord, elapsed: f64) -> Result<(), TuneError> {
        self.write(&Line::Trial { record: record.clone(), elapsed })?;
        self.records.add(record);
        Ok(())
    }

    /// Notes that the time has ended, so that the search ends in the same way when it is replayed.
    pub(crate) fn end_time(&mut self, elapsed: f64) -> Result<(), TuneError> {
        self.write(&Line::Time { elapsed })
    }

    fn write(&mut self, line: &Line) -> Result<(), TuneError> {
        let mut text = serde_json::to_vec(line)
            .map_err(|error| TuneError::of_file(&self.path)(error.into()))?;
        text.push(b'\n');
        let end = self.file.metadata().map_err(TuneError::of_file(&self.path))?.len();
        let written = self.file.write_all(&text).and_then(|()| self.file.sync_data());
        written.map_err(|error| {
            // A part of a line would spoil the next one.
            let _ = self.file.set_len(end);
            TuneError::of_file(&self.path)(error)
        })
    }
}

/// The folders of a search.
const FOLDERS: [&str; 3] = ["rows", "runs", "caches"];

/// Whether a journal has more lines than that of the search.
fn has_records(journal: &[u8]) -> bool {
    journal.iter().filter(|byte| **byte == b'\n').count() > 1
}

/// Removes what a search without records has left.
fn clear(folder: &Path) -> Result<(), TuneError> {
    for folder in FOLDERS.map(|name| folder.join(name)) {
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(TuneError::of_file(&folder)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Refuses a folder without a journal that has models or rows, which may be those of another search.
fn check_empty(folder: &Path) -> Result<(), TuneError> {
    let found = FOLDERS.into_iter().find(|name| folder.join(name).exists());
    found.map_or(Ok(()), |name| {
        Err(TuneError::Call(format!(
            "{} has a folder `{name}`, but no journal of a search: remove it, or name another folder",
            folder.display()
        )))
    })
}

/// The records of the lines, and the time that they took.
fn replayed(path: &Path, text: &[u8], search: &Identity) -> Result<(Records, f64), TuneError> {
    let (mut records, mut total) = (Records::default(), 0.0_f64);
    for (at, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let damaged =
            |problem: String| TuneError::Journal { file: path.to_owned(), line: at + 1, problem };
        let line: Line = serde_json::from_slice(line)
            .map_err(|error| damaged(format!("is not a line of a journal: {error}")))?;
        match line {
            Line::Search(before) if at == 0 => check_same(path, &before, search)?,
            Line::Trial { record, elapsed } if at > 0 => {
                records.add(record);
                total = total.max(elapsed);
            }
            Line::Time { elapsed } if at > 0 => total = total.max(elapsed),
            _ => {
                return Err(damaged(
                    "must be another kind of line: only the first is the search".to_owned(),
                ));
            }
        }
    }
    Ok((records, total))
}

fn check_same(path: &Path, before: &Identity, now: &Identity) -> Result<(), TuneError> {
    let same = [
        ("the version of the program", before.program == now.program),
        ("the configuration", before.config == now.config),
        ("the ranges of `[tune]`", before.space == now.space),
        ("the numbers of trials", before.trials == now.trials),
        ("the metrics that trials are chosen by", before.by == now.by),
        (
            "`tune.final_fraction`, or whether there are test files,",
            before.final_fraction == now.final_fraction,
        ),
        ("the training files", before.files[0] == now.files[0]),
        ("the validation files", before.files[1] == now.files[1]),
    ];
    let differs = |(what, is_same): (&str, bool)| (!is_same).then(|| format!("{what} differ"));
    let differences: Vec<_> = same.into_iter().filter_map(differs).collect();
    match differences.is_empty() {
        true => Ok(()),
        false => Err(TuneError::OtherSearch { file: path.to_owned(), differences }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Outcome;
    use std::collections::BTreeMap;

    fn identity(trials: usize) -> Identity {
        Identity {
            program: "0.1.0".to_owned(),
            config: "[train]".to_owned(),
            space: String::new(),
            trials,
            by: Monitor::LogLoss,
            final_fraction: None,
            files: [vec![Fingerprint { bytes: 3, hash: u64::MAX }], vec![]],
        }
    }

    fn record(trial: usize) -> TrialRecord {
        let outcome = match trial {
            2 => Outcome::Failed("a \"reason\"\nof two lines".to_owned()),
            _ => Outcome::Trained(crate::record::Trained {
                score: -0.1 / 3.0 * trial as f64,
                log_loss: Some(0.1 / 3.0),
                auc: None,
                valid_rows: 7,
                kept_epoch: 1,
                epochs: 2,
                has_ended: trial == 3,
            }),
        };
        let settings = BTreeMap::from([("train.batch".to_owned(), "3".to_owned())]);
        TrialRecord { trial, rung: 0, outcome, seconds: 0.25, settings }
    }

    #[test]
    fn a_journal_that_is_cut_anywhere_goes_on_with_its_complete_lines() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path(), &identity(9), false).unwrap();
        for trial in 0..4 {
            journal.add(record(trial), trial as f64).unwrap();
        }
        journal.end_time(5.0).unwrap();
        let (whole, path) = (journal.records.clone(), folder.path().join("journal.jsonl"));
        let busy = Journal::open(folder.path(), &identity(9), true).unwrap_err();
        assert!(busy.to_string().starts_with("another process runs the search in "), "{busy}");
        drop(journal);
        let text = std::fs::read(&path).unwrap();
        let resumed = Journal::open(folder.path(), &identity(9), true).unwrap();
        assert_eq!((&resumed.records, resumed.elapsed), (&whole, 5.0));
        drop(resumed);
        for end in (0..text.len()).step_by(13) {
            std::fs::write(&path, &text[..end]).unwrap();
            let mut resumed = Journal::open(folder.path(), &identity(9), true).unwrap();
            let n_lines = text[..end].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(resumed.records.iter().count(), n_lines.saturating_sub(1).min(4), "{end}");
            resumed.add(record(8), 9.0).unwrap();
            let records = resumed.records.clone();
            drop(resumed);
            let again = Journal::open(folder.path(), &identity(9), true).unwrap();
            assert!(again.records == records && again.elapsed == 9.0, "{end}");
        }
    }

    #[test]
    fn another_search_and_a_damaged_line_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let open = |search: &Identity, resume| {
            Journal::open(folder.path(), search, resume)
                .map(drop)
                .map_err(|error| error.to_string())
        };
        open(&identity(9), true).unwrap();
        // Nothing was trained yet.
        open(&identity(9), false).unwrap();
        Journal::open(folder.path(), &identity(9), true).unwrap().add(record(1), 1.0).unwrap();
        assert!(open(&identity(9), false).unwrap_err().contains("has a search already"));
        let other = open(&identity(8), true).unwrap_err();
        assert!(
            other.ends_with("is the journal of another search: the numbers of trials differ"),
            "{other}"
        );
        let path = folder.path().join("journal.jsonl");
        let mut text = std::fs::read(&path).unwrap();
        text.extend(b"{}\n");
        std::fs::write(&path, text).unwrap();
        let damaged = open(&identity(9), true).unwrap_err();
        assert!(damaged.contains("journal.jsonl:3: is not a line of a journal"), "{damaged}");
    }
}
