//! The section `[model]` of a run.
//!
//! Each key overrides the preset's value.
//! All kinds of model share one set of keys, and each kind knows some of them. The others are refused by name: a
//! user would otherwise believe that a key without effect had been tried.

use super::{
    DeepCrossingSpec, FactorsSpec, MlpSpec, ModelKind, ModelSpec, Preset, StackingSpec, UnitsSpec,
};
use crate::error::ModelError;
use deepcross_layers::Activation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The section `[model]`: a kind, a preset, and the values that differ from the preset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelConfig {
    /// The kind of the model; `deep-crossing` if left out.
    pub kind: ModelKind,
    /// The source of all values that are not set here; `paper` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// The width of each embedding, or of the vectors of a factorization machine, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding: Option<usize>,
    /// The widths of the embeddings of single fields, by the field's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub embeddings: BTreeMap<String, usize>,
    /// A categorical field with fewer dimensions than this is stacked raw; 0 embeds all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bypass_below: Option<usize>,
    /// The activation of an embedding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_activation: Option<Activation>,
    /// Whether an embedding has a bias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_bias: Option<bool>,
    /// The standard deviation of the initial embeddings, at least 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_std: Option<f64>,
    /// Whether numbers are embedded by a linear map without bias instead of stacked raw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embed_numbers: Option<bool>,
    /// The kind of the residual units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitKind>,
    /// The hidden width of each two-layer unit, or the width of each hidden layer, each from 1; an empty list leaves an
    /// additive model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Vec<usize>>,
    /// The number of one-layer units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<usize>,
    /// The activation within a one-layer unit, or of hidden layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// The activation after the addition of a unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outer_activation: Option<Activation>,
    /// The share of elements dropped after each unit in training, in [0, 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// The share of elements of embeddings dropped in training, in [0, 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_dropout: Option<f64>,
    /// Whether each unit normalises its sum by batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_norm: Option<bool>,
}

/// The kind of a residual unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// `outer(x + W₁ relu(W₀ x + b₀) + b₁)`.
    TwoLayer,
    /// `outer(x + activation(W x + b))`.
    OneLayer,
}

