//! The specification of a stacked input: how each field becomes columns.

use super::{ModelConfig, Preset};
use deepcross_features::Problem;
use deepcross_layers::Activation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The way in which fields become the stacked input of a Deep Crossing, or of another network with hidden layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StackingSpec {
    /// The width of each embedding.
    pub embedding: usize,
    /// The widths of the embeddings of single fields.
    pub embeddings: BTreeMap<String, usize>,
    /// A categorical field with fewer dimensions than this is stacked raw.
    pub bypass_below: usize,
    /// The activation of an embedding.
    pub embedding_activation: Activation,
    /// Whether an embedding has a bias.
    pub embedding_bias: bool,
    /// The standard deviation of the initial embeddings.
    pub embedding_std: f64,
    /// Whether numbers are embedded.
    pub embed_numbers: bool,
    /// The share of elements of embeddings dropped in training.
    pub embedding_dropout: f64,
}

impl StackingSpec {
    /// The keys of a section `[model]` that a stacked input depends on.
    pub const KEYS: &'static [&'static str] = &[
        "preset",
        "embedding",
        "embeddings",
        "bypass_below",
        "embedding_activation",
        "embedding_bias",
        "embedding_std",
        "embed_numbers",
        "embedding_dropout",
    ];

    /// The specification that a section describes: its keys, and the values of its preset for keys that are not set.
    pub fn new(config: &ModelConfig) -> Self {
        let preset = config.preset.unwrap_or_default().stacking();
        Self {
            embedding: config.embedding.unwrap_or(preset.embedding),
            embeddings: config.embeddings.clone(),
            bypass_below: config.bypass_below.unwrap_or(preset.bypass_below),
            embedding_activation: config
                .embedding_activation
                .unwrap_or(preset.embedding_activation),
            embedding_bias: config.embedding_bias.unwrap_or(preset.embedding_bias),
            embedding_std: config.embedding_std.unwrap_or(preset.embedding_std),
            embed_numbers: config.embed_numbers.unwrap_or(preset.embed_numbers),
            embedding_dropout: config.embedding_dropout.unwrap_or(preset.embedding_dropout),
        }
    }

    /// The width of the embedding of a field.
    pub fn embedding_of(&self, field: &str) -> usize {
        self.embeddings.get(field).copied().unwrap_or(self.embedding)
    }

    /// All values that are out of range; a stored specification may come from anywhere.
    pub fn problems(&self) -> Vec<Problem> {
        self.as_config().value_problems()
    }

    /// The section with those numbers that have a range.
    pub(crate) fn as_config(&self) -> ModelConfig {
        ModelConfig {
            embedding: Some(self.embedding),
            embeddings: self.embeddings.clone(),
            embedding_std: Some(self.embedding_std),
            embedding_dropout: Some(self.embedding_dropout),
            ..Default::default()
        }
    }
}

impl Preset {
    /// The stacked input of the preset.
    fn stacking(self) -> StackingSpec {
        let paper = StackingSpec {
            embedding: 256,
            embeddings: BTreeMap::new(),
            bypass_below: 256,
            embedding_activation: Activation::Relu,
            embedding_bias: true,
            embedding_std: 0.01,
            embed_numbers: false,
            embedding_dropout: 0.0,
        };
        match self {
            Self::Paper | Self::Note => paper,
            Self::Fuxictr => StackingSpec {
                embedding: 40,
                bypass_below: 0,
                embedding_activation: Activation::Identity,
                embedding_bias: false,
                embedding_std: 1e-4,
                embed_numbers: true,
                ..paper
            },
        }
    }
}
