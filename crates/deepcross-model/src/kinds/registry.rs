//! The registry of the kinds that a configuration can name, and what it does with a section `[model]`.

use super::configured::Configured;
use super::dcn_v2::DcnV2;
use super::deep_crossing::DeepCrossing;
use super::deepfm::DeepFm;
use super::linear::LinearModel;
use super::mlp::MlpModel;
use crate::config::{ModelConfig, ModelKind, Preset};
use crate::error::ModelError;
use crate::model_spec::{Kinds, ModelSpec, StoredKind};
use deepcross_features::Problem;
use deepcross_layers::fields::{FactorizationMachine, FieldAware};

/// The entry of a kind.
const fn entry(kind: ModelKind) -> Entry {
    match kind {
        ModelKind::Lr => Entry::of::<LinearModel<()>>(),
        ModelKind::Fm => Entry::of::<LinearModel<FactorizationMachine>>(),
        ModelKind::Ffm => Entry::of::<LinearModel<FieldAware>>(),
        ModelKind::Mlp => Entry::of::<MlpModel>(),
        ModelKind::DeepFm => Entry::of::<DeepFm>(),
        ModelKind::DcnV2 => Entry::of::<DcnV2>(),
        ModelKind::DeepCrossingPlain => Entry::of::<DeepCrossing<true>>(),
        ModelKind::DeepCrossing => Entry::of::<DeepCrossing<false>>(),
    }
}

/// What the registry knows of a kind.
struct Entry {
    keys: &'static [&'static [&'static str]],
    own_keys: &'static [&'static str],
    contradictions: fn(&ModelConfig) -> Vec<Problem>,
    spec: fn(&ModelConfig) -> ModelSpec,
    stored: StoredKind,
}

impl Entry {
    const fn of<N: Configured>() -> Self {
        Self {
            keys: N::KEYS,
            own_keys: N::OWN_KEYS,
            contradictions: N::contradictions,
            spec: |config| ModelSpec::known::<N>(N::spec(config)),
            stored: StoredKind::of::<N>(),
        }
    }
}

impl Entry {
    fn knows(&self, key: &str) -> bool {
        self.keys.iter().any(|group| group.contains(&key))
    }
}

impl Kinds {
    /// The kinds that a configuration can name.
    pub fn standard() -> Self {
        Self::new(ModelKind::ALL.map(|kind| entry(kind).stored))
    }
}

impl ModelConfig {
    /// All values that are out of range or contradict each other.
    pub fn problems(&self) -> Vec<Problem> {
        let (entry, kind) = (entry(self.kind), self.kind.name());
        let foreign = self.set_keys().into_iter().filter(|key| !entry.knows(key));
        let foreign = foreign.map(|key| {
            let message =
                format!("has no meaning for the kind `{kind}`; remove it, or set `model.kind`");
            Problem::new(format!("model.{key}"), message)
        });
        let mut problems: Vec<_> = foreign.collect();
        problems.extend((entry.contradictions)(self));
        problems.extend(self.value_problems());
        problems
    }

    /// The specification: the configuration with its gaps filled.
    ///
    /// # Errors
    /// [`ModelError::Config`] with all [`problems`](Self::problems).
    pub fn check(&self) -> Result<ModelSpec, ModelError> {
        let problems = self.problems();
        if !problems.is_empty() {
            return Err(ModelError::Config(problems));
        }
        Ok((entry(self.kind).spec)(self))
    }

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
        let entry = entry(kind);
        let mut other = Self { kind, ..self.clone() };
        other.retain(|key| entry.knows(key) && !entry.own_keys.contains(&key));
        // Only `deep-crossing` has one-layer units, and a configuration of another kind translates to two-layer units.
        other.preset = other.preset.filter(|preset| *preset != Preset::Note);
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{CrossStructure, StackingSpec, UnitKind};
    use crate::kinds::deep_crossing::{DeepCrossingSpec, UnitsSpec};
    use crate::kinds::first_order_stack::FactorsSpec;
    use deepcross_layers::Activation;

    /// The specification of a Deep Crossing.
    fn deep_crossing(config: &ModelConfig) -> DeepCrossingSpec {
        config.check().unwrap().get::<DeepCrossing<false>>().unwrap().clone()
    }

    fn problems(config: &ModelConfig) -> Vec<String> {
        config.problems().iter().map(Problem::to_string).collect()
    }

