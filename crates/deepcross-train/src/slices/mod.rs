//! Metrics of slices: the rows of one value of a column, or of a range of its numbers.
//!
//! Every row is in one slice of each column, so that rows, clicks and losses of the slices add up to those of all rows.
//!
//! Slices are ordered by their cost: the log loss of all rows, in nats a row, that would at least be saved if the mean
//! prediction of the slice were right, beyond what chance explains ([`least_miscalibration`]).
//! With m slices, each is tested at 1 / m of the probability of a false alarm (Bonferroni), so that a model whose
//! probabilities are right has a slice with a cost with a probability of at most [`SlicePlan::false_alarm`].
//! Rejected: the plain log loss of slices, which mainly shows where the click rate is near one half.
//! Rejected: the loss by row of a slice; of two slices whose predictions are wrong by the same amount, the one with
//! more rows matters more.

mod column;
mod named_columns;
mod plan;

use crate::error::TrainError;
use crate::run::EvaluatedRows;
use column::{Column, SlicedColumn};
use deepcross_features::canonical;
use deepcross_metrics::probability::least_miscalibration;
use deepcross_metrics::{Evaluated, Evaluation, Interval, Intervals, Summary};
pub use named_columns::{NamedColumns, named_column};
pub use plan::{SliceColumn, SliceForm, SliceKind, SlicePlan};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde::Serialize;
use std::num::NonZeroUsize;

/// Evaluated rows, with the values by which they are cut into slices.
///
/// Memory: a row takes 8 bytes, 4 more if rows have weights, and 4 for each column; each different value takes its
/// text, of which the first 200 bytes are kept.
#[derive(Debug)]
pub struct SlicedRows {
    plan: SlicePlan,
    /// The canonical texts that mean "missing".
    missing: Vec<Vec<u8>>,
    names: Vec<String>,
    columns: Vec<Column>,
    probabilities: Vec<f32>,
    labels: Vec<f32>,
    weights: Vec<f32>,
}

/// The slices of all columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Slices {
    /// The slices of each column, in the order in which the columns were given.
    pub columns: Vec<ColumnSlices>,
}

/// The slices of a column; each row is in one of them.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSlices {
    /// The name of the column.
    pub column: String,
    /// The form of its values.
    pub form: SliceForm,
    /// The ranges in their order, or the values from the most rows to the fewest; then the slice of missing values and
    /// that of other values.
    pub slices: Vec<Slice>,
}

/// The metrics of a model on the rows of a slice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slice {
    /// The value or range that the rows have in common.
    pub value: SliceKind,
    /// The metrics of the rows; the mean label is `base_rate`.
    #[serde(flatten)]
    pub summary: Summary,
    /// The intervals of the metrics.
    pub intervals: Intervals,
    /// Wilson's interval of the mean label.
    pub base_rate_interval: Option<Interval>,
    /// The least cost of the slice, in nats a row of all rows: 0 if chance explains the error of its mean prediction.
    pub cost: f64,
}

