//! All metrics of a set of predictions in one pass.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use crate::brier::Brier;
use crate::calibration::Calibration;
use crate::normalized_entropy::NormalizedEntropy;
use crate::row::Row;
use crate::slices::for_each_row;
use crate::{Metric, MetricError, NamedMetric, Ranked, Reference, Score, ScoredRows};

/// The number of bins of the expected calibration error, as in Guo et al. (2017), "On Calibration
/// of Modern Neural Networks".
const CALIBRATION_BINS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(14);

/// Takes predictions and ends in a [`Summary`] and the rows in order.
///
/// `S` is the type of the probabilities, `f32` or `f64`. It decides the memory ([`ScoredRows`] keeps
/// every score) and the clamp of [`LogLoss`](crate::probability::LogLoss).
#[derive(Clone, Debug, Default)]
pub struct Evaluation<S: Score> {
    rows: u64,
    positives: u64,
    scored: ScoredRows<S>,
    entropy: NormalizedEntropy,
    calibration: Calibration,
    brier: Brier,
}

impl<S: Score> Evaluation<S> {
    /// Takes a row: the probability of label 1, a label (0 or 1), and a weight (0, or
    /// [`MIN_WEIGHT`](crate::MIN_WEIGHT) to [`MAX_WEIGHT`](crate::MAX_WEIGHT)).
    ///
    /// # Errors
    /// If the probability is outside [0, 1], the label is not a class, or the weight is out of
    /// range; the row is then not counted.
    pub fn push(
        &mut self,
        probability: S,
        label: impl Into<f64>,
        weight: impl Into<f64>,
    ) -> Result<(), MetricError> {
        let row = Row::predicted(probability, label, weight)?;
        self.rows += 1;
        self.positives += u64::from(row.positive);
        self.scored.add(row);
        self.entropy.add(row);
        self.calibration.add(row);
        self.brier.add(row);
        Ok(())
    }

    /// Takes the rows of slices. `weights` has one entry a row, or none if all are 1.
    ///
    /// # Errors
    /// If slices differ in length, before any row is counted; and for the first bad row, by its
    /// position, after the rows before it are counted.
    pub fn push_all(
        &mut self,
        probabilities: &[S],
        labels: &[impl Copy + Into<f64>],
        weights: &[impl Copy + Into<f64>],
    ) -> Result<(), MetricError> {
        for_each_row(probabilities, labels, weights, |probability, label, weight| {
            self.push(probability, label, weight)
        })
    }

    /// Takes all rows of another part of the data.
    ///
    /// Counts, AUC, average precision and the expected calibration error are then the same to the
    /// bit as if one evaluation had taken all rows. The other metrics, which are sums, agree to a few
    /// units in the last place.
    pub fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.positives += other.positives;
        self.scored.merge(other.scored);
        self.entropy.merge(other.entropy);
        self.calibration.merge(other.calibration);
        self.brier.merge(other.brier);
    }

    /// The metrics of all rows. Takes n log n time for n rows, because AUC and others sort.
    ///
    /// For metrics before the last row, finish a clone.
    pub fn finish(self) -> Evaluated<S> {
        let base_rate = self.entropy.base_rate();
        let weight = base_rate.weight();
        let ranked = self.scored.into_ranked();
        let summary = Summary {
            rows: self.rows,
            positives: self.positives,
            weight,
            positive_weight: base_rate.positive_weight(),
            base_rate: base_rate.value(),
            log_loss: self.entropy.log_loss().value(),
            base_log_loss: base_rate.log_loss(),
            normalized_entropy: self.entropy.value(),
            calibration: self.calibration.value(),
            mean_prediction: (weight > 0.0).then(|| self.calibration.predicted() / weight),
            auc: ranked.auc(),
            average_precision: ranked.average_precision(),
            relative_information_gain: self.entropy.relative_information_gain(),
            brier: self.brier.value(),
            // `push` has checked that all scores are probabilities.
            expected_calibration_error: ranked
                .expected_calibration_error(CALIBRATION_BINS)
                .ok()
                .flatten(),
        };
        Evaluated { summary, ranked }
    }
}

