//! The key figures of a page: the metrics of a model.

use crate::error::TrainError;
use deepcross_metrics::{Evaluated, NamedMetric, Reference, Summary};
use deepcross_report::Figure;

/// The probability that intervals cover.
const LEVEL: f64 = 0.95;

/// The keys of the metrics that come first: those with an interval, and the expected calibration error.
const FIRST: [&str; 6] =
    ["auc", "log_loss", "normalized_entropy", "calibration", "brier", "expected_calibration_error"];

/// The metrics, each with its interval and a value to compare it with.
///
/// # Errors
/// [`TrainError::Evaluation`] if no interval can be computed.
pub fn figures(evaluated: &Evaluated<f32>) -> Result<Vec<Figure>, TrainError> {
    let intervals = evaluated.ranked.intervals(LEVEL)?;
    let figure = |metric: NamedMetric| figure(&metric).with_interval(intervals.of(metric.key));
    Ok(metrics(&evaluated.summary).into_iter().map(figure).collect())
}

/// The metrics without intervals.
pub fn plain_figures(summary: &Summary) -> Vec<Figure> {
    metrics(summary).iter().map(figure).collect()
}

/// All metrics, in the order of the page.
fn metrics(summary: &Summary) -> Vec<NamedMetric> {
    let mut all = summary.metrics();
    let place = |metric: &NamedMetric| FIRST.iter().position(|&key| key == metric.key);
    all.sort_by_key(|metric| place(metric).unwrap_or(FIRST.len()));
    all
}

fn figure(metric: &NamedMetric) -> Figure {
    let note = match metric.reference {
        Reference::Constant { name, value } => format!("{name}: {value}"),
        Reference::BaseRate(Some(value)) => format!("base rate: {value:.4}"),
        Reference::BaseRate(None) => String::new(),
    };
    Figure::new(metric.title, metric.value).with_note(note)
}
