//! The search: rung after rung, the open trials are trained, and the best are promoted when all are complete.

use crate::clock::Clock;
use crate::error::TuneError;
use crate::event::{Events, RunName, TuneEvent};
use crate::journal::Journal;
use crate::queue::{for_each, lock, share};
use crate::record::{Outcome, Records, Trained, TrialRecord};
use crate::rungs::{Rung, promoted};
use crate::runner::{Failure, Progress, RunFiles, Runner};
use crate::sample::Setting;
use crate::trial::{Trial, Trials};
use deepcross_train::TrainError;
use deepcross_train::config::Monitor;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A search on its way.
pub(crate) struct Search<'a> {
    pub(crate) trials: &'a Trials,
    /// The key of the cache of each trial.
    pub(crate) cache_keys: BTreeMap<usize, u64>,
    pub(crate) rungs: &'a [Rung],
    pub(crate) by: Monitor,
    /// The folder with the models and the checkpoints of trials.
    pub(crate) folder: &'a Path,
    pub(crate) jobs: usize,
    /// The threads of all jobs together.
    pub(crate) threads: usize,
    pub(crate) clock: Clock,
    pub(crate) events: &'a Events<'a>,
    /// Whether an error ends the search, so that the other jobs stop.
    pub(crate) has_failed: &'a AtomicBool,
    /// Whether the caller asks to stop.
    pub(crate) stop: &'a (dyn Fn() -> bool + Sync),
}

/// The trials that are left at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Survivors {
    /// Those of the last rung that was begun.
    pub(crate) trials: Vec<usize>,
    /// Whether the time ended before the last rung was complete.
    pub(crate) is_cut_short: bool,
}

