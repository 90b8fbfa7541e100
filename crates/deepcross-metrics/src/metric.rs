//! The trait of metrics that are sums.

use crate::row::Row;
use crate::{MetricError, Score};

/// A metric that is made of sums: it takes rows one by one, in memory that does not grow, and the parts of the data
/// can be summed separately and merged.
///
/// The order of rows, and how they are parted and merged, changes a value by a few units in the last place.
/// A metric that needs the order of all scores is a method of [`Ranked`](crate::Ranked) instead.
///
/// # Examples
/// The mean absolute error:
///
/// ```
/// use deepcross_metrics::{Metric, Row, Score};
///
/// #[derive(Default)]
/// struct AbsoluteError {
///     error: f64,
///     weight: f64,
/// }
///
/// impl Metric for AbsoluteError {
///     fn add<S: Score>(&mut self, row: Row<S>) {
///         let label = if row.is_positive() { 1.0 } else { 0.0 };
///         self.error += row.weight() * (row.score() - label).abs();
///         self.weight += row.weight();
///     }
///
///     fn merge(&mut self, other: Self) {
///         self.error += other.error;
///         self.weight += other.weight;
///     }
///
///     fn value(&self) -> Option<f64> {
///         (self.weight > 0.0).then(|| self.error / self.weight)
///     }
/// }
///
/// let mut error = AbsoluteError::default();
/// error.push(0.25, 1, 1.0)?;
/// error.push(0.25, 0, 1.0)?;
/// assert_eq!(error.value(), Some(0.5));
/// # Ok::<(), deepcross_metrics::MetricError>(())
/// ```
pub trait Metric: Sized {
    /// Takes a row that has been checked.
    fn add<S: Score>(&mut self, row: Row<S>);

    /// Takes all rows of another part of the data.
    fn merge(&mut self, other: Self);

    /// The metric of the rows so far, never NaN; `None` if the rows do not define it.
    fn value(&self) -> Option<f64>;

    /// Takes a row: the probability of label 1, a label (0 or 1), and a weight (0, or
    /// [`MIN_WEIGHT`](crate::MIN_WEIGHT) to [`MAX_WEIGHT`](crate::MAX_WEIGHT)).
    ///
    /// # Errors
    /// If the probability is outside [0, 1], the label is not a class, or the weight is out of range; the row is then
    /// not counted.
    fn push(
        &mut self,
        probability: impl Score,
        label: impl Into<f64>,
        weight: impl Into<f64>,
    ) -> Result<(), MetricError> {
        self.add(Row::predicted(probability, label, weight)?);
        Ok(())
    }
}
