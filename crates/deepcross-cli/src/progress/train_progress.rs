//! The progress of a training run: a bar on a terminal, a line for each epoch, and a summary.

use super::{drift_line, style};
use crate::output::say;
use crate::text::skipped_rows::skipped_lines;
use crate::text::tables::{grouped, metric, percent, table};
use crate::text::unit_table::UnitTable;
use crate::text::unusual_values::training_values;
use crate::warnings;
use deepcross_data::RowReader;
use deepcross_train::{CacheEvent, DataWait, EpochReport, Event};
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::time::{Duration, Instant};

/// Shows the events of a run.
pub(crate) struct TrainProgress {
    bar: ProgressBar,
    begun: Instant,
    waiting: DataWait,
    negative_rate: f64,
    rows: u64,
    /// The number of rows to expect in an epoch, since only a sample of negative rows may be kept.
    epoch_rows: u64,
    epochs: Vec<EpochReport>,
    /// The rows that an earlier call has trained on.
    rows_before: u64,
    units: UnitTable,
    /// Texts on the values of the last epoch.
    values: Vec<String>,
}

impl TrainProgress {
    /// Shows a run on `threads` threads that keeps each negative row with the probability `negative_rate`.
    pub(crate) fn new(threads: usize, negative_rate: f64) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_message("reading the data once to fit the encoder");
        bar.set_style(style("{spinner} {msg} ({elapsed})"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            begun: Instant::now(),
            waiting: DataWait::new(threads),
            negative_rate,
            rows: 0,
            epoch_rows: 0,
            epochs: Vec::new(),
            rows_before: 0,
            units: UnitTable::default(),
            values: Vec::new(),
        }
    }

    pub(crate) fn observe(&mut self, event: &Event<'_>) {
        self.waiting.observe(event, Instant::now());
        match event {
            Event::Fitted { rows, positives, skipped } => {
                self.rows = *rows;
                let negatives = (*rows - *positives) as f64;
                self.epoch_rows = *positives + (self.negative_rate * negatives) as u64;
                let clicks = percent(*positives, *rows);
                self.say(&format!("{} training rows, {clicks} positive", grouped(*rows)));
                for line in skipped_lines(skipped) {
                    self.say(&line);
                }
            }
            Event::Built { model, n_parameters } => {
                let (width, weights) = (model.stack_width(), grouped(*n_parameters as u64));
                self.say(&format!("{weights} weights, stacked input {width} wide"));
            }
            Event::Resumed { step, epoch, rows, reports, .. } => {
                self.epochs = reports.to_vec();
                self.rows_before = self.rows * reports.len() as u64 + rows;
                self.say(&format!(
                    "continuing from the checkpoint of step {}, in epoch {epoch}",
                    grouped(*step)
                ));
            }
            Event::ShuffledWhole { buffer, drift } => self.say(&drift_line(*buffer, drift)),
            Event::Warning(warning) => self.say(&warnings::line(warning)),
            Event::Cache(event) => cache_lines(event).iter().for_each(|line| self.say(line)),
            Event::Step { epoch, rows, loss } => self.step(*epoch, *rows, *loss),
            Event::Epoch(report) => self.epoch(report),
            Event::Units { epoch, rows, units } => self.units.observe(*epoch, *rows, units),
            Event::Read { train, valid } => self.read(train, *valid),
            _ => {}
        }
    }

    /// Keeps the texts on the last epoch's rows for the summary.
    fn read(&mut self, train: &RowReader<'_>, valid: Option<&RowReader<'_>>) {
        self.values = vec![training_values(train, valid)];
        if self.is_sampled() {
            let (kept, met) = (grouped(train.negatives().kept), grouped(train.negatives().met));
            let rate = self.negative_rate;
            self.values.push(format!(
                "kept {kept} of {met} negative rows in the last epoch (negative_rate {rate}); \
                 predictions are corrected to the rates of all rows"
            ));
        }
        for line in valid.iter().flat_map(|valid| skipped_lines(valid.skipped())) {
            self.say(&format!("validation: {line}"));
        }
    }

    fn is_sampled(&self) -> bool {
        self.negative_rate < 1.0
    }

    /// The name of the training loss: the loss on a sample does not measure all rows.
    fn loss_name(&self) -> &'static str {
        if self.is_sampled() { "log loss of kept rows" } else { "log loss" }
    }

    fn step(&mut self, epoch: u32, rows: u64, loss: f64) {
        if self.bar.length() != Some(self.epoch_rows) {
            self.bar.set_length(self.epoch_rows);
            self.bar
                .set_style(style("{msg} {wide_bar} {percent} %  {rows_per_s} rows/s  {eta} left"));
        }
        self.bar.set_position(rows);
        self.bar.set_message(format!("epoch {epoch}, {} {loss:.4}", self.loss_name()));
    }

    fn epoch(&mut self, report: &EpochReport) {
        let valid = report.valid.map_or_else(String::new, |valid| {
            format!(", validation log loss {}, AUC {}", metric(valid.log_loss), metric(valid.auc))
        });
        let best = if report.best { ", best so far" } else { "" };
        self.say(&format!(
            "epoch {}: {} {:.4}{valid}{best}",
            report.epoch,
            self.loss_name(),
            report.train_loss
        ));
        self.bar.reset();
        self.epochs.push(report.clone());
    }

    /// Prints a line without disturbing the bar.
    fn say(&self, line: &str) {
        self.bar.suspend(|| say(line));
    }

    /// Removes the bar of a run that has failed.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints the summary of the run.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
        let mut summary =
            table(&["epoch", self.loss_name(), "validation log loss", "validation AUC", ""]);
        let kept = self.epochs.iter().rposition(|report| report.best);
        for (i, report) in self.epochs.iter().enumerate() {
            let valid = report.valid;
            summary.add_row([
                report.epoch.to_string(),
                format!("{:.4}", report.train_loss),
                metric(valid.and_then(|valid| valid.log_loss)),
                metric(valid.and_then(|valid| valid.auc)),
                if kept == Some(i) { "kept".to_owned() } else { String::new() },
            ]);
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        let rows = self.rows * self.epochs.len() as u64;
        let speed = grouped((rows.saturating_sub(self.rows_before) as f64 / seconds) as u64);
        let waited = 100.0 * self.waiting.share();
        if let Some(units) = self.units.text() {
            say(format_args!("\n{units}"));
        }
        say(format_args!(
            "\n{}\n\n{}\n\n{seconds:.1} s, {speed} rows/s with reading and validation; \
             threads waited for data {waited:.1} % of training",
            summary.trim_fmt(),
            self.values.join("\n\n")
        ));
    }
}

/// The lines that report an event of the cache.
fn cache_lines(event: &CacheEvent<'_>) -> Vec<String> {
    match event {
        CacheEvent::Used { file, rows } => {
            let (rows, file) = (grouped(*rows), file.display());
            vec![format!("{rows} encoded training rows from the cache {file}")]
        }
        CacheEvent::Refused { file, reasons } => {
            let lines = reasons.iter().map(|reason| format!("  {reason}"));
            let first =
                format!("the cache {} was made for another run; rebuilding it:", file.display());
            std::iter::once(first).chain(lines).collect()
        }
        CacheEvent::Made { file, rows, bytes } => {
            let (rows, bytes) = (grouped(*rows), grouped(*bytes));
            vec![format!("wrote the cache {}: {rows} training rows, {bytes} bytes", file.display())]
        }
        _ => Vec::new(),
    }
}