impl Search<'_> {
    /// Trains all rungs; a trial that the journal has is not trained again.
    pub(crate) fn run(
        &self,
        runner: &Runner<'_>,
        journal: &Mutex<Journal>,
    ) -> Result<Survivors, TuneError> {
        let mut trials: Vec<usize> = self.trials.of.keys().copied().collect();
        for (number, rung) in self.rungs.iter().enumerate() {
            let is_complete = self.rung((number, rung), &trials, runner, journal)?;
            if !is_complete {
                self.events.send(TuneEvent::TimeIsUp);
                lock(journal).end_time(self.clock.elapsed())?;
                return Ok(Survivors { trials, is_cut_short: true });
            }
            if let Some(next) = self.rungs.get(number + 1) {
                let scores = lock(journal).records.scores(&trials);
                trials = with_default(promoted(&scores, next.trials));
                self.end_all_but(&trials)?;
            }
        }
        Ok(Survivors { trials, is_cut_short: false })
    }

    /// Trains the open trials of a rung; returns whether all are complete, which they are unless the time has ended.
    fn rung(
        &self,
        (number, rung): (usize, &Rung),
        trials: &[usize],
        runner: &Runner<'_>,
        journal: &Mutex<Journal>,
    ) -> Result<bool, TuneError> {
        let open = lock(journal).records.open(trials, number);
        let keep = || {
            let going_on = self.going_on(trials, number, &lock(journal).records);
            runner.caches.keep(self.keys_of(going_on));
        };
        keep();
        self.events.send(TuneEvent::Rung { rung: number, trials, n_open: open.len() });
        let threads = share(self.threads, self.jobs.min(open.len()));
        let runner = Runner { threads, ..*runner };
        for_each(open, self.jobs, |trial| {
            if (runner.stop)() {
                return Ok(());
            }
            let done = self.trial((number, rung), &self.trials.of[&trial], &runner, journal);
            self.has_failed.fetch_or(done.is_err(), Ordering::Relaxed);
            keep();
            done
        })?;
        let is_complete = lock(journal).records.open(trials, number).is_empty();
        match is_complete {
            true => Ok(true),
            false if (self.stop)() => {
                // The time counts, over all calls.
                lock(journal).end_time(self.clock.elapsed())?;
                Err(TuneError::Interrupted)
            }
            false => Ok(false),
        }
    }

    /// The trials of a rung that may still be trained: those that are open, and the best of the others so far, since only
    /// they can be promoted, or win.
    fn going_on(&self, trials: &[usize], number: usize, records: &Records) -> Vec<usize> {
        let n_next = self.rungs.get(number + 1).map_or(1, |next| next.trials);
        let best = with_default(promoted(&records.scores(trials), n_next));
        [records.open(trials, number), best].concat()
    }

    /// The keys of the caches of some trials.
    pub(crate) fn keys_of(&self, trials: impl IntoIterator<Item = usize>) -> BTreeSet<u64> {
        trials.into_iter().filter_map(|trial| self.cache_keys.get(&trial).copied()).collect()
    }

    /// Trains a trial for a rung, and records it unless it was stopped.
    fn trial(
        &self,
        (number, rung): (usize, &Rung),
        trial: &Trial,
        runner: &Runner<'_>,
        journal: &Mutex<Journal>,
    ) -> Result<(), TuneError> {
        let begun = Instant::now();
        let Some(outcome) = self.outcome(trial, rung.epochs, runner)? else { return Ok(()) };
        let setting = |setting: &Setting| (setting.key.clone(), setting.value.to_string());
        let record = TrialRecord {
            trial: trial.number,
            rung: number,
            outcome,
            seconds: begun.elapsed().as_secs_f64(),
            settings: trial.settings.iter().map(setting).collect(),
        };
        lock(journal).add(record.clone(), self.clock.elapsed())?;
        self.events.send(TuneEvent::Trial(&record));
        Ok(())
    }

    /// Trains a trial up to an epoch; `None` if it was stopped before.
    fn outcome(
        &self,
        trial: &Trial,
        epochs: u32,
        runner: &Runner<'_>,
    ) -> Result<Option<Outcome>, TuneError> {
        let (name, files) = (RunName::Trial(trial.number), self.files(trial.number));
        let trained = match runner.run(name, &trial.config, &files, epochs) {
            Ok(Progress::Stopped) => return Ok(None),
            Ok(Progress::Paused(reports)) => Trained::of(&reports, self.by, false),
            Ok(Progress::Ended(reports)) => Trained::of(&reports, self.by, true),
            Err(Failure::OfSettings(error)) if trial.number == 0 => {
                return Err(TuneError::Default(Box::new(error)));
            }
            Err(Failure::OfSettings(error)) => {
                files.remove_checkpoint()?;
                return Ok(Some(Outcome::Failed(plain(&error))));
            }
            Err(Failure::OfSearch(error)) => return Err(*error),
        };
        let failed = |reason: &str| Outcome::Failed(reason.to_owned());
        Ok(Some(trained.map_or_else(failed, Outcome::Trained)))
    }

    /// The files of a trial.
    pub(crate) fn files(&self, trial: usize) -> RunFiles {
        RunFiles::new(self.folder, &format!("trial-{trial}"))
    }

    /// The model of a trial, which is trained to its end if it has not been.
    pub(crate) fn finished(
        &self,
        trial: &Trial,
        runner: &Runner<'_>,
    ) -> Result<PathBuf, TuneError> {
        let (name, files, config) =
            (RunName::Trial(trial.number), self.files(trial.number), &trial.config);
        if files.model.is_file() {
            return Ok(files.model);
        }
        match runner.run(name, config, &files, config.train.epochs) {
            Ok(Progress::Ended(_)) => Ok(files.model),
            Ok(Progress::Paused(_) | Progress::Stopped) => Err(TuneError::Interrupted),
            Err(Failure::OfSettings(error)) => Err(error.into()),
            Err(Failure::OfSearch(error)) => Err(*error),
        }
    }

    /// Removes the checkpoints of trials that do not go on.
    fn end_all_but(&self, trials: &[usize]) -> Result<(), TuneError> {
        let others = self.trials.of.keys().filter(|trial| !trials.contains(trial));
        others.into_iter().try_for_each(|&trial| self.files(trial).remove_checkpoint())
    }
}

/// The trials with trial 0: it may learn slowly, and the winner must be better than it is in the end.
fn with_default(promoted: Vec<usize>) -> Vec<usize> {
    let has_default = promoted.first() == Some(&0);
    let default = (!has_default).then_some(0);
    default.into_iter().chain(promoted).collect()
}

/// The error with its causes; the checkpoint of a trial is of no use to anyone.
fn plain(error: &TrainError) -> String {
    let text = match error {
        TrainError::NotFinite { step, what, .. } => format!("step {step}: {what}"),
        error => error.to_string(),
    };
    let mut cause = std::error::Error::source(error);
    let mut all = vec![text];
    while let Some(error) = cause {
        all.push(error.to_string());
        cause = error.source();
    }
    all.join(": ")
}
