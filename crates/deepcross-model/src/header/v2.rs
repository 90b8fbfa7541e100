//! What the second version says of a model: a Deep Crossing, with dropout of embeddings and batch normalisation.

use super::contents::Contents;
use super::v1::UnitsSpecV1;
use crate::config::{DeepCrossingSpec, ModelSpec, StackingSpec};
use crate::training_summary::TrainingSummary;
use deepcross_features::EncoderState;
use deepcross_layers::Activation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeaderV2 {
    config: String,
    encoder: EncoderState,
    spec: ModelSpecV2,
    training: TrainingSummary,
}

#[derive(Debug, Serialize, Deserialize)]
struct ModelSpecV2 {
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
    embedding_dropout: f64,
    batch_norm: bool,
}

impl From<HeaderV2> for Contents {
    fn from(header: HeaderV2) -> Self {
        let HeaderV2 { config, encoder, spec, training } = header;
        Self {
            config,
            encoder,
            spec: ModelSpec::DeepCrossing(spec.into()),
            training,
            calibrator: None,
        }
    }
}

impl From<ModelSpecV2> for DeepCrossingSpec {
    fn from(spec: ModelSpecV2) -> Self {
        let stacking = StackingSpec {
            embedding: spec.embedding,
            embeddings: spec.embeddings,
            bypass_below: spec.bypass_below,
            embedding_activation: spec.embedding_activation,
            embedding_bias: spec.embedding_bias,
            embedding_std: spec.embedding_std,
            embed_numbers: spec.embed_numbers,
            embedding_dropout: spec.embedding_dropout,
        };
        Self {
            stacking,
            units: spec.units.into(),
            outer_activation: spec.outer_activation,
            dropout: spec.dropout,
            batch_norm: spec.batch_norm,
        }
    }
}
