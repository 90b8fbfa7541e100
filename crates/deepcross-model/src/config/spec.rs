//! The checked specification that a model is built from: one type for each kind of model.
//!
//! Rejected: one struct with the keys of all kinds, since some of its numbers would have no meaning for a kind, and a
//! forged file could set them.

use super::ModelKind;
use deepcross_layers::Activation;
use serde::Serialize;
use std::collections::BTreeMap;

/// The specification that a model is built from: a checked configuration without gaps.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ModelSpec {
    /// Deep Crossing, with or without the identity path of its units.
    DeepCrossing(DeepCrossingSpec),
    /// Hidden layers over the stacked input.
    Mlp(MlpSpec),
    /// Logistic regression.
    Lr,
    /// A factorization machine.
    Fm(FactorsSpec),
    /// A field-aware factorization machine.
    Ffm(FactorsSpec),
}

/// The way in which fields become the stacked input of a Deep Crossing or a multi-layer perceptron.
#[derive(Clone, Debug, PartialEq, Serialize)]
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

/// The specification of a [`DeepCrossing`](crate::DeepCrossing).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeepCrossingSpec {
    /// The stacked input.
    #[serde(flatten)]
    pub stacking: StackingSpec,
    /// The units.
    pub units: UnitsSpec,
    /// The activation at the end of a unit.
    pub outer_activation: Activation,
    /// The share of elements dropped after each unit in training.
    pub dropout: f64,
    /// Whether each unit normalises its sum by batches.
    pub batch_norm: bool,
}

/// The units of a [`DeepCrossingSpec`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum UnitsSpec {
    /// Two-layer units of these hidden widths.
    TwoLayer(Vec<usize>),
    /// This number of one-layer units with this activation.
    OneLayer(usize, Activation),
    /// Two-layer units of these hidden widths, without the identity path.
    Plain(Vec<usize>),
}

/// The specification of a multi-layer perceptron over the stacked input.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MlpSpec {
    /// The stacked input.
    #[serde(flatten)]
    pub stacking: StackingSpec,
    /// The width of each hidden layer.
    pub hidden: Vec<usize>,
    /// The activation of hidden layers.
    pub activation: Activation,
    /// The share of elements dropped after each hidden layer in training.
    pub dropout: f64,
}

/// The specification of a factorization machine: its vectors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FactorsSpec {
    /// The width of each vector.
    pub embedding: usize,
    /// The standard deviation of the initial vectors.
    pub embedding_std: f64,
}

impl ModelSpec {
    /// The kind of model.
    pub fn kind(&self) -> ModelKind {
        match self {
            Self::DeepCrossing(DeepCrossingSpec { units: UnitsSpec::Plain(_), .. }) => {
                ModelKind::DeepCrossingPlain
            }
            Self::DeepCrossing(_) => ModelKind::DeepCrossing,
            Self::Mlp(_) => ModelKind::Mlp,
            Self::Lr => ModelKind::Lr,
            Self::Fm(_) => ModelKind::Fm,
            Self::Ffm(_) => ModelKind::Ffm,
        }
    }

    /// The number of statistics at the end of the dense matrices of stored weights; no gradient moves them.
    pub fn n_statistics(&self) -> usize {
        match self {
            Self::DeepCrossing(spec) => spec.n_statistics(),
            Self::Mlp(_) | Self::Lr | Self::Fm(_) | Self::Ffm(_) => 0,
        }
    }
}

impl StackingSpec {
    /// The width of the embedding of a field.
    pub fn embedding_of(&self, field: &str) -> usize {
        self.embeddings.get(field).copied().unwrap_or(self.embedding)
    }
}

impl DeepCrossingSpec {
    /// The number of units.
    pub fn n_units(&self) -> usize {
        match &self.units {
            UnitsSpec::TwoLayer(hidden) | UnitsSpec::Plain(hidden) => hidden.len(),
            UnitsSpec::OneLayer(depth, _) => *depth,
        }
    }

    /// The number of statistics that a model of this specification has besides its weights.
    pub fn n_statistics(&self) -> usize {
        if self.batch_norm { self.n_units().saturating_mul(2) } else { 0 }
    }
}
