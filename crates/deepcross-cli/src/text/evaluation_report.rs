//! The object that `evaluate --json` prints.

use super::evaluation_text::{EvaluationExtras, undefined};
use super::group_report::GroupReport;
use super::threshold_report::ThresholdReport;
use deepcross_train::EvaluationReport;
use deepcross_train::importance::Importances;
use deepcross_train::slices::Slice;
use serde::Serialize;

/// The metrics, counts of unusual values, and what else was asked for.
#[derive(Serialize)]
pub(crate) struct EvaluationJson<'a> {
    #[serde(flatten)]
    report: EvaluationReport,
    /// With `--threshold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    decisions: Option<&'a ThresholdReport>,
    /// With `--by`.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<&'a GroupReport>,
    /// With `--importance`.
    #[serde(skip_serializing_if = "Option::is_none")]
    importance: Option<&'a Importances>,
    /// With `--slices`: all slices, the worst first.
    #[serde(skip_serializing_if = "Option::is_none")]
    slices: Option<Vec<NamedSlice<'a>>>,
}

/// A slice with its column.
#[derive(Serialize)]
struct NamedSlice<'a> {
    column: &'a str,
    #[serde(flatten)]
    slice: &'a Slice,
}

impl<'a> EvaluationJson<'a> {
    /// The object of a report; undefined metrics of decisions and groups join the others as `decisions.recall`.
    pub(crate) fn new(mut report: EvaluationReport, extras: &'a EvaluationExtras) -> Self {
        for undefined in undefined(&report.summary, extras) {
            let reason = undefined.reason;
            let pairs = undefined.metrics.into_iter().map(|(key, _)| (key, reason.clone()));
            report.undefined.extend(pairs);
        }
        Self {
            report,
            decisions: extras.decisions.as_ref(),
            groups: extras.groups.as_ref(),
            importance: extras.importance.as_ref().map(|(found, _)| found),
            slices: extras.slices.as_ref().map(|slices| {
                let named = |(column, slice)| NamedSlice { column, slice };
                slices.worst().into_iter().map(named).collect()
            }),
        }
    }
}
