//! Metrics of parts of the rows: those of one value of a column, or of a range of its numbers.
//!
//! Every row is in one slice of each column, so that rows, clicks and losses of the slices add up to those of all.
//!
//! Slices are put in order by what they cost at least: the log loss of all rows, in nats a row, that would be saved if the
//! slice's mean prediction were right, as far as chance does not explain the gap ([`least_miscalibration`]).
//! With m slices, each is tried at 1 / m of the probability of a false alarm (Bonferroni), so that a model whose
//! probabilities are right has a slice that costs anything with a probability of at most [`SlicePlan::false_alarm`].
//! The plain log loss of slices lost: it tells first of all where clicks are near one half. So did the loss by row of a
//! slice: of two slices that are as far off, the one with more rows matters more.

mod column;

use crate::error::TrainError;
use crate::run::EvaluatedRows;
use column::{Column, SlicedColumn};
use deepcross_metrics::{Evaluation, Interval, Intervals, Summary, least_miscalibration};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde::Serialize;
use std::fmt;
use std::num::NonZeroUsize;

/// How rows are cut into slices and these are judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlicePlan {
    /// Values with fewer rows are one slice together.
    pub min_rows: u64,
    /// The ranges of a column of numbers, of about equally many rows; fewer where they would have less than `min_rows`.
    pub ranges: NonZeroUsize,
    /// So many values of a column are told apart, the first to come; the others are in one slice with the rare ones.
    pub max_values: usize,
    /// The level of all intervals, in (0, 1).
    pub level: f64,
    /// The probability, in (0, 1), that any slice of a model whose probabilities are right seems to cost something.
    pub false_alarm: f64,
}

impl Default for SlicePlan {
    fn default() -> Self {
        let ranges = NonZeroUsize::MIN.saturating_add(9);
        Self { min_rows: 100, ranges, max_values: 100_000, level: 0.95, false_alarm: 0.05 }
    }
}

/// A column to cut rows by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SliceColumn {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub form: SliceForm,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SliceForm {
    /// Text: a slice a value.
    Values,
    /// Numbers: a slice a range; what is no number is missing.
    Numbers,
}

/// Evaluated rows, with what they are cut by.
///
/// Memory: a row takes 8 bytes, 4 more where rows have weights, and 4 for each column; a value that is told apart takes
/// its text, of which the first 200 bytes count.
#[derive(Debug)]
pub struct SlicedRows {
    plan: SlicePlan,
    missing: Vec<String>,
    names: Vec<String>,
    columns: Vec<Column>,
    probabilities: Vec<f32>,
    labels: Vec<f32>,
    weights: Vec<f32>,
}

/// The slices of all columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Slices {
    /// The columns, in the order in which they were asked for.
    pub columns: Vec<ColumnSlices>,
}

/// The slices of a column: all rows, each in one.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSlices {
    /// The name of the column.
    pub column: String,
    /// What its values are.
    pub form: SliceForm,
    /// Ranges in their order, or values from the most rows to the fewest; then the missing one and the others.
    pub slices: Vec<Slice>,
}

/// What the model does on some rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slice {
    /// What the rows have in common.
    pub value: SliceKind,
    /// The metrics, as of any rows: the mean label is `base_rate`.
    #[serde(flatten)]
    pub summary: Summary,
    /// The intervals of the metrics.
    pub intervals: Intervals,
    /// Wilson's interval of the mean label.
    pub base_rate_interval: Option<Interval>,
    /// What the slice costs at least, in nats a row of all rows: 0 where chance explains that its mean prediction is off.
    pub cost: f64,
}

/// What rows of a slice have in common.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum SliceKind {
    /// A value; of a long one, its beginning.
    Value {
        /// The text, with U+FFFD for what is not UTF-8.
        text: String,
    },
    /// The numbers from the least to the greatest of the range, both included.
    Range {
        /// The least number that was met.
        low: f32,
        /// The greatest number that was met.
        high: f32,
    },
    /// The value is missing.
    Missing,
    /// Values of few rows, and those that came after as many as are told apart.
    Other {
        /// How many values of few rows.
        values: u64,
        /// Whether there are others that were not told apart.
        and_more: bool,
    },
}

