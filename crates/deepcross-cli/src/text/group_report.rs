//! The results of `evaluate --by`: as a table, as JSON, and as cells for a page.

use super::tables::{counted, grouped, metric, table};
use super::undefined_metrics::UndefinedMetrics;
use deepcross_metrics::ranking::{GroupMean, NamedGroupMean};
use deepcross_train::groups::EvaluatedGroups;
use serde::{Serialize, Serializer};
use std::num::NonZeroUsize;

/// The names of the cells of a metric.
pub(crate) const HEADER: [&str; 6] =
    ["metric", "mean over groups", "by impressions", "by clicks", "groups", "left out"];

/// The order of rows within the groups of a column.
#[derive(Serialize)]
pub(crate) struct GroupReport {
    pub(crate) column: String,
    /// The number of first rows of each group that NDCG measures.
    at: NonZeroUsize,
    /// The number of rows whose value is missing.
    rows_without_group: u64,
    #[serde(serialize_with = "by_key")]
    metrics: Vec<NamedGroupMean>,
}

fn by_key<S: Serializer>(metrics: &[NamedGroupMean], out: S) -> Result<S::Ok, S::Error> {
    out.collect_map(metrics.iter().map(|metric| (metric.key, metric.mean)))
}

impl GroupReport {
    pub(crate) fn new(column: String, at: NonZeroUsize, found: &EvaluatedGroups) -> Self {
        let (rows_without_group, metrics) = (found.without_group, found.ranked.metrics(at));
        Self { column, at, rows_without_group, metrics }
    }

    /// The metrics that no group defines.
    pub(crate) fn undefined(&self) -> Vec<UndefinedMetrics> {
        let undefined = self.metrics.iter().filter(|metric| metric.mean.mean.is_none());
        let named = |metric: &NamedGroupMean| {
            let reason = match metric.key {
                "auc" => "no group has rows of both labels with weight",
                _ => "no group has a positive row with weight",
            };
            let label = format!("{} by `{}`", metric.label, self.column);
            UndefinedMetrics::one(&format!("groups.{}", metric.key), &label, reason)
        };
        undefined.map(named).collect()
    }

    /// A line for each metric.
    pub(crate) fn cells(&self) -> impl Iterator<Item = [String; 6]> {
        self.metrics.iter().map(|NamedGroupMean { label, mean, .. }| {
            let GroupMean { mean, by_impressions, by_clicks, groups, left_out, .. } = *mean;
            let [mean, by_impressions, by_clicks] = [mean, by_impressions, by_clicks].map(metric);
            [label.clone(), mean, by_impressions, by_clicks, grouped(groups), grouped(left_out)]
        })
    }

    /// The rows that are in no group, in words; empty if there are none.
    pub(crate) fn without_group(&self) -> String {
        match self.rows_without_group {
            0 => String::new(),
            rows => format!("; {} without a value left out", counted(rows, "row")),
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut table = table(&HEADER);
        self.cells().for_each(|cells| {
            table.add_row(cells);
        });
        let (column, without) = (&self.column, self.without_group());
        format!(
            "groups: the order of rows with the same `{column}`{without}\n\n{}",
            table.trim_fmt()
        )
    }
}
