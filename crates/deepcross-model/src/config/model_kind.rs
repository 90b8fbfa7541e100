//! The kinds of model, and which keys of `[model]` each of them knows.

use serde::{Deserialize, Serialize};

/// A kind of model; all share encoder, training and artifact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// Deep Crossing (Shan et al., KDD 2016).
    #[default]
    DeepCrossing,
    /// Deep Crossing of two-layer units without the path that carries their input past them.
    DeepCrossingPlain,
    /// Logistic regression.
    Lr,
    /// A factorization machine (Rendle, ICDM 2010).
    Fm,
    /// A field-aware factorization machine (Juan et al., RecSys 2016).
    Ffm,
    /// A multi-layer perceptron over the stacked input.
    Mlp,
}

impl ModelKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::DeepCrossing, Self::DeepCrossingPlain, Self::Lr, Self::Fm, Self::Ffm, Self::Mlp];

    /// The name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::DeepCrossing => "deep-crossing",
            Self::DeepCrossingPlain => "deep-crossing-plain",
            Self::Lr => "lr",
            Self::Fm => "fm",
            Self::Ffm => "ffm",
            Self::Mlp => "mlp",
        }
    }

    /// Keys of `[model]` that have no meaning for the kind.
    pub(super) fn unknown_keys(self) -> &'static [&'static str] {
        match self {
            Self::DeepCrossing => &[],
            Self::DeepCrossingPlain => &["unit", "depth", "activation"],
            Self::Mlp => &["unit", "depth", "outer_activation", "batch_norm"],
            Self::Fm | Self::Ffm => &NOT_OF_FACTORS,
            Self::Lr => &NOT_OF_LR,
        }
    }
}

const NOT_OF_LR: [&str; 16] = [
    "embedding",
    "embedding_std",
    "preset",
    "embeddings",
    "bypass_below",
    "embedding_activation",
    "embedding_bias",
    "embed_numbers",
    "unit",
    "hidden",
    "depth",
    "activation",
    "outer_activation",
    "dropout",
    "embedding_dropout",
    "batch_norm",
];

/// All but the first two.
const NOT_OF_FACTORS: [&str; 14] = {
    let [_, _, rest @ ..] = NOT_OF_LR;
    rest
};
