//! The translation of a section `[model]` to another kind of model.

use super::{ModelConfig, ModelKind, Preset};

impl ModelConfig {
    /// A configuration of the given kind with every key of this one that the kind knows; all other keys have the kind's
    /// defaults.
    ///
    /// A key means the same in all kinds that know it, so that a comparison has models of similar size if possible.
    /// `preset = "note"` and `activation` belong to certain units: the preset is dropped for a kind without one-layer
    /// units, and the activation for a kind with two-layer units.
    /// For its own kind, the configuration stays as it is. If it has no [`problems`](Self::problems), the result has
    /// none.
    #[must_use]
    pub fn for_kind(&self, kind: ModelKind) -> Self {
        if kind == self.kind {
            return self.clone();
        }
        let knows = |key: &str| !kind.unknown_keys().contains(&key);
        // Only `deep-crossing` has one-layer units, and a configuration of another kind translates to two-layer units.
        let (has_preset, has_activation) = (knows("preset"), kind == ModelKind::Mlp);
        Self {
            kind,
            preset: self.preset.filter(|preset| has_preset && *preset != Preset::Note),
            embedding: self.embedding.filter(|_| knows("embedding")),
            embeddings: if knows("embeddings") {
                self.embeddings.clone()
            } else {
                Default::default()
            },
            bypass_below: self.bypass_below.filter(|_| knows("bypass_below")),
            embedding_activation: self
                .embedding_activation
                .filter(|_| knows("embedding_activation")),
            embedding_bias: self.embedding_bias.filter(|_| knows("embedding_bias")),
            embedding_std: self.embedding_std.filter(|_| knows("embedding_std")),
            embed_numbers: self.embed_numbers.filter(|_| knows("embed_numbers")),
            unit: None,
            hidden: self.hidden.clone().filter(|_| knows("hidden")),
            depth: None,
            activation: self.activation.filter(|_| has_activation),
            outer_activation: self.outer_activation.filter(|_| knows("outer_activation")),
            dropout: self.dropout.filter(|_| knows("dropout")),
            embedding_dropout: self.embedding_dropout.filter(|_| knows("embedding_dropout")),
            batch_norm: self.batch_norm.filter(|_| knows("batch_norm")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::UnitKind;
    use deepcross_layers::Activation;

    /// A configuration that sets every key that the kind knows.
    fn full(kind: ModelKind, one_layer: bool) -> ModelConfig {
        let all = ModelConfig {
            kind: ModelKind::DeepCrossing,
            preset: Some(Preset::Fuxictr),
            embedding: Some(8),
            embeddings: [("ad".to_owned(), 4)].into(),
            bypass_below: Some(3),
            embedding_activation: Some(Activation::Tanh),
            embedding_bias: Some(true),
            embedding_std: Some(0.5),
            embed_numbers: Some(true),
            unit: None,
            hidden: Some(vec![7, 5]),
            depth: None,
            activation: None,
            outer_activation: Some(Activation::Relu),
            dropout: Some(0.1),
            embedding_dropout: Some(0.2),
            batch_norm: Some(true),
        };
        match kind {
            ModelKind::DeepCrossing if one_layer => ModelConfig {
                preset: Some(Preset::Note),
                unit: Some(UnitKind::OneLayer),
                hidden: None,
                depth: Some(3),
                activation: Some(Activation::Tanh),
                ..all
            },
            ModelKind::Mlp => {
                ModelConfig { activation: Some(Activation::Tanh), ..all.for_kind(kind) }
            }
            kind => all.for_kind(kind),
        }
    }

    #[test]
    fn no_kind_gets_a_key_that_it_refuses() {
        for from in ModelKind::ALL {
            for one_layer in [false, true] {
                let config = full(from, one_layer);
                assert_eq!(config.problems(), [""; 0], "{config:?}");
                for to in ModelKind::ALL {
                    let other = config.for_kind(to);
                    assert_eq!((other.kind, other.problems()), (to, vec![]), "{from:?}: {other:?}");
                }
                assert_eq!(config.for_kind(from), config);
            }
        }
    }

    #[test]
    fn known_keys_carry_over() {
        let config = full(ModelKind::DeepCrossing, false);
        let mlp = config.for_kind(ModelKind::Mlp);
        assert_eq!((&mlp.hidden, mlp.embedding, mlp.dropout), (&config.hidden, Some(8), Some(0.1)));
        assert_eq!((mlp.outer_activation, mlp.batch_norm), (None, None));
        let fm = ModelConfig {
            kind: ModelKind::Fm,
            embedding: Some(8),
            embedding_std: Some(0.5),
            ..Default::default()
        };
        assert_eq!(config.for_kind(ModelKind::Fm), fm);
        let lr = ModelConfig { kind: ModelKind::Lr, ..Default::default() };
        assert_eq!(config.for_kind(ModelKind::Lr), lr);
        assert_eq!(config.for_kind(ModelKind::DeepCrossingPlain).batch_norm, Some(true));
    }
}
