//! The header of an artifact, by version.
//!
//! The types of a version never change. An addition of a newer version is a new type, and an old file gets the value
//! that stands for the behaviour of the program at its time.

mod v1;
mod v2;
mod v3;
mod v4;

use crate::config::ModelSpec;
use crate::training_summary::TrainingSummary;
use deepcross_calibration::{CalibrationError, Calibrator};
use deepcross_features::EncoderState;
use serde::{Deserialize, Serialize};
use v1::HeaderV1;
use v2::HeaderV2;
use v3::HeaderV3;
use v4::HeaderV4;

/// The header, by version; the newest version is written.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Header {
    V1(HeaderV1),
    V2(HeaderV2),
    V3(HeaderV3),
    V4(HeaderV4),
}

/// The content of a header of any version.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) config: String,
    pub(crate) encoder: EncoderState,
    pub(crate) spec: ModelSpec,
    pub(crate) training: TrainingSummary,
    pub(crate) calibrator: Option<Calibrator>,
}

impl Header {
    /// The header of the newest version.
    pub(crate) fn new(contents: Contents) -> Self {
        Self::V4(contents.into())
    }

    /// The content, in the types of the newest version.
    ///
    /// # Errors
    /// [`CalibrationError`] if the calibrator is not a valid one.
    pub(crate) fn into_contents(self) -> Result<Contents, CalibrationError> {
        match self {
            Self::V1(header) => Ok(header.into()),
            Self::V2(header) => Ok(header.into()),
            Self::V3(header) => Ok(header.into()),
            Self::V4(header) => header.try_into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{DeepCrossingSpec, ModelSpec, Scorer, TrainedModel, UnitsSpec};
    use std::path::Path;

    /// The specification of the model in a stored file. The model and a copy that is written again predict three rows
    /// as they were predicted when the file was written.
    fn stored(name: &str, expected: [f32; 3]) -> ModelSpec {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
        let model = TrainedModel::load(&file).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let again = folder.path().join("model.dcx");
        model.save(&again).unwrap();
        assert_eq!(TrainedModel::load(&again).unwrap().spec, model.spec);
        for file in [file, again] {
            let scorer = Scorer::load(&file).unwrap();
            let mut session = scorer.session();
            let header = ["click", "ad", "age"].map(str::to_owned);
            let binding = scorer.encoder().bind(&header).unwrap();
            for row in [["0", "hats", "20"], ["1", "shoes", "21"], ["0", "socks", "22"]] {
                scorer.push(&mut session, &binding, &row.map(str::to_owned)[..]).unwrap();
            }
            for (found, expected) in scorer.score(&mut session).iter().zip(expected) {
                assert!((found - expected).abs() <= 1e-6, "{found}, not {expected}");
            }
        }
        assert_eq!(model.calibrator, None);
        model.spec
    }

    /// The specification of the Deep Crossing in a stored file.
    fn stored_deep_crossing(name: &str, expected: [f32; 3]) -> DeepCrossingSpec {
        let spec = stored(name, expected);
        let ModelSpec::DeepCrossing(spec) = spec else { panic!("{spec:?}") };
        assert_eq!((&spec.units, spec.stacking.embedding), (&UnitsSpec::TwoLayer(vec![3]), 2));
        spec
    }

    /// Written by the first version, for `[model] embedding = 2, bypass_below = 0, hidden = [3], dropout = 0.25`; the
    /// expected predictions are those of `deepcross predict` at that time.
    #[test]
    fn a_file_of_the_first_version_is_read() {
        let spec = stored_deep_crossing("model_v1.dcx", [0.49964094, 0.5028291, 0.5060169]);
        assert_eq!(
            (spec.dropout, spec.stacking.embedding_dropout, spec.batch_norm),
            (0.25, 0.0, false)
        );
    }

    /// Written by the second version, for
    /// `[model] embedding = 2, bypass_below = 0, hidden = [3], embedding_dropout = 0.25, batch_norm = true`, after three
    /// epochs, which moved the running statistics; the expected predictions as above.
    #[test]
    fn a_file_of_the_second_version_is_read() {
        let spec = stored_deep_crossing("model_v2.dcx", [0.4980301, 0.49897352, 0.5006]);
        assert_eq!(
            (spec.dropout, spec.stacking.embedding_dropout, spec.batch_norm),
            (0.0, 0.25, true)
        );
    }

    /// Written by the third version, for `[model] kind = "fm", embedding = 2`, after three epochs; the expected
    /// predictions as above.
    #[test]
    fn a_file_of_the_third_version_is_read() {
        let spec = stored("model_v3.dcx", [0.49921116, 0.50159866, 0.4993917]);
        let ModelSpec::Fm(spec) = spec else { panic!("{spec:?}") };
        assert_eq!(spec.embedding, 2);
    }
}
