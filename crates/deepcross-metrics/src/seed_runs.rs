//! Models that are trained with several seeds each, compared on the same rows.
//!
//! A model's metric is its mean over seeds, and depends on chance in two ways: by the rows that it is
//! measured on, and by the seeds that it was trained with. All seeds of all models score the same
//! rows, so that the errors of rows are shared. This is the design in which several readers judge the
//! same cases, with seeds in the place of readers: Obuchowski and Rockette (1995), "Hypothesis Testing
//! of Diagnostic Accuracy for Multiple Readers and Multiple Tests", with the degrees of freedom of
//! Hillis (2007), "A Comparison of Denominator Degrees of Freedom Methods for Multiple Observer ROC
//! Analysis".
//!
//! For S seeds with the values A₁ … A_S, the variance of their mean is estimated by
//!
//! ```text
//! (R − C)⁺ + Q, but at least R        Q = Σ (A_s − A)² / (S − 1) / S
//!                                     C = (R̄ − R) / (S − 1)
//! ```
//!
//! R is the variance over rows of the mean over seeds: DeLong's, for placements averaged over seeds, or
//! that of a mean of losses averaged over seeds. R̄ is the mean over seeds of the variance over rows.
//! Q is the variance of the mean between seeds. Because the seeds are measured on a sample of rows, Q
//! includes the interaction of seeds and rows, which R includes too, and which C subtracts once.
//! The R of a difference comes from the differences of the averaged placements or losses, paired by
//! rows; its Q and C are the sums of those of both models, whose seeds are independent.
//!
//! The intervals and tests are those of a t distribution with (variance)² / Σ Q² / (S − 1) degrees of
//! freedom: few if the seeds decide, and infinitely many for one seed. The interval is then DeLong's,
//! and says nothing about other seeds. If three seeds decide and rows hardly matter, the spread
//! between seeds is poorly known: an interval of 95 % then covers about 92 % (`tests/it/seeds.rs`).

use crate::delong::{Placement, area_and_variance, mean_and_variance, placements};
use crate::log_loss::loss;
use crate::row::Row;
use crate::slices::{check_length, for_each_row};
use crate::student_t::{two_sided_quantile, two_sided_tail};
use crate::sum::Sum;
use crate::{MetricError, Score};
use serde::Serialize;

/// The labels and weights of the rows that runs are measured on.
#[derive(Clone, Debug)]
pub struct TestRows {
    rows: Vec<Row<f32>>,
}

/// The runs of one model, of one seed each, on the same rows.
///
/// Memory: two numbers of 8 bytes a row, however many runs there are.
#[derive(Clone, Debug)]
pub struct SeedRuns<'r> {
    rows: &'r TestRows,
    auc: Parts,
    log_loss: Parts,
}

/// A metric of a model: the mean over its seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SeedEstimate {
    /// The mean over seeds.
    pub value: f64,
    /// The standard deviation between seeds; `None` for one seed.
    pub seed_deviation: Option<f64>,
    /// The estimated standard deviation of `value` over other rows and other seeds.
    pub standard_error: f64,
    /// The degrees of freedom of the t distribution of the interval; infinite for one seed.
    pub degrees_of_freedom: f64,
    /// The lower end of the interval, cut off at the least value of the metric.
    pub low: f64,
    /// The upper end of the interval, cut off at the greatest value of the metric.
    pub high: f64,
}

/// A metric of two models on the same rows, compared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SeedDifference {
    /// The metric of the second model − that of the first.
    pub difference: f64,
    /// The estimated standard deviation of `difference` over other rows and other seeds.
    pub standard_error: f64,
    /// The degrees of freedom of the t distribution of interval and p-value.
    pub degrees_of_freedom: f64,
    /// The lower end of the interval; of an area, cut off at −1.
    pub low: f64,
    /// The upper end of the interval; of an area, cut off at 1.
    pub high: f64,
    /// The probability of a difference as great, in either direction, if both are truly the same; `None`
    /// if the standard error is 0.
    pub p_value: Option<f64>,
}

