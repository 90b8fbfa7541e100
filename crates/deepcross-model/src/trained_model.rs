//! A trained model, the content of an artifact: configuration, encoder, layers, weights, and a summary of the training.

use crate::artifact::{self, ArtifactError, FormatError, TableRowsOf};
use crate::error::ModelError;
use crate::header::Header;
use crate::model::Model;
use crate::model_spec::{Kinds, ModelSpec};
use crate::predictor::Predictor;
use crate::training_summary::TrainingSummary;
use crate::value_change::{TrainingCounts, ValueChange, value_changes};
use deepcross_autodiff::Params;
use deepcross_calibration::Calibrator;
use deepcross_features::{Counts, Encoder};
use std::path::Path;

/// A trained model with everything that a prediction needs.
#[derive(Clone, Debug)]
pub struct TrainedModel {
    /// The configuration of the run, as TOML.
    pub config: String,
    /// The encoder, from raw values to ids and numbers.
    pub encoder: Encoder,
    /// The specification that the layers were built from.
    pub spec: ModelSpec,
    /// The layers.
    pub model: Model,
    /// The weights, which are those of the first member if there are several.
    pub params: Params<f32>,
    /// The weights of further members, at most [`MAX_MEMBERS`](crate::MAX_MEMBERS) with the first one; none in most
    /// models.
    ///
    /// The probability of a model is the mean of its members' probabilities.
    pub other_members: Vec<Params<f32>>,
    /// The summary of the training.
    pub training: TrainingSummary,
    /// The counts of the values of each field in training, in the order of the fields; empty if they are not known.
    pub counts: Vec<TrainingCounts>,
    /// The map from logits to probabilities, if the model was calibrated after the training; `None` stands for the
    /// logistic function.
    pub calibrator: Option<Calibrator>,
}

