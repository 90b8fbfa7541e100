//! The section `[model]` of a run, its presets, and the checked specification that a model is built from.
//!
//! Each key overrides the preset's value. The two stages are two types: what a user wrote, with gaps
//! ([`ModelConfig`]), and what is built and stored, without ([`ModelSpec`]).

use crate::ModelError;
use crate::deep_crossing::n_statistics;
use deepcross_layers::Activation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The section `[model]`: a preset, and what differs from it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelConfig {
    /// Where values come from that are not set here; `paper` where left out.
    pub preset: Preset,
    /// The width of each embedding, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding: Option<usize>,
    /// The widths of the embeddings of single fields, by the field's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub embeddings: BTreeMap<String, usize>,
    /// A categorical field of fewer dimensions than this is stacked raw; 0 embeds every one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bypass_below: Option<usize>,
    /// The activation of an embedding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_activation: Option<Activation>,
    /// Whether an embedding has a bias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_bias: Option<bool>,
    /// The standard deviation that embeddings start with, at least 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_std: Option<f64>,
    /// Whether numbers are embedded by a linear map without bias, and not stacked raw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embed_numbers: Option<bool>,
    /// The kind of the residual units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitKind>,
    /// The hidden width of each two-layer unit, each from 1; an empty list leaves an additive model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Vec<usize>>,
    /// The number of one-layer units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<usize>,
    /// The activation within a one-layer unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// The activation after the addition of a unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outer_activation: Option<Activation>,
    /// The share of elements dropped after each unit in training, in [0, 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// The share of elements of embeddings dropped in training, in [0, 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_dropout: Option<f64>,
    /// Whether each unit normalises its sum by batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_norm: Option<bool>,
}

/// A named set of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The architecture of Shan et al., KDD 2016: embeddings 256 wide with bias and ReLU, fields under 256 dimensions
    /// stacked raw, five two-layer units of 512, 512, 256, 128 and 64 with a ReLU after the addition.
    ///
    /// The paper does not state how weights start; that, and the optimizer, are ours.
    #[default]
    Paper,
    /// As `paper`, with five one-layer units `h + relu(W h + b)`, for which the flow of gradients is derived.
    Note,
    /// The template of FuxiCTR's DeepCrossing: every field embedded, 40 wide, without bias or activation, numbers through
    /// a linear map without bias, three two-layer units of 500, embeddings that start at N(0, 1e-4²).
    Fuxictr,
}

/// The kind of a residual unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// `outer(x + W₁ relu(W₀ x + b₀) + b₁)`.
    TwoLayer,
    /// `outer(x + activation(W x + b))`.
    OneLayer,
}

/// A checked configuration without gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelSpec {
    /// The width of each embedding.
    pub embedding: usize,
    /// The widths of the embeddings of single fields.
    pub embeddings: BTreeMap<String, usize>,
    /// A categorical field of fewer dimensions than this is stacked raw.
    pub bypass_below: usize,
    /// The activation of an embedding.
    pub embedding_activation: Activation,
    /// Whether an embedding has a bias.
    pub embedding_bias: bool,
    /// The standard deviation that embeddings start with.
    pub embedding_std: f64,
    /// Whether numbers are embedded.
    pub embed_numbers: bool,
    /// The residual units.
    pub units: UnitsSpec,
    /// The activation after the addition of a unit.
    pub outer_activation: Activation,
    /// The share of elements dropped after each unit in training.
    pub dropout: f64,
    /// The share of elements of embeddings dropped in training.
    pub embedding_dropout: f64,
    /// Whether each unit normalises its sum by batches.
    pub batch_norm: bool,
}

/// The residual units of a [`ModelSpec`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum UnitsSpec {
    /// Two-layer units of these hidden widths.
    TwoLayer(Vec<usize>),
    /// So many one-layer units of this activation.
    OneLayer(usize, Activation),
}

