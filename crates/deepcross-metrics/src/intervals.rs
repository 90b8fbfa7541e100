//! Intervals of the metrics of one model, computed in two walks over its ranked rows.
//!
//! Each is value ± z standard errors, for a large sample. The area has DeLong's error, as
//! [`auc_interval`](crate::inference::auc_interval). Log loss and Brier score are means; normalized entropy and
//! calibration are ratios of means, whose error is that of their linear part (the delta method:
//! Oehlert 1992, "A Note on the Delta Method").
//! Rejected: resampling, which takes a walk for each replicate.

use serde::{Deserialize, Serialize};

use crate::normal::two_sided_quantile;
use crate::scored_rows::Tied;
use crate::sum::Sum;
use crate::{MetricError, Ranked, Score};

/// A range that covers the true value of a metric with a probability of about the given level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The intervals of a model's metrics.
///
/// An interval is `None` if the metric is not defined, or if there are fewer than two rows (for the
/// area: two of each class).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// The interval of the area under the ROC curve, within [0, 1].
    pub auc: Option<Interval>,
    /// The interval of the mean log loss, from 0.
    pub log_loss: Option<Interval>,
    /// The interval of the normalized entropy, from 0.
    pub normalized_entropy: Option<Interval>,
    /// The interval of the Brier score, within [0, 1].
    pub brier: Option<Interval>,
    /// The interval of predicted over observed positives, from 0.
    pub calibration: Option<Interval>,
}

/// The log loss of a model beside that of one probability for all rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverConstant {
    /// The mean log loss of the probability.
    pub constant: f64,
    /// The mean log loss of the model − `constant`.
    pub difference: f64,
    /// The estimated standard deviation of `difference` over other samples of rows.
    pub standard_error: f64,
}

impl Intervals {
    /// The interval of the metric with this key of a [`Summary`](crate::Summary); `None` also for metrics that have no
    /// interval.
    pub fn of(&self, key: &str) -> Option<Interval> {
        match key {
            "auc" => self.auc,
            "log_loss" => self.log_loss,
            "normalized_entropy" => self.normalized_entropy,
            "brier" => self.brier,
            "calibration" => self.calibration,
            _ => None,
        }
    }
}

impl<S: Score> Ranked<S> {
    /// The intervals at `level`, in (0, 1).
    ///
    /// Rows with weights are counted as in [`auc_interval`](crate::inference::auc_interval): as importances.
    /// Scores are expected to be probabilities; others are clamped into [0, 1].
    ///
    /// # Errors
    /// If the level is out of range.
    pub fn intervals(&self, level: f64) -> Result<Intervals, MetricError> {
        let z = two_sided_quantile(level)?;
        let means = self.means();
        let error = |influence: &dyn Fn(Class) -> f64| self.standard_error(&means, influence);
        let around = |value: Option<f64>, error: Option<f64>, most: f64| {
            let (value, half) = (value?, z * error?);
            Some(Interval { low: (value - half).max(0.0), high: (value + half).min(most) })
        };
        let Means { rate, loss, square, prediction, .. } = means;
        let entropy = -(rate * libm::log(rate) + (1.0 - rate) * libm::log(1.0 - rate));
        let (relative, slope) = (loss / entropy, libm::log((1.0 - rate) / rate));
        let ratio = prediction / rate;
        let has_positives = rate > 0.0;
        let has_both = has_positives && rate < 1.0;
        Ok(Intervals {
            auc: around(self.auc(), self.auc_error(), 1.0),
            log_loss: around(Some(loss), error(&|row| row.loss - loss), f64::MAX),
            brier: around(Some(square), error(&|row| row.square - square), 1.0),
            normalized_entropy: has_both
                .then(|| {
                    let part = |row: Class| {
                        (row.loss - loss - relative * slope * (row.label - rate)) / entropy
                    };
                    around(Some(relative), error(&part), f64::MAX)
                })
                .flatten(),
            calibration: has_positives
                .then(|| {
                    let part = |row: Class| (row.score - ratio * row.label) / rate;
                    around(Some(ratio), error(&part), f64::MAX)
                })
                .flatten(),
        })
    }

    /// The mean log loss of the scores − that of predicting `rate`, in (0, 1), for every row.
    ///
    /// The losses are compared row by row, as by [`log_loss_difference`](crate::inference::log_loss_difference).
    /// `None` if fewer than two rows have weight.
    pub fn log_loss_over_constant(&self, rate: f64) -> Option<OverConstant> {
        let means = self.means();
        let of_constant =
            |label: f64| -(label * libm::log(rate) + (1.0 - label) * libm::log1p(-rate));
        let constant = of_constant(means.rate);
        let difference = means.loss - constant;
        let influence = |row: Class| row.loss - of_constant(row.label) - difference;
        let standard_error = self.standard_error(&means, &influence)?;
        Some(OverConstant { constant, difference, standard_error })
    }

