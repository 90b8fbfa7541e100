//! The checkpoint file: all that a run needs to go on as if it had never ended, in the frame of an artifact.
//!
//! Beside weights, encoder, optimizer and schedule it has a position: an epoch, and the number of batches done in it.
//! Orders, samples and companion counts are functions of seed and position.
//! So a resumed run reads the batches before the position again and drops them, which is exact, at the price of reading
//! part of an epoch.
//! Rejected: storing the shuffle buffer with the states of reader, sample and counts. This would avoid reading part
//! of an epoch again, but make each checkpoint larger by the encoded rows: for 200,000 rows of fifty lists, hundreds of megabytes.
//!
//! Decoding trusts nothing in the file, as for an artifact; [`Checkpoint::check`] then compares the state with the run.

use super::identity::Identity;
use super::progress::RunState;
use crate::config_file::RunConfig;
use crate::error::TrainError;
use crate::options::Files;
use deepcross_autodiff::Params;
use deepcross_data::Skipped;
use deepcross_features::{Encoder, EncoderState};
use deepcross_model::artifact::{self, ArtifactError, FileKind, FormatError, Values};
use deepcross_model::{Model, ModelSpec, TrainedModel, TrainingSummary};
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The weights, the state of the optimizer, and the weights of the best epoch; the last part may have no tensors.
const KIND: FileKind = FileKind {
    name: "checkpoint",
    magic: "DEEPCKPT",
    version: 3,
    // The state of the optimizer may be infinite while all weights are finite; such a run continues.
    parts: &[Values::Finite, Values::Any, Values::Finite],
};

/// The content of the header, by version.
#[derive(Serialize, Deserialize)]
enum Header {
    V3(HeaderV3),
}

#[derive(Serialize, Deserialize)]
struct HeaderV3 {
    run: Identity,
    encoder: EncoderState,
    fitted: FittedRows,
    n_steps: u64,
    state: RunState,
}

/// The counts of the rows that the encoder was fitted on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FittedRows {
    pub(crate) rows: u64,
    pub(crate) positives: u64,
    n_skipped: u64,
    skipped: Vec<String>,
}

impl FittedRows {
    pub(crate) fn new(rows: u64, positives: u64, skipped: &Skipped) -> Self {
        Self { rows, positives, n_skipped: skipped.rows, skipped: skipped.first.clone() }
    }

    pub(crate) fn skipped(&self) -> Skipped {
        Skipped { rows: self.n_skipped, first: self.skipped.clone() }
    }
}

/// The state of a run between two steps, which is written to the file.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot<'a> {
    pub(crate) encoder: &'a Encoder,
    pub(crate) fitted: &'a FittedRows,
    pub(crate) n_steps: u64,
    pub(crate) state: &'a RunState,
    pub(crate) weights: &'a Params<f32>,
    pub(crate) optimizer: &'a Params<f32>,
    pub(crate) best: Option<&'a Params<f32>>,
}

impl Snapshot<'_> {
    /// Writes the checkpoint in place of an earlier one; after an error, the earlier one is still there.
    pub(super) fn write(self, file: &Path, run: &Identity) -> Result<(), ArtifactError> {
        let header = Header::V3(HeaderV3 {
            run: run.clone(),
            encoder: self.encoder.to_state(),
            fitted: self.fitted.clone(),
            n_steps: self.n_steps,
            state: self.state.clone(),
        });
        let none = Params::new();
        let parts = [self.weights, self.optimizer, self.best.unwrap_or(&none)];
        artifact::write_parts(file, KIND, &header, &parts)
    }
}

/// A checkpoint that has been read.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) file: PathBuf,
    pub(crate) run: Identity,
    pub(crate) encoder: Encoder,
    pub(crate) fitted: FittedRows,
    pub(crate) n_steps: u64,
    pub(crate) state: RunState,
    pub(crate) weights: Params<f32>,
    pub(crate) optimizer: Params<f32>,
    pub(crate) best: Option<Params<f32>>,
}

impl Checkpoint {
    /// Finds the checkpoint of the run `run` in the file; `None` if there is no file.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`TrainError::OtherRun`] if the checkpoint is of another run, or has a state that this
    /// run cannot have.
    pub(crate) fn find(
        run: &Identity,
        config: &RunConfig,
        files: &Files,
        file: &Path,
    ) -> Result<Option<Self>, TrainError> {
        let checkpoint = match Self::read(file) {
            Err(TrainError::Checkpoint(ArtifactError::MissingFile { .. })) => return Ok(None),
            read => read?,
        };
        let differences = checkpoint.run.differences(run, files);
        if !differences.is_empty() {
            return Err(TrainError::OtherRun { file: file.to_owned(), differences });
        }
        checkpoint.check(config)?;
        Ok(Some(checkpoint))
    }

