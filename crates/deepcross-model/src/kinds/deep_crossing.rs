//! The Deep Crossing model (Shan et al., KDD 2016, section 5): embedding, stacking, residual units, scoring.

use super::configured::{Configured, without_note};
use crate::config::{ModelConfig, ModelKind, Preset, StackingSpec, UnitKind};
#[cfg(feature = "interchange")]
use crate::graph::{GraphBuilder, Value};
use crate::network::Network;
use crate::stack::affine_size;
use crate::stack::stacked_input::StackedInput;
use deepcross_autodiff::{DenseId, Pass, Real, Var};
use deepcross_features::Problem;
use deepcross_features::batch::FieldShape;
use deepcross_layers::units::{
    OneLayerUnitConfig, PlainUnitConfig, ResidualUnitConfig, Unit, UnitVars,
};
use deepcross_layers::{Activation, Builder, Dropout, Module, Scoring, ScoringConfig};
use serde::{Deserialize, Serialize};

/// The specification of a [`DeepCrossing`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeepCrossingSpec {
    /// The stacked input.
    #[serde(flatten)]
    pub(super) stacking: StackingSpec,
    pub(super) units: UnitsSpec,
    /// The activation at the end of a unit.
    pub(super) outer_activation: Activation,
    /// The share of elements dropped after each unit in training.
    dropout: f64,
    /// Whether each unit normalises its sum by batches.
    batch_norm: bool,
}

/// The units of a [`DeepCrossingSpec`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum UnitsSpec {
    /// Two-layer units of these hidden widths.
    TwoLayer(Vec<usize>),
    /// This number of one-layer units with this activation.
    OneLayer(usize, Activation),
}

impl DeepCrossingSpec {
    fn n_units(&self) -> usize {
        match &self.units {
            UnitsSpec::TwoLayer(hidden) => hidden.len(),
            UnitsSpec::OneLayer(depth, _) => *depth,
        }
    }
}

/// A Deep Crossing; a `PLAIN` one has two-layer units without the identity path around them.
#[derive(Clone, Debug)]
pub(crate) struct DeepCrossing<const PLAIN: bool> {
    stacked_input: StackedInput,
    units: Vec<Unit>,
    dropout: Dropout,
    scoring: Scoring,
}

impl<const PLAIN: bool> Network for DeepCrossing<PLAIN> {
    const KIND: &'static str =
        if PLAIN { ModelKind::DeepCrossingPlain.name() } else { ModelKind::DeepCrossing.name() };

    type Spec = DeepCrossingSpec;

    fn problems(spec: &DeepCrossingSpec) -> Vec<Problem> {
        let (hidden, depth) = match &spec.units {
            UnitsSpec::TwoLayer(hidden) => (Some(hidden.clone()), None),
            UnitsSpec::OneLayer(..) if PLAIN => {
                let message = format!("the kind `{}` has two-layer units alone", Self::KIND);
                return vec![Problem::new("model.units", message)];
            }
            UnitsSpec::OneLayer(depth, _) => (None, Some(*depth)),
        };
        let dropout = Some(spec.dropout);
        ModelConfig { hidden, depth, dropout, ..spec.stacking.as_config() }.value_problems()
    }

    fn field_problems(spec: &DeepCrossingSpec, shapes: &[FieldShape]) -> Vec<Problem> {
        spec.stacking.field_problems(shapes)
    }

    fn n_parameters(spec: &DeepCrossingSpec, shapes: &[FieldShape]) -> Option<usize> {
        let (embeddings, stack) = spec.stacking.size(shapes)?;
        let units = match &spec.units {
            UnitsSpec::TwoLayer(hidden) => hidden.iter().try_fold(0_usize, |total, &hidden| {
                total
                    .checked_add(affine_size(stack, hidden)?)?
                    .checked_add(affine_size(hidden, stack)?)
            })?,
            UnitsSpec::OneLayer(depth, _) => affine_size(stack, stack)?.checked_mul(*depth)?,
        };
        let norms =
            if spec.batch_norm { spec.n_units().checked_mul(stack)?.checked_mul(2)? } else { 0 };
        let below = embeddings.checked_add(units)?.checked_add(norms)?;
        below.checked_add(affine_size(stack, 1)?)
    }

