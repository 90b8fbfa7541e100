//! The page of `deepcross calibrate`.

use crate::text::calibration_text::{map_words, metric_lines};
use crate::text::tables::{grouped, metric, percent};
use anyhow::Result;
use deepcross_calibration::{CalibrationMap, Calibrator, FOLDS};
use deepcross_metrics::probability::ReliabilityBin;
use deepcross_metrics::{Evaluated, NamedMetric, Summary};
use deepcross_model::TrainedModel;
use deepcross_report::{Figure, Plot, Report, Section, Table};
use deepcross_train::Calibration;
use deepcross_train::pages::{footer, model, name, names};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// The probability that intervals cover.
const LEVEL: f64 = 0.95;
/// The number of bins of the reliability diagram, the same as for the expected calibration error.
const BINS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(14);
/// The number of points of the calibration curve.
const POINTS: u16 = 400;

/// The page: metrics and reliability before and after, and the curve of the calibrator.
pub(crate) fn page(
    (model_file, data): (&Path, &[PathBuf]),
    trained: &TrainedModel,
    found: &Calibration,
) -> Result<Report> {
    let Calibration { calibrator, before, after } = found;
    let (model_name, data) = (name(model_file), names(data));
    let mut report = Report::new(format!("{model_name}, calibrated on {data}"));
    report.fact("Model", model_name);
    report.fact("Data", data);
    report.fact("Rows", grouped(before.summary.rows));
    let (rows, positives) = (before.summary.rows, before.summary.positives);
    report.fact("Positives", format!("{} ({})", grouped(positives), percent(positives, rows)));
    report.fact("Calibrator", map_words(&calibrator.map));
    report.figures = figures(before, after)?;
    report.note = format!(
        "The metrics after calibration are measured in {FOLDS} folds, each calibrated by a calibrator that was fitted to the \
         others; the stored calibrator is fitted to all rows. Below each value is its 95 % interval."
    );
    report.sections = vec![metrics(&before.summary, &after.summary), reliability(found)?];
    report.sections.extend(model(trained));
    report.footer = footer();
    Ok(report)
}

/// The metrics after, each with its interval and its value before.
fn figures(before: &Evaluated<f32>, after: &Evaluated<f32>) -> Result<Vec<Figure>> {
    let found = after.ranked.intervals(LEVEL)?;
    let figure = |(before, after): (NamedMetric, NamedMetric)| {
        let note = format!("uncalibrated: {}", metric(before.value));
        let figure = Figure::new(after.label, after.value);
        figure.with_interval(found.of(after.key)).with_note(note)
    };
    Ok(metric_lines(&before.summary, &after.summary).into_iter().map(figure).collect())
}

fn metrics(before: &Summary, after: &Summary) -> Section {
    let mut section = Section::new("Before and after");
    let mut table = Table::new("", &["metric", "uncalibrated", "calibrated"]);
    for (before, after) in metric_lines(before, after) {
        table.push([before.label.to_owned(), metric(before.value), metric(after.value)]);
    }
    section.tables.push(table);
    section
}

fn reliability(found: &Calibration) -> Result<Section> {
    let [before, after] = [&found.before, &found.after];
    let bins = [before.ranked.reliability(BINS, LEVEL)?, after.ranked.reliability(BINS, LEVEL)?];
    let upper = bins[0].last().map_or(1.0, |bin| bin.mean_prediction);
    let mut section = Section::new("Calibration").with_note(
        "Points on the dashed line have the right probability; above it, there were more clicks than predicted. The curve \
         shows the calibrated probability for each probability of the model, within the range of the rows.",
    );
    section.plots = vec![
        Plot::reliabilities(&[("uncalibrated", &bins[0]), ("calibrated", &bins[1])]),
        Plot::calibration_curve(&curve(&found.calibrator, upper)),
    ];
    section.tables = vec![
        table("Reliability before, in bins of equal weight", &bins[0]),
        table("Reliability after, in bins of equal weight", &bins[1]),
    ];
    if let CalibrationMap::Isotonic(map) = &found.calibrator.map {
        let mut points = Table::new("Breakpoints", &["logit", "probability"]);
        for (logit, probability) in map.points() {
            points.push([format!("{logit:.4}"), format!("{probability:.5}")]);
        }
        section.tables.push(points);
    }
    Ok(section)
}

fn table(caption: &str, bins: &[ReliabilityBin]) -> Table {
    let header = ["bin", "rows", "mean prediction", "share of positives", "from", "to"];
    let mut table = Table::new(caption, &header);
    for (n, bin) in bins.iter().enumerate() {
        let numbers = [bin.mean_prediction, bin.mean_label, bin.low, bin.high];
        let cells = numbers.map(|number| format!("{number:.4}"));
        table.push([(n + 1).to_string(), grouped(bin.rows)].into_iter().chain(cells));
    }
    table
}

/// The points of a calibrator's curve: probabilities of the model up to `upper`, and the calibrated ones.
fn curve(calibrator: &Calibrator, upper: f64) -> Vec<(f64, f64)> {
    let point = |i: u16| {
        let p = upper * f64::from(i) / f64::from(POINTS);
        let logit = (p / (1.0 - p)).ln() as f32;
        (p, f64::from(calibrator.probability(logit)))
    };
    (1..POINTS).map(point).collect()
}
