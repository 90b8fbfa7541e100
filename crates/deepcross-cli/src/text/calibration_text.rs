//! A calibrator and the metrics before and after it, as text.

use super::calibration_json::bins_of;
use super::tables::{counted, grouped, metric, table};
use anyhow::Result;
use deepcross_calibration::{CalibrationMap, FOLDS};
use deepcross_metrics::{NamedMetric, Summary};
use deepcross_train::Calibration;

/// The method and the numbers of a map, as a formula or in words.
pub(crate) fn map_words(map: &CalibrationMap) -> String {
    match map {
        CalibrationMap::Temperature(map) => {
            format!("temperature {:.4}: sigmoid(logit / {0:.4})", map.temperature())
        }
        CalibrationMap::Platt(map) => {
            let (slope, intercept) = (map.slope(), map.intercept());
            let sign = if intercept < 0.0 { '−' } else { '+' };
            format!("platt: sigmoid({slope:.4} · logit {sign} {:.4})", intercept.abs())
        }
        CalibrationMap::Isotonic(map) => {
            let points = map.points();
            let (low, high) = (points.first(), points.last());
            let p = |point: Option<&(f32, f32)>| point.map_or(f32::NAN, |point| point.1);
            let n = counted(points.len() as u64, "breakpoint");
            format!("isotonic: {n}, probabilities from {:.5} to {:.5}", p(low), p(high))
        }
    }
}

/// The text that `calibrate` prints: metrics and reliability before and after, and the map.
pub(crate) fn calibration_text(found: &Calibration) -> Result<String> {
    let Calibration { calibrator, before, after } = found;
    let (rows, positives) =
        (counted(before.summary.rows, "row"), grouped(before.summary.positives));
    let mut metrics = table(&["metric", "uncalibrated", "calibrated"]);
    for (before, after) in metric_lines(&before.summary, &after.summary) {
        metrics.add_row([before.label.to_owned(), metric(before.value), metric(after.value)]);
    }
    let mut bins = table(&["bin", "mean prediction", "positives", "calibrated", "positives"]);
    let [before, after] = [bins_of(before)?, bins_of(after)?];
    for n in 0..before.len().max(after.len()) {
        let cells = [&before, &after].map(|bins| bins.get(n)).into_iter().flat_map(|bin| {
            [bin.map(|bin| bin.mean_prediction), bin.map(|bin| bin.mean_label)].map(metric)
        });
        bins.add_row([(n + 1).to_string()].into_iter().chain(cells));
    }
    Ok(format!(
        "{rows}, {positives} positive; calibrated in {FOLDS} folds, each by a calibrator fitted to the others\n\n{}\n\nreliability, in bins of \
         equal weight\n\n{}\n\n{}",
        metrics.trim_fmt(),
        bins.trim_fmt(),
        map_words(&calibrator.map)
    ))
}

/// The metrics that calibration can change, and the AUC, which it should not.
const METRICS: [&str; 6] =
    ["log_loss", "normalized_entropy", "brier", "calibration", "expected_calibration_error", "auc"];

/// Each metric before and after.
pub(crate) fn metric_lines(before: &Summary, after: &Summary) -> Vec<(NamedMetric, NamedMetric)> {
    let both: Vec<_> = before.metrics().into_iter().zip(after.metrics()).collect();
    let line = |key| both.iter().find(|(before, _)| before.key == key).copied();
    METRICS.into_iter().filter_map(line).collect()
}