impl Preset {
    fn spec(self) -> ModelSpec {
        let paper = ModelSpec {
            embedding: 256,
            embeddings: BTreeMap::new(),
            bypass_below: 256,
            embedding_activation: Activation::Relu,
            embedding_bias: true,
            embedding_std: 0.01,
            embed_numbers: false,
            units: UnitsSpec::TwoLayer(vec![512, 512, 256, 128, 64]),
            outer_activation: Activation::Relu,
            dropout: 0.0,
            embedding_dropout: 0.0,
            batch_norm: false,
        };
        match self {
            Self::Paper => paper,
            Self::Note => ModelSpec {
                units: UnitsSpec::OneLayer(5, Activation::Relu),
                outer_activation: Activation::Identity,
                ..paper
            },
            Self::Fuxictr => ModelSpec {
                embedding: 40,
                bypass_below: 0,
                embedding_activation: Activation::Identity,
                embedding_bias: false,
                embedding_std: 1e-4,
                embed_numbers: true,
                units: UnitsSpec::TwoLayer(vec![500; 3]),
                ..paper
            },
        }
    }
}

impl ModelConfig {
    /// What is out of range or contradicts itself, one sentence each.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.contradictions();
        let mut at_least_one = |key: String, value: usize| {
            if value == 0 {
                problems.push(format!("`model.{key}`: must be at least 1, but is 0"));
            }
        };
        self.embedding.iter().for_each(|&width| at_least_one("embedding".into(), width));
        self.embeddings
            .iter()
            .for_each(|(name, &width)| at_least_one(format!("embeddings.{name}"), width));
        let hidden = self.hidden.iter().flatten().enumerate();
        hidden.for_each(|(i, &width)| at_least_one(format!("hidden[{i}]"), width));
        if let Some(std) = self.embedding_std.filter(|std| !(*std >= 0.0 && std.is_finite())) {
            problems.push(format!("`model.embedding_std`: must be at least 0, but is {std}"));
        }
        let rates = [("dropout", self.dropout), ("embedding_dropout", self.embedding_dropout)];
        for (key, rate) in rates {
            if let Some(rate) = rate.filter(|rate| !(0.0..1.0).contains(rate)) {
                problems.push(format!("`model.{key}`: must be in [0, 1), but is {rate}"));
            }
        }
        problems
    }

    /// Keys that belong to the other kind of unit.
    fn contradictions(&self) -> Vec<String> {
        let (kind, misplaced) = match self.unit_kind() {
            UnitKind::TwoLayer => (
                "two-layer",
                [("depth", self.depth.is_some()), ("activation", self.activation.is_some())],
            ),
            UnitKind::OneLayer => ("one-layer", [("hidden", self.hidden.is_some()), ("", false)]),
        };
        let misplaced = misplaced.iter().filter(|(_, set)| *set);
        misplaced
            .map(|(key, _)| {
                format!(
                    "`model.{key}`: has no meaning for {kind} units; remove it, or set `model.unit`"
                )
            })
            .collect()
    }

    fn unit_kind(&self) -> UnitKind {
        self.unit.unwrap_or(match self.preset {
            Preset::Note => UnitKind::OneLayer,
            Preset::Paper | Preset::Fuxictr => UnitKind::TwoLayer,
        })
    }

    /// The configuration without gaps.
    ///
    /// # Errors
    /// [`ModelError::Config`] with all [`problems`](Self::problems).
    pub fn check(&self) -> Result<ModelSpec, ModelError> {
        let problems = self.problems();
        if !problems.is_empty() {
            return Err(ModelError::Config(problems));
        }
        let preset = self.preset.spec();
        Ok(ModelSpec {
            embedding: self.embedding.unwrap_or(preset.embedding),
            embeddings: self.embeddings.clone(),
            bypass_below: self.bypass_below.unwrap_or(preset.bypass_below),
            embedding_activation: self.embedding_activation.unwrap_or(preset.embedding_activation),
            embedding_bias: self.embedding_bias.unwrap_or(preset.embedding_bias),
            embedding_std: self.embedding_std.unwrap_or(preset.embedding_std),
            embed_numbers: self.embed_numbers.unwrap_or(preset.embed_numbers),
            outer_activation: self.outer_activation.unwrap_or(preset.outer_activation),
            dropout: self.dropout.unwrap_or(preset.dropout),
            embedding_dropout: self.embedding_dropout.unwrap_or(preset.embedding_dropout),
            batch_norm: self.batch_norm.unwrap_or(preset.batch_norm),
            units: self.units(preset.units),
        })
    }

    fn units(&self, preset: UnitsSpec) -> UnitsSpec {
        match (self.unit_kind(), preset) {
            (UnitKind::TwoLayer, UnitsSpec::TwoLayer(hidden)) => {
                UnitsSpec::TwoLayer(self.hidden.clone().unwrap_or(hidden))
            }
            (UnitKind::TwoLayer, UnitsSpec::OneLayer(..)) => UnitsSpec::TwoLayer(
                self.hidden.clone().unwrap_or_else(|| vec![512, 512, 256, 128, 64]),
            ),
            (UnitKind::OneLayer, UnitsSpec::OneLayer(depth, activation)) => UnitsSpec::OneLayer(
                self.depth.unwrap_or(depth),
                self.activation.unwrap_or(activation),
            ),
            (UnitKind::OneLayer, UnitsSpec::TwoLayer(hidden)) => UnitsSpec::OneLayer(
                self.depth.unwrap_or(hidden.len()),
                self.activation.unwrap_or_default(),
            ),
        }
    }
}