/// The result of an [`Evaluation`].
#[derive(Clone, Debug)]
pub struct Evaluated<S: Score> {
    /// The metrics.
    pub summary: Summary,
    /// The rows in order of their scores, for curves, intervals and reliability.
    pub ranked: Ranked<S>,
}

/// The metrics of an [`Evaluation`]. No field is ever NaN or infinite.
///
/// A serialised summary is a map of its fields, in which undefined metrics are null.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// The number of rows, including those of weight 0.
    pub rows: u64,
    /// The number of rows with label 1, including those of weight 0.
    pub positives: u64,
    /// The sum of all weights.
    pub weight: f64,
    /// The sum of the weights of rows with label 1.
    pub positive_weight: f64,
    /// `positive_weight / weight`; `None` without weight.
    pub base_rate: Option<f64>,
    /// The area under the ROC curve, see [`Auc`](crate::ranking::Auc); `None` if a class has no weight.
    pub auc: Option<f64>,
    /// The mean log loss in nats, see [`LogLoss`](crate::probability::LogLoss); `None` without weight.
    pub log_loss: Option<f64>,
    /// The log loss of always predicting `base_rate`; `None` without weight.
    pub base_log_loss: Option<f64>,
    /// `log_loss / base_log_loss`, see [`NormalizedEntropy`]; `None` if a class has no weight.
    pub normalized_entropy: Option<f64>,
    /// Predicted over observed positives, see [`Calibration`]; `None` if label 1 has no weight.
    pub calibration: Option<f64>,
    /// The weighted mean of the probabilities; `None` without weight.
    pub mean_prediction: Option<f64>,
    /// The area under the precision–recall curve, see
    /// [`Ranked::average_precision`](crate::Ranked::average_precision); `None` if label 1 has no
    /// weight.
    pub average_precision: Option<f64>,
    /// 1 − `normalized_entropy`; `None` if a class has no weight.
    pub relative_information_gain: Option<f64>,
    /// The mean squared error, see [`Brier`]; `None` without weight.
    pub brier: Option<f64>,
    /// The mean gap between prediction and label over 15 bins of equal mass, see
    /// [`Ranked::expected_calibration_error`](crate::Ranked::expected_calibration_error); `None`
    /// without weight.
    pub expected_calibration_error: Option<f64>,
}