    fn build<F: Real>(
        spec: &DeepCrossingSpec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> Self {
        let mut stacked_input = spec.stacking.build(shapes, builder);
        let width = stacked_input.width();
        let mut units = Vec::new();
        for i in 0..spec.n_units() {
            units.push(unit::<PLAIN, F>(spec, i, width, builder));
            stacked_input.push_built(unit_layer_name::<PLAIN>(spec, i), width, builder);
        }
        let scoring = ScoringConfig::new("scoring", width).init(builder);
        stacked_input.push_built("scoring", 1, builder);
        Self { stacked_input, units, dropout: Dropout { rate: spec.dropout }, scoring }
    }

    fn stacked_input(&self) -> &StackedInput {
        &self.stacked_input
    }

    fn forward_stacked<F: Real>(
        &self,
        pass: &mut Pass<'_, F>,
        stacked: Var,
        observe: &mut dyn FnMut(Var, UnitVars),
    ) -> Var {
        let crossed = self.units.iter().fold(stacked, |x, unit| {
            let parts = unit.forward_parts(pass, x);
            observe(x, parts);
            self.dropout.forward(pass, parts.out)
        });
        self.scoring.forward(pass, crossed)
    }

    fn bias(&self) -> Option<DenseId> {
        self.scoring.linear.bias
    }

    fn units(&self) -> &[Unit] {
        &self.units
    }

    #[cfg(feature = "interchange")]
    fn logit_nodes(&self, graph: &mut GraphBuilder<'_>, stacked: &Value) -> Option<Value> {
        let units = self.units.iter();
        let crossed = units.fold(stacked.clone(), |x, unit| graph.unit(unit, x));
        Some(graph.linear(self.scoring.linear, &crossed))
    }
}

impl<const PLAIN: bool> Configured for DeepCrossing<PLAIN> {
    const KEYS: &'static [&'static [&'static str]] =
        if PLAIN { &[StackingSpec::KEYS, KEYS] } else { &[StackingSpec::KEYS, KEYS, UNIT_KEYS] };

    const OWN_KEYS: &'static [&'static str] = UNIT_KEYS;

    fn spec(config: &ModelConfig) -> DeepCrossingSpec {
        let preset = config.preset.unwrap_or_default();
        let hidden = config.hidden.clone().unwrap_or_else(|| preset.hidden());
        let units = match unit_kind(config) {
            UnitKind::TwoLayer => UnitsSpec::TwoLayer(hidden),
            UnitKind::OneLayer => UnitsSpec::OneLayer(
                config.depth.unwrap_or(hidden.len()),
                config.activation.unwrap_or_default(),
            ),
        };
        let outer_activation = match preset {
            Preset::Note => Activation::Identity,
            Preset::Paper | Preset::Fuxictr => Activation::Relu,
        };
        DeepCrossingSpec {
            stacking: StackingSpec::new(config),
            units,
            outer_activation: config.outer_activation.unwrap_or(outer_activation),
            dropout: config.dropout.unwrap_or(0.0),
            batch_norm: config.batch_norm.unwrap_or(false),
        }
    }

