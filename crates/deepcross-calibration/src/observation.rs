//! A checked row to fit to.

use crate::CalibrationError;

/// The logit that a model gave to a row, its label, and its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    logit: f32,
    weight: f32,
    positive: bool,
}

/// The number of rows with weight, and their weights, by class.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) rows: u64,
    pub(crate) positives: u64,
    pub(crate) weight: f64,
    pub(crate) positive_weight: f64,
}

impl Observation {
    /// Checks a row: its logit (finite), its label (0 or 1) and its weight (finite, not negative).
    ///
    /// A weight counts rows: a row of weight 2 is two rows. A row of weight 0 is skipped.
    ///
    /// # Errors
    /// If one of the three is out of its range.
    pub fn new(logit: f32, label: f32, weight: f32) -> Result<Self, CalibrationError> {
        if !logit.is_finite() {
            return Err(CalibrationError::Logit { value: logit });
        }
        if label != 0.0 && label != 1.0 {
            return Err(CalibrationError::Label { value: label });
        }
        if !(weight.is_finite() && weight >= 0.0) {
            return Err(CalibrationError::Weight { value: weight });
        }
        Ok(Self { logit, weight, positive: label == 1.0 })
    }

    /// The logit that the model gave.
    pub fn logit(&self) -> f32 {
        self.logit
    }

    /// The label, 0 or 1.
    pub fn label(&self) -> f32 {
        f32::from(u8::from(self.positive))
    }

    /// The number of rows that this one stands for.
    pub fn weight(&self) -> f32 {
        self.weight
    }

    pub(crate) fn is_positive(&self) -> bool {
        self.positive
    }
}

impl Totals {
    pub(crate) fn of(rows: &[Observation]) -> Self {
        let mut totals = Self::default();
        for row in rows.iter().filter(|row| row.weight > 0.0) {
            totals.rows += 1;
            totals.weight += f64::from(row.weight);
            if row.positive {
                totals.positives += 1;
                totals.positive_weight += f64::from(row.weight);
            }
        }
        totals
    }

    /// Refuses rows if a class has fewer than `needed`.
    pub(crate) fn check(&self, needed: u64) -> Result<(), CalibrationError> {
        let Self { rows, positives, .. } = *self;
        if positives.min(rows - positives) < needed {
            return Err(CalibrationError::Class { rows, positives, needed });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(row: Result<Observation, CalibrationError>, message: &str) {
        let found = row.map_or_else(|error| error.to_string(), |_| "taken".to_owned());
        assert_eq!(found, message);
    }

    #[test]
    fn rows_are_numbers() {
        check(Observation::new(-80.0, 0.0, 0.0), "taken");
        check(Observation::new(0.5, 1.0, f32::MAX), "taken");
        check(Observation::new(f32::NAN, 1.0, 1.0), "logit must be finite, but is NaN");
        check(Observation::new(f32::INFINITY, 1.0, 1.0), "logit must be finite, but is inf");
        check(Observation::new(0.0, 0.5, 1.0), "label must be 0 or 1, but is 0.5");
        check(Observation::new(0.0, f32::NAN, 1.0), "label must be 0 or 1, but is NaN");
        let bad = |value: &str| format!("weight must be finite and not negative, but is {value}");
        check(Observation::new(0.0, 1.0, -1.0), &bad("-1"));
        check(Observation::new(0.0, 1.0, f32::NAN), &bad("NaN"));
    }
}