    fn means(&self) -> Means {
        let [mut rate, mut loss, mut square, mut prediction] = [Sum::default(); 4];
        let mut rows = 0;
        self.for_each_tied(|tied| {
            for class in classes::<S>(&tied) {
                rows += class.rows;
                rate.add(class.weight * class.label);
                loss.add(class.weight * class.loss);
                square.add(class.weight * class.square);
                prediction.add(class.weight * class.score);
            }
        });
        let weight = self.totals().weight();
        let mean = |sum: Sum| sum.value() / weight;
        Means {
            rows,
            weight,
            rate: mean(rate),
            loss: mean(loss),
            square: mean(square),
            prediction: mean(prediction),
        }
    }

    /// The root of n / (n − 1) · Σ w² d² / (Σ w)², where d is the influence of a row on the metric.
    fn standard_error(&self, means: &Means, influence: &dyn Fn(Class) -> f64) -> Option<f64> {
        let mut sum = Sum::default();
        self.for_each_tied(|tied| {
            for class in classes::<S>(&tied) {
                sum.add(class.squares * influence(class).powi(2));
            }
        });
        spread(sum.value(), means.rows, means.weight).map(f64::sqrt)
    }

    /// DeLong's standard error of the area.
    fn auc_error(&self) -> Option<f64> {
        let (area, totals) = (self.auc()?, self.totals());
        let (mut positive_above, mut negative_above) = (Sum::default(), Sum::default());
        let (mut positive_sum, mut negative_sum) = (Sum::default(), Sum::default());
        let (mut positives, mut negatives) = (0, 0);
        self.for_each_tied(|tied| {
            let below = totals.negative - negative_above.value() - 0.5 * tied.negative;
            let above = positive_above.value() + 0.5 * tied.positive;
            let distance = |part: f64, whole: f64| (part / whole - area).powi(2);
            positive_sum.add(tied.positive_squares * distance(below, totals.negative));
            let negative_squares = tied.squares - tied.positive_squares;
            negative_sum.add(negative_squares * distance(above, totals.positive));
            positive_above.add(tied.positive);
            negative_above.add(tied.negative);
            positives += tied.positive_rows;
            negatives += tied.rows - tied.positive_rows;
        });
        let of_positives = spread(positive_sum.value(), positives, totals.positive)?;
        Some((of_positives + spread(negative_sum.value(), negatives, totals.negative)?).sqrt())
    }
}

/// The variance of a weighted mean; `None` for fewer than two rows.
fn spread(sum: f64, rows: u64, weight: f64) -> Option<f64> {
    (rows >= 2).then(|| sum / weight / weight * (rows as f64 / (rows - 1) as f64))
}

/// Weighted means over all rows; NaN if there is no weight.
struct Means {
    rows: u64,
    weight: f64,
    rate: f64,
    loss: f64,
    square: f64,
    prediction: f64,
}

/// The rows of one score and one class.
#[derive(Clone, Copy)]
struct Class {
    rows: u64,
    weight: f64,
    squares: f64,
    label: f64,
    score: f64,
    loss: f64,
    square: f64,
}

