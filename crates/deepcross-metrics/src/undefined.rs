//! The reasons why rows do not define a metric.

use crate::{NamedMetric, Summary};
use std::fmt;

/// The reason why rows do not define a metric; displays as the end of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undefined {
    /// There are no rows.
    NoRows,
    /// All rows have the weight 0.
    NoWeight,
    /// All rows have label 0.
    AllNegative,
    /// All rows have label 1.
    AllPositive,
    /// There are rows of both labels, but those with label 1 have the weight 0.
    WeightlessPositives,
    /// There are rows of both labels, but those with label 0 have the weight 0.
    WeightlessNegatives,
    /// Both classes have weight, but that of one is lost in rounding beside that of the other.
    Unbalanced,
}

impl Summary {
    /// The metrics that the rows do not define, and the reason, which all of them have in common.
    pub fn undefined(&self) -> Option<(Vec<NamedMetric>, Undefined)> {
        let mut metrics = self.metrics();
        metrics.retain(|metric| metric.value.is_none());
        (!metrics.is_empty()).then(|| (metrics, self.reason()))
    }

    /// The reason why a metric is not defined, if one is not.
    fn reason(&self) -> Undefined {
        let Self { rows, positives, weight, positive_weight, .. } = *self;
        let reasons = [
            (rows == 0, Undefined::NoRows),
            (weight <= 0.0, Undefined::NoWeight),
            (positives == 0, Undefined::AllNegative),
            (positives == rows, Undefined::AllPositive),
            (positive_weight <= 0.0, Undefined::WeightlessPositives),
            (positive_weight >= weight, Undefined::WeightlessNegatives),
        ];
        let first = reasons.into_iter().find(|(is_so, _)| *is_so);
        first.map_or(Undefined::Unbalanced, |(_, reason)| reason)
    }
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRows => "there are no rows",
            Self::NoWeight => "all rows have the weight 0",
            Self::AllNegative => "all rows are negative",
            Self::AllPositive => "all rows are positive",
            Self::WeightlessPositives => "all positive rows have the weight 0",
            Self::WeightlessNegatives => "all negative rows have the weight 0",
            Self::Unbalanced => "the weight of one class is lost in rounding beside the other's",
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::Evaluation;

    /// The keys of the metrics that these labels and weights do not define, and the reason.
    fn undefined(rows: &[(u8, f64)]) -> Option<(Vec<&'static str>, String)> {
        let mut evaluation = Evaluation::default();
        for &(label, weight) in rows {
            evaluation.push(0.5_f32, label, weight).expect("rows of the table are good");
        }
        let (metrics, reason) = evaluation.finish().summary.undefined()?;
        Some((metrics.iter().map(|metric| metric.key).collect(), reason.to_string()))
    }

    #[test]
    fn each_undefined_metric_has_a_reason() {
        let of_order = ["auc", "normalized_entropy", "relative_information_gain"];
        let of_positives = [
            "auc",
            "average_precision",
            "normalized_entropy",
            "relative_information_gain",
            "calibration",
        ];
        let all = [
            "auc",
            "average_precision",
            "log_loss",
            "normalized_entropy",
            "relative_information_gain",
            "brier",
            "calibration",
            "expected_calibration_error",
        ];
        /// Labels and weights.
        type Rows<'a> = &'a [(u8, f64)];
        let cases: [(Rows<'_>, &[&str], &str); 6] = [
            (&[], &all, "there are no rows"),
            (&[(0, 0.0), (1, 0.0)], &all, "all rows have the weight 0"),
            (&[(0, 1.0), (0, 2.0)], &of_positives, "all rows are negative"),
            (&[(1, 1.0), (1, 0.0)], &of_order, "all rows are positive"),
            (&[(1, 0.0), (0, 2.0)], &of_positives, "all positive rows have the weight 0"),
            (&[(1, 1.0), (0, 0.0)], &of_order, "all negative rows have the weight 0"),
        ];
        for (rows, keys, reason) in cases {
            assert_eq!(undefined(rows), Some((keys.to_vec(), reason.to_owned())), "{rows:?}");
        }
        assert_eq!(undefined(&[(1, 1.0), (0, 2.0)]), None);
    }
}
