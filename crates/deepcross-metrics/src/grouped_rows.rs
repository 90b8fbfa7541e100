//! Metrics by group: means over the groups of a key, such as a user, a query or a page view.
//!
//! They measure the order within a group, where a choice is made.
//! A metric over all rows also rewards a model that separates groups of many clicks from groups of few (Zhu et al.
//! 2017, "Optimized Cost per Click in Taobao Display Advertising", section 5.1; Zhou et al. 2018 for its use with DIN).

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use crate::row::Row;
use crate::sum::Sum;
use crate::weighted_mean::WeightedMean;
use crate::{MetricError, Ranked, Score, ScoredRows};

/// Collects rows by group. `K` is the key of a group, `S` the type of scores.
///
/// Memory: that of a [`ScoredRows`] for each group.
#[derive(Clone, Debug)]
pub struct GroupedRows<K: Ord, S: Score> {
    groups: BTreeMap<K, ScoredRows<S>>,
}

impl<K: Ord, S: Score> Default for GroupedRows<K, S> {
    fn default() -> Self {
        Self { groups: BTreeMap::new() }
    }
}

impl<K: Ord, S: Score> GroupedRows<K, S> {
    /// Takes a row: the key of its group, a score of any scale, a label (0 or 1), and a weight (0,
    /// or [`MIN_WEIGHT`](crate::MIN_WEIGHT) to [`MAX_WEIGHT`](crate::MAX_WEIGHT)).
    ///
    /// # Errors
    /// If the score is NaN, the label is not a class, or the weight is out of range; the row is then
    /// not counted.
    pub fn push(
        &mut self,
        group: K,
        score: S,
        label: impl Into<f64>,
        weight: impl Into<f64>,
    ) -> Result<(), MetricError> {
        let row = Row::scored(score, label, weight)?;
        self.groups.entry(group).or_default().add(row);
        Ok(())
    }

    /// Takes all rows of another part of the data. A group may have rows in both parts.
    pub fn merge(&mut self, other: Self) {
        for (group, scored) in other.groups {
            self.groups.entry(group).or_default().merge(scored);
        }
    }

    /// Sorts the rows of each group.
    ///
    /// The result depends on the rows alone, to the bit: groups are in the order of their keys.
    pub fn into_ranked(self) -> RankedGroups<S> {
        RankedGroups { groups: self.groups.into_values().map(ScoredRows::into_ranked).collect() }
    }
}

/// The rows of each group in order of their scores.
#[derive(Clone, Debug)]
pub struct RankedGroups<S: Score> {
    groups: Vec<Ranked<S>>,
}

/// A metric of groups with its names.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedGroupMean {
    /// The key in a serialised form, such as `auc`.
    pub key: &'static str,
    /// The name within a table, such as "AUC".
    pub label: String,
    /// The means over the groups.
    pub mean: GroupMean,
}

/// The means of a metric over the groups that define it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupMean {
    /// The mean in which all groups count the same; `None` if no group defines the metric.
    pub mean: Option<f64>,
    /// The mean weighted by the weight of each group (its impressions); `None` as for `mean`.
    pub by_impressions: Option<f64>,
    /// The mean weighted by the weight of the positive rows of each group (its clicks); `None` if these groups have
    /// none.
    pub by_clicks: Option<f64>,
    /// The number of groups that define the metric.
    pub groups: u64,
    /// The number of groups that do not define it; they are in no mean.
    pub left_out: u64,
    /// The weight of the rows in the groups that are left out.
    pub left_out_weight: f64,
}

impl<S: Score> RankedGroups<S> {
    /// The area under the ROC curve within each group; groups without weight in both classes are left out.
    pub fn auc(&self) -> GroupMean {
        self.mean(Ranked::auc)
    }

    /// The mean reciprocal rank; groups without a positive row are left out. See [`Ranked::reciprocal_rank`].
    pub fn mrr(&self) -> GroupMean {
        self.mean(Ranked::reciprocal_rank)
    }

    /// The normalized discounted cumulative gain of the first `at` rows of each group; groups without a positive row
    /// are left out. See [`Ranked::ndcg`].
    pub fn ndcg(&self, at: NonZeroUsize) -> GroupMean {
        self.mean(|group| group.ndcg(at))
    }