impl TestRows {
    /// Rows with these labels (0 or 1). `weights` has one entry a row, or none if all are 1; as in
    /// [`auc_interval`](crate::inference::auc_interval), they are importances and not counts.
    ///
    /// # Errors
    /// If slices differ in length, or a row is bad; the first bad row is named by its position.
    pub fn new(
        labels: &[impl Copy + Into<f64>],
        weights: &[impl Copy + Into<f64>],
    ) -> Result<Self, MetricError> {
        let (mut rows, no_scores) = (Vec::with_capacity(labels.len()), vec![0.0_f32; labels.len()]);
        for_each_row(&no_scores, labels, weights, |score, label, weight| {
            rows.push(Row::scored(score, label, weight)?);
            Ok(())
        })?;
        Ok(Self { rows })
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A model without runs on these rows yet.
    pub fn runs(&self) -> SeedRuns<'_> {
        let parts =
            |measure| Parts { measure, values: Vec::new(), own: Sum::default(), rows: vec![] };
        SeedRuns { rows: self, auc: parts(area_and_variance), log_loss: parts(over_all) }
    }
}

impl SeedRuns<'_> {
    /// Takes a run: the probability that it gives each row. It takes n log n time for n rows.
    ///
    /// # Errors
    /// If there are more or fewer probabilities than rows, or if one is not in [0, 1], which is named
    /// by its position; the run is then not counted.
    pub fn push(&mut self, probabilities: &[impl Score]) -> Result<(), MetricError> {
        let targets = &self.rows.rows;
        check_length("probabilities", probabilities.len(), targets.len())?;
        let mut rows = Vec::with_capacity(targets.len());
        for (row, (&probability, target)) in probabilities.iter().zip(targets).enumerate() {
            let checked = Row::predicted(probability, target.positive, target.weight)
                .map_err(|problem| MetricError::Row { row, problem: Box::new(problem) })?;
            rows.push(checked);
        }
        self.auc.push(&placements(&rows));
        let placed = |row: &Row<_>| Placement {
            positive: row.positive,
            weight: row.weight,
            value: loss(*row),
        };
        self.log_loss.push(&rows.iter().map(placed).collect::<Vec<_>>());
        Ok(())
    }

    /// The number of runs.
    pub fn n_runs(&self) -> usize {
        self.auc.values.len()
    }

    /// The area under the ROC curve, with an interval that covers its expectation over all seeds and
    /// rows with a probability of about `level`, in (0, 1).
    ///
    /// `None` without runs, and if a class has fewer than two rows with weight.
    ///
    /// # Errors
    /// If the level is out of range.
    pub fn auc(&self, level: f64) -> Result<Option<SeedEstimate>, MetricError> {
        self.auc.estimate(level, 1.0)
    }

    /// The mean log loss, likewise; `None` without runs, and if fewer than two rows have weight.
    ///
    /// # Errors
    /// If the level is out of range.
    pub fn log_loss(&self, level: f64) -> Result<Option<SeedEstimate>, MetricError> {
        self.log_loss.estimate(level, f64::MAX)
    }

    /// The area of `other` minus this one; with one run of each, it is DeLong's difference.
    ///
    /// # Panics
    /// If `other` has other rows.
    ///
    /// # Errors
    /// If the level is out of range.
    #[track_caller]
    pub fn auc_difference(
        &self,
        other: &SeedRuns<'_>,
        level: f64,
    ) -> Result<Option<SeedDifference>, MetricError> {
        self.check_rows(other);
        self.auc.difference(&other.auc, level, 1.0)
    }

    /// The log loss of `other` minus this one.
    ///
    /// # Panics
    /// If `other` has other rows.
    ///
    /// # Errors
    /// If the level is out of range.
    #[track_caller]
    pub fn log_loss_difference(
        &self,
        other: &SeedRuns<'_>,
        level: f64,
    ) -> Result<Option<SeedDifference>, MetricError> {
        self.check_rows(other);
        self.log_loss.difference(&other.log_loss, level, f64::MAX)
    }

    #[track_caller]
    fn check_rows(&self, other: &SeedRuns<'_>) {
        assert!(std::ptr::eq(self.rows, other.rows), "the runs are of other rows");
    }
}

/// The mean of the contributions of all rows, and its variance over rows.
type Measure = fn(&[Placement]) -> Option<(f64, f64)>;

fn over_all(rows: &[Placement]) -> Option<(f64, f64)> {
    mean_and_variance(rows, |_| true)
}

/// One metric of all runs so far.
#[derive(Clone, Debug)]
struct Parts {
    measure: Measure,
    /// The value of each run; `None` if the rows do not define it.
    values: Vec<f64>,
    /// The sum of the runs' variances over rows.
    own: Sum,
    /// The contribution of each row to the metric, summed over runs.
    rows: Vec<Placement>,
}

/// The variance of a mean over seeds.
struct Variance {
    /// R, the variance over rows.
    rows: f64,
    /// C and Q; 0 for one run.
    common: f64,
    seeds: f64,
    /// Q² / (S − 1).
    seeds_squared: f64,
}