impl Summary {
    /// The metrics with their names, in the order in which a table shows them.
    pub fn metrics(&self) -> Vec<NamedMetric> {
        let metric = |key, label, title, value, reference| NamedMetric {
            key,
            label,
            title,
            value,
            reference,
        };
        let (rate, gain) = (self.base_rate, self.relative_information_gain);
        let brier_of_base = Reference::BaseRate(rate.map(|rate| rate * (1.0 - rate)));
        let base_loss = Reference::BaseRate(self.base_log_loss);
        vec![
            metric("auc", "AUC", "AUC", self.auc, Reference::chance(0.5)),
            metric(
                "average_precision",
                "average precision",
                "Average precision",
                self.average_precision,
                Reference::BaseRate(rate),
            ),
            metric("log_loss", "log loss", "Log loss", self.log_loss, base_loss),
            metric(
                "normalized_entropy",
                "normalized entropy",
                "Normalized entropy",
                self.normalized_entropy,
                Reference::base_rate(1.0),
            ),
            metric(
                "relative_information_gain",
                "relative information gain",
                "Relative information gain",
                gain,
                Reference::base_rate(0.0),
            ),
            metric("brier", "Brier score", "Brier score", self.brier, brier_of_base),
            metric(
                "calibration",
                "calibration",
                "Calibration ratio",
                self.calibration,
                Reference::ideal(1.0),
            ),
            metric(
                "expected_calibration_error",
                "expected calibration error",
                "Expected calibration error",
                self.expected_calibration_error,
                Reference::ideal(0.0),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UNWEIGHTED;
    use crate::test_support::assert_close;

    fn summary(labels: &[u8], weights: &[f64]) -> Summary {
        let probabilities = &[0.5_f32, 0.75, 0.5, 0.5][..labels.len()];
        let mut evaluation = Evaluation::default();
        evaluation.push_all(probabilities, labels, weights).expect("the rows are good");
        evaluation.finish().summary
    }

    /// Checks all fields, in their order.
    #[track_caller]
    fn check(found: Summary, counts: (u64, u64), weights: (f64, f64), expected: [Option<f64>; 7]) {
        assert_eq!((found.rows, found.positives), counts);
        assert_eq!((found.weight, found.positive_weight), weights);
        assert_close(found.base_rate, expected[0]);
        assert_close(found.auc, expected[1]);
        assert_close(found.log_loss, expected[2]);
        assert_close(found.base_log_loss, expected[3]);
        assert_close(found.normalized_entropy, expected[4]);
        assert_close(found.calibration, expected[5]);
        assert_close(found.mean_prediction, expected[6]);
    }

    #[test]
    fn both_classes_define_all_metrics() {
        let loss = (16.0_f64 / 3.0).ln() / 3.0;
        let base = (27.0_f64 / 4.0).ln() / 3.0;
        let expected = [1.0 / 3.0, 1.0, loss, base, loss / base, 1.75, 1.75 / 3.0].map(Some);
        check(summary(&[0, 1, 0, 1], &[1.0, 1.0, 1.0, 0.0]), (4, 2), (3.0, 1.0), expected);
    }

    #[test]
    fn one_class_leaves_metrics_undefined() {
        let ln_2 = Some(std::f64::consts::LN_2);
        let negative = [Some(0.0), None, ln_2, Some(0.0), None, None, Some(0.5)];
        check(summary(&[0, 1], &[1.0, 0.0]), (2, 1), (1.0, 0.0), negative);
        let positive = [Some(1.0), None, ln_2, Some(0.0), None, Some(0.5), Some(0.5)];
        check(summary(&[1], &[]), (1, 1), (1.0, 1.0), positive);
        check(summary(&[1, 0], &[0.0, 0.0]), (2, 1), (0.0, 0.0), [None; 7]);
    }

    #[test]
    fn undefined_metrics_are_null_in_json() {
        let json = serde_json::to_string(&summary(&[], &[])).expect("a summary is a map");
        let expected = concat!(
            r#"{"rows":0,"positives":0,"weight":0.0,"positive_weight":0.0,"base_rate":null,"#,
            r#""auc":null,"log_loss":null,"base_log_loss":null,"normalized_entropy":null,"#,
            r#""calibration":null,"mean_prediction":null,"average_precision":null,"#,
            r#""relative_information_gain":null,"brier":null,"#,
            r#""expected_calibration_error":null}"#,
        );
        assert_eq!(json, expected);
    }

    #[test]
    fn named_metrics_are_those_of_the_summary() {
        let summary = summary(&[0, 1, 0, 1], &[1.0, 2.0, 1.0, 1.0]);
        let json = serde_json::to_value(summary).expect("a summary is a map");
        for metric in summary.metrics() {
            assert_eq!(json[metric.key].as_f64(), metric.value, "{}", metric.key);
            assert!(metric.title.eq_ignore_ascii_case(metric.label) || metric.key == "calibration");
            assert!(metric.value.is_some() && metric.reference.value().is_some());
        }
    }

    #[test]
    fn a_bad_row_is_named_and_not_counted() {
        let mut evaluation = Evaluation::default();
        let problem = evaluation.push_all(&[0.5, 1.5, 0.5], &[0, 1, 1], UNWEIGHTED);
        let message = "row 1: probability must be in [0, 1], but is 1.5";
        assert_eq!(problem.map_err(|problem| problem.to_string()), Err(message.to_owned()));
        assert_eq!(evaluation.finish().summary.rows, 1);
    }
}
