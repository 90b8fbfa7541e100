//! The progress of a comparison: a bar on a terminal, a line for each run, and the time that each run took.

use super::{drift_line, of_several, style};
use crate::output::say;
use crate::text::pace::Pace;
use crate::text::skipped_rows::skipped_lines;
use crate::text::tables::{counted, grouped, metric, percent};
use crate::warnings::line;
use deepcross_train::Event;
use deepcross_train::compare::{CompareEvent, CurrentRun};
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::time::{Duration, Instant};

/// Shows the events of a comparison.
pub(crate) struct CompareProgress {
    bar: ProgressBar,
    begun: Instant,
    /// The number of training rows, once it is known.
    rows: Option<u64>,
    epochs: u64,
    /// The name, seed and number of the current run.
    current: String,
    /// The pace of each run so far.
    pub(crate) paces: Vec<Pace>,
}

impl CompareProgress {
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
            CompareEvent::Warning(warning) => self.say(&line(warning)),
            CompareEvent::Begins(CurrentRun { name, seed, run, of }) => {
                self.current = format!("{name}, seed {seed} ({run} of {of})");
                (self.begun, self.epochs) = (Instant::now(), 0);
            }
            CompareEvent::Training(_, event) => self.training(event),
            CompareEvent::Trained(_, trained) => {
                let (seconds, rows) = (self.begun.elapsed().as_secs_f64(), self.rows.unwrap_or(0));
                self.paces.push(Pace { seconds, rows: rows * self.epochs });
                let training = &trained.training;
                let valid = training.valid_log_loss.map_or_else(String::new, |loss| {
                    let auc = metric(training.valid_auc);
                    format!(", validation AUC {auc}, log loss {loss:.4}")
                });
                let (current, epochs) = (&self.current, counted(self.epochs, "epoch"));
                self.say(&format!("{current}: {epochs}{valid}, {seconds:.1} s"));
            }
            CompareEvent::Tested(CurrentRun { name, seed, run, of }, _) => {
                self.current = format!("{name}, seed {seed} ({run} of {of})");
                self.bar.set_message(format!("testing {}", self.current));
            }
            _ => {}
        }
    }

    fn training(&mut self, event: &Event<'_>) {
        match event {
            // All runs have the same rows as the first.
            Event::Fitted { rows, positives, skipped } if self.rows.is_none() => {
                self.rows = Some(*rows);
                let clicks = percent(*positives, *rows);
                self.say(&format!("{} training rows, {clicks} positive", grouped(*rows)));
                skipped_lines(skipped).iter().for_each(|line| self.say(line));
                self.bar.set_length(*rows);
                self.bar.set_style(style("{msg} {wide_bar} {percent} %  {rows_per_s} rows/s"));
            }
            // The rows are the same for all runs, and so is nearly always the answer.
            Event::ShuffledWhole { buffer, drift } if self.paces.is_empty() => {
                self.say(&drift_line(*buffer, drift));
            }
            Event::Warning(warning) => {
                self.say(&line(format_args!("{}: {warning}", self.current)));
            }
            Event::Step { epoch, member, rows, loss } => {
                let (run, place) = (&self.current, of_several(*member));
                self.bar.set_position(*rows);
                self.bar.set_message(format!("{run}: epoch {epoch}{place}, {loss:.4}"));
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

    /// Removes the bar, and returns the name of the current run.
    pub(crate) fn end(&self) -> &str {
        self.bar.finish_and_clear();
        &self.current
    }
}