    fn contradictions(config: &ModelConfig) -> Vec<Problem> {
        if PLAIN { without_note(config) } else { misplaced_unit_keys(config) }
    }
}

const KEYS: &[&str] = &["hidden", "outer_activation", "dropout", "batch_norm"];

/// The keys that choose the units.
const UNIT_KEYS: &[&str] = &["unit", "depth", "activation"];

fn unit_kind(config: &ModelConfig) -> UnitKind {
    config.unit.unwrap_or(match config.preset.unwrap_or_default() {
        Preset::Note => UnitKind::OneLayer,
        Preset::Paper | Preset::Fuxictr => UnitKind::TwoLayer,
    })
}

/// The keys that belong to the other kind of unit.
fn misplaced_unit_keys(config: &ModelConfig) -> Vec<Problem> {
    let (kind, misplaced) = match unit_kind(config) {
        UnitKind::TwoLayer => (
            "two-layer",
            [("depth", config.depth.is_some()), ("activation", config.activation.is_some())],
        ),
        UnitKind::OneLayer => ("one-layer", [("hidden", config.hidden.is_some()), ("", false)]),
    };
    let misplaced = misplaced.iter().filter(|(_, is_set)| *is_set);
    let message = format!("has no meaning for {kind} units; remove it, or set `model.unit`");
    misplaced.map(|(key, _)| Problem::new(format!("model.{key}"), message.as_str())).collect()
}

fn unit<const PLAIN: bool, F: Real>(
    spec: &DeepCrossingSpec,
    i: usize,
    width: usize,
    builder: &mut Builder<'_, F>,
) -> Unit {
    let (name, activation, batch_norm) =
        (format!("unit{i}"), spec.outer_activation, spec.batch_norm);
    match &spec.units {
        UnitsSpec::TwoLayer(hidden) if PLAIN => {
            let config = PlainUnitConfig::new(name, width, hidden[i]);
            PlainUnitConfig { activation, batch_norm, ..config }.init(builder).into()
        }
        UnitsSpec::TwoLayer(hidden) => {
            let config = ResidualUnitConfig::new(name, width, hidden[i]);
            ResidualUnitConfig { activation, batch_norm, ..config }.init(builder).into()
        }
        UnitsSpec::OneLayer(_, inner) => {
            let config = OneLayerUnitConfig {
                activation: *inner,
                outer_activation: activation,
                batch_norm,
                ..OneLayerUnitConfig::new(name, width)
            };
            config.init(builder).into()
        }
    }
}

fn unit_layer_name<const PLAIN: bool>(spec: &DeepCrossingSpec, i: usize) -> String {
    let norm = if spec.batch_norm { ", batch norm" } else { "" };
    let unit = if PLAIN { "plain" } else { "residual" };
    match &spec.units {
        UnitsSpec::TwoLayer(hidden) => format!("{unit} unit {i} (hidden {}{norm})", hidden[i]),
        UnitsSpec::OneLayer(..) => format!("{unit} unit {i} (one layer{norm})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ModelError;
    use crate::model::Model;
    use crate::model_spec::ModelSpec;
    use deepcross_autodiff::{Mode, Params, Stream, Tape};
    use deepcross_features::Batch;
    use deepcross_features::batch::{Column, DenseColumn, SparseColumn};

    fn shapes() -> Vec<FieldShape> {
        vec![
            FieldShape::one_hot("ad", 300),
            FieldShape::multi_hot("words", 20),
            FieldShape::dense("age", 2),
            FieldShape::embedded("hours", 4),
        ]
    }

    #[test]
    fn the_number_of_weights_is_that_of_the_built_model() {
        let presets = [Preset::Paper, Preset::Note, Preset::Fuxictr];
        for (preset, norm) in presets.map(|preset| [(preset, false), (preset, true)]).concat() {
            let config =
                ModelConfig { preset: Some(preset), batch_norm: Some(norm), ..Default::default() };
            let spec = config.check().unwrap();
            let mut params = Params::<f32>::new();
            let model = Model::new(&spec, &shapes(), &mut params, 1).unwrap();
            assert_eq!(Some(params.n_parameters()), spec.n_parameters(&shapes()), "{preset:?}");
            let of_layers: usize = model.layers().iter().map(|layer| layer.n_parameters).sum();
            assert_eq!(of_layers, params.n_parameters(), "{preset:?}");
            let n_statistics = if norm { 2 * model.units().len() } else { 0 };
            assert_eq!(
                (params.statistic_ids().count(), model.has_batch_norm()),
                (n_statistics, norm)
            );
        }
    }

    #[test]
    fn stored_weights_must_be_those_of_the_model() {
        let spec = ModelConfig::default().check().unwrap();
        let mut params = Params::<f32>::new();
        Model::new(&spec, &shapes(), &mut params, 1).unwrap();
        assert!(Model::for_params(&spec, &shapes(), &params).is_ok());
        let other = [shapes(), vec![FieldShape::dense("more", 1)]].concat();
        assert!(matches!(Model::for_params(&spec, &other, &params), Err(ModelError::Weights(_))));
        let mut renamed = shapes();
        renamed[0].name = "advert".to_owned();
        let error = Model::for_params(&spec, &renamed, &params).unwrap_err().to_string();
        assert!(error.contains("`embedding.advert."), "{error}");
    }

    #[test]
    fn stored_specifications_out_of_range_are_refused() {
        let good = DeepCrossing::<false>::spec(&ModelConfig::default());
        let of = |spec| ModelSpec::known::<DeepCrossing<false>>(spec);
        let mut params = Params::<f32>::new();
        Model::new(&of(good.clone()), &shapes(), &mut params, 1).unwrap();
        let narrow = || StackingSpec { embedding: 0, ..good.stacking.clone() };
        let one_layer = UnitsSpec::OneLayer(2, Activation::Relu);
        let bad = [
            of(DeepCrossingSpec { dropout: 2.0, ..good.clone() }),
            of(DeepCrossingSpec {
                stacking: StackingSpec { embedding_dropout: -0.5, ..good.stacking.clone() },
                ..good.clone()
            }),
            of(DeepCrossingSpec { stacking: narrow(), ..good.clone() }),
            of(DeepCrossingSpec {
                stacking: narrow(),
                units: UnitsSpec::OneLayer(usize::MAX, Activation::Relu),
                ..good.clone()
            }),
            ModelSpec::known::<DeepCrossing<true>>(DeepCrossingSpec { units: one_layer, ..good }),
        ];
        for spec in bad {
            let result = Model::for_params(&spec, &shapes(), &params);
            assert!(matches!(result, Err(ModelError::Config(_))), "{spec:?}");
        }
    }

    /// Elements of embeddings are dropped or doubled. Raw categories and numbers stay, and in inference everything
    /// does.
    #[test]
    fn only_embeddings_are_dropped_and_only_in_training() {
        let config = ModelConfig {
            embedding: Some(4),
            bypass_below: Some(25),
            embedding_dropout: Some(0.5),
            ..Default::default()
        };
        let (mut params, spec) = (Params::<f64>::new(), config.check().unwrap());
        let model = Model::new(&spec, &shapes(), &mut params, 1).unwrap();
        let words = SparseColumn::multi_hot((0..=40).collect(), vec![3; 40], vec![0.5; 40]);
        let batch = Batch::from_columns(vec![
            Column::Sparse(SparseColumn::one_hot((0..40).collect())),
            Column::Sparse(words),
            Column::Dense(DenseColumn::new(2, vec![0.25; 80])),
            Column::Dense(DenseColumn::new(4, vec![0.75; 160])),
        ]);
        let stack = |mode| {
            let mut tape = Tape::new();
            let mut pass = tape.record_in(&params, mode);
            let stacked = model.stack(&mut pass, batch.rows(0..40));
            pass.value(stacked).to_owned()
        };
        let plain = stack(Mode::Inference);
        let dropped = stack(Mode::Training(Stream { seed: 1, step: 1, first_row: 0 }));
        let others = ndarray::s![.., 4..26];
        assert_eq!(plain.slice(others), dropped.slice(others));
        for embedded in [ndarray::s![.., ..4], ndarray::s![.., 26..]] {
            let (plain, dropped) = (plain.slice(embedded), dropped.slice(embedded));
            for (&plain, &found) in plain.iter().zip(dropped) {
                assert!(found == 0.0 || found == 2.0 * plain, "{found} of {plain}");
            }
            let n_kept = dropped.iter().filter(|&&value| value != 0.0).count();
            let n = plain.iter().filter(|&&value| value != 0.0).count();
            assert!(n > 0 && (n / 4..3 * n / 4).contains(&n_kept), "{n_kept} of {n}");
        }
    }

    #[test]
    fn a_model_larger_than_the_memory_is_refused() {
        let spec = ModelConfig { embedding: Some(1 << 40), ..Default::default() }.check().unwrap();
        let result = Model::new(&spec, &shapes(), &mut Params::<f32>::new(), 1);
        assert!(matches!(result, Err(ModelError::OutOfMemory { .. })), "{result:?}");
    }

    #[test]
    fn an_embedding_width_without_effect_is_refused() {
        for (field, why) in [("words", "bypass_below"), ("age", "numbers")] {
            let config =
                ModelConfig { embeddings: [(field.to_owned(), 4)].into(), ..Default::default() };
            let spec = config.check().unwrap();
            let result = Model::new(&spec, &shapes(), &mut Params::<f32>::new(), 1);
            assert!(result.unwrap_err().to_string().contains(why));
        }
    }

    #[test]
    fn impossible_sizes_are_refused_before_memory_is_allocated() {
        let spec =
            ModelConfig { embedding: Some(usize::MAX / 2), ..Default::default() }.check().unwrap();
        let result = Model::new(&spec, &shapes(), &mut Params::<f32>::new(), 1);
        assert_eq!(result.unwrap_err(), ModelError::TooLarge);
    }

    #[test]
    fn an_embedding_width_needs_its_field() {
        let config =
            ModelConfig { embeddings: [("adz".to_owned(), 4)].into(), ..Default::default() };
        let spec = config.check().unwrap();
        let result = Model::new(&spec, &shapes(), &mut Params::<f32>::new(), 1);
        assert_eq!(
            result.unwrap_err().to_string(),
            "`model.embeddings.adz`: there is no such field"
        );
    }
}
