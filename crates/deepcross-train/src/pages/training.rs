//! The page of a training.

use super::figures::plain_figures;
use super::{fields, footer, model};
use crate::config_file::TrainConfig;
use crate::diagnosis::UnitReport;
use crate::event::{EpochReport, Event};
use crate::member_place::MemberPlace;
use deepcross_features::Counts;
use deepcross_model::TrainedModel;
use deepcross_profile::number_text::{grouped, metric, percent};
use deepcross_report::{Plot, Report, Section, Series, Table, YScale};

/// The events of a run that its page shows; their size grows only with epochs and units.
///
/// A course without events gives the page of a model whose training is not known.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Whether the table of epochs has a column of learning rates.
    has_rates: bool,
    epochs: Vec<EpochReport>,
    units: Vec<(u32, Vec<UnitReport>)>,
    /// The counts of each field in the last epoch, with a caption for the rows.
    counts: Vec<(&'static str, Counts)>,
}

/// What the page calls the model and the files of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CourseFiles {
    /// The model.
    pub model: String,
    /// The training data.
    pub data: String,
    /// The validation data; empty if rows of the training data were held out.
    pub valid: String,
}

impl Course {
    /// The course of a run before its first event.
    pub fn new(train: &TrainConfig) -> Self {
        let (has_rates, epochs, units, counts) =
            (train.changes_rates(), Vec::new(), Vec::new(), Vec::new());
        Self { has_rates, epochs, units, counts }
    }

    /// The course with the reports of these epochs.
    #[must_use]
    pub fn with_epochs(self, epochs: Vec<EpochReport>) -> Self {
        Self { epochs, ..self }
    }

    /// Keeps an event if the page shows it.
    pub fn observe(&mut self, event: &Event<'_>) {
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
    pub fn page(&self, files: CourseFiles, trained: &TrainedModel) -> Report {
        let training = &trained.training;
        let mut report = Report::new(format!("Training of {}", files.model));
        let named = [
            ("Model", files.model),
            ("Training data", files.data),
            ("Validation data", files.valid),
        ];
        for (name, value) in named.into_iter().filter(|(_, value)| !value.is_empty()) {
            report.fact(name, value);
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
        report.sections = vec![self.epoch_section(training.best_epoch), self.units(trained)];
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

    /// The curves and the table of the epochs, with a mark at the kept one, `best`; empty without epochs.
    fn epoch_section(&self, best: u32) -> Section {
        let mut section = Section::new("Epochs").with_note(
            "The training loss is the mean over the rows of an epoch, each predicted before the step that it is part of.",
        );
        section.plots = epoch_curves(&self.epochs, best);
        if self.epochs.is_empty() {
            return section;
        }
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
    fn units(&self, trained: &TrainedModel) -> Section {
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
        let member = MemberPlace { number: 1, of: trained.members().len() };
        let mut section =
            Section::new(format!("Residual units{}", member.of_several())).with_note(
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

/// The curves of log loss and AUC over the epochs, with a mark at the kept one, `best`; a curve without points is left
/// out.
pub fn epoch_curves(epochs: &[EpochReport], best: u32) -> Vec<Plot> {
    type Value = fn(&EpochReport) -> Option<f64>;
    let line = |name: &str, value: Value| {
        let points = epochs.iter().filter_map(|r| Some((f64::from(r.epoch), value(r)?)));
        Series { name: name.to_owned(), points: points.collect() }
    };
    let plot = |title: &str, y: &str, series: Vec<Series>| {
        let series: Vec<_> = series.into_iter().filter(|line| !line.points.is_empty()).collect();
        (!series.is_empty())
            .then(|| Plot::lines(title, y, YScale::Linear, &series, Some(f64::from(best))))
    };
    let losses = vec![
        line("training", |report| Some(report.train_loss)),
        line("validation", |report| report.valid.as_ref()?.log_loss),
    ];
    let areas = vec![line("validation", |report| report.valid.as_ref()?.auc)];
    let plots = [plot("Log loss", "log loss", losses), plot("AUC", "AUC", areas)];
    plots.into_iter().flatten().collect()
}
