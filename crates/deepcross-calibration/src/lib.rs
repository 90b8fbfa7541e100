#![doc = include_str!("../README.md")]

mod calibrator;
mod cross_fit;
mod error;
mod isotonic;
mod logistic;
mod map;
mod observation;
mod platt;
mod temperature;

pub use calibrator::Calibrator;
pub use cross_fit::{FOLDS, cross_fit};
pub use error::CalibrationError;
pub use isotonic::{Isotonic, MAX_BLOCKS};
pub use map::{CalibrationMap, Method};
pub use observation::Observation;
pub use platt::Platt;
pub use temperature::{MAX_TEMPERATURE, MIN_TEMPERATURE, Temperature};
