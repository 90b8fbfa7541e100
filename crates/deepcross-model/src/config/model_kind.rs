//! The kinds of model that a configuration can name.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A kind of model; all kinds share encoder, training and artifact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// Logistic regression.
    Lr,
    /// A factorization machine (Rendle, ICDM 2010).
    Fm,
    /// A field-aware factorization machine (Juan et al., RecSys 2016).
    Ffm,
    /// A multi-layer perceptron over the stacked input.
    Mlp,
    /// DeepFM (Guo et al., IJCAI 2017).
    #[serde(rename = "deepfm")]
    DeepFm,
    /// DCN-V2 (Wang et al., WWW 2021).
    DcnV2,
    /// Deep Crossing with two-layer units that lack the identity path around them.
    DeepCrossingPlain,
    /// Deep Crossing (Shan et al., KDD 2016).
    #[default]
    DeepCrossing,
}

impl ModelKind {
    /// All kinds, the simple ones first.
    pub const ALL: [Self; 8] = [
        Self::Lr,
        Self::Fm,
        Self::Ffm,
        Self::Mlp,
        Self::DeepFm,
        Self::DcnV2,
        Self::DeepCrossingPlain,
        Self::DeepCrossing,
    ];

    /// The name in a configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lr => "lr",
            Self::Fm => "fm",
            Self::Ffm => "ffm",
            Self::Mlp => "mlp",
            Self::DeepFm => "deepfm",
            Self::DcnV2 => "dcn-v2",
            Self::DeepCrossingPlain => "deep-crossing-plain",
            Self::DeepCrossing => "deep-crossing",
        }
    }

    /// The kind of this name in a configuration.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::ModelKind;

    #[test]
    fn kinds_are_found_by_their_names() {
        for kind in ModelKind::ALL {
            assert_eq!(ModelKind::of_name(kind.name()), Some(kind));
        }
        assert_eq!(ModelKind::of_name("LR"), None);
    }
}
