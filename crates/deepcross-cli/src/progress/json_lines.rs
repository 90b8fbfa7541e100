//! The lines that `train --json` prints: an object for each epoch as it ends, and one for the run.

use crate::output::print;
use crate::text::pace::Pace;
use anyhow::Result;
use deepcross_metrics::Summary;
use deepcross_model::{TrainedModel, TrainingSummary};
use deepcross_train::{EpochReport, Event};
use serde::Serialize;
use std::path::Path;

/// Prints the objects of a run.
///
/// A run whose output nobody takes goes on, since its model is worth more than the lines; the error is reported at its
/// end.
#[derive(Default)]
pub(crate) struct JsonLines {
    /// The validation metrics of the best epoch so far.
    valid: Option<Summary>,
    /// The warnings of the run.
    warnings: Vec<String>,
    failed: Option<anyhow::Error>,
}

/// An object.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Line<'a> {
    /// An epoch has ended.
    Epoch(&'a EpochReport),
    /// The model has been written.
    Trained(Trained<'a>),
}

#[derive(Serialize)]
struct Trained<'a> {
    model: &'a Path,
    n_parameters: usize,
    training: &'a TrainingSummary,
    /// The validation metrics of the kept epoch, if rows were held out or given.
    valid: Option<&'a Summary>,
    warnings: &'a [String],
    seconds: f64,
    rows_per_second: f64,
}

impl JsonLines {
    /// Prints the object of an event, if it has one.
    pub(crate) fn observe(&mut self, event: &Event<'_>) {
        match event {
            Event::Resumed { reports, .. } => reports.iter().for_each(|report| self.epoch(report)),
            Event::Epoch(report) => self.epoch(report),
            Event::Warning(warning) => self.warnings.push(warning.to_string()),
            _ => {}
        }
    }

    fn epoch(&mut self, report: &EpochReport) {
        if report.best {
            self.valid = report.valid;
        }
        self.print(&Line::Epoch(report));
    }

    fn print(&mut self, line: &Line<'_>) {
        if self.failed.is_none() {
            let json = serde_json::to_string(line).map_err(anyhow::Error::from);
            self.failed = json.and_then(print).err();
        }
    }

    /// Prints the object of the run, whose model has been written to `model`.
    ///
    /// # Errors
    /// If this object or an earlier one could not be printed.
    pub(crate) fn end(mut self, model: &Path, trained: &TrainedModel, pace: Pace) -> Result<()> {
        let (valid, warnings) = (self.valid, std::mem::take(&mut self.warnings));
        self.print(&Line::Trained(Trained {
            model,
            n_parameters: trained.n_parameters(),
            training: &trained.training,
            valid: valid.as_ref(),
            warnings: &warnings,
            seconds: pace.seconds,
            rows_per_second: pace.rows_per_second(),
        }));
        self.failed.map_or(Ok(()), Err)
    }
}
