//! The check of a specification, by the rules for a configuration with the same numbers.

use super::{
    DeepCrossingSpec, FactorsSpec, MlpSpec, ModelConfig, ModelKind, ModelSpec, StackingSpec,
    UnitsSpec,
};
use crate::error::ModelError;

impl ModelSpec {
    /// Checks that every number is in range, since a stored specification may come from anywhere.
    ///
    /// # Errors
    /// [`ModelError::Config`] with everything that is out of range.
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
    /// The configuration with those numbers that have a range.
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

/// Returns an error if the configuration has a problem.
fn check_config(config: &ModelConfig) -> Result<(), ModelError> {
    let problems = config.problems();
    if problems.is_empty() { Ok(()) } else { Err(ModelError::Config(problems)) }
}