    /// Reads a checkpoint of any run.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] if the file is missing or is not a valid checkpoint; [`TrainError::OlderCheckpoint`]
    /// if an older version of the program wrote it.
    fn read(file: &Path) -> Result<Self, TrainError> {
        if let Some(found) = version(file).filter(|found| (1..KIND.version).contains(found)) {
            let (file, expected) = (file.to_owned(), KIND.version);
            return Err(TrainError::OlderCheckpoint { file, found, expected });
        }
        let (Header::V3(header), parts) = artifact::read_parts::<Header>(file, KIND)?;
        let HeaderV3 { run, encoder, fitted, n_steps, state } = header;
        let encoder =
            Encoder::from_state(encoder).map_err(|error| invalid(file, error.to_string()))?;
        let mut parts = parts.into_iter();
        let mut part = || parts.next().unwrap_or_default();
        let (mut weights, optimizer, best) = (part(), part(), part());
        let mut best = (best.n_parameters() > 0).then_some(best);
        let n_statistics = spec(&run, file)?.n_statistics();
        weights.last_dense_are_statistics(n_statistics);
        best.iter_mut().for_each(|best| best.last_dense_are_statistics(n_statistics));
        let file = file.to_owned();
        Ok(Self { file, run, encoder, fitted, n_steps, state, weights, optimizer, best })
    }

    /// Checks that a run of this configuration can be in this state.
    fn check(&self, config: &RunConfig) -> Result<(), TrainError> {
        let FittedRows { rows, positives, .. } = self.fitted;
        let found = if rows == 0 || positives > rows {
            Some(format!("{positives} of {rows} rows are positive"))
        } else {
            self.state.problem(&config.train, rows).or_else(|| self.problem_of_best())
        };
        found.map_or(Ok(()), |reason| Err(invalid(&self.file, reason).into()))
    }

    fn problem_of_best(&self) -> Option<String> {
        let validated = self.state.best.monitored.is_some();
        match &self.best {
            Some(_) if !validated => {
                Some("it has weights of a best epoch, but no metric of that epoch".to_owned())
            }
            None if validated => Some("the weights of the best epoch are missing".to_owned()),
            Some(best) => self.weights.same_layout(best).err(),
            None => None,
        }
    }

    /// The model at the position of the checkpoint, from which another run can begin.
    ///
    /// # Errors
    /// [`ArtifactError::Invalid`] if configuration, encoder and weights do not make a model.
    fn into_model(self) -> Result<TrainedModel, ArtifactError> {
        let config = config(&self.run, &self.file)?;
        let spec = spec(&self.run, &self.file)?;
        let model = Model::for_params(&spec, self.encoder.shapes(), &self.weights)
            .map_err(|error| invalid(&self.file, error.to_string()))?;
        let training = TrainingSummary {
            rows: self.fitted.rows,
            positives: self.fitted.positives,
            steps: self.n_steps,
            epochs: self.state.epoch,
            best_epoch: self.state.epoch,
            seed: config.train.seed,
            ..Default::default()
        };
        let (config, encoder, params) = (self.run.config, self.encoder, self.weights);
        let calibrator = None;
        Ok(TrainedModel { config, encoder, spec, model, params, training, calibrator })
    }
}

/// The configuration of a run.
fn config(run: &Identity, file: &Path) -> Result<RunConfig, ArtifactError> {
    RunConfig::parse(&run.config, &[], "the configuration")
        .map_err(|error| invalid(file, error.to_string()))
}

fn spec(run: &Identity, file: &Path) -> Result<ModelSpec, ArtifactError> {
    config(run, file)?.model.check().map_err(|error| invalid(file, error.to_string()))
}

/// The error of a file whose parts do not fit together.
pub(crate) fn invalid(file: &Path, reason: String) -> ArtifactError {
    ArtifactError::Invalid { file: file.to_owned(), problem: FormatError::Content { reason } }
}

/// The model in an artifact or in a checkpoint, for [`RunOptions::init`].
///
/// [`RunOptions::init`]: crate::RunOptions::init
///
/// # Errors
/// As [`TrainedModel::load`], and [`TrainError::OlderCheckpoint`].
pub fn load_model(file: &Path) -> Result<TrainedModel, TrainError> {
    match TrainedModel::load(file) {
        Err(ArtifactError::Invalid { problem: FormatError::OtherKind { .. }, .. })
            if version(file).is_some() =>
        {
            Ok(Checkpoint::read(file)?.into_model()?)
        }
        result => Ok(result?),
    }
}

/// Removes the checkpoint of a run whose model has been saved; a missing file is not an error.
///
/// # Errors
/// [`ArtifactError`] if it cannot be removed.
pub fn remove_checkpoint(file: &Path) -> Result<(), ArtifactError> {
    artifact::remove(file)
}

/// The format version of a checkpoint; `None` if the file does not begin like a checkpoint.
fn version(file: &Path) -> Option<u32> {
    let mut preamble = [0; 12];
    let mut file = std::fs::File::open(file).ok()?;
    file.read_exact(&mut preamble).ok()?;
    let version = preamble.strip_prefix(KIND.magic.as_bytes())?;
    Some(u32::from_le_bytes(version.try_into().ok()?))
}
