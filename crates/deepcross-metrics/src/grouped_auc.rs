//! Grouped AUC: the mean area over the groups of a key, such as a user, a query or a page view.
//!
//! It measures the order within a group, where a choice is made. The plain area also rewards a model
//! that separates groups of many clicks from groups of few (Zhu et al. 2017, "Optimized Cost per Click
//! in Taobao Display Advertising", section 5.1; Zhou et al. 2018 for its use with DIN).

use std::collections::BTreeMap;

use crate::row::Row;
use crate::sum::Sum;
use crate::{MetricError, Score, ScoredRows};

/// Collects rows by group. `K` is the key of a group, `S` the type of scores.
///
/// The value depends on the rows alone: groups are added up in the order of their keys.
/// Memory: that of a [`ScoredRows`] for each group.
#[derive(Clone, Debug)]
pub struct GroupedAuc<K: Ord, S: Score> {
    groups: BTreeMap<K, ScoredRows<S>>,
}

/// The means over the groups in which both classes have weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupedAucValue {
    /// The mean area, weighted by the weight of each group (its impressions); `None` if no group has
    /// both classes.
    pub by_impressions: Option<f64>,
    /// The mean area, weighted by the weight of the positive rows of each group (its clicks); `None`
    /// if no group has both classes.
    pub by_clicks: Option<f64>,
    /// The number of groups that have both classes.
    pub groups: u64,
    /// The number of groups in which a class has no weight; they are in neither mean.
    pub left_out: u64,
    /// The weight of the rows in those groups.
    pub left_out_weight: f64,
}

impl<K: Ord, S: Score> Default for GroupedAuc<K, S> {
    fn default() -> Self {
        Self { groups: BTreeMap::new() }
    }
}

impl<K: Ord, S: Score> GroupedAuc<K, S> {
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

    /// Takes all rows of another part of the data. A group may lie in both.
    pub fn merge(&mut self, other: Self) {
        for (group, scored) in other.groups {
            self.groups.entry(group).or_default().merge(scored);
        }
    }

    /// The means over all groups; sorts each.
    pub fn into_value(self) -> GroupedAucValue {
        let (mut impressions, mut clicks) = (Mean::default(), Mean::default());
        let (mut groups, mut left_out, mut left_out_weight) = (0, 0, Sum::default());
        for scored in self.groups.into_values() {
            let ranked = scored.into_ranked();
            let totals = ranked.totals();
            if let Some(area) = ranked.auc() {
                groups += 1;
                impressions.add(area, totals.weight());
                clicks.add(area, totals.positive);
            } else {
                left_out += 1;
                left_out_weight.add(totals.weight());
            }
        }
        GroupedAucValue {
            by_impressions: impressions.value(),
            by_clicks: clicks.value(),
            groups,
            left_out,
            left_out_weight: left_out_weight.value(),
        }
    }
}

/// A weighted mean of areas.
#[derive(Default)]
struct Mean {
    sum: Sum,
    weight: Sum,
}

impl Mean {
    fn add(&mut self, area: f64, weight: f64) {
        self.sum.add(weight * area);
        self.weight.add(weight);
    }

    fn value(&self) -> Option<f64> {
        let weight = self.weight.value();
        (weight > 0.0).then(|| (self.sum.value() / weight).min(1.0))
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

    fn grouped(rows: &[(&'static str, f64, u8, f64)]) -> GroupedAuc<&'static str, f64> {
        let mut grouped = GroupedAuc::default();
        for &(group, score, label, weight) in rows {
            grouped.push(group, score, label, weight).expect("rows of the table are good");
        }
        grouped
    }

    #[test]
    fn groups_count_by_impressions_and_by_clicks() {
        let expected = GroupedAucValue {
            by_impressions: Some(2.0 / 5.0),
            by_clicks: Some(1.0 / 3.0),
            groups: 2,
            left_out: 2,
            left_out_weight: 4.0,
        };
        for split in 0..ROWS.len() {
            let mut merged = grouped(&ROWS[..split]);
            merged.merge(grouped(&ROWS[split..]));
            assert_eq!(merged.into_value(), expected, "parted at {split}");
        }
    }

    #[test]
    fn needs_a_group_with_both_classes() {
        let found = grouped(&ROWS[4..]).into_value();
        assert_eq!((found.by_impressions, found.by_clicks, found.left_out), (None, None, 2));
        let nan = GroupedAuc::default().push(1, f32::NAN, 0, 1);
        assert_eq!(nan, Err(MetricError::Score));
    }
}