impl SlicedRows {
    /// No rows yet, to be cut by these columns; `missing` are the raw values that stand for a missing value.
    pub fn new(columns: &[SliceColumn], missing: Vec<String>, plan: SlicePlan) -> Self {
        Self {
            plan,
            missing: missing.iter().map(|text| canonical(text.as_bytes()).into_owned()).collect(),
            names: columns.iter().map(|column| column.name.clone()).collect(),
            columns: columns.iter().map(|column| Column::new(column.form)).collect(),
            probabilities: Vec::new(),
            labels: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// Adds the next rows of an evaluation, whose reader keeps the raw values of the columns in their order.
    ///
    /// # Panics
    /// If the reader keeps the raw values of fewer columns.
    #[track_caller]
    pub fn push(&mut self, rows: EvaluatedRows<'_>) {
        let EvaluatedRows { batch, probabilities, raw_values } = rows;
        self.probabilities.extend_from_slice(probabilities);
        self.labels.extend_from_slice(batch.labels());
        self.weights.extend_from_slice(batch.weights());
        assert!(raw_values.columns().len() >= self.columns.len(), "a raw value for each column");
        for (column, values) in self.columns.iter_mut().zip(raw_values.columns()) {
            values.iter().for_each(|value| column.push(value, &self.missing, &self.plan));
        }
    }

    /// The metrics of all slices. Work is shared between the threads of the current pool; the result does not depend on
    /// their number.
    ///
    /// # Errors
    /// [`TrainError::Evaluation`] if the levels of the plan are out of range.
    pub fn finish(mut self) -> Result<Slices, TrainError> {
        let columns = std::mem::take(&mut self.columns);
        let forms: Vec<_> = columns.iter().map(Column::form).collect();
        let sliced = columns.into_iter().map(|column| column.slice(&self.plan));
        let measured: Vec<_> =
            sliced.map(|column| self.measure(&column)).collect::<Result<_, _>>()?;
        let n_slices: usize = measured.iter().map(Vec::len).sum();
        let each = self.plan.false_alarm / n_slices.max(1) as f64;
        let mut found = Vec::with_capacity(measured.len());
        for ((column, form), measured) in self.names.into_iter().zip(forms).zip(measured) {
            let weight = measured.iter().map(|one| one.slice.summary.weight).sum();
            let judged = measured.into_iter().map(|one| one.judge(weight, each));
            found.push(ColumnSlices { column, form, slices: judged.collect::<Result<_, _>>()? });
        }
        Ok(Slices { columns: found })
    }

    fn measure(&self, column: &SlicedColumn) -> Result<Vec<Measured>, TrainError> {
        let kinds: Vec<_> = column.kinds.iter().zip(column.rows()).collect();
        kinds.into_par_iter().map(|(kind, rows)| self.measure_one(kind.clone(), &rows)).collect()
    }

    fn measure_one(&self, value: SliceKind, rows: &[u32]) -> Result<Measured, TrainError> {
        let mut evaluation = Evaluation::default();
        for &row in rows {
            let row = row as usize;
            let weight = self.weights.get(row).copied().unwrap_or(1.0);
            evaluation.push(self.probabilities[row], self.labels[row], weight)?;
        }
        let Evaluated { summary, ranked } = evaluation.finish();
        let intervals = ranked.intervals(self.plan.level)?;
        let whole = ranked.reliability(NonZeroUsize::MIN, self.plan.level)?;
        let base_rate_interval = whole.first().map(|bin| Interval { low: bin.low, high: bin.high });
        let slice = Slice { value, summary, intervals, base_rate_interval, cost: 0.0 };
        Ok(Measured { slice, effective_rows: self.effective_rows(rows) })
    }

    /// (Σ w)² / Σ w² (Kish 1965): this many rows without weights would carry as much information.
    fn effective_rows(&self, rows: &[u32]) -> f64 {
        if self.weights.is_empty() {
            return rows.len() as f64;
        }
        let weights = || rows.iter().map(|&row| f64::from(self.weights[row as usize]));
        let squares: f64 = weights().map(|weight| weight * weight).sum();
        if squares > 0.0 { weights().sum::<f64>().powi(2) / squares } else { 0.0 }
    }
}

impl Slices {
    /// All slices, each with its column, from the highest cost to the lowest; of equal costs, the heaviest first.
    pub fn worst(&self) -> Vec<(&str, &Slice)> {
        let mut all = Vec::new();
        for ColumnSlices { column, slices, .. } in &self.columns {
            all.extend(slices.iter().map(|slice| (column.as_str(), slice)));
        }
        all.sort_by(|(_, a), (_, b)| {
            let by_cost = b.cost.total_cmp(&a.cost);
            by_cost.then_with(|| b.summary.weight.total_cmp(&a.summary.weight))
        });
        all
    }
}

/// A slice whose cost is not known yet, since it depends on the number of slices.
struct Measured {
    slice: Slice,
    effective_rows: f64,
}

impl Measured {
    /// The slice with its cost among rows of the weight `total`, at this probability of a false alarm.
    fn judge(self, total: f64, false_alarm: f64) -> Result<Slice, TrainError> {
        let Self { mut slice, effective_rows } = self;
        let Summary { base_rate, mean_prediction, weight, .. } = slice.summary;
        if let Some((label, prediction)) = base_rate.zip(mean_prediction) {
            // A mean is a quotient of two sums, and rounding may put it above 1.
            let (label, prediction) = (label.min(1.0), prediction.min(1.0));
            let least = least_miscalibration(effective_rows, label, prediction, false_alarm)?;
            slice.cost = least * (weight / total);
        }
        Ok(slice)
    }
}

#[cfg(test)]
mod tests;
