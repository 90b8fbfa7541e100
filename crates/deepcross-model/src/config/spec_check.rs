//! The check of a specification: its numbers are judged as if a configuration had them.

use super::{
    DeepCrossingSpec, FactorsSpec, MlpSpec, ModelConfig, ModelKind, ModelSpec, StackingSpec,
    UnitsSpec,
};
use crate::error::ModelError;

impl ModelSpec {
    /// Whether every number is in range: a stored specification may come from anywhere.
    ///
    /// # Errors
    /// [`ModelError::Config`] with all that is out of range.
    pub fn check(&self) -> Result<(), ModelError> {
        match self {
            Self::DeepCrossing(spec) => spec.check(),
            Self::Mlp(spec) => spec.check(),
            Self::Lr => Ok(()),
            Self::Fm(spec) | Self::Ffm(spec) => spec.check(),
        }
    }
}

impl StackingSpec {
    /// The numbers that have a range, as they would be configured.
    fn as_config(&self) -> ModelConfig {
        ModelConfig {
            embedding: Some(self.embedding),
            embeddings: self.embeddings.clone(),
            embedding_std: Some(self.embedding_std),
            embedding_dropout: Some(self.embedding_dropout),
            ..Default::default()
        }
    }
}

impl DeepCrossingSpec {
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let hidden = match &self.units {
            UnitsSpec::TwoLayer(hidden) | UnitsSpec::Plain(hidden) => Some(hidden.clone()),
            UnitsSpec::OneLayer(..) => None,
        };
        check_config(&ModelConfig {
            hidden,
            dropout: Some(self.dropout),
            ..self.stacking.as_config()
        })
    }
}

impl MlpSpec {
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        check_config(&ModelConfig {
            kind: ModelKind::Mlp,
            hidden: Some(self.hidden.clone()),
            dropout: Some(self.dropout),
            ..self.stacking.as_config()
        })
    }
}

impl FactorsSpec {
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        check_config(&ModelConfig {
            kind: ModelKind::Fm,
            embedding: Some(self.embedding),
            embedding_std: Some(self.embedding_std),
            ..Default::default()
        })
    }
}

/// An error unless the configuration has no problem.
fn check_config(config: &ModelConfig) -> Result<(), ModelError> {
    let problems = config.problems();
    if problems.is_empty() { Ok(()) } else { Err(ModelError::Config(problems)) }
}
