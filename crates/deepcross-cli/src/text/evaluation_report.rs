//! The object that `evaluate --json` prints.

use super::evaluation_text::{EvaluationExtras, undefined};
use super::group_report::GroupReport;
use super::threshold_report::ThresholdReport;
use deepcross_data::RowReader;
use deepcross_metrics::Summary;
use deepcross_model::TrainedModel;
use deepcross_train::importance::Importances;
use deepcross_train::slices::Slice;
use serde::Serialize;
use std::collections::BTreeMap;

/// The metrics, counts of unusual values, and what else was asked for.
#[derive(Serialize)]
pub(crate) struct EvaluationReport<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    /// With `--threshold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    decisions: Option<&'a ThresholdReport>,
    /// With `--by`.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<&'a GroupReport>,
    /// The method of the model's calibrator, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    calibrator: Option<&'static str>,
    /// The number of values of each field that training did not meet; null if that cannot be known, as for hashed values and
    /// numbers.
    unseen: BTreeMap<&'a str, Option<u64>>,
    missing: BTreeMap<&'a str, u64>,
    rare: BTreeMap<&'a str, u64>,
    clipped: BTreeMap<&'a str, u64>,
    far: BTreeMap<&'a str, u64>,
    /// The metrics that the rows do not define, with their reasons; those of decisions and groups as `decisions.recall`.
    undefined: BTreeMap<String, String>,
    /// The number of rows that could not be read.
    skipped: u64,
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

impl<'a> EvaluationReport<'a> {
    pub(crate) fn new(
        summary: &'a Summary,
        reader: &'a RowReader<'_>,
        trained: &'a TrainedModel,
        extras: &'a EvaluationExtras,
    ) -> Self {
        let counts = || reader.counts().iter();
        Self {
            summary,
            decisions: extras.decisions.as_ref(),
            groups: extras.groups.as_ref(),
            calibrator: trained.calibrator.as_ref().map(|found| found.map.method().name()),
            unseen: trained
                .encoder
                .shapes()
                .iter()
                .zip(counts())
                .map(|(shape, (name, counts))| {
                    (name, shape.knows_unseen().then_some(counts.unseen))
                })
                .collect(),
            missing: counts().map(|(name, counts)| (name, counts.missing)).collect(),
            rare: counts().map(|(name, counts)| (name, counts.rare)).collect(),
            clipped: counts().map(|(name, counts)| (name, counts.clipped)).collect(),
            far: counts().map(|(name, counts)| (name, counts.far)).collect(),
            undefined: reasons(summary, extras),
            skipped: reader.skipped().rows,
            importance: extras.importance.as_ref().map(|(found, _)| found),
            slices: extras.slices.as_ref().map(|slices| {
                let named = |(column, slice)| NamedSlice { column, slice };
                slices.worst().into_iter().map(named).collect()
            }),
        }
    }
}

/// The reason of each metric that the rows do not define, by its key.
fn reasons(summary: &Summary, extras: &EvaluationExtras) -> BTreeMap<String, String> {
    let undefined = undefined(summary, extras).into_iter();
    let pairs = undefined.flat_map(|undefined| {
        let reason = undefined.reason;
        undefined.metrics.into_iter().map(move |(key, _)| (key, reason.clone()))
    });
    pairs.collect()
}