impl fmt::Display for SliceKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { text } if text.is_empty() => out.write_str("(empty)"),
            Self::Value { text } => out.write_str(text),
            Self::Range { low, high } if low == high => low.fmt(out),
            Self::Range { low, high } => write!(out, "{low} to {high}"),
            Self::Missing => out.write_str("(missing)"),
            Self::Other { values, and_more: false } => write!(out, "(other: {values})"),
            Self::Other { values, and_more: true } => write!(out, "(other: more than {values})"),
        }
    }
}

impl SlicedRows {
    /// For rows that are cut by these columns; `missing` are the raw values that mean that there is none.
    pub fn new(columns: &[SliceColumn], missing: Vec<String>, plan: SlicePlan) -> Self {
        Self {
            plan,
            missing,
            names: columns.iter().map(|column| column.name.clone()).collect(),
            columns: columns.iter().map(|column| Column::new(column.form)).collect(),
            probabilities: Vec::new(),
            labels: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// Takes the next rows of an evaluation, whose reader keeps the raw values of the columns in their order.
    ///
    /// # Panics
    /// If the reader keeps those of fewer columns.
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
    /// [`TrainError::Evaluation`] where the plan's levels are out of range.
    pub fn finish(mut self) -> Result<Slices, TrainError> {
        let columns = std::mem::take(&mut self.columns);
        let forms: Vec<_> = columns.iter().map(Column::form).collect();
        let parted = columns.into_iter().map(|column| column.part(&self.plan));
        let measured: Vec<_> =
            parted.map(|parted| self.measure(&parted)).collect::<Result<_, _>>()?;
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

    fn measure(&self, parted: &SlicedColumn) -> Result<Vec<Measured>, TrainError> {
        let kinds: Vec<_> = parted.kinds.iter().zip(parted.rows()).collect();
        kinds.into_par_iter().map(|(kind, rows)| self.measure_one(kind.clone(), &rows)).collect()
    }

    fn measure_one(&self, value: SliceKind, rows: &[u32]) -> Result<Measured, TrainError> {
        let mut evaluation = Evaluation::default();
        for &row in rows {
            let row = row as usize;
            let weight = self.weights.get(row).copied().unwrap_or(1.0);
            evaluation.push(self.probabilities[row], self.labels[row], weight)?;
        }
        let (summary, ranked) = evaluation.finish_ranked();
        let intervals = ranked.intervals(self.plan.level)?;
        let whole = ranked.reliability(NonZeroUsize::MIN, self.plan.level)?;
        let base_rate_interval = whole.first().map(|bin| Interval { low: bin.low, high: bin.high });
        let slice = Slice { value, summary, intervals, base_rate_interval, cost: 0.0 };
        Ok(Measured { slice, effective_rows: self.effective_rows(rows) })
    }

    /// (Σ w)² / Σ w² (Kish 1965): as many rows without weights would tell as much.
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
    /// All slices, each with its column: those that cost most first, and of those that cost nothing the heaviest.
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

/// A slice of which it is not known yet what it costs: that depends on how many there are.
struct Measured {
    slice: Slice,
    effective_rows: f64,
}

impl Measured {
    /// The slice among rows of this weight, each slice with this probability of a false alarm.
    fn judge(self, total: f64, false_alarm: f64) -> Result<Slice, TrainError> {
        let Self { mut slice, effective_rows } = self;
        let Summary { base_rate, mean_prediction, weight, .. } = slice.summary;
        if let Some((label, prediction)) = base_rate.zip(mean_prediction) {
            // A mean is a quotient of two sums, which may be above 1 by a last bit.
            let (label, prediction) = (label.min(1.0), prediction.min(1.0));
            let least = least_miscalibration(effective_rows, label, prediction, false_alarm)?;
            slice.cost = least * (weight / total);
        }
        Ok(slice)
    }
}

#[cfg(test)]
mod tests;
