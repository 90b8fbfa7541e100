//! A trained model: configuration, encoder, layers, weights, and how it came about. It is what an artifact holds.

use crate::artifact::{self, ArtifactError, FormatError};
use crate::config::ModelSpec;
use crate::error::ModelError;
use crate::header::{Contents, Header};
use crate::model::Model;
use crate::predictor::Predictor;
use crate::training_summary::TrainingSummary;
use deepcross_autodiff::Params;
use deepcross_calibration::Calibrator;
use deepcross_features::Encoder;
use std::path::Path;

/// A model that has been trained, with everything that a prediction needs.
#[derive(Clone, Debug)]
pub struct TrainedModel {
    /// The configuration of the run, as TOML.
    pub config: String,
    /// Raw values to ids and numbers.
    pub encoder: Encoder,
    /// What the layers were built from.
    pub spec: ModelSpec,
    /// The layers.
    pub model: Model,
    /// The weights.
    pub params: Params<f32>,
    /// How it was trained.
    pub training: TrainingSummary,
    /// From its logits to probabilities, where it was calibrated after the training; the logistic function otherwise.
    pub calibrator: Option<Calibrator>,
}

impl TrainedModel {
    /// The weights and layers, to predict with; calibrated, where it has a calibrator.
    pub fn predictor(&self) -> Predictor<'_> {
        Predictor::new(&self.model, &self.params).with_calibrator(self.calibrator.as_ref())
    }

    /// The same fields and layers with weights that were trained elsewhere.
    ///
    /// What was said of the training is forgotten, and a calibrator too: it was fitted to the logits of other weights.
    ///
    /// # Errors
    /// [`ModelError::Weights`] where they are not those of the model's layers.
    pub fn with_weights(self, params: Params<f32>) -> Result<Self, ModelError> {
        let model = Model::for_params(&self.spec, self.encoder.shapes(), &params)?;
        let training = TrainingSummary::default();
        Ok(Self { model, params, training, calibrator: None, ..self })
    }

    /// Writes the artifact; the file is complete or not there.
    ///
    /// # Errors
    /// [`ArtifactError`] with the path and the cause.
    pub fn save(&self, path: &Path) -> Result<(), ArtifactError> {
        artifact::write(path, &self.header(), &self.params)
    }

    /// A number that tells the model from any other: a hash of its artifact's bytes.
    ///
    /// # Errors
    /// [`FormatError`] where it cannot become an artifact.
    pub fn fingerprint(&self) -> Result<u64, FormatError> {
        artifact::Encoding::new(&self.header(), &self.params).map(|encoding| encoding.checksum())
    }

    pub(crate) fn header(&self) -> Header {
        Header::new(Contents {
            config: self.config.clone(),
            encoder: self.encoder.to_state(),
            spec: self.spec.clone(),
            training: self.training.clone(),
            calibrator: self.calibrator.clone(),
        })
    }

    /// Reads an artifact.
    ///
    /// # Errors
    /// [`ArtifactError`] with the path and what is wrong with the file.
    pub fn load(path: &Path) -> Result<Self, ArtifactError> {
        Self::from_file(path, artifact::read::<Header>(path)?)
    }

    /// Reads an artifact and leaves its tables in the file, which is mapped into memory.
    ///
    /// All of the file is looked at once, to check it; what is then not used the system may forget, and several processes
    /// share what is.
    /// The file must not be changed in place meanwhile; to put another one in its place is no change.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn map(path: &Path) -> Result<Self, ArtifactError> {
        Self::from_file(path, artifact::map::<Header>(path)?)
    }

    fn from_file(
        path: &Path,
        (header, params): (Header, Params<f32>),
    ) -> Result<Self, ArtifactError> {
        Self::from_parts(header, params).map_err(|reason| ArtifactError::Invalid {
            file: path.to_owned(),
            problem: FormatError::Content { reason },
        })
    }

    /// The model of what a file says, or what is wrong with that.
    pub(crate) fn from_parts(header: Header, mut params: Params<f32>) -> Result<Self, String> {
        let contents = header.into_contents().map_err(|error| format!("calibrator: {error}"))?;
        let Contents { config, encoder, spec, training, calibrator } = contents;
        let encoder = Encoder::from_state(encoder).map_err(|error| error.to_string())?;
        params.last_dense_are_statistics(spec.n_statistics());
        let model = Model::for_params(&spec, encoder.shapes(), &params)
            .map_err(|error| error.to_string())?;
        Ok(Self { config, encoder, spec, model, params, training, calibrator })
    }
}
