//! The section `layers`: the stored form of a specification.
//!
//! Its types are spelled out beside those that a model is built from, and the compiler compares the two.

use crate::config::{DeepCrossingSpec, FactorsSpec, MlpSpec, ModelSpec, StackingSpec, UnitsSpec};
use deepcross_layers::Activation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The stored form of a specification.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredLayers(#[serde(with = "StoredSpec")] pub(super) ModelSpec);

#[derive(Serialize, Deserialize)]
#[serde(remote = "ModelSpec")]
enum StoredSpec {
    DeepCrossing(#[serde(with = "StoredDeepCrossing")] DeepCrossingSpec),
    Mlp(#[serde(with = "StoredMlp")] MlpSpec),
    Lr,
    Fm(#[serde(with = "StoredFactors")] FactorsSpec),
    Ffm(#[serde(with = "StoredFactors")] FactorsSpec),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "StackingSpec")]
struct StoredStacking {
    embedding: usize,
    embeddings: BTreeMap<String, usize>,
    bypass_below: usize,
    embedding_activation: Activation,
    embedding_bias: bool,
    embedding_std: f64,
    embed_numbers: bool,
    embedding_dropout: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "DeepCrossingSpec")]
struct StoredDeepCrossing {
    #[serde(with = "StoredStacking")]
    stacking: StackingSpec,
    #[serde(with = "StoredUnits")]
    units: UnitsSpec,
    outer_activation: Activation,
    dropout: f64,
    batch_norm: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "UnitsSpec")]
enum StoredUnits {
    TwoLayer(Vec<usize>),
    OneLayer(usize, Activation),
    Plain(Vec<usize>),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MlpSpec")]
struct StoredMlp {
    #[serde(with = "StoredStacking")]
    stacking: StackingSpec,
    hidden: Vec<usize>,
    activation: Activation,
    dropout: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "FactorsSpec")]
struct StoredFactors {
    embedding: usize,
    embedding_std: f64,
}