impl TrainedModel {
    /// A predictor of the weights and layers, with the model's calibrator if it has one.
    pub fn predictor(&self) -> Predictor<'_> {
        let predictor = Predictor::new(&self.model, &self.params).with_others(&self.other_members);
        predictor.with_calibrator(self.calibrator.as_ref())
    }

    /// The weights of each member; of one in most models.
    pub fn members(&self) -> Vec<&Params<f32>> {
        [&self.params].into_iter().chain(&self.other_members).collect()
    }

    /// The number of weights of all members.
    pub fn n_parameters(&self) -> usize {
        self.members().into_iter().map(Params::n_parameters).sum()
    }

    /// The fields whose values are unlike those of training, by the counts of other rows.
    pub fn value_changes(&self, counts: &Counts) -> Vec<ValueChange> {
        value_changes(&self.encoder, &self.counts, counts)
    }

    /// The model with the same fields and layers, and with the weights of members that were trained elsewhere.
    ///
    /// The summary of the training is cleared. The calibrator is dropped, since it was fitted to the logits of other
    /// weights.
    ///
    /// # Errors
    /// [`ModelError::Weights`] if the weights are not those of the model's layers, or of no member or too many, or if the
    /// model is quantised.
    pub fn with_weights(self, members: Vec<Params<f32>>) -> Result<Self, ModelError> {
        if self.is_quantised() {
            let problem = "the model is quantised; use the model that it was made from";
            return Err(ModelError::Weights(problem.to_owned()));
        }
        let model = Model::for_members(&self.spec, self.encoder.shapes(), &members)?;
        let (training, calibrator) = (TrainingSummary::default(), None);
        Ok(Self { model, training, calibrator, ..self }.with_members(members))
    }

    /// The model with these members in place of its own, which have the layout of its layers.
    #[must_use]
    pub fn with_members(self, members: Vec<Params<f32>>) -> Self {
        let mut members = members.into_iter();
        let params = members.next().unwrap_or_default();
        Self { params, other_members: members.collect(), ..self }
    }

    /// Writes the artifact, whole or not at all.
    ///
    /// # Errors
    /// [`ArtifactError`] with the path and the cause.
    pub fn save(&self, path: &Path) -> Result<(), ArtifactError> {
        let header = self
            .header()
            .map_err(|problem| ArtifactError::Unencodable { file: path.to_owned(), problem })?;
        artifact::write(path, &header, &self.members())
    }

    /// [`save`](Self::save) with the rows of tables from elsewhere, for weights that have a share of them.
    ///
    /// # Errors
    /// As [`save`](Self::save), and those of `rows_of`.
    pub fn save_with(
        &self,
        path: &Path,
        rows_of: &mut TableRowsOf<'_>,
    ) -> Result<(), ArtifactError> {
        let header = self
            .header()
            .map_err(|problem| ArtifactError::Unencodable { file: path.to_owned(), problem })?;
        artifact::write_with(path, &header, &self.members(), rows_of)
    }

    /// The bytes of the artifact, as [`save`](Self::save) writes them.
    ///
    /// # Errors
    /// [`FormatError`] if the model cannot become an artifact.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        let header = self.header()?;
        let encoding = artifact::Encoding::new(&header, &self.members())?;
        let mut bytes = Vec::with_capacity(usize::try_from(encoding.length()).unwrap_or(0));
        // A vector takes all bytes.
        encoding
            .write_to(&mut bytes)
            .map_err(|error| FormatError::Content { reason: error.to_string() })?;
        Ok(bytes)
    }

    /// The name of an artifact in memory in messages, in place of a path.
    pub const IN_MEMORY: &str = "a model in memory";

    /// Reads the bytes of an artifact whose model is of a kind of this crate.
    ///
    /// # Errors
    /// [`ArtifactError`] with the problem of the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let file = Path::new(Self::IN_MEMORY);
        let decoded = artifact::decode::<Header>(bytes);
        let decoded =
            decoded.map_err(|problem| ArtifactError::Invalid { file: file.to_owned(), problem })?;
        Self::from_file(file, &Kinds::standard(), decoded)
    }

    /// A number that identifies the model: a hash of what its artifact holds, except for the name of the program that
    /// wrote it.
    ///
    /// # Errors
    /// [`FormatError`] if the model cannot become an artifact.
    pub fn fingerprint(&self) -> Result<u64, FormatError> {
        artifact::Encoding::new(&self.header()?, &self.members())
            .map(|encoding| encoding.checksum())
    }

    /// The number of bytes of the artifact.
    ///
    /// # Errors
    /// [`FormatError`] if the model cannot become an artifact.
    pub fn length(&self) -> Result<u64, FormatError> {
        Ok(artifact::Encoding::new(&self.header()?, &self.members())?.length())
    }

    pub(crate) fn header(&self) -> Result<Header, FormatError> {
        let layers = self.spec.to_stored();
        Ok(Header {
            config: self.config.clone(),
            encoder: self.encoder.to_state(),
            layers: layers.map_err(|reason| FormatError::UnsupportedHeader { reason })?,
            training: self.training.clone(),
            counts: self.counts.clone(),
            calibrator: self.calibrator.clone(),
            n_members: 1 + self.other_members.len(),
        })
    }

    /// Reads an artifact whose model is of a kind of this crate.
    ///
    /// # Errors
    /// [`ArtifactError`] with the path and the problem of the file.
    pub fn load(path: &Path) -> Result<Self, ArtifactError> {
        Self::load_with(path, &Kinds::standard())
    }

    /// Reads an artifact whose model is of one of these kinds.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_with(path: &Path, kinds: &Kinds) -> Result<Self, ArtifactError> {
        Self::from_file(path, kinds, artifact::read::<Header>(path)?)
    }

    /// Reads an artifact and leaves its tables in the file, which is mapped into memory.
    ///
    /// The whole file is read once, to check it. Afterwards, the system may evict pages that are not in use, and
    /// several processes share those in use. The file must not be modified in place while it is mapped. To replace it
    /// by another file is allowed.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn map(path: &Path) -> Result<Self, ArtifactError> {
        Self::map_with(path, &Kinds::standard())
    }

    /// [`map`](Self::map) for an artifact whose model is of one of these kinds.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn map_with(path: &Path, kinds: &Kinds) -> Result<Self, ArtifactError> {
        Self::from_file(path, kinds, artifact::map::<Header>(path)?)
    }

    fn from_file(
        path: &Path,
        kinds: &Kinds,
        (header, members): (Header, Vec<Params<f32>>),
    ) -> Result<Self, ArtifactError> {
        Self::from_parts(header, members, kinds).map_err(|reason| ArtifactError::Invalid {
            file: path.to_owned(),
            problem: FormatError::Content { reason },
        })
    }

    /// Builds the model from the header and the weights of a file, or says why they do not make a model.
    pub(crate) fn from_parts(
        header: Header,
        members: Vec<Params<f32>>,
        kinds: &Kinds,
    ) -> Result<Self, String> {
        let Header { config, encoder, layers, training, counts, calibrator, n_members: _ } = header;
        let spec = kinds.decode(&layers)?;
        let encoder = Encoder::from_state(encoder).map_err(|error| error.to_string())?;
        let model = Model::for_members(&spec, encoder.shapes(), &members);
        let model = model.map_err(|error| error.to_string())?;
        let (params, other_members) = Default::default();
        let trained = Self {
            config,
            encoder,
            spec,
            model,
            params,
            other_members,
            training,
            counts,
            calibrator,
        };
        Ok(trained.with_members(members))
    }
}
