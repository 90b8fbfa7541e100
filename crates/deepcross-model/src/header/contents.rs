//! The content of a header of any version.

use crate::model_spec::StoredSpec;
use crate::training_summary::TrainingSummary;
use deepcross_calibration::Calibrator;
use deepcross_features::EncoderState;

/// The content of a header of any version.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) config: String,
    pub(crate) encoder: EncoderState,
    pub(crate) layers: StoredSpec,
    pub(crate) training: TrainingSummary,
    pub(crate) calibrator: Option<Calibrator>,
}
