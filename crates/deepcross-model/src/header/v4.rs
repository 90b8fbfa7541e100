//! The fourth version of the header, which adds the calibrator of a calibrated model.

use super::contents::Contents;
use crate::model_spec::StoredSpec;
use crate::training_summary::TrainingSummary;
use deepcross_calibration::{
    CalibrationError, CalibrationMap, Calibrator, Isotonic, Platt, Temperature,
};
use deepcross_features::EncoderState;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeaderV4 {
    config: String,
    encoder: EncoderState,
    layers: StoredSpec,
    training: TrainingSummary,
    calibrator: Option<CalibratorV4>,
}

#[derive(Debug, Serialize, Deserialize)]
struct CalibratorV4 {
    map: CalibrationMapV4,
    rows: u64,
    positives: u64,
}

#[derive(Debug, Serialize, Deserialize)]
enum CalibrationMapV4 {
    Temperature(f64),
    Platt { slope: f64, intercept: f64 },
    Isotonic(Vec<(f32, f32)>),
}

impl TryFrom<HeaderV4> for Contents {
    type Error = CalibrationError;

    fn try_from(header: HeaderV4) -> Result<Self, CalibrationError> {
        let HeaderV4 { config, encoder, layers, training, calibrator } = header;
        let calibrator = calibrator.map(Calibrator::try_from).transpose()?;
        Ok(Self { config, encoder, layers, training, calibrator })
    }
}

impl From<Contents> for HeaderV4 {
    fn from(contents: Contents) -> Self {
        let Contents { config, encoder, layers, training, calibrator } = contents;
        Self { config, encoder, layers, training, calibrator: calibrator.map(Into::into) }
    }
}

impl TryFrom<CalibratorV4> for Calibrator {
    type Error = CalibrationError;

    fn try_from(calibrator: CalibratorV4) -> Result<Self, CalibrationError> {
        let CalibratorV4 { map, rows, positives } = calibrator;
        let map = match map {
            CalibrationMapV4::Temperature(temperature) => {
                CalibrationMap::Temperature(Temperature::new(temperature)?)
            }
            CalibrationMapV4::Platt { slope, intercept } => {
                CalibrationMap::Platt(Platt::new(slope, intercept)?)
            }
            CalibrationMapV4::Isotonic(points) => CalibrationMap::Isotonic(Isotonic::new(points)?),
        };
        Ok(Self { map, rows, positives })
    }
}

impl From<Calibrator> for CalibratorV4 {
    fn from(calibrator: Calibrator) -> Self {
        let Calibrator { map, rows, positives } = calibrator;
        let map = match map {
            CalibrationMap::Temperature(map) => CalibrationMapV4::Temperature(map.temperature()),
            CalibrationMap::Platt(map) => {
                CalibrationMapV4::Platt { slope: map.slope(), intercept: map.intercept() }
            }
            CalibrationMap::Isotonic(map) => CalibrationMapV4::Isotonic(map.points().to_vec()),
        };
        Self { map, rows, positives }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(map: CalibrationMapV4, message: &str) {
        let read = Calibrator::try_from(CalibratorV4 { map, rows: 3, positives: 1 });
        let found = read.map_or_else(|error| error.to_string(), |_| "accepted".to_owned());
        assert_eq!(found, message);
    }

    #[test]
    fn invalid_calibrators_are_refused() {
        use CalibrationMapV4::{Isotonic, Platt, Temperature};
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
            "the probability of a breakpoint must be not below the one before, but is 0.25";
        check(Isotonic(vec![(0.0, 0.5), (1.0, 0.25)]), message);
        let message = "the probability of a breakpoint must be within (0, 1), but is 1";
        check(Isotonic(vec![(0.0, 1.0)]), message);
        let message = "the logit of a breakpoint must be finite, but is NaN";
        check(Isotonic(vec![(f32::NAN, 0.5)]), message);
    }
}
