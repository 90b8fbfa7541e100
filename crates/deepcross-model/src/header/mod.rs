//! The header of the artifact: its sections, and what each holds.

mod calibrator;
#[cfg(test)]
mod tests;

use crate::artifact::{
    ENCODER, FIELD, FileHeader, FileKind, FormatError, SectionReader, SectionWriter, VALUES,
    Values, read_encoder, write_encoder,
};
use crate::mean_logit::MAX_MEMBERS;
use crate::model_spec::StoredSpec;
use crate::training_summary::TrainingSummary;
use crate::value_change::TrainingCounts;
use calibrator::StoredCalibrator;
use deepcross_calibration::Calibrator;
use deepcross_features::EncoderState;

const RUN: &str = "run";
const LAYERS: &str = "layers";
const TRAINING: &str = "training";
const COUNTS: &str = "counts";
const CALIBRATOR: &str = "calibrator";
const MEMBERS: &str = "members";

/// Everything that a trained model has besides its weights.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) config: String,
    pub(crate) encoder: EncoderState,
    pub(crate) layers: StoredSpec,
    pub(crate) training: TrainingSummary,
    pub(crate) counts: Vec<TrainingCounts>,
    pub(crate) calibrator: Option<Calibrator>,
    /// The number of members, from 1.
    pub(crate) n_members: usize,
}

impl FileHeader for Header {
    const KIND: FileKind = FileKind {
        name: "artifact",
        magic: "DEEPCROS",
        version: 1,
        sections: &[
            (RUN, 1),
            (ENCODER, 1),
            (FIELD, 2),
            (VALUES, 1),
            (LAYERS, 1),
            (TRAINING, 2),
            (COUNTS, 1),
            (CALIBRATOR, 1),
            (MEMBERS, 1),
        ],
        members: &[Values::Finite],
    };

    const MAX_REPEATS: usize = MAX_MEMBERS;

    fn repeats(&self) -> usize {
        self.n_members
    }

    fn write(&self, sections: &mut SectionWriter) -> Result<(), FormatError> {
        sections.add(RUN, &self.config)?;
        write_encoder(sections, &self.encoder)?;
        sections.add(LAYERS, &self.layers)?;
        sections.add(TRAINING, &self.training)?;
        sections.add(COUNTS, &self.counts)?;
        let calibrator = self.calibrator.as_ref().map(StoredCalibrator::from);
        calibrator.map_or(Ok(()), |calibrator| sections.add(CALIBRATOR, &calibrator))?;
        let several = Some(self.n_members as u32).filter(|n_members| *n_members > 1);
        several.map_or(Ok(()), |n_members| sections.add(MEMBERS, &n_members))
    }

    fn read(sections: &mut SectionReader<'_>) -> Result<Self, FormatError> {
        let config = sections.take(RUN)?;
        let encoder = read_encoder(sections)?;
        let layers = sections.take(LAYERS)?;
        let training = sections.take(TRAINING)?;
        let counts = sections.take(COUNTS)?;
        let calibrator = sections.take_optional::<StoredCalibrator>(CALIBRATOR)?;
        let calibrator = calibrator
            .map(Calibrator::try_from)
            .transpose()
            .map_err(|error| FormatError::Content { reason: format!("calibrator: {error}") })?;
        let n_members = read_n_members(sections)?;
        Ok(Self { config, encoder, layers, training, counts, calibrator, n_members })
    }
}

/// The number of members: 1 if the file does not say it.
fn read_n_members(sections: &mut SectionReader<'_>) -> Result<usize, FormatError> {
    let Some(n_members) = sections.take_optional::<u32>(MEMBERS)? else { return Ok(1) };
    match usize::try_from(n_members) {
        Ok(n_members @ 2..=MAX_MEMBERS) => Ok(n_members),
        _ => {
            let reason = format!("it has {n_members} members, expected 2 to {MAX_MEMBERS}");
            Err(FormatError::Section { name: MEMBERS.to_owned(), reason })
        }
    }
}
