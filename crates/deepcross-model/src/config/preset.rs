//! The presets: named sets of values for a Deep Crossing.

use serde::{Deserialize, Serialize};

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
    /// The hidden widths of two-layer units, or of hidden layers.
    pub(crate) fn hidden(self) -> Vec<usize> {
        match self {
            Self::Paper | Self::Note => vec![512, 512, 256, 128, 64],
            Self::Fuxictr => vec![500; 3],
        }
    }
}
