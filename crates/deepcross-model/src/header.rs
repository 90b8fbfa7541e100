//! What an artifact's header says, by version.
//!
//! The types of a version never change: what a newer one adds is a new type, and an old file gets for it what the program
//! did at its time.

use crate::config::{ModelSpec, UnitsSpec};
use crate::trained::TrainingSummary;
use deepcross_features::EncoderState;
use deepcross_layers::Activation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The header, by version; the newest is the one that is written.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Header {
    V1 { config: String, encoder: EncoderState, spec: ModelSpecV1, training: TrainingSummary },
    V2(HeaderV2),
}

/// With the dropout of embeddings and batch normalisation.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeaderV2 {
    pub(crate) config: String,
    pub(crate) encoder: EncoderState,
    pub(crate) spec: ModelSpec,
    pub(crate) training: TrainingSummary,
}

/// A [`ModelSpec`] of the first version.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ModelSpecV1 {
    embedding: usize,
    embeddings: BTreeMap<String, usize>,
    bypass_below: usize,
    embedding_activation: Activation,
    embedding_bias: bool,
    embedding_std: f64,
    embed_numbers: bool,
    units: UnitsSpec,
    outer_activation: Activation,
    dropout: f64,
}

impl Header {
    /// The header, as the newest version has it.
    pub(crate) fn newest(self) -> HeaderV2 {
        match self {
            Self::V1 { config, encoder, spec, training } => {
                HeaderV2 { config, encoder, spec: spec.newest(), training }
            }
            Self::V2(header) => header,
        }
    }
}

impl ModelSpecV1 {
    fn newest(self) -> ModelSpec {
        ModelSpec {
            embedding: self.embedding,
            embeddings: self.embeddings,
            bypass_below: self.bypass_below,
            embedding_activation: self.embedding_activation,
            embedding_bias: self.embedding_bias,
            embedding_std: self.embedding_std,
            embed_numbers: self.embed_numbers,
            units: self.units,
            outer_activation: self.outer_activation,
            dropout: self.dropout,
            embedding_dropout: 0.0,
            batch_norm: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Scorer, TrainedModel, UnitsSpec};
    use std::path::Path;

    /// Written by the first version, for `[model] embedding = 2, bypass_below = 0, hidden = [3], dropout = 0.25`; its
    /// predictions are those that `deepcross predict` gave then.
    #[test]
    fn a_file_of_the_first_version_is_read() {
        let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/model_v1.dcx"));
        let model = TrainedModel::load(file).unwrap();
        assert_eq!(model.spec.units, UnitsSpec::TwoLayer(vec![3]));
        assert_eq!((model.spec.embedding, model.spec.dropout), (2, 0.25));
        assert_eq!((model.spec.embedding_dropout, model.spec.batch_norm), (0.0, false));
        let folder = tempfile::tempdir().unwrap();
        let again = folder.path().join("model.dcx");
        model.save(&again).unwrap();
        assert_eq!(TrainedModel::load(&again).unwrap().spec, model.spec);
        for file in [file, &again] {
            let scorer = Scorer::load(file).unwrap();
            let mut session = scorer.session();
            let header = ["click", "ad", "age"].map(str::to_owned);
            let binding = scorer.encoder().bind(&header).unwrap();
            for row in [["0", "hats", "20"], ["1", "shoes", "21"], ["0", "socks", "22"]] {
                scorer.push(&mut session, &binding, &row.map(str::to_owned)[..]).unwrap();
            }
            let expected = [0.49964094_f32, 0.5028291, 0.5060169];
            for (found, expected) in scorer.score(&mut session).iter().zip(expected) {
                assert!((found - expected).abs() <= 1e-6, "{found}, not {expected}");
            }
        }
    }
}