impl Parts {
    fn push(&mut self, run: &[Placement]) {
        if let Some((value, variance)) = (self.measure)(run) {
            self.values.push(value);
            self.own.add(variance);
        }
        if self.rows.is_empty() {
            self.rows = run.to_vec();
            return;
        }
        self.rows.iter_mut().zip(run).for_each(|(sum, row)| sum.value += row.value);
    }

    fn n(&self) -> f64 {
        self.values.len() as f64
    }

    fn mean(&self) -> Option<f64> {
        let sum = self.values.iter().copied().collect::<Sum>().value();
        (!self.values.is_empty()).then(|| sum / self.n())
    }

    /// The variance of one value between seeds.
    fn between_seeds(&self) -> Option<f64> {
        let mean = self.mean()?;
        let squares = self.values.iter().map(|value| (value - mean).powi(2)).collect::<Sum>();
        (self.values.len() > 1).then(|| squares.value() / (self.n() - 1.0))
    }

    /// The contribution of each row to the mean over seeds.
    fn averaged(&self) -> Vec<Placement> {
        let mut rows = self.rows.clone();
        rows.iter_mut().for_each(|row| row.value /= self.n());
        rows
    }

    fn variance(&self) -> Option<Variance> {
        let rows = (self.measure)(&self.averaged())?.1;
        let Some(between) = self.between_seeds() else {
            return Some(Variance { rows, common: 0.0, seeds: 0.0, seeds_squared: 0.0 });
        };
        let (seeds, others) = (between / self.n(), self.n() - 1.0);
        let common = (self.own.value() / self.n() - rows).max(0.0) / others;
        Some(Variance { rows, common, seeds, seeds_squared: seeds * seeds / others })
    }

    fn estimate(&self, level: f64, most: f64) -> Result<Option<SeedEstimate>, MetricError> {
        let (Some(value), Some(variance)) = (self.mean(), self.variance()) else {
            return two_sided_quantile(level, f64::INFINITY).map(|_| None);
        };
        let (standard_error, degrees_of_freedom) = variance.error();
        let half = two_sided_quantile(level, degrees_of_freedom)? * standard_error;
        Ok(Some(SeedEstimate {
            value,
            seed_deviation: self.between_seeds().map(f64::sqrt),
            standard_error,
            degrees_of_freedom,
            low: (value - half).max(0.0),
            high: (value + half).min(most),
        }))
    }

    fn difference(
        &self,
        other: &Self,
        level: f64,
        most: f64,
    ) -> Result<Option<SeedDifference>, MetricError> {
        let Some((difference, variance)) = self.change(other) else {
            return two_sided_quantile(level, f64::INFINITY).map(|_| None);
        };
        let (standard_error, degrees_of_freedom) = variance.error();
        let half = two_sided_quantile(level, degrees_of_freedom)? * standard_error;
        Ok(Some(SeedDifference {
            difference,
            standard_error,
            degrees_of_freedom,
            low: (difference - half).max(-most),
            high: (difference + half).min(most),
            p_value: (standard_error > 0.0)
                .then(|| two_sided_tail(difference.abs() / standard_error, degrees_of_freedom)),
        }))
    }

    /// The difference of the means over seeds, and its variance.
    fn change(&self, other: &Self) -> Option<(f64, Variance)> {
        let (first, second) = (self.variance()?, other.variance()?);
        let mut change = self.averaged();
        let pairs = change.iter_mut().zip(other.averaged());
        pairs.for_each(|(own, other)| own.value = other.value - own.value);
        let variance = Variance {
            rows: (self.measure)(&change)?.1,
            common: first.common + second.common,
            seeds: first.seeds + second.seeds,
            seeds_squared: first.seeds_squared + second.seeds_squared,
        };
        Some((other.mean()? - self.mean()?, variance))
    }
}

