//! The page of `deepcross train`.

use super::evaluation::plain_figures;
use super::{fields, footer, model, name, names};
use crate::text::tables::{grouped, metric, percent};
use deepcross_features::Counts;
use deepcross_model::TrainedModel;
use deepcross_report::{Plot, Report, Section, Series, Table, YScale};
use deepcross_train::config::TrainConfig;
use deepcross_train::diagnosis::UnitReport;
use deepcross_train::{EpochReport, Event};
use std::path::{Path, PathBuf};

/// The events of a run that its page shows; their size grows only with epochs and units.
pub(crate) struct Course {
    /// Whether the table of epochs has a column of learning rates.
    has_rates: bool,
    epochs: Vec<EpochReport>,
    units: Vec<(u32, Vec<UnitReport>)>,
    /// The counts of each field in the last epoch, with a caption for the rows.
    counts: Vec<(&'static str, Counts)>,
}

impl Course {
    pub(crate) fn new(train: &TrainConfig) -> Self {
        let (has_rates, epochs, units, counts) =
            (train.changes_rates(), Vec::new(), Vec::new(), Vec::new());
        Self { has_rates, epochs, units, counts }
    }

    /// Keeps an event if the page shows it.
    pub(crate) fn observe(&mut self, event: &Event<'_>) {
        match event {
            Event::Resumed { reports, .. } => self.epochs = reports.to_vec(),
            Event::Epoch(report) => self.epochs.push(report.clone()),
            Event::Units { epoch, units, .. } => self.units.push((*epoch, units.to_vec())),
            Event::Read { train, valid } => {
                self.counts = vec![("Training rows, last epoch", train.counts().clone())];
                let valid = valid.map(|valid| ("Validation rows", valid.counts().clone()));
                self.counts.extend(valid);
            }
            _ => {}
        }
    }

    /// The page of the run.
    pub(crate) fn page(
        self,
        model_file: &Path,
        (data, valid): (&[PathBuf], &[PathBuf]),
        trained: &TrainedModel,
    ) -> Report {
        let name = name(model_file);
        let training = &trained.training;
        let mut report = Report::new(format!("Training of {name}"));
        report.fact("Model", name);
        report.fact("Training data", names(data));
        if !valid.is_empty() {
            report.fact("Validation data", names(valid));
        }
        report.fact("Rows", grouped(training.rows));
        report.fact("Positive", percent(training.positives, training.rows));
        report.fact("Validation rows", grouped(training.valid_rows));
        report.fact("Epochs", format!("{}, kept {}", training.epochs, training.best_epoch));
        report.fact("Seed", training.seed.to_string());
        let kept = self.epochs.iter().find(|report| report.epoch == training.best_epoch);
        if let Some(valid) = kept.and_then(|report| report.valid.as_ref()) {
            report.figures = plain_figures(valid);
            report.note = format!("On the validation rows, after epoch {}.", training.best_epoch);
        }
        report.sections = vec![self.epochs(training.best_epoch), self.units()];
        let mut data = Section::new("Data").with_note(
            "Values that have no slot of their own in the encoder, in shares of all values. A dash means that the field cannot distinguish unseen values.",
        );
        let shapes = trained.encoder.shapes();
        let tables = self.counts.iter().map(|(caption, counts)| fields(caption, counts, shapes));
        data.tables = tables.collect();
        report.sections.push(data);
        report.sections.extend(model(trained));
        report.footer = footer();
        report
    }

    fn epochs(&self, best: u32) -> Section {
        type Value = fn(&EpochReport) -> Option<f64>;
        let line = |name: &str, value: Value| {
            let points = self.epochs.iter().filter_map(|r| Some((f64::from(r.epoch), value(r)?)));
            Series { name: name.to_owned(), points: points.collect() }
        };
        let plot = |title: &str, y: &str, series: Vec<Series>| {
            let series: Vec<_> =
                series.into_iter().filter(|line| !line.points.is_empty()).collect();
            (!series.is_empty())
                .then(|| Plot::lines(title, y, YScale::Linear, &series, Some(f64::from(best))))
        };
        let losses = vec![
            line("training", |report| Some(report.train_loss)),
            line("validation", |report| report.valid.as_ref()?.log_loss),
        ];
        let areas = vec![line("validation", |report| report.valid.as_ref()?.auc)];
        let mut section = Section::new("Epochs").with_note(
            "The training loss is the mean over the rows of an epoch, each predicted before the step that it is part of.",
        );
        section.plots.extend(plot("Log loss", "log loss", losses));
        section.plots.extend(plot("AUC", "AUC", areas));
        let header = ["epoch", "training log loss", "validation log loss", "AUC", "calibration"];
        let rate = self.has_rates.then_some("learning rate");
        let mut table = Table::new("", &header.into_iter().chain(rate).collect::<Vec<_>>());
        for report in &self.epochs {
            let kept = if report.epoch == best { " (kept)" } else { "" };
            let valid = |value: fn(&deepcross_metrics::Summary) -> Option<f64>| {
                metric(report.valid.as_ref().and_then(value))
            };
            let cells = [
                format!("{}{kept}", report.epoch),
                format!("{:.4}", report.train_loss),
                valid(|valid| valid.log_loss),
                valid(|valid| valid.auc),
                valid(|valid| valid.calibration),
            ];
            let rate = self.has_rates.then(|| format!("{:.2e}", report.learning_rate));
            table.push(cells.into_iter().chain(rate));
        }
        section.tables.push(table);
        section
    }

    /// The gradients and activity of the residual units; empty without units.
    fn units(&self) -> Section {
        type Value = fn(&UnitReport) -> Option<f64>;
        let n_units = self.units.iter().map(|(_, units)| units.len()).max().unwrap_or(0);
        let lines = |value: Value| {
            let line = |unit: usize| {
                let point = |(epoch, units): &(u32, Vec<UnitReport>)| {
                    Some((f64::from(*epoch), value(units.get(unit)?)?))
                };
                let points = self.units.iter().filter_map(point).collect();
                Series { name: format!("unit {unit}"), points }
            };
            let lines = (0..n_units).map(line).filter(|line| !line.points.is_empty());
            lines.collect::<Vec<_>>()
        };
        let mut section = Section::new("Residual units").with_note(
            "Always on the same training rows. Unit 0 is next to the stacked input. If there are more than eight units, eight \
             evenly spaced ones are shown.",
        );
        let plots = [
            (
                "Gradient of the weights",
                "norm",
                YScale::Logarithmic,
                lines(|unit| Some(unit.weight_gradient)),
            ),
            (
                "Gradient at the input",
                "norm",
                YScale::Logarithmic,
                lines(|unit| Some(unit.input_gradient)),
            ),
            (
                "Active ReLUs before the addition",
                "share",
                YScale::Unit,
                lines(|unit| unit.inner.map(|relu| relu.active)),
            ),
            (
                "Active ReLUs after the addition",
                "share",
                YScale::Unit,
                lines(|unit| unit.outer.map(|relu| relu.active)),
            ),
        ];
        for (title, y, scale, series) in plots {
            if !series.is_empty() {
                section.plots.push(Plot::lines(title, y, scale, &series, None));
            }
        }
        section
    }
}
