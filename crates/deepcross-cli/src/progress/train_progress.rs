//! The progress of a training run: a bar on a terminal, a line of a table for each epoch, and a summary.

use super::{drift_line, of_several, style};
use crate::output::{is_silent, say};
use crate::text::epoch_table::EpochTable;
use crate::text::pace::Pace;
use crate::text::skipped_rows::skipped_lines;
use crate::text::tables::{counted, grouped, metric, percent};
use crate::text::traffic_table::TrafficTable;
use crate::text::unit_table::UnitTable;
use crate::text::unusual_values::training_values;
use crate::warnings;
use deepcross_data::RowReader;
use deepcross_kernels::products::ProductPrecision;
use deepcross_train::config::TrainConfig;
use deepcross_train::{CacheEvent, DataWait, EpochReport, Event, MemberPlace};
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::time::{Duration, Instant};

/// What the user of `train.precision = "bf16"` should know.
const BF16: &str =
    "layers multiply in bf16; no code for matrix units is built in, so this is not faster than f32";

/// Shows the events of a run.
pub(crate) struct TrainProgress {
    bar: ProgressBar,
    begun: Instant,
    waiting: DataWait,
    negative_rate: f64,
    /// The most epochs of the run.
    most_epochs: u32,
    rows: u64,
    /// The members of the model, each of which trains on all rows.
    n_members: u64,
    /// The number of rows to expect in an epoch, since only a sample of negative rows may be kept.
    epoch_rows: u64,
    table: EpochTable,
    epochs: Vec<EpochReport>,
    /// The rows that an earlier call has trained on.
    rows_before: u64,
    units: UnitTable,
    traffic: TrafficTable,
    /// Texts on the values of the last epoch.
    values: Vec<String>,
}

impl TrainProgress {
    /// Shows a run on `threads` threads.
    pub(crate) fn new(threads: usize, train: &TrainConfig) -> Self {
        let target =
            if is_silent() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_message("reading the data once to fit the encoder");
        bar.set_style(style("{spinner} {msg} ({elapsed})"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            begun: Instant::now(),
            waiting: DataWait::new(threads),
            negative_rate: train.negative_rate,
            most_epochs: train.epochs,
            rows: 0,
            n_members: 1,
            epoch_rows: 0,
            table: EpochTable::new(loss_name(train.negative_rate), train.changes_rates()),
            epochs: Vec::new(),
            rows_before: 0,
            units: UnitTable::default(),
            traffic: TrafficTable::default(),
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
            Event::Built { model, n_parameters, n_members, precision } => {
                let (width, weights) = (model.stack_width(), grouped(*n_parameters as u64));
                let members = match n_members {
                    1 => String::new(),
                    n_members => format!("{n_members} members of "),
                };
                self.n_members = *n_members as u64;
                self.say(&format!("{members}{weights} weights, stacked input {width} wide"));
                if *precision == ProductPrecision::Bf16 {
                    self.say(BF16);
                }
            }
            Event::Resumed { step, epoch, member, rows, reports, .. } => {
                let ended = self.n_members * reports.len() as u64 + member.number as u64 - 1;
                self.rows_before = self.rows * ended + rows;
                self.say(&format!(
                    "continuing from the checkpoint of step {}, in epoch {epoch}{}",
                    grouped(*step),
                    of_several(*member)
                ));
                reports.iter().for_each(|report| self.epoch(report));
            }
            Event::ShuffledWhole { buffer, drift } => self.say(&drift_line(*buffer, drift)),
            Event::Warning(warning) => self.say(&warnings::line(warning)),
            Event::Cache(event) => cache_lines(event).iter().for_each(|line| self.say(line)),
            Event::Step { epoch, member, rows, loss } => {
                self.step((*epoch, *member), *rows, *loss);
            }
            Event::Epoch(report) => self.epoch(report),
            Event::Units { epoch, member, rows, units } => {
                self.units.observe(*epoch, *member, *rows, units);
            }
            Event::Exchanged(traffic) => self.traffic.observe(traffic),
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

    fn step(&mut self, (epoch, member): (u32, MemberPlace), rows: u64, loss: f64) {
        if self.bar.length() != Some(self.epoch_rows) {
            self.bar.set_length(self.epoch_rows);
            self.bar
                .set_style(style("{msg} {wide_bar} {percent} %  {rows_per_s} rows/s  {eta} left"));
        }
        self.bar.set_position(rows);
        let (place, name) = (of_several(member), loss_name(self.negative_rate));
        self.bar.set_message(format!("epoch {epoch}{place}, {name} {loss:.4}"));
    }

    fn epoch(&mut self, report: &EpochReport) {
        self.table.lines(report).iter().for_each(|line| self.say(line));
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

    /// Prints the summary of the run; returns its pace, without the rows of an earlier call.
    pub(crate) fn finish(self) -> Pace {
        self.bar.finish_and_clear();
        let seconds = self.begun.elapsed().as_secs_f64();
        let rows = self.rows * self.n_members * self.epochs.len() as u64;
        let rows = rows.saturating_sub(self.rows_before);
        let pace = Pace { seconds, rows };
        let speed = grouped(pace.rows_per_second() as u64);
        let waited = 100.0 * self.waiting.share();
        let parts = [self.kept(), self.units.text(), self.traffic.text()]
            .into_iter()
            .flatten()
            .chain(self.values);
        parts.for_each(|part| say(format_args!("\n{part}")));
        say(format_args!(
            "\n{seconds:.1} s, {speed} rows/s with reading and validation; threads waited for data {waited:.1} % of \
             training"
        ));
        pace
    }

    /// The line on the epoch that is kept, and on an early end of the run.
    fn kept(&self) -> Option<String> {
        let kept = self.epochs.iter().rfind(|report| report.best)?;
        let valid = kept.valid.as_ref().map_or_else(String::new, |valid| {
            format!(": validation log loss {}, AUC {}", metric(valid.log_loss), metric(valid.auc))
        });
        let last = self.epochs.last().map_or(0, |report| report.epoch);
        let early = if last < self.most_epochs {
            let waited = counted(u64::from(last - kept.epoch), "epoch");
            format!("; ended after {waited} without a better one, as `train.patience` says")
        } else {
            String::new()
        };
        Some(format!("kept epoch {}{valid}{early}", kept.epoch))
    }
}

/// The name of the training loss: the loss on a sample does not measure all rows.
fn loss_name(negative_rate: f64) -> &'static str {
    if negative_rate < 1.0 { "log loss of kept rows" } else { "log loss" }
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