    /// All metrics of groups, in the order in which a table shows them; NDCG is that of the first `at` rows.
    pub fn metrics(&self, at: NonZeroUsize) -> Vec<NamedGroupMean> {
        let named = |key, label, mean| NamedGroupMean { key, label, mean };
        vec![
            named("auc", "AUC".to_owned(), self.auc()),
            named("mrr", "MRR".to_owned(), self.mrr()),
            named("ndcg", format!("NDCG@{at}"), self.ndcg(at)),
        ]
    }

    /// The means of a metric over the groups. Its values must be in [0, 1]; groups for which it is `None` are left out.
    pub fn mean(&self, metric: impl Fn(&Ranked<S>) -> Option<f64>) -> GroupMean {
        let [mut equal, mut impressions, mut clicks] = [WeightedMean::default(); 3];
        let (mut groups, mut left_out, mut left_out_weight) = (0, 0, Sum::default());
        for group in &self.groups {
            let totals = group.totals();
            if let Some(value) = metric(group) {
                groups += 1;
                equal.add(value, 1.0);
                impressions.add(totals.weight() * value, totals.weight());
                clicks.add(totals.positive * value, totals.positive);
            } else {
                left_out += 1;
                left_out_weight.add(totals.weight());
            }
        }
        // Rounding may lift a mean above 1 by the last bit.
        let mean = |values: WeightedMean| values.value().map(|mean| mean.min(1.0));
        GroupMean {
            mean: mean(equal),
            by_impressions: mean(impressions),
            by_clicks: mean(clicks),
            groups,
            left_out,
            left_out_weight: left_out_weight.value(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [(&str, f64, u8, f64); 7] = [
        ("a", 0.9, 1, 1.0),
        ("a", 0.1, 0, 1.0),
        ("b", 0.3, 1, 2.0),
        ("b", 0.4, 0, 1.0),
        ("c", 0.5, 0, 3.0),
        ("d", 0.5, 1, 1.0),
        ("d", 0.6, 0, 0.0),
    ];

    fn grouped(rows: &[(&'static str, f64, u8, f64)]) -> GroupedRows<&'static str, f64> {
        let mut grouped = GroupedRows::default();
        for &(group, score, label, weight) in rows {
            grouped.push(group, score, label, weight).expect("rows of the table are good");
        }
        grouped
    }

    #[test]
    fn groups_count_by_impressions_and_by_clicks() {
        let expected = GroupMean {
            mean: Some(1.0 / 2.0),
            by_impressions: Some(2.0 / 5.0),
            by_clicks: Some(1.0 / 3.0),
            groups: 2,
            left_out: 2,
            left_out_weight: 4.0,
        };
        for split in 0..ROWS.len() {
            let mut merged = grouped(&ROWS[..split]);
            merged.merge(grouped(&ROWS[split..]));
            assert_eq!(merged.into_ranked().auc(), expected, "parted at {split}");
        }
    }

    #[test]
    fn groups_without_a_positive_row_have_no_rank() {
        let ranked = grouped(&ROWS).into_ranked();
        let found = ranked.metrics(NonZeroUsize::MIN);
        let names: Vec<_> = found.iter().map(|found| (found.key, found.label.as_str())).collect();
        assert_eq!(names, [("auc", "AUC"), ("mrr", "MRR"), ("ndcg", "NDCG@1")]);
        let [_, mrr, ndcg] = [0, 1, 2].map(|n| found[n].mean);
        // Row `d` has weight 0, so it is left out of its group.
        assert_eq!((mrr.mean, ndcg.mean), (Some((1.0 + 0.5 + 1.0) / 3.0), Some(2.0 / 3.0)));
        assert_eq!(mrr.by_impressions, Some((2.0 * 1.0 + 3.0 * 0.5 + 1.0 * 1.0) / 6.0));
        assert_eq!(mrr.by_clicks, Some((1.0 * 1.0 + 2.0 * 0.5 + 1.0 * 1.0) / 4.0));
        assert_eq!((mrr.groups, mrr.left_out, mrr.left_out_weight), (3, 1, 3.0));
    }

    #[test]
    fn needs_a_group_with_both_classes() {
        let found = grouped(&ROWS[4..]).into_ranked().auc();
        assert_eq!((found.by_impressions, found.by_clicks, found.left_out), (None, None, 2));
        let nan = GroupedRows::default().push(1, f32::NAN, 0, 1);
        assert_eq!(nan, Err(MetricError::Score));
    }
}