impl ModelSpec {
    /// How many of the last dense matrices of stored weights are statistics, which no gradient moves.
    pub fn n_statistics(&self) -> usize {
        n_statistics(self)
    }

    /// Whether every number is in range: a stored specification may come from anywhere.
    ///
    /// # Errors
    /// [`ModelError::Config`] with all that is out of range.
    pub fn check(&self) -> Result<(), ModelError> {
        let hidden = match &self.units {
            UnitsSpec::TwoLayer(hidden) => Some(hidden.clone()),
            UnitsSpec::OneLayer(..) => None,
        };
        let as_written = ModelConfig {
            embedding: Some(self.embedding),
            embeddings: self.embeddings.clone(),
            embedding_std: Some(self.embedding_std),
            dropout: Some(self.dropout),
            embedding_dropout: Some(self.embedding_dropout),
            hidden,
            ..ModelConfig::default()
        };
        let problems = as_written.problems();
        if problems.is_empty() { Ok(()) } else { Err(ModelError::Config(problems)) }
    }

    /// The width of the embedding of a field.
    pub fn embedding_of(&self, field: &str) -> usize {
        self.embeddings.get(field).copied().unwrap_or(self.embedding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_as_documented() {
        let paper = ModelConfig::default().check().unwrap();
        assert_eq!((paper.embedding, paper.bypass_below, paper.embedding_bias), (256, 256, true));
        assert_eq!(paper.units, UnitsSpec::TwoLayer(vec![512, 512, 256, 128, 64]));
        let note = ModelConfig { preset: Preset::Note, ..Default::default() }.check().unwrap();
        assert_eq!(note.units, UnitsSpec::OneLayer(5, Activation::Relu));
        assert_eq!(note.outer_activation, Activation::Identity);
        let fuxictr =
            ModelConfig { preset: Preset::Fuxictr, ..Default::default() }.check().unwrap();
        assert_eq!((fuxictr.embedding, fuxictr.bypass_below, fuxictr.embed_numbers), (40, 0, true));
        assert_eq!(fuxictr.embedding_activation, Activation::Identity);
    }

    #[test]
    fn keys_override_the_preset() {
        let config = ModelConfig {
            embedding: Some(8),
            embeddings: [("ad".to_owned(), 4)].into(),
            unit: Some(UnitKind::OneLayer),
            activation: Some(Activation::Tanh),
            ..Default::default()
        };
        let spec = config.check().unwrap();
        assert_eq!((spec.embedding_of("ad"), spec.embedding_of("words")), (4, 8));
        assert_eq!(spec.units, UnitsSpec::OneLayer(5, Activation::Tanh));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let config = ModelConfig {
            embedding: Some(0),
            hidden: Some(vec![4, 0]),
            depth: Some(3),
            dropout: Some(1.0),
            embedding_dropout: Some(f64::NAN),
            ..Default::default()
        };
        let expected = [
            "`model.depth`: has no meaning for two-layer units; remove it, or set `model.unit`",
            "`model.embedding`: must be at least 1, but is 0",
            "`model.hidden[1]`: must be at least 1, but is 0",
            "`model.dropout`: must be in [0, 1), but is 1",
            "`model.embedding_dropout`: must be in [0, 1), but is NaN",
        ];
        assert_eq!(config.problems(), expected);
    }
}