impl Variance {
    /// The standard error, and its degrees of freedom.
    fn error(&self) -> (f64, f64) {
        let variance = ((self.rows - self.common).max(0.0) + self.seeds).max(self.rows);
        let degrees_of_freedom = if self.seeds_squared > 0.0 {
            variance * variance / self.seeds_squared
        } else {
            f64::INFINITY
        };
        (variance.sqrt(), degrees_of_freedom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UNWEIGHTED;
    use crate::delong::{auc_difference, auc_interval};
    use crate::log_loss::log_loss;

    const LABELS: [u8; 8] = [0, 0, 1, 1, 1, 0, 1, 0];
    const WEIGHTS: [f64; 8] = [1.0, 0.5, 2.0, 1.0, 1.0, 3.0, 0.25, 1.0];
    const FIRST: [f64; 8] = [0.1, 0.4, 0.35, 0.8, 0.4, 0.9, 0.6, 0.2];
    const SECOND: [f64; 8] = [0.2, 0.3, 0.55, 0.7, 0.6, 0.5, 0.3, 0.1];

    fn runs<'r>(rows: &'r TestRows, scores: &[[f64; 8]]) -> SeedRuns<'r> {
        let mut runs = rows.runs();
        scores.iter().for_each(|scores| runs.push(scores).expect("good rows"));
        runs
    }

    #[test]
    fn one_run_of_each_is_delong_s() {
        let rows = TestRows::new(&LABELS, &WEIGHTS).expect("good rows");
        let (first, second) = (runs(&rows, &[FIRST]), runs(&rows, &[SECOND]));
        let found = first.auc_difference(&second, 0.9).expect("a level").expect("classes");
        let slow = auc_difference(&FIRST, &SECOND, &LABELS, &WEIGHTS, 0.9).expect("good rows");
        let slow = slow.expect("both classes");
        let pairs = [
            (found.difference, slow.difference),
            (found.standard_error, slow.standard_error),
            (found.low, slow.low),
            (found.high, slow.high),
            (found.p_value.unwrap_or(7.0), slow.p_value.unwrap_or(8.0)),
        ];
        assert!(pairs.iter().all(|(a, b)| (a - b).abs() < 1e-12), "{pairs:?}");
        let found = first.auc(0.9).expect("a level").expect("classes");
        let slow = auc_interval(&FIRST, &LABELS, &WEIGHTS, 0.9).expect("good").expect("classes");
        assert!((found.low - slow.low).abs() < 1e-12 && (found.high - slow.high).abs() < 1e-12);
        assert_eq!(found.seed_deviation, None);
    }

    #[test]
    fn values_are_means_over_seeds() {
        let rows = TestRows::new(&LABELS, &WEIGHTS).expect("good rows");
        let both = runs(&rows, &[FIRST, SECOND]);
        let found = both.log_loss(0.95).expect("a level").expect("rows");
        let loss = |scores: &[f64; 8]| log_loss(scores, &LABELS, &WEIGHTS);
        let [first, second] =
            [FIRST, SECOND].map(|scores| loss(&scores).expect("good").expect("rows"));
        assert!((found.value - (first + second) / 2.0).abs() < 1e-15);
        let deviation = (first - second).abs() / 2.0_f64.sqrt();
        assert!((found.seed_deviation.expect("two") - deviation).abs() < 1e-15, "{found:?}");
        assert!(found.degrees_of_freedom >= 1.0);
    }

    #[test]
    fn equal_runs_do_not_differ_and_seeds_add_nothing() {
        let rows = TestRows::new(&LABELS, &WEIGHTS).expect("good rows");
        let (once, thrice) = (runs(&rows, &[FIRST]), runs(&rows, &[FIRST; 3]));
        let found = once.auc_difference(&thrice, 0.95).expect("a level").expect("classes");
        assert!(found.difference.abs() < 1e-15 && found.standard_error < 1e-12, "{found:?}");
        let [one, three] =
            [&once, &thrice].map(|runs| runs.auc(0.95).expect("a level").expect("classes"));
        assert!((one.standard_error - three.standard_error).abs() < 1e-12, "{one:?} {three:?}");
    }

    #[test]
    fn bad_runs_are_refused_and_undefined_metrics_are_none() {
        let rows = TestRows::new(&LABELS, UNWEIGHTED).expect("good rows");
        let mut bad = rows.runs();
        assert!(bad.push(&FIRST[..7]).is_err());
        assert!(bad.push(&[2.0; 8]).is_err());
        assert_eq!((bad.n_runs(), bad.auc(0.95)), (0, Ok(None)));
        assert!(bad.auc(1.0).is_err() && TestRows::new(&[2], UNWEIGHTED).is_err());
        let rows = TestRows::new(&[0; 8], UNWEIGHTED).expect("good rows");
        let one_class = runs(&rows, &[FIRST, SECOND]);
        assert_eq!(one_class.auc(0.95), Ok(None));
        assert!(one_class.log_loss(0.95).is_ok_and(|found| found.is_some()));
        assert_eq!(one_class.auc_difference(&one_class, 0.95), Ok(None));
    }
}
