//! The records of trials: what is known when a trial has completed a rung.

use deepcross_train::EpochReport;
use deepcross_train::config::Monitor;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A trial that has completed a rung.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// The number of the trial; 0 is the configuration as it is.
    pub trial: usize,
    /// The rung, from 0.
    pub rung: usize,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The seconds that the trial took on this rung.
    pub seconds: f64,
    /// The settings, as the program takes them.
    pub settings: BTreeMap<String, String>,
}

/// What became of a trial on a rung.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was trained up to the epochs of the rung.
    Trained(Trained),
    /// It could not be trained, and is out; the reason, in one sentence.
    Failed(String),
}

/// The validation metrics of a trial: those of the epoch that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// The metric that trials are chosen by; higher is better.
    pub score: f64,
    /// The log loss.
    pub log_loss: Option<f64>,
    /// The area under the ROC curve.
    pub auc: Option<f64>,
    /// The validation rows.
    pub valid_rows: u64,
    /// The epoch that is kept.
    pub kept_epoch: u32,
    /// The epochs so far.
    pub epochs: u32,
    /// Whether the run has ended: its model is complete, and higher rungs have nothing to add.
    pub has_ended: bool,
}

impl Outcome {
    /// The metrics, if it was trained.
    pub fn trained(&self) -> Option<&Trained> {
        match self {
            Self::Trained(trained) => Some(trained),
            Self::Failed(_) => None,
        }
    }
}

impl Trained {
    /// The metrics of the epochs so far; or the reason why they cannot be compared.
    pub(crate) fn of(
        reports: &[EpochReport],
        by: Monitor,
        has_ended: bool,
    ) -> Result<Self, &'static str> {
        let kept = reports.iter().rev().find(|report| report.best);
        let (kept, valid) = kept
            .and_then(|kept| Some((kept, kept.valid.as_ref()?)))
            .ok_or("the trial has no validation metrics")?;
        let score = by.score(valid).filter(|score| score.is_finite());
        let score = score.ok_or("the validation metrics are not defined")?;
        Ok(Self {
            score,
            log_loss: valid.log_loss,
            auc: valid.auc,
            valid_rows: valid.rows,
            kept_epoch: kept.epoch,
            epochs: reports.len() as u32,
            has_ended,
        })
    }
}

/// All records of a search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    of: BTreeMap<(usize, usize), TrialRecord>,
}

impl Records {
    pub(crate) fn add(&mut self, record: TrialRecord) {
        self.of.insert((record.trial, record.rung), record);
    }

    /// All records, by trial and rung.
    pub fn iter(&self) -> impl Iterator<Item = &TrialRecord> {
        self.of.values()
    }

    /// The record of a trial on the highest rung that it has completed.
    pub fn latest(&self, trial: usize) -> Option<&TrialRecord> {
        self.of.range((trial, 0)..=(trial, usize::MAX)).next_back().map(|(_, record)| record)
    }

    /// The metrics of a trial on the highest rung that it has completed; `None` if it has failed or has completed none,
    /// and if it was validated on other rows than trial 0.
    ///
    /// Rows that cannot be read may be skipped, and which rows these are depends on the fields.
    pub fn trained(&self, trial: usize) -> Option<&Trained> {
        let own = self.latest(trial)?.outcome.trained()?;
        let first = self.latest(0).and_then(|first| first.outcome.trained());
        first.is_none_or(|first| first.valid_rows == own.valid_rows).then_some(own)
    }

    /// Why a trial that has a record cannot win, if so; one sentence.
    pub fn reason_out(&self, trial: usize) -> Option<String> {
        match &self.latest(trial)?.outcome {
            Outcome::Failed(reason) => Some(reason.clone()),
            Outcome::Trained(_) if self.trained(trial).is_some() => None,
            Outcome::Trained(own) => Some(format!(
                "it was validated on {} rows and trial 0 on others, since rows are skipped",
                own.valid_rows
            )),
        }
    }

    /// The score of a trial on the highest rung that it has completed.
    pub fn score(&self, trial: usize) -> Option<f64> {
        self.trained(trial).map(|trained| trained.score)
    }

    /// The score of each of some trials.
    pub(crate) fn scores(&self, trials: &[usize]) -> Vec<(usize, Option<f64>)> {
        trials.iter().map(|&trial| (trial, self.score(trial))).collect()
    }

    /// Those of some trials that have still to train for a rung.
    pub(crate) fn open(&self, trials: &[usize], rung: usize) -> Vec<usize> {
        trials.iter().copied().filter(|&trial| self.is_open(trial, rung)).collect()
    }

    /// The score of a trial on the first rung, if it can be compared.
    pub(crate) fn first_score(&self, trial: usize) -> Option<f64> {
        self.trained(trial)?;
        Some(self.of.get(&(trial, 0))?.outcome.trained()?.score)
    }

    /// Whether a trial has still to train for a rung.
    fn is_open(&self, trial: usize, rung: usize) -> bool {
        self.latest(trial).is_none_or(|latest| match &latest.outcome {
            Outcome::Failed(_) => false,
            Outcome::Trained(trained) => latest.rung < rung && !trained.has_ended,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(trial: usize, rung: usize, outcome: Outcome) -> TrialRecord {
        TrialRecord { trial, rung, outcome, seconds: 0.5, settings: BTreeMap::new() }
    }

    fn trained(score: f64, has_ended: bool) -> Outcome {
        let (log_loss, auc, valid_rows) = (Some(-score), None, 10);
        Outcome::Trained(Trained {
            score,
            log_loss,
            auc,
            valid_rows,
            kept_epoch: 1,
            epochs: 1,
            has_ended,
        })
    }

    #[test]
    fn the_latest_record_counts_and_ended_or_failed_trials_are_not_open() {
        let mut records = Records::default();
        records.add(record(0, 0, trained(-0.5, false)));
        records.add(record(0, 1, trained(-0.4, false)));
        records.add(record(1, 0, trained(-0.3, true)));
        records.add(record(2, 0, Outcome::Failed("why".to_owned())));
        assert_eq!(
            [0, 1, 2, 3].map(|trial| records.score(trial)),
            [Some(-0.4), Some(-0.3), None, None]
        );
        let open = |rung| records.open(&[0, 1, 2, 3], rung);
        assert_eq!((open(0), open(1), open(2)), (vec![3], vec![3], vec![0, 3]));
        assert_eq!(records.reason_out(2).as_deref(), Some("why"));
    }

    #[test]
    fn a_trial_that_was_validated_on_other_rows_cannot_win() {
        let mut records = Records::default();
        let Outcome::Trained(own) = trained(-0.2, false) else { panic!("it is trained") };
        records.add(record(1, 0, Outcome::Trained(Trained { valid_rows: 9, ..own })));
        assert_eq!(records.score(1), Some(-0.2));
        records.add(record(0, 0, trained(-0.5, false)));
        assert_eq!((records.score(0), records.score(1)), (Some(-0.5), None));
        assert!(records.reason_out(1).unwrap().contains("on 9 rows"));
    }
}
