//! The checkpoint: all that a run needs to go on as if it had never ended, in one file in the artifact's frame.
//!
//! Beside weights, encoder, optimizer and schedule it has a position: an epoch, and how many batches of it are done.
//! Orders, samples and companion counts are functions of seed and position, so that a run that goes on reads the batches
//! before the position once more and drops them: exact, at the price of reading part of an epoch.
//! The alternative, to store the shuffle buffer with the states of reader, sample and counts, would spare that reading,
//! and make each checkpoint larger by the encoded rows: for 200,000 rows of fifty lists, hundreds of megabytes.
//!
//! Decoding trusts nothing, as that of an artifact; [`Checkpoint::check`] then holds what was read against the run.

use crate::identity::Identity;
use crate::trainer::Standing;
use crate::{RunConfig, TrainError};
use deepcross_autodiff::Params;
use deepcross_data::Skipped;
use deepcross_features::{Encoder, EncoderState};
use deepcross_model::artifact::{self, ArtifactError, FileKind, FormatError, Values};
use deepcross_model::{Model, ModelSpec, TrainedModel, TrainingSummary};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Weights, the optimizer's state, and the weights of the best epoch; the last has no tensors where there is none.
const KIND: FileKind = FileKind {
    name: "checkpoint",
    magic: "DEEPCKPT",
    version: 2,
    // The optimizer's state may overflow where weights do not, and a run goes on with it.
    parts: &[Values::Finite, Values::Any, Values::Finite],
};

/// What the header holds, by version.
#[derive(Serialize, Deserialize)]
enum Header {
    V2(HeaderV2),
}

#[derive(Serialize, Deserialize)]
struct HeaderV2 {
    run: Identity,
    encoder: EncoderState,
    fitted: FittedRows,
    n_steps: u64,
    standing: Standing,
}

/// The rows that the encoder was fitted on.
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

/// A run between two steps, to be written.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) run: &'a Identity,
    pub(crate) encoder: &'a Encoder,
    pub(crate) fitted: &'a FittedRows,
    pub(crate) n_steps: u64,
    pub(crate) standing: &'a Standing,
    pub(crate) weights: &'a Params<f32>,
    pub(crate) optimizer: &'a Params<f32>,
    pub(crate) best: Option<&'a Params<f32>>,
}

impl Moment<'_> {
    /// Writes the checkpoint in place of an earlier one; after an error, that one is still there.
    pub(crate) fn write(self, file: &Path) -> Result<(), ArtifactError> {
        let header = Header::V2(HeaderV2 {
            run: self.run.clone(),
            encoder: self.encoder.to_state(),
            fitted: self.fitted.clone(),
            n_steps: self.n_steps,
            standing: self.standing.clone(),
        });
        let none = Params::new();
        let parts = [self.weights, self.optimizer, self.best.unwrap_or(&none)];
        artifact::write_parts(file, KIND, &header, &parts)
    }
}

/// A checkpoint that was read.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) run: Identity,
    pub(crate) encoder: Encoder,
    pub(crate) fitted: FittedRows,
    pub(crate) n_steps: u64,
    pub(crate) standing: Standing,
    pub(crate) weights: Params<f32>,
    pub(crate) optimizer: Params<f32>,
    pub(crate) best: Option<Params<f32>>,
}

impl Checkpoint {
    /// Reads a checkpoint; what it says of a run is not yet held against one.
    ///
    /// # Errors
    /// [`ArtifactError`] where it is missing or no sound checkpoint.
    pub(crate) fn read(file: &Path) -> Result<Self, ArtifactError> {
        let (Header::V2(header), parts) = artifact::read_parts::<Header>(file, KIND)?;
        let HeaderV2 { run, encoder, fitted, n_steps, standing } = header;
        let encoder =
            Encoder::from_state(encoder).map_err(|error| invalid(file, error.to_string()))?;
        let mut parts = parts.into_iter();
        let mut part = || parts.next().unwrap_or_default();
        let (mut weights, optimizer, best) = (part(), part(), part());
        let mut best = (best.n_parameters() > 0).then_some(best);
        let n_statistics = spec(&run, file)?.n_statistics();
        weights.last_dense_are_statistics(n_statistics);
        best.iter_mut().for_each(|best| best.last_dense_are_statistics(n_statistics));
        Ok(Self { run, encoder, fitted, n_steps, standing, weights, optimizer, best })
    }

    /// Checks that a run of this configuration can have come to stand here.
    pub(crate) fn check(&self, config: &RunConfig, file: &Path) -> Result<(), TrainError> {
        let FittedRows { rows, positives, .. } = self.fitted;
        let found = if rows == 0 || positives > rows {
            Some(format!("{positives} of {rows} rows are positive"))
        } else {
            self.standing.problem(&config.train, rows).or_else(|| self.problem_of_best())
        };
        found.map_or(Ok(()), |reason| Err(invalid(file, reason).into()))
    }

    fn problem_of_best(&self) -> Option<String> {
        let validated = self.standing.best.valid.is_some();
        match &self.best {
            Some(_) if !validated => Some("it keeps weights of no epoch".to_owned()),
            None if validated => Some("the weights of the best epoch are not there".to_owned()),
            Some(best) => self.weights.same_layout(best).err(),
            None => None,
        }
    }

    /// The model as it stands, to begin another run from.
    ///
    /// # Errors
    /// [`ArtifactError::Invalid`] where configuration, encoder and weights make no model.
    pub(crate) fn into_model(self, file: &Path) -> Result<TrainedModel, ArtifactError> {
        let config = config(&self.run, file)?;
        let spec = spec(&self.run, file)?;
        let model = Model::for_params(&spec, self.encoder.shapes(), &self.weights)
            .map_err(|error| invalid(file, error.to_string()))?;
        let training = TrainingSummary {
            rows: self.fitted.rows,
            positives: self.fitted.positives,
            steps: self.n_steps,
            epochs: self.standing.epoch,
            best_epoch: self.standing.epoch,
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

/// The model in an artifact; or, in a checkpoint, the model as it stands there: what [`RunOptions::init`] takes.
///
/// [`RunOptions::init`]: crate::RunOptions::init
///
/// # Errors
/// As [`TrainedModel::load`].
pub fn load_model(file: &Path) -> Result<TrainedModel, TrainError> {
    match TrainedModel::load(file) {
        Err(ArtifactError::Invalid { problem: FormatError::OtherKind { .. }, .. })
            if is_checkpoint(file) =>
        {
            Ok(Checkpoint::read(file)?.into_model(file)?)
        }
        result => Ok(result?),
    }
}

/// Removes the checkpoint of a run whose model has been saved; one that is not there is no error.
///
/// # Errors
/// [`ArtifactError`] where it cannot be removed.
pub fn remove_checkpoint(file: &Path) -> Result<(), ArtifactError> {
    artifact::remove(file)
}

fn is_checkpoint(file: &Path) -> bool {
    let mut magic = [0; 8];
    let read = std::fs::File::open(file).and_then(|mut file| {
        use std::io::Read;
        file.read_exact(&mut magic)
    });
    read.is_ok() && magic == *KIND.magic.as_bytes()
}
