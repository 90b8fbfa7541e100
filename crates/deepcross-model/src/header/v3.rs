//! What the third version says of a model, which may be of any kind.
//!
//! Its types, of the fourth version too, are spelled out beside those that a model is built from, and the compiler compares the two: where the latter
//! change, these stay as they are, and get a conversion, as those of the versions before have.

use super::contents::Contents;
use crate::config::{DeepCrossingSpec, FactorsSpec, MlpSpec, ModelSpec, StackingSpec, UnitsSpec};
use crate::training_summary::TrainingSummary;
use deepcross_features::EncoderState;
use deepcross_layers::Activation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeaderV3 {
    config: String,
    encoder: EncoderState,
    #[serde(with = "ModelSpecV3")]
    spec: ModelSpec,
    training: TrainingSummary,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ModelSpec")]
pub(super) enum ModelSpecV3 {
    DeepCrossing(#[serde(with = "DeepCrossingSpecV3")] DeepCrossingSpec),
    Mlp(#[serde(with = "MlpSpecV3")] MlpSpec),
    Lr,
    Fm(#[serde(with = "FactorsSpecV3")] FactorsSpec),
    Ffm(#[serde(with = "FactorsSpecV3")] FactorsSpec),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "StackingSpec")]
struct StackingSpecV3 {
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
struct DeepCrossingSpecV3 {
    #[serde(with = "StackingSpecV3")]
    stacking: StackingSpec,
    #[serde(with = "UnitsSpecV3")]
    units: UnitsSpec,
    outer_activation: Activation,
    dropout: f64,
    batch_norm: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "UnitsSpec")]
enum UnitsSpecV3 {
    TwoLayer(Vec<usize>),
    OneLayer(usize, Activation),
    Plain(Vec<usize>),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MlpSpec")]
struct MlpSpecV3 {
    #[serde(with = "StackingSpecV3")]
    stacking: StackingSpec,
    hidden: Vec<usize>,
    activation: Activation,
    dropout: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "FactorsSpec")]
struct FactorsSpecV3 {
    embedding: usize,
    embedding_std: f64,
}

impl From<HeaderV3> for Contents {
    fn from(header: HeaderV3) -> Self {
        let HeaderV3 { config, encoder, spec, training } = header;
        Self { config, encoder, spec, training, calibrator: None }
    }
}
