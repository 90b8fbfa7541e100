//! The results of `evaluate --threshold`: as a table, as JSON, and as cells for a page.

use super::tables::{metric, short, table};
use super::undefined_metrics::UndefinedMetrics;
use deepcross_metrics::Confusion;
use serde::Serialize;

/// The quality of decisions by a threshold: a row counts as a click if its probability is at least the threshold.
#[derive(Serialize)]
pub(crate) struct ThresholdReport {
    pub(crate) threshold: f64,
    accuracy: Option<f64>,
    precision: Option<f64>,
    recall: Option<f64>,
    f1: Option<f64>,
    mcc: Option<f64>,
    /// The four outcomes, as sums of the weights of rows.
    true_positive: f64,
    false_positive: f64,
    true_negative: f64,
    false_negative: f64,
}

impl ThresholdReport {
    pub(crate) fn new(found: &Confusion) -> Self {
        Self {
            threshold: found.threshold(),
            accuracy: found.accuracy(),
            precision: found.precision(),
            recall: found.recall(),
            f1: found.f1(),
            mcc: found.mcc(),
            true_positive: found.true_positive(),
            false_positive: found.false_positive(),
            true_negative: found.true_negative(),
            false_negative: found.false_negative(),
        }
    }

    /// The measures that the rows do not define.
    pub(crate) fn undefined(&self) -> Vec<UndefinedMetrics> {
        let measures = [
            ("accuracy", "accuracy", self.accuracy, "all rows have the weight 0"),
            ("precision", "precision", self.precision, "no row with weight reaches the threshold"),
            ("recall", "recall", self.recall, "no row with weight is positive"),
            ("f1", "F1", self.f1, "no row with weight is positive or reaches the threshold"),
            ("mcc", "MCC", self.mcc, "all rows with weight have one label or one decision"),
        ];
        let undefined = measures.into_iter().filter(|(_, _, value, _)| value.is_none());
        let named = |(key, label, _, reason): (&str, &str, _, &str)| {
            UndefinedMetrics::one(&format!("decisions.{key}"), label, reason)
        };
        undefined.map(named).collect()
    }

    /// Each measure and its value, with few digits: sums of weights have many.
    pub(crate) fn cells(&self) -> [(&'static str, String); 9] {
        [
            ("accuracy", metric(self.accuracy)),
            ("precision", metric(self.precision)),
            ("recall", metric(self.recall)),
            ("F1", metric(self.f1)),
            ("MCC", metric(self.mcc)),
            ("true positives", short(self.true_positive)),
            ("false positives", short(self.false_positive)),
            ("true negatives", short(self.true_negative)),
            ("false negatives", short(self.false_negative)),
        ]
    }

    pub(crate) fn table(&self) -> comfy_table::Table {
        let mut table = table(&[&format!("decisions at {}", self.threshold), "model"]);
        self.cells().into_iter().for_each(|(name, value)| {
            table.add_row([name.to_owned(), value]);
        });
        table
    }
}
