//! What the first version says of a model: a Deep Crossing without dropout of embeddings and batch normalisation.

use super::contents::Contents;
use crate::config::{DeepCrossingSpec, ModelSpec, StackingSpec, UnitsSpec};
use crate::training_summary::TrainingSummary;
use deepcross_features::EncoderState;
use deepcross_layers::Activation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeaderV1 {
    config: String,
    encoder: EncoderState,
    spec: ModelSpecV1,
    training: TrainingSummary,
}

#[derive(Debug, Serialize, Deserialize)]
struct ModelSpecV1 {
    embedding: usize,
    embeddings: BTreeMap<String, usize>,
    bypass_below: usize,
    embedding_activation: Activation,
    embedding_bias: bool,
    embedding_std: f64,
    embed_numbers: bool,
    units: UnitsSpecV1,
    outer_activation: Activation,
    dropout: f64,
}

/// Of the first version and the second.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum UnitsSpecV1 {
    TwoLayer(Vec<usize>),
    OneLayer(usize, Activation),
}

impl From<HeaderV1> for Contents {
    fn from(header: HeaderV1) -> Self {
        let HeaderV1 { config, encoder, spec, training } = header;
        Self {
            config,
            encoder,
            spec: ModelSpec::DeepCrossing(spec.into()),
            training,
            calibrator: None,
        }
    }
}

impl From<ModelSpecV1> for DeepCrossingSpec {
    fn from(spec: ModelSpecV1) -> Self {
        let stacking = StackingSpec {
            embedding: spec.embedding,
            embeddings: spec.embeddings,
            bypass_below: spec.bypass_below,
            embedding_activation: spec.embedding_activation,
            embedding_bias: spec.embedding_bias,
            embedding_std: spec.embedding_std,
            embed_numbers: spec.embed_numbers,
            embedding_dropout: 0.0,
        };
        Self {
            stacking,
            units: spec.units.into(),
            outer_activation: spec.outer_activation,
            dropout: spec.dropout,
            batch_norm: false,
        }
    }
}

impl From<UnitsSpecV1> for UnitsSpec {
    fn from(units: UnitsSpecV1) -> Self {
        match units {
            UnitsSpecV1::TwoLayer(hidden) => Self::TwoLayer(hidden),
            UnitsSpecV1::OneLayer(depth, activation) => Self::OneLayer(depth, activation),
        }
    }
}