    #[test]
    fn presets_are_as_documented() {
        let of = |preset| deep_crossing(&ModelConfig { preset, ..Default::default() });
        let paper = of(None);
        assert_eq!(of(Some(Preset::Paper)), paper);
        let stacking = &paper.stacking;
        assert_eq!(
            (stacking.embedding, stacking.bypass_below, stacking.embedding_bias),
            (256, 256, true)
        );
        assert_eq!(paper.units, UnitsSpec::TwoLayer(vec![512, 512, 256, 128, 64]));
        let note = of(Some(Preset::Note));
        assert_eq!(note.units, UnitsSpec::OneLayer(5, Activation::Relu));
        assert_eq!(note.outer_activation, Activation::Identity);
        let fuxictr = of(Some(Preset::Fuxictr)).stacking;
        assert_eq!((fuxictr.embedding, fuxictr.bypass_below, fuxictr.embed_numbers), (40, 0, true));
        assert_eq!(fuxictr.embedding_activation, Activation::Identity);
    }

    #[test]
    fn keys_override_the_preset() {
        let config = ModelConfig {
            embedding: Some(8),
            embeddings: [("ad".to_owned(), 4)].into(),
            unit: Some(UnitKind::OneLayer),
            activation: Some(Activation::Tanh),
            ..Default::default()
        };
        let spec = deep_crossing(&config);
        let stacking = &spec.stacking;
        assert_eq!((stacking.embedding_of("ad"), stacking.embedding_of("words")), (4, 8));
        assert_eq!(spec.units, UnitsSpec::OneLayer(5, Activation::Tanh));
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let config = ModelConfig {
            embedding: Some(0),
            hidden: Some(vec![4, 0]),
            depth: Some(3),
            dropout: Some(1.0),
            embedding_dropout: Some(f64::NAN),
            ..Default::default()
        };
        let expected = [
            "`model.depth`: has no meaning for two-layer units; remove it, or set `model.unit`",
            "`model.embedding`: must be at least 1, but is 0",
            "`model.hidden[1]`: must be at least 1, but is 0",
            "`model.dropout`: must be in [0, 1), but is 1",
            "`model.embedding_dropout`: must be in [0, 1), but is NaN",
        ];
        assert_eq!(problems(&config), expected);
    }

    #[test]
    fn more_layers_than_a_model_may_have_are_refused() {
        let of = |n| ModelConfig {
            unit: Some(UnitKind::OneLayer),
            hidden: Some(vec![0; n]),
            depth: Some(n),
            cross_layers: Some(n),
            ..Default::default()
        };
        let found = of(4097).value_problems();
        let expected = [
            "`model.hidden`: must have at most 4096 widths, but has 4097",
            "`model.depth`: must be at most 4096, but is 4097",
            "`model.cross_layers`: must be at most 4096, but is 4097",
        ];
        assert_eq!(found.iter().map(Problem::to_string).collect::<Vec<_>>(), expected);
        assert_eq!(of(4096).value_problems().len(), 4096);
    }

    /// A configuration that sets every key.
    fn full(kind: ModelKind) -> ModelConfig {
        ModelConfig {
            kind,
            preset: Some(Preset::Paper),
            embedding: Some(3),
            embeddings: [("ad".to_owned(), 4)].into(),
            bypass_below: Some(0),
            embedding_activation: Some(Activation::Tanh),
            embedding_bias: Some(false),
            embedding_std: Some(0.1),
            embed_numbers: Some(true),
            unit: Some(UnitKind::TwoLayer),
            hidden: Some(vec![7]),
            depth: Some(2),
            activation: Some(Activation::Tanh),
            outer_activation: Some(Activation::Tanh),
            dropout: Some(0.5),
            embedding_dropout: Some(0.25),
            batch_norm: Some(true),
            cross_layers: Some(2),
            rank: Some(3),
            structure: Some(CrossStructure::Parallel),
        }
    }

