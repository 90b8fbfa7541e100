//! The progress of a search: a bar with the time left on a terminal, and a line for each rung and each better trial.

use super::style;
use crate::output::say;
use crate::text::tables::{counted, metric};
use crate::warnings::line;
use deepcross_train::Event;
use deepcross_tune::sentences::settings_text;
use deepcross_tune::space::Space;
use deepcross_tune::{Outcome, RunName, Rung, TrialRecord, TuneEvent};
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The most trials that are named as left out.
const LEFT_OUT: usize = 8;

/// Shows the events of a search.
pub(crate) struct TuneProgress {
    bar: ProgressBar,
    begun: Instant,
    folder: PathBuf,
    rungs: Vec<Rung>,
    /// The runs of the last comparison.
    n_final: u64,
    best: Option<f64>,
    /// The epochs that are trained, those of earlier calls too.
    done: u64,
    /// The epochs of earlier calls.
    before: u64,
}

impl TuneProgress {
    pub(crate) fn new(n_seeds: u32, folder: &Path) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_message("looking at the configuration and the files");
        bar.set_style(style("{spinner} {msg} ({elapsed})"));
        bar.enable_steady_tick(Duration::from_millis(200));
        let (begun, folder, n_final) = (Instant::now(), folder.to_owned(), 2 * u64::from(n_seeds));
        Self { bar, begun, folder, rungs: Vec::new(), n_final, best: None, done: 0, before: 0 }
    }

    pub(crate) fn observe(&mut self, event: &TuneEvent<'_>) {
        match event {
            TuneEvent::CutOff { train, test, folder } => {
                let (test, train) = (counted(*test, "row"), counted(*train, "row"));
                let folder = folder.map(|folder| format!(", both in {}", folder.display()));
                let folder = folder.unwrap_or_default();
                self.say(&format!(
                    "cut {test} off for the last comparison; {train} are left{folder}"
                ));
            }
            TuneEvent::Planned { space, rungs, left_out, records, cache_bytes } => {
                self.planned(space, rungs, left_out);
                let folder = self.folder.join("caches");
                let (folder, most) = (folder.display(), gib(*cache_bytes));
                self.say(&format!(
                    "encoded rows are in {folder} until the end of the search, at most {most}"
                ));
                records.iter().for_each(|record| self.count(record));
                self.before = self.done;
                let scores = records.iter().filter_map(|record| record.outcome.trained());
                self.best = scores.map(|own| own.score).reduce(f64::max);
            }
            TuneEvent::Rung { rung, trials, n_open } => self.rung(*rung, trials.len(), *n_open),
            TuneEvent::Training(RunName::Trial(0), Event::Warning(warning)) => {
                self.say(&line(warning))
            }
            TuneEvent::Training(name, Event::Step { epoch, .. }) => {
                let (name, left) = (named(*name), self.left());
                self.bar.set_message(format!("{name}, epoch {epoch}{left}"));
            }
            TuneEvent::Trial(record) => self.trial(record),
            TuneEvent::Final { winner, runs } => {
                self.done = self.n_epochs() - self.epochs_of_run() * *runs as u64;
                self.say(&format!(
                    "trial {winner} is the best; training it and the configuration as it is with new seeds, {}",
                    counted(*runs as u64, "run")
                ));
            }
            TuneEvent::FinalRun { .. } => self.done += self.epochs_of_run(),
            event => self.limit(event),
        }
        self.bar.set_position(self.done);
    }

    /// Shows what a bound of disk or time has done.
    fn limit(&self, event: &TuneEvent<'_>) {
        match event {
            TuneEvent::CacheRemoved { bytes } => {
                self.say(&format!("removed {} of encoded rows to keep the bound", gib(*bytes)));
            }
            TuneEvent::CacheTooLarge { bound } => self.say(&format!(
                "the encoded rows of a set of fields need more than the bound of {}: its trials read the files",
                gib(*bound)
            )),
            TuneEvent::TimeIsUp => self.say("the time is up: the search ends with the trials that are complete"),
            _ => {}
        }
    }

    fn planned(&mut self, space: &Space, rungs: &[Rung], left_out: &[(usize, String)]) {
        self.rungs = rungs.to_vec();
        if space.is_inferred {
            self.say("the configuration has no ranges in `[tune]`; these were chosen:");
        } else {
            self.say("the ranges of `[tune]`:");
        }
        space.dimensions.iter().for_each(|dimension| self.say(&format!("  {dimension}")));
        self.say(&rungs_line(rungs));
        for (trial, reason) in left_out.iter().take(LEFT_OUT) {
            self.say(&format!("trial {trial} is left out: {reason}"));
        }
        if let Some(more) = left_out.len().checked_sub(LEFT_OUT).filter(|more| *more > 0) {
            self.say(&format!("{} more are left out", counted(more as u64, "trial")));
        }
        self.bar.set_length(self.n_epochs());
        self.bar.set_style(style("{msg} {wide_bar} {percent} %"));
    }

    fn rung(&self, rung: usize, n_trials: usize, n_open: usize) {
        let (number, of) = (rung + 1, self.rungs.len());
        let epochs = counted(u64::from(self.rungs[rung].epochs), "epoch");
        let done = match n_trials - n_open {
            0 => String::new(),
            done => format!(", {done} of them done"),
        };
        let trials = counted(n_trials as u64, "trial");
        self.say(&format!("rung {number} of {of}: {trials} up to {epochs}{done}"));
    }

    fn trial(&mut self, record: &TrialRecord) {
        self.count(record);
        let (number, settings) = (record.trial, settings_text(record));
        match &record.outcome {
            Outcome::Failed(reason) => self.say(&format!("trial {number} is out: {reason}")),
            Outcome::Trained(own) if self.best.is_none_or(|best| own.score > best) => {
                self.best = Some(own.score);
                let (auc, loss) = (metric(own.auc), metric(own.log_loss));
                let epochs = counted(u64::from(own.epochs), "epoch");
                self.say(&format!(
                    "trial {number}, {epochs}: validation AUC {auc}, log loss {loss}, best so far: {settings}"
                ));
            }
            Outcome::Trained(_) => {}
        }
    }

    /// Counts the epochs of a record.
    fn count(&mut self, record: &TrialRecord) {
        self.done += self.epochs_on(record.rung);
    }

    /// The epochs that a trial trains on a rung.
    fn epochs_on(&self, rung: usize) -> u64 {
        let up_to = |rung: usize| self.rungs.get(rung).map_or(0, |rung| u64::from(rung.epochs));
        up_to(rung) - rung.checked_sub(1).map_or(0, up_to)
    }

    fn epochs_of_run(&self) -> u64 {
        self.rungs.last().map_or(0, |rung| u64::from(rung.epochs))
    }

    /// The epochs of the whole search, if no trial ends early.
    fn n_epochs(&self) -> u64 {
        let of_rungs =
            self.rungs.iter().enumerate().map(|(n, rung)| rung.trials as u64 * self.epochs_on(n));
        of_rungs.sum::<u64>() + self.n_final * self.epochs_of_run()
    }

    /// The time left, if an epoch takes as long as those of this call.
    fn left(&self) -> String {
        let here = self.done.saturating_sub(self.before);
        if here == 0 {
            return String::new();
        }
        let seconds = self.begun.elapsed().as_secs_f64() / here as f64;
        let left = seconds * self.n_epochs().saturating_sub(self.done) as f64;
        match left {
            left if left < 90.0 => format!(", about {left:.0} s left"),
            left => format!(", about {:.0} min left", left / 60.0),
        }
    }

    /// Prints a line without disturbing the bar.
    fn say(&self, line: &str) {
        self.bar.suspend(|| say(line));
    }

    /// Removes the bar.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// How many trials train how long.
fn rungs_line(rungs: &[Rung]) -> String {
    let part = |rung: &Rung| {
        format!(
            "{} up to {}",
            counted(rung.trials as u64, "trial"),
            counted(u64::from(rung.epochs), "epoch")
        )
    };
    let parts: Vec<_> = rungs.iter().map(part).collect();
    format!("{}: {}", counted(rungs.len() as u64, "rung"), parts.join(", the best "))
}

fn named(name: RunName<'_>) -> String {
    match name {
        RunName::Trial(number) => format!("trial {number}"),
        RunName::Final { side, seed } => format!("{side}, seed {seed}"),
    }
}

fn gib(bytes: u64) -> String {
    format!("{:.2} GiB", bytes as f64 / f64::from(1 << 30))
}
