//! How a comparison goes, on standard error: a bar on a terminal, and a line for each run; and how long each run took.

use crate::commands::skipped_lines;
use crate::output::say;
use crate::progress::style;
use crate::tables::{counted, grouped, metric, percent};
use deepcross_train::{CompareEvent, CurrentRun, Event};
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::time::{Duration, Instant};

/// Listens to a comparison.
pub(crate) struct Race {
    bar: ProgressBar,
    begun: Instant,
    /// Training rows, as they were told last.
    rows: Option<u64>,
    epochs: u64,
    /// Which run it is.
    current: String,
    /// Of each run so far.
    pub(crate) paces: Vec<Pace>,
}

/// How long a run was trained, with reading and validation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) seconds: f64,
    /// Of all epochs.
    pub(crate) rows: u64,
}

impl Pace {
    pub(crate) fn rows_per_second(self) -> f64 {
        self.rows as f64 / self.seconds.max(1e-9)
    }
}

impl Race {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_message("reading the data once to fit the encoder");
        bar.set_style(style("{spinner} {msg} ({elapsed})"));
        bar.enable_steady_tick(Duration::from_millis(200));
        let (begun, current) = (Instant::now(), String::new());
        Self { bar, begun, rows: None, epochs: 0, current, paces: Vec::new() }
    }

    pub(crate) fn observe(&mut self, event: &CompareEvent<'_>) {
        match event {
            CompareEvent::Begins(CurrentRun { name, seed, run, of }) => {
                self.current = format!("{name}, seed {seed} ({run} of {of})");
                (self.begun, self.epochs) = (Instant::now(), 0);
            }
            CompareEvent::Training(_, event) => self.training(event),
            CompareEvent::Trained(..) => {
                let (seconds, rows) = (self.begun.elapsed().as_secs_f64(), self.rows.unwrap_or(0));
                self.paces.push(Pace { seconds, rows: rows * self.epochs });
            }
            CompareEvent::Tested(_, test, _) => {
                let seconds = self.paces.last().map_or(0.0, |pace| pace.seconds);
                let (auc, loss) = (metric(test.auc), metric(test.log_loss));
                let (current, epochs) = (&self.current, counted(self.epochs, "epoch"));
                self.say(&format!(
                    "{current}: {epochs}, AUC {auc}, log loss {loss}, {seconds:.1} s"
                ));
            }
            _ => {}
        }
    }

    fn training(&mut self, event: &Event<'_>) {
        match event {
            // All runs have the rows of the first.
            Event::Fitted { rows, positives, skipped } if self.rows.is_none() => {
                self.rows = Some(*rows);
                let clicks = percent(*positives, *rows);
                self.say(&format!("{} training rows, {clicks} positive", grouped(*rows)));
                skipped_lines(skipped).iter().for_each(|line| self.say(line));
                self.bar.set_length(*rows);
                self.bar.set_style(style("{msg} {wide_bar} {percent} %  {rows_per_s} rows/s"));
            }
            Event::Step { epoch, rows, loss } => {
                self.bar.set_position(*rows);
                self.bar.set_message(format!("{}: epoch {epoch}, {loss:.4}", self.current));
            }
            Event::Epoch(_) => {
                self.epochs += 1;
                self.bar.reset();
            }
            _ => {}
        }
    }

    /// Prints a line without disturbing the bar.
    fn say(&self, line: &str) {
        self.bar.suspend(|| say(line));
    }

    /// Takes the bar away; which run it was.
    pub(crate) fn end(&self) -> &str {
        self.bar.finish_and_clear();
        &self.current
    }
}
