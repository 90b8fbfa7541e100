//! The metrics of a model with what was unusual about the rows, as JSON has them.

use crate::error::TrainError;
use deepcross_data::RowReader;
use deepcross_features::FieldCounts;
use deepcross_metrics::{Evaluated, Interval, Summary};
use deepcross_model::TrainedModel;
use serde::Serialize;
use std::collections::BTreeMap;

/// The probability that intervals cover.
const LEVEL: f64 = 0.95;

/// The metrics of a model, their intervals, and counts of unusual values by field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluationReport {
    /// The metrics.
    #[serde(flatten)]
    pub summary: Summary,
    /// The 95 % intervals of the metrics that have one, by their keys.
    pub intervals: BTreeMap<&'static str, Interval>,
    /// The method of the model's calibrator, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibrator: Option<&'static str>,
    /// The number of values of each field that training did not meet; `None` if that cannot be known, as for hashed
    /// values and numbers.
    pub unseen: BTreeMap<String, Option<u64>>,
    /// The missing values of each field.
    pub missing: BTreeMap<String, u64>,
    /// The rare values of each field.
    pub rare: BTreeMap<String, u64>,
    /// The clipped values of each field.
    pub clipped: BTreeMap<String, u64>,
    /// The values of each field that are far outside of the training values.
    pub far: BTreeMap<String, u64>,
    /// The metrics that the rows do not define, with their reasons.
    pub undefined: BTreeMap<String, String>,
    /// The number of rows that could not be read.
    pub skipped: u64,
}

impl EvaluationReport {
    /// The report of rows that `reader` has read to their end.
    ///
    /// # Errors
    /// [`TrainError::Evaluation`] if no interval can be computed.
    pub fn new(
        evaluated: &Evaluated<f32>,
        reader: &RowReader<'_>,
        trained: &TrainedModel,
    ) -> Result<Self, TrainError> {
        let summary = evaluated.summary;
        let intervals = evaluated.ranked.intervals(LEVEL)?;
        let keys = summary.metrics().into_iter().map(|metric| metric.key);
        let undefined = summary.undefined().into_iter().flat_map(|(metrics, reason)| {
            let reason = reason.to_string();
            metrics.into_iter().map(move |metric| (metric.key.to_owned(), reason.clone()))
        });
        let counted = |of: fn(&FieldCounts) -> u64| {
            let counts = reader.counts().iter();
            counts.map(|(name, counts)| (name.to_owned(), of(counts))).collect()
        };
        let shapes = trained.encoder.shapes().iter().zip(reader.counts().iter());
        Ok(Self {
            summary,
            intervals: keys.filter_map(|key| Some((key, intervals.of(key)?))).collect(),
            calibrator: trained.calibrator.as_ref().map(|found| found.map.method().name()),
            unseen: shapes
                .map(|(shape, (name, counts))| {
                    (name.to_owned(), shape.knows_unseen().then_some(counts.unseen))
                })
                .collect(),
            missing: counted(|counts| counts.missing),
            rare: counted(|counts| counts.rare),
            clipped: counted(|counts| counts.clipped),
            far: counted(|counts| counts.far),
            undefined: undefined.collect(),
            skipped: reader.skipped().rows,
        })
    }
}