    #[test]
    fn keys_without_meaning_are_refused_by_name() {
        for (kind, n_refused) in ModelKind::ALL.into_iter().zip([19, 17, 17, 6, 13, 3, 6, 5]) {
            let config = full(kind);
            let problems = config.problems();
            assert_eq!(problems.len(), n_refused, "{problems:?}");
            let keys = config.set_keys();
            assert_eq!(keys.len(), 19);
            for Problem { path, message } in problems {
                let key = path.strip_prefix("model.").expect("the key is of the section");
                assert!(keys.contains(&key), "{key}");
                assert!(message.starts_with("has no meaning for "), "{message}");
            }
        }
        let mut fm =
            ModelConfig { kind: ModelKind::Fm, hidden: Some(vec![4]), ..Default::default() };
        fm.embedding = Some(0);
        let expected = [
            "`model.hidden`: has no meaning for the kind `fm`; remove it, or set `model.kind`",
            "`model.embedding`: must be at least 1, but is 0",
        ];
        assert_eq!(problems(&fm), expected);
        for kind in [ModelKind::DeepCrossingPlain, ModelKind::Mlp] {
            let config = ModelConfig { kind, preset: Some(Preset::Note), ..Default::default() };
            let problem = format!(
                "`model.preset`: `note` has one-layer units, and the kind `{}` has none",
                kind.name()
            );
            assert_eq!(problems(&config), [problem]);
        }
    }

    #[test]
    fn every_key_of_a_kind_is_a_key_of_the_section() {
        let keys = full(ModelKind::default()).set_keys();
        for kind in ModelKind::ALL {
            let Entry { keys: known, own_keys, .. } = entry(kind);
            let known = known.concat();
            assert!(known.iter().chain(own_keys).all(|key| keys.contains(key)), "{kind:?}");
            let mut of_kind = full(kind);
            of_kind.retain(|key| known.contains(&key));
            assert_eq!(of_kind.set_keys().len(), known.len(), "{kind:?}");
        }
    }

    #[test]
    fn each_kind_accepts_its_keys() {
        let of = |kind| ModelConfig { kind, embedding: Some(3), ..Default::default() };
        let fm = of(ModelKind::Fm).check().unwrap();
        let factors = FactorsSpec::new(&of(ModelKind::Fm), 16);
        assert_eq!(fm, ModelSpec::known::<LinearModel<FactorizationMachine>>(factors.clone()));
        let ffm = of(ModelKind::Ffm).check().unwrap();
        assert_eq!(ffm, ModelSpec::known::<LinearModel<FieldAware>>(factors));
        assert_ne!(fm, ffm);
        let lr = ModelConfig { kind: ModelKind::Lr, ..Default::default() };
        assert_eq!(lr.check().unwrap(), ModelSpec::known::<LinearModel<()>>(()));
        let plain = ModelConfig { hidden: Some(vec![7, 5]), ..of(ModelKind::DeepCrossingPlain) };
        let spec = plain.check().unwrap();
        let plain = spec.get::<DeepCrossing<true>>().unwrap();
        assert_eq!(plain.units, UnitsSpec::TwoLayer(vec![7, 5]));
        assert_eq!(spec.get::<DeepCrossing<false>>(), None);
        let mlp = ModelConfig { activation: Some(Activation::Tanh), ..of(ModelKind::Mlp) };
        let spec = mlp.check().unwrap();
        let spec = spec.get::<MlpModel>().unwrap();
        assert_eq!(spec.stacking, StackingSpec::new(&mlp));
        assert_eq!((spec.stacking.embedding, spec.stacking.bypass_below), (3, 256));
    }

    /// A configuration that sets every key that the kind knows.
    fn known(kind: ModelKind, one_layer: bool) -> ModelConfig {
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
            ..Default::default()
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
            ModelKind::Mlp | ModelKind::DeepFm | ModelKind::DcnV2 => {
                ModelConfig { activation: Some(Activation::Tanh), ..all.for_kind(kind) }
            }
            kind => all.for_kind(kind),
        }
    }

    #[test]
    fn no_kind_gets_a_key_that_it_refuses() {
        for from in ModelKind::ALL {
            for one_layer in [false, true] {
                let config = known(from, one_layer);
                assert_eq!(config.problems(), [], "{config:?}");
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
        let config = known(ModelKind::DeepCrossing, false);
        let mlp = config.for_kind(ModelKind::Mlp);
        assert_eq!((&mlp.hidden, mlp.embedding, mlp.dropout), (&config.hidden, Some(8), Some(0.1)));
        assert_eq!((mlp.outer_activation, mlp.batch_norm), (None, Some(true)));
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