impl ModelConfig {
    /// All values that are out of range or contradict each other, one sentence each.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.contradictions();
        let mut at_least_one = |key: String, value: usize| {
            if value == 0 {
                problems.push(format!("`model.{key}`: must be at least 1, but is 0"));
            }
        };
        self.embedding.iter().for_each(|&width| at_least_one("embedding".into(), width));
        self.embeddings
            .iter()
            .for_each(|(name, &width)| at_least_one(format!("embeddings.{name}"), width));
        let hidden = self.hidden.iter().flatten().enumerate();
        hidden.for_each(|(i, &width)| at_least_one(format!("hidden[{i}]"), width));
        if let Some(std) = self.embedding_std.filter(|std| !(*std >= 0.0 && std.is_finite())) {
            problems.push(format!("`model.embedding_std`: must be at least 0, but is {std}"));
        }
        let rates = [("dropout", self.dropout), ("embedding_dropout", self.embedding_dropout)];
        for (key, rate) in rates {
            if let Some(rate) = rate.filter(|rate| !(0.0..1.0).contains(rate)) {
                problems.push(format!("`model.{key}`: must be in [0, 1), but is {rate}"));
            }
        }
        problems
    }

    /// The keys that belong to another kind of model or of unit.
    fn contradictions(&self) -> Vec<String> {
        let unknown = self.kind.unknown_keys();
        let kind = self.kind.name();
        let misplaced = self.set_keys().into_iter().filter(|key| unknown.contains(key));
        let mut problems: Vec<_> = misplaced
            .map(|key| {
                format!(
                    "`model.{key}`: has no meaning for the kind `{kind}`; remove it, or set `model.kind`"
                )
            })
            .collect();
        match self.kind {
            ModelKind::DeepCrossing => problems.extend(self.misplaced_unit_keys()),
            _ if self.preset == Some(Preset::Note) && !unknown.contains(&"preset") => problems
                .push(format!(
                    "`model.preset`: `note` has one-layer units, and the kind `{kind}` has none"
                )),
            _ => {}
        }
        problems
    }

    /// The keys that are set, except for the kind.
    fn set_keys(&self) -> Vec<&'static str> {
        let keys = [
            ("preset", self.preset.is_some()),
            ("embedding", self.embedding.is_some()),
            ("embeddings", !self.embeddings.is_empty()),
            ("bypass_below", self.bypass_below.is_some()),
            ("embedding_activation", self.embedding_activation.is_some()),
            ("embedding_bias", self.embedding_bias.is_some()),
            ("embedding_std", self.embedding_std.is_some()),
            ("embed_numbers", self.embed_numbers.is_some()),
            ("unit", self.unit.is_some()),
            ("hidden", self.hidden.is_some()),
            ("depth", self.depth.is_some()),
            ("activation", self.activation.is_some()),
            ("outer_activation", self.outer_activation.is_some()),
            ("dropout", self.dropout.is_some()),
            ("embedding_dropout", self.embedding_dropout.is_some()),
            ("batch_norm", self.batch_norm.is_some()),
        ];
        keys.into_iter().filter(|(_, is_set)| *is_set).map(|(key, _)| key).collect()
    }

    /// The keys that belong to the other kind of unit.
    fn misplaced_unit_keys(&self) -> Vec<String> {
        let (kind, misplaced) = match self.unit_kind() {
            UnitKind::TwoLayer => (
                "two-layer",
                [("depth", self.depth.is_some()), ("activation", self.activation.is_some())],
            ),
            UnitKind::OneLayer => ("one-layer", [("hidden", self.hidden.is_some()), ("", false)]),
        };
        let misplaced = misplaced.iter().filter(|(_, set)| *set);
        misplaced
            .map(|(key, _)| {
                format!(
                    "`model.{key}`: has no meaning for {kind} units; remove it, or set `model.unit`"
                )
            })
            .collect()
    }

    fn unit_kind(&self) -> UnitKind {
        self.unit.unwrap_or(match self.preset.unwrap_or_default() {
            Preset::Note => UnitKind::OneLayer,
            Preset::Paper | Preset::Fuxictr => UnitKind::TwoLayer,
        })
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
        Ok(match self.kind {
            ModelKind::DeepCrossing | ModelKind::DeepCrossingPlain => {
                ModelSpec::DeepCrossing(self.deep_crossing())
            }
            ModelKind::Mlp => ModelSpec::Mlp(self.mlp()),
            ModelKind::Lr => ModelSpec::Lr,
            ModelKind::Fm => ModelSpec::Fm(self.factors(16)),
            ModelKind::Ffm => ModelSpec::Ffm(self.factors(4)),
        })
    }

    /// The specification of a Deep Crossing, for building a [`DeepCrossing`](crate::DeepCrossing) directly.
    ///
    /// # Errors
    /// As [`check`](Self::check), and [`ModelError::Config`] if the kind is another one.
    pub fn check_deep_crossing(&self) -> Result<DeepCrossingSpec, ModelError> {
        match self.check()? {
            ModelSpec::DeepCrossing(spec) => Ok(spec),
            _ => Err(ModelError::Config(vec![format!(
                "`model.kind`: must be `deep-crossing`, but is `{}`",
                self.kind.name()
            )])),
        }
    }

    fn deep_crossing(&self) -> DeepCrossingSpec {
        let preset = self.preset.unwrap_or_default().spec();
        let units = self.units(preset.units);
        DeepCrossingSpec {
            stacking: self.stacking(preset.stacking),
            outer_activation: self.outer_activation.unwrap_or(preset.outer_activation),
            dropout: self.dropout.unwrap_or(preset.dropout),
            batch_norm: self.batch_norm.unwrap_or(preset.batch_norm),
            units: match units {
                UnitsSpec::TwoLayer(hidden) if self.kind == ModelKind::DeepCrossingPlain => {
                    UnitsSpec::Plain(hidden)
                }
                units => units,
            },
        }
    }

    fn stacking(&self, preset: StackingSpec) -> StackingSpec {
        StackingSpec {
            embedding: self.embedding.unwrap_or(preset.embedding),
            embeddings: self.embeddings.clone(),
            bypass_below: self.bypass_below.unwrap_or(preset.bypass_below),
            embedding_activation: self.embedding_activation.unwrap_or(preset.embedding_activation),
            embedding_bias: self.embedding_bias.unwrap_or(preset.embedding_bias),
            embedding_std: self.embedding_std.unwrap_or(preset.embedding_std),
            embed_numbers: self.embed_numbers.unwrap_or(preset.embed_numbers),
            embedding_dropout: self.embedding_dropout.unwrap_or(preset.embedding_dropout),
        }
    }

    fn mlp(&self) -> MlpSpec {
        let preset = self.preset.unwrap_or_default().spec();
        let hidden = match preset.units {
            UnitsSpec::TwoLayer(hidden) | UnitsSpec::Plain(hidden) => hidden,
            UnitsSpec::OneLayer(..) => Vec::new(),
        };
        MlpSpec {
            stacking: self.stacking(preset.stacking),
            hidden: self.hidden.clone().unwrap_or(hidden),
            activation: self.activation.unwrap_or(Activation::Relu),
            dropout: self.dropout.unwrap_or(preset.dropout),
        }
    }

    fn factors(&self, embedding: usize) -> FactorsSpec {
        FactorsSpec {
            embedding: self.embedding.unwrap_or(embedding),
            embedding_std: self.embedding_std.unwrap_or(0.01),
        }
    }

    fn units(&self, preset: UnitsSpec) -> UnitsSpec {
        match (self.unit_kind(), preset) {
            (UnitKind::TwoLayer, UnitsSpec::TwoLayer(hidden) | UnitsSpec::Plain(hidden)) => {
                UnitsSpec::TwoLayer(self.hidden.clone().unwrap_or(hidden))
            }
            (UnitKind::TwoLayer, UnitsSpec::OneLayer(..)) => UnitsSpec::TwoLayer(
                self.hidden.clone().unwrap_or_else(|| vec![512, 512, 256, 128, 64]),
            ),
            (UnitKind::OneLayer, UnitsSpec::OneLayer(depth, activation)) => UnitsSpec::OneLayer(
                self.depth.unwrap_or(depth),
                self.activation.unwrap_or(activation),
            ),
            (UnitKind::OneLayer, UnitsSpec::TwoLayer(hidden) | UnitsSpec::Plain(hidden)) => {
                UnitsSpec::OneLayer(
                    self.depth.unwrap_or(hidden.len()),
                    self.activation.unwrap_or_default(),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_as_documented() {
        let of =
            |preset| ModelConfig { preset, ..Default::default() }.check_deep_crossing().unwrap();
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
        let spec = config.check_deep_crossing().unwrap();
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
        assert_eq!(config.problems(), expected);
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
        }
    }

    #[test]
    fn keys_without_meaning_are_refused_by_name() {
        for (kind, n_refused) in ModelKind::ALL.into_iter().zip([2, 3, 16, 14, 14, 4]) {
            let config = full(kind);
            let problems = config.problems();
            assert_eq!(problems.len(), n_refused, "{problems:?}");
            let keys = config.set_keys();
            assert_eq!(keys.len(), 16);
            for problem in problems {
                let key = problem
                    .split_once("`: has no meaning for ")
                    .expect("the problem names a key")
                    .0;
                let key = key.strip_prefix("`model.").expect("the key is of the section");
                assert!(keys.contains(&key), "{key}");
            }
        }
        let mut fm =
            ModelConfig { kind: ModelKind::Fm, hidden: Some(vec![4]), ..Default::default() };
        fm.embedding = Some(0);
        let expected = [
            "`model.hidden`: has no meaning for the kind `fm`; remove it, or set `model.kind`",
            "`model.embedding`: must be at least 1, but is 0",
        ];
        assert_eq!(fm.problems(), expected);
        for kind in [ModelKind::DeepCrossingPlain, ModelKind::Mlp] {
            let config = ModelConfig { kind, preset: Some(Preset::Note), ..Default::default() };
            let problem = format!(
                "`model.preset`: `note` has one-layer units, and the kind `{}` has none",
                kind.name()
            );
            assert_eq!(config.problems(), [problem]);
        }
    }

    #[test]
    fn each_kind_accepts_its_keys() {
        let hidden = || Some(vec![7, 5]);
        let check = |config: ModelConfig| config.check().unwrap();
        let of = |kind| ModelConfig { kind, embedding: Some(3), ..Default::default() };
        let factors = FactorsSpec { embedding: 3, embedding_std: 0.01 };
        assert_eq!(check(of(ModelKind::Fm)), ModelSpec::Fm(factors.clone()));
        assert_eq!(check(of(ModelKind::Ffm)), ModelSpec::Ffm(factors));
        let lr = ModelConfig { kind: ModelKind::Lr, ..Default::default() };
        assert_eq!(check(lr), ModelSpec::Lr);
        let plain = ModelConfig { hidden: hidden(), ..of(ModelKind::DeepCrossingPlain) };
        assert_eq!(plain.check_deep_crossing().unwrap().units, UnitsSpec::Plain(vec![7, 5]));
        let mlp = ModelConfig {
            hidden: hidden(),
            activation: Some(Activation::Tanh),
            ..of(ModelKind::Mlp)
        };
        let ModelSpec::Mlp(spec) = check(mlp.clone()) else { panic!("an mlp") };
        assert_eq!((spec.hidden, spec.activation), (vec![7, 5], Activation::Tanh));
        assert_eq!((spec.stacking.embedding, spec.stacking.bypass_below), (3, 256));
        assert!(matches!(mlp.check_deep_crossing(), Err(ModelError::Config(_))));
    }
}
