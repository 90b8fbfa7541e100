//! The object that `calibrate --json` prints.

use anyhow::Result;
use deepcross_calibration::{CalibrationMap, Calibrator, FOLDS};
use deepcross_metrics::probability::ReliabilityBin;
use deepcross_metrics::{Evaluated, Summary};
use deepcross_train::Calibration;
use serde::Serialize;
use std::num::NonZeroUsize;

/// The number of bins of the reliability table.
const BINS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9);
/// The probability that the intervals of the bins cover.
const LEVEL: f64 = 0.95;

/// The bins of reliability that the command shows, as a table or as JSON.
pub(crate) fn bins_of(measured: &Evaluated<f32>) -> Result<Vec<ReliabilityBin>> {
    Ok(measured.ranked.reliability(BINS, LEVEL)?)
}

/// A calibrator, and the metrics before and after.
#[derive(Serialize)]
pub(crate) struct CalibrationReport {
    calibrator: Map,
    rows: u64,
    positives: u64,
    folds: usize,
    before: Side,
    /// Each fold is calibrated by a calibrator that was fitted to the others.
    after: Side,
}

#[derive(Serialize)]
#[serde(tag = "method", rename_all = "lowercase")]
enum Map {
    Temperature {
        temperature: f64,
    },
    Platt {
        slope: f64,
        intercept: f64,
    },
    Isotonic {
        /// Pairs of a logit and a probability.
        breakpoints: Vec<(f32, f32)>,
    },
}

#[derive(Serialize)]
struct Side {
    #[serde(flatten)]
    summary: Summary,
    reliability: Vec<Bin>,
}

#[derive(Serialize)]
struct Bin {
    rows: u64,
    mean_prediction: f64,
    mean_label: f64,
    low: f64,
    high: f64,
}

impl CalibrationReport {
    pub(crate) fn new(found: &Calibration) -> Result<Self> {
        let Calibrator { map, rows, positives } = &found.calibrator;
        Ok(Self {
            calibrator: map.into(),
            rows: *rows,
            positives: *positives,
            folds: FOLDS,
            before: Side::new(&found.before)?,
            after: Side::new(&found.after)?,
        })
    }
}

impl From<&CalibrationMap> for Map {
    fn from(map: &CalibrationMap) -> Self {
        match map {
            CalibrationMap::Temperature(map) => {
                Self::Temperature { temperature: map.temperature() }
            }
            CalibrationMap::Platt(map) => {
                Self::Platt { slope: map.slope(), intercept: map.intercept() }
            }
            CalibrationMap::Isotonic(map) => Self::Isotonic { breakpoints: map.points().to_vec() },
        }
    }
}

impl Side {
    fn new(measured: &Evaluated<f32>) -> Result<Self> {
        let bin = |bin: ReliabilityBin| {
            let ReliabilityBin { rows, mean_prediction, mean_label, low, high, .. } = bin;
            Bin { rows, mean_prediction, mean_label, low, high }
        };
        let reliability = bins_of(measured)?.into_iter().map(bin).collect();
        Ok(Self { summary: measured.summary, reliability })
    }
}