fn classes<S: Score>(tied: &Tied) -> [Class; 2] {
    let score = tied.score.clamp(0.0, 1.0);
    let class = |rows, weight, squares, label: f64| {
        let of_label = if label > 0.0 { score } else { 1.0 - score };
        let loss = -libm::log(of_label.clamp(S::EPSILON, 1.0 - S::EPSILON));
        Class { rows, weight, squares, label, score, loss, square: (score - label).powi(2) }
    };
    [
        class(tied.positive_rows, tied.positive, tied.positive_squares, 1.0),
        class(
            tied.rows - tied.positive_rows,
            tied.negative,
            tied.squares - tied.positive_squares,
            0.0,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrap::Bootstrap;
    use crate::delong::auc_interval;
    use crate::loss_difference::log_loss_difference;
    use crate::{Evaluation, ScoredRows, Summary};

    /// Rows with ties, and with weights other than 1 if `weighted`.
    fn rows(n: u32, weighted: bool) -> (Vec<f64>, Vec<u8>, Vec<f64>) {
        let hash = |n: u32, salt: u32| (n ^ salt).wrapping_mul(2_654_435_769) >> 8;
        let share = |n: u32, salt| f64::from(hash(hash(n, salt), salt)) / f64::from(1 << 24);
        let scores: Vec<f64> =
            (0..n).map(|i| 0.02 + 0.5 * (share(i, 7) * 40.0).floor() / 40.0).collect();
        let labels = (0..n).map(|i| u8::from(share(i, 99) < scores[i as usize] * 0.9)).collect();
        let weights = (0..n).map(|i| if weighted { 0.5 + share(i, 31) } else { 1.0 }).collect();
        (scores, labels, weights)
    }

    fn ranked((scores, labels, weights): &(Vec<f64>, Vec<u8>, Vec<f64>)) -> Ranked<f64> {
        let mut scored = ScoredRows::default();
        for ((&score, &label), &weight) in scores.iter().zip(labels).zip(weights) {
            scored.push(score, label, weight).expect("the rows are good");
        }
        scored.into_ranked()
    }

    #[test]
    fn the_area_has_delong_s_interval() {
        for weighted in [false, true] {
            let all = rows(700, weighted);
            let found = ranked(&all).intervals(0.95).expect("a good level").auc.expect("classes");
            let slow = auc_interval(&all.0, &all.1, &all.2, 0.95).expect("good rows");
            let slow = slow.expect("both classes are there");
            assert!((found.low - slow.low).abs() < 1e-12, "{found:?} {slow:?}");
            assert!((found.high - slow.high).abs() < 1e-12, "{found:?} {slow:?}");
        }
    }

    #[test]
    fn a_constant_is_compared_row_by_row() {
        for weighted in [false, true] {
            let all = rows(500, weighted);
            let found = ranked(&all).log_loss_over_constant(0.2).expect("many rows");
            let constant = vec![0.2; all.0.len()];
            let slow = log_loss_difference(&constant, &all.0, &all.1, &all.2, 0.95);
            let slow = slow.expect("good rows").expect("many rows");
            assert!((found.constant - slow.first).abs() < 1e-12, "{found:?} {slow:?}");
            assert!((found.difference - slow.difference).abs() < 1e-12, "{found:?} {slow:?}");
            let error = found.standard_error - slow.standard_error;
            assert!(error.abs() < 1e-12, "{found:?} {slow:?}");
        }
        assert_eq!(ranked(&rows(1, false)).log_loss_over_constant(0.2), None);
    }

    #[test]
    fn other_errors_agree_with_resampling() {
        type Part = (fn(&Intervals) -> Option<Interval>, fn(&Summary) -> Option<f64>);
        let parts: [Part; 4] = [
            (|all| all.log_loss, |all| all.log_loss),
            (|all| all.normalized_entropy, |all| all.normalized_entropy),
            (|all| all.brier, |all| all.brier),
            (|all| all.calibration, |all| all.calibration),
        ];
        for (n, (interval, metric)) in parts.into_iter().enumerate() {
            let all = rows(900, true);
            let intervals = ranked(&all).intervals(0.95).expect("a good level");
            let found = interval(&intervals).expect("both classes are there");
            let bootstrap = Bootstrap { replicates: 600, seed: 5, level: 0.95 };
            let slow = bootstrap.interval(all.0.len(), &all.2, |weights| {
                let mut evaluation = Evaluation::default();
                evaluation.push_all(&all.0, &all.1, weights)?;
                Ok(metric(&evaluation.finish().summary))
            });
            let slow = slow.expect("good rows").expect("defined in all replicates");
            let error = (found.high - found.low) / 2.0 / 1.96;
            let ratio = error / slow.standard_error;
            assert!((0.85..1.15).contains(&ratio), "metric {n}: {ratio}");
        }
    }

    #[test]
    fn undefined_metrics_have_no_interval() {
        for key in ["auc", "log_loss", "normalized_entropy", "brier", "calibration"] {
            let all = ranked(&rows(100, true)).intervals(0.9).expect("a good level");
            let json = serde_json::to_value(all).expect("intervals are a map");
            assert_eq!(json[key], serde_json::to_value(all.of(key)).expect("an interval is a map"));
        }
        let none = ranked(&(vec![], vec![], vec![])).intervals(0.9).expect("a good level");
        assert_eq!(none, Intervals::default());
        let negative = ranked(&(vec![0.1, 0.2], vec![0, 0], vec![1.0, 1.0]));
        let found = negative.intervals(0.9).expect("a good level");
        assert!(found.log_loss.is_some() && found.brier.is_some(), "{found:?}");
        assert!(found.auc.or(found.calibration).or(found.normalized_entropy).is_none());
        assert!(negative.intervals(1.0).is_err());
    }
}
