//! The section `calibrator`: the stored form of a calibrator.

use deepcross_calibration::{
    CalibrationError, CalibrationMap, Calibrator, Isotonic, Platt, Temperature,
};
use serde::{Deserialize, Serialize};

/// The stored form of a [`Calibrator`], whose numbers may be out of their ranges.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredCalibrator {
    map: StoredMap,
    rows: u64,
    positives: u64,
}

#[derive(Debug, Serialize, Deserialize)]
enum StoredMap {
    Temperature(f64),
    Platt { slope: f64, intercept: f64 },
    Isotonic(Vec<(f32, f32)>),
}

impl TryFrom<StoredCalibrator> for Calibrator {
    type Error = CalibrationError;

    fn try_from(calibrator: StoredCalibrator) -> Result<Self, CalibrationError> {
        let StoredCalibrator { map, rows, positives } = calibrator;
        let map = match map {
            StoredMap::Temperature(temperature) => {
                CalibrationMap::Temperature(Temperature::new(temperature)?)
            }
            StoredMap::Platt { slope, intercept } => {
                CalibrationMap::Platt(Platt::new(slope, intercept)?)
            }
            StoredMap::Isotonic(points) => CalibrationMap::Isotonic(Isotonic::new(points)?),
        };
        Ok(Self { map, rows, positives })
    }
}

impl From<&Calibrator> for StoredCalibrator {
    fn from(calibrator: &Calibrator) -> Self {
        let Calibrator { map, rows, positives } = calibrator;
        let map = match map {
            CalibrationMap::Temperature(map) => StoredMap::Temperature(map.temperature()),
            CalibrationMap::Platt(map) => {
                StoredMap::Platt { slope: map.slope(), intercept: map.intercept() }
            }
            CalibrationMap::Isotonic(map) => StoredMap::Isotonic(map.points().to_vec()),
        };
        Self { map, rows: *rows, positives: *positives }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(map: StoredMap, message: &str) {
        let read = Calibrator::try_from(StoredCalibrator { map, rows: 3, positives: 1 });
        let found = read.map_or_else(|error| error.to_string(), |_| "accepted".to_owned());
        assert_eq!(found, message);
    }

    #[test]
    fn invalid_calibrators_are_refused() {
        use StoredMap::{Isotonic, Platt, Temperature};
        check(Temperature(2.0), "accepted");
        check(Temperature(f64::NAN), "temperature must be in [0.01, 100], but is NaN");
        check(Temperature(-1.0), "temperature must be in [0.01, 100], but is -1");
        check(Platt { slope: 1.0, intercept: -3.0 }, "accepted");
        let message = "slope must be finite and above 0, but is 0";
        check(Platt { slope: 0.0, intercept: 0.0 }, message);
        let message = "intercept must be finite, but is inf";
        check(Platt { slope: 1.0, intercept: f64::INFINITY }, message);
        check(Isotonic(vec![(0.0, 0.5), (1.0, 0.75)]), "accepted");
        let message = "the number of breakpoints must be from 1 to 1000, but is 0";
        check(Isotonic(vec![]), message);
        let message = "the logit of a breakpoint must be above the one before, but is 0";
        check(Isotonic(vec![(1.0, 0.5), (0.0, 0.75)]), message);
        let message =
            "the probability of a breakpoint must be at least that of the one before, but is 0.25";
        check(Isotonic(vec![(0.0, 0.5), (1.0, 0.25)]), message);
        let message = "the probability of a breakpoint must be within (0, 1), but is 1";
        check(Isotonic(vec![(0.0, 1.0)]), message);
        let message = "the logit of a breakpoint must be finite, but is NaN";
        check(Isotonic(vec![(f32::NAN, 0.5)]), message);
    }
}
