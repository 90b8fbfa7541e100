//! A fitted map, with the counts of the rows that it was fitted to.

use crate::observation::Totals;
use crate::{CalibrationError, CalibrationMap, Method, Observation};

/// A fitted map from logits to probabilities.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibrator {
    /// The map.
    pub map: CalibrationMap,
    /// The number of rows with weight that the map was fitted to.
    pub rows: u64,
    /// The number of those rows with label 1.
    pub positives: u64,
}

impl Calibrator {
    /// Fits the map of this kind that suits the rows best.
    ///
    /// # Errors
    /// As [`CalibrationMap::fit`].
    pub fn fit(method: Method, rows: &[Observation]) -> Result<Self, CalibrationError> {
        let Totals { rows: n_rows, positives, .. } = Totals::of(rows);
        Ok(Self { map: CalibrationMap::fit(method, rows)?, rows: n_rows, positives })
    }

    /// The probability of label 1; see [`CalibrationMap::probability`].
    #[inline]
    pub fn probability(&self, logit: f32) -> f32 {
        self.map.probability(logit)
    }
}
