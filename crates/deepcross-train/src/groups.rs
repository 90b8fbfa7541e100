//! Evaluated rows by the groups of a column, such as a query, a session or a user.

use crate::error::TrainError;
use crate::run::EvaluatedRows;
use deepcross_features::canonical;
use deepcross_metrics::MetricError;
use deepcross_metrics::ranking::{GroupedRows, RankedGroups};

/// Evaluated rows by the value of a column, of which all spellings are one.
///
/// Memory: a row takes 4 bytes, or 12 if rows have weights; each different value takes its text.
#[derive(Debug)]
pub struct GroupedEvaluation {
    /// The position of the column among those whose raw values the reader keeps.
    column: usize,
    /// The canonical texts that mean "missing".
    missing: Vec<Vec<u8>>,
    groups: GroupedRows<Box<[u8]>, f32>,
    without_group: u64,
    /// The first row that was refused.
    refused: Option<MetricError>,
}

/// Evaluated rows in the order of their scores, group by group.
#[derive(Clone, Debug)]
pub struct EvaluatedGroups {
    /// The rows of each group, in the order of their scores.
    pub ranked: RankedGroups<f32>,
    /// The number of rows whose value is missing; they are in no group.
    pub without_group: u64,
}

impl GroupedEvaluation {
    /// An evaluation without rows yet.
    ///
    /// `column` is the position of the column to group by, among those whose raw values the reader keeps, and `missing`
    /// are the raw values that stand for a missing value.
    pub fn new(column: usize, missing: Vec<String>) -> Self {
        let missing = missing.iter().map(|text| canonical(text.as_bytes()).into_owned()).collect();
        Self { column, missing, groups: GroupedRows::default(), without_group: 0, refused: None }
    }

    /// Adds the next rows of an evaluation.
    ///
    /// # Panics
    /// If the reader does not keep the raw values of the column.
    #[track_caller]
    pub fn push(&mut self, rows: EvaluatedRows<'_>) {
        let EvaluatedRows { batch, probabilities, raw_values } = rows;
        let values = raw_values.columns()[self.column].iter();
        let mut weights = batch.weights().iter();
        for ((value, &probability), &label) in values.zip(probabilities).zip(batch.labels()) {
            // A batch has a weight for each row, or no weights if all are 1.
            let weight = weights.next().copied().unwrap_or(1.0);
            self.push_row(value, probability, label, weight);
        }
    }

    fn push_row(&mut self, value: &[u8], probability: f32, label: f32, weight: f32) {
        let value = canonical(value);
        if value.is_empty() || self.missing.iter().any(|missing| **missing == *value) {
            self.without_group += 1;
            return;
        }
        let pushed = self.groups.push(Box::from(&*value), probability, label, weight);
        self.refused = self.refused.take().or(pushed.err());
    }

    /// Sorts the rows of each group.
    ///
    /// # Errors
    /// [`TrainError::Evaluation`] if a prediction is NaN.
    pub fn finish(self) -> Result<EvaluatedGroups, TrainError> {
        let Self { groups, without_group, refused, .. } = self;
        match refused {
            Some(error) => Err(error.into()),
            None => Ok(EvaluatedGroups { ranked: groups.into_ranked(), without_group }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_value_are_one_group() {
        let mut rows = GroupedEvaluation::new(0, vec!["-1".to_owned()]);
        let mut push = |value: &str, label| rows.push_row(value.as_bytes(), label, label, 1.0);
        push("39", 1.0);
        push("39.0", 0.0);
        push("-1.0", 1.0);
        let found = rows.finish().expect("good rows");
        assert_eq!(found.without_group, 1);
        let mean = found.ranked.auc();
        assert_eq!((mean.groups, mean.left_out), (1, 0));
    }
}
