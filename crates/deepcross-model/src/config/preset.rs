//! The presets: named sets of values for a Deep Crossing.

use super::{DeepCrossingSpec, StackingSpec, UnitsSpec};
use deepcross_layers::Activation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A named set of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The architecture of Shan et al., KDD 2016: embeddings 256 wide with bias and ReLU, fields under 256 dimensions
    /// stacked raw, five two-layer units of 512, 512, 256, 128 and 64 with a ReLU after the addition.
    ///
    /// The paper does not state how weights are initialised; the initialisation and the optimizer are our choice.
    #[default]
    Paper,
    /// As `paper`, but with five one-layer units `h + relu(W h + b)`, for which the flow of gradients is derived.
    Note,
    /// The template of FuxiCTR's DeepCrossing: every field is embedded, 40 wide, without bias or activation; numbers go
    /// through a linear map without bias; there are three two-layer units of 500; embeddings start at N(0, 1e-4²).
    Fuxictr,
}

impl Preset {
    pub(super) fn spec(self) -> DeepCrossingSpec {
        let stacking = StackingSpec {
            embedding: 256,
            embeddings: BTreeMap::new(),
            bypass_below: 256,
            embedding_activation: Activation::Relu,
            embedding_bias: true,
            embedding_std: 0.01,
            embed_numbers: false,
            embedding_dropout: 0.0,
        };
        let paper = DeepCrossingSpec {
            stacking: stacking.clone(),
            units: UnitsSpec::TwoLayer(vec![512, 512, 256, 128, 64]),
            outer_activation: Activation::Relu,
            dropout: 0.0,
            batch_norm: false,
        };
        match self {
            Self::Paper => paper,
            Self::Note => DeepCrossingSpec {
                units: UnitsSpec::OneLayer(5, Activation::Relu),
                outer_activation: Activation::Identity,
                ..paper
            },
            Self::Fuxictr => DeepCrossingSpec {
                stacking: StackingSpec {
                    embedding: 40,
                    bypass_below: 0,
                    embedding_activation: Activation::Identity,
                    embedding_bias: false,
                    embedding_std: 1e-4,
                    embed_numbers: true,
                    ..stacking
                },
                units: UnitsSpec::TwoLayer(vec![500; 3]),
                ..paper
            },
        }
    }
}
