//! What quantising a model has changed, as text and as JSON.

use super::calibration_text::metric_lines;
use super::tables::{grouped, metric, table};
use anyhow::Result;
use deepcross_metrics::Summary;
use deepcross_model::TrainedModel;
use deepcross_model::quantisation::QuantisedForm;
use deepcross_train::Quantisation;
use serde::Serialize;

/// The object that `quantize --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct QuantisationReport {
    form: String,
    /// The rows that chose the scales of inputs; the others are those of `before` and `after`.
    scale_rows: u64,
    before: Side,
    after: Side,
    log_loss_change: Change,
}

#[derive(Debug, Serialize)]
struct Side {
    #[serde(flatten)]
    summary: Summary,
    /// The length of the artifact.
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct Change {
    value: f64,
    low: f64,
    high: f64,
    /// `high` as a share of the log loss before.
    greatest_share: f64,
}

impl QuantisationReport {
    pub(crate) fn new(
        before: &TrainedModel,
        found: &Quantisation,
        form: QuantisedForm,
    ) -> Result<Self> {
        let side = |summary: &Summary, trained: &TrainedModel| -> Result<Side> {
            Ok(Side { summary: *summary, bytes: trained.length()? })
        };
        let change = &found.log_loss;
        Ok(Self {
            form: form.to_string(),
            scale_rows: found.scale_rows,
            before: side(&found.before.summary, before)?,
            after: side(&found.after.summary, &found.trained)?,
            log_loss_change: Change {
                value: change.difference,
                low: change.low,
                high: change.high,
                greatest_share: found.greatest_loss(),
            },
        })
    }
}

/// The text that `quantize` prints: sizes, and metrics before and after.
pub(crate) fn quantisation_text(report: &QuantisationReport, found: &Quantisation) -> String {
    let QuantisationReport { form, scale_rows, before, after, log_loss_change } = report;
    let mut metrics = table(&["metric", "before", form]);
    for (before, after) in metric_lines(&before.summary, &after.summary) {
        metrics.add_row([before.label.to_owned(), metric(before.value), metric(after.value)]);
    }
    let bytes = [before.bytes, after.bytes].map(grouped);
    metrics.add_row(["bytes".to_owned(), bytes[0].clone(), bytes[1].clone()]);
    let Change { value, low, high, .. } = log_loss_change;
    let share = 100.0 * found.greatest_loss();
    format!(
        "{} rows chose the scales, {} rows judge\n\n{}\n\nthe log loss changes by {value:+.6} ({low:+.6} to {high:+.6} at 95 %), at most \
         {share:+.3} %",
        grouped(*scale_rows),
        grouped(before.summary.rows),
        metrics.trim_fmt(),
    )
}
