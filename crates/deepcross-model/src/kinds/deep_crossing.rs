//! The Deep Crossing model (Shan et al., KDD 2016, section 5): embedding, stacking, residual units, scoring.

use super::build::{self, BuildModel, affine_size};
use super::layer_summary::LayerSummary;
use super::stacked_input::StackedInput;
use super::stacking_spec;
use crate::config::{DeepCrossingSpec, UnitsSpec};
use crate::error::ModelError;
use deepcross_autodiff::{Params, Pass, Real, Var};
use deepcross_features::{BatchRows, FieldShape};
use deepcross_layers::{
    Builder, Dropout, Module, OneLayerUnitConfig, PlainUnitConfig, ResidualUnitConfig, Scoring,
    ScoringConfig, Unit, UnitVars,
};

/// A Deep Crossing: layers that hold handles into a [`Params`].
#[derive(Clone, Debug)]
pub struct DeepCrossing {
    pub(crate) stacked_input: StackedInput,
    units: Vec<Unit>,
    dropout: Dropout,
    pub(crate) scoring: Scoring,
}

impl DeepCrossing {
    /// Builds a model of these fields and adds its weights to `params`, initialised from `seed`.
    ///
    /// # Errors
    /// [`ModelError::NoFields`], [`ModelError::TooLarge`], and [`ModelError::Config`] if the specification names an
    /// unknown field.
    pub fn new<F: Real>(
        spec: &DeepCrossingSpec,
        shapes: &[FieldShape],
        params: &mut Params<F>,
        seed: u64,
    ) -> Result<Self, ModelError> {
        build::new_model(spec, shapes, params, seed)
    }

    /// Builds the layers of a model for stored weights, whose layout must be that of [`new`](Self::new).
    ///
    /// # Errors
    /// [`ModelError::Weights`] if they have another layout, and as [`new`](Self::new).
    pub fn for_params(
        spec: &DeepCrossingSpec,
        shapes: &[FieldShape],
        params: &Params<f32>,
    ) -> Result<Self, ModelError> {
        build::for_params(spec, shapes, params)
    }

    /// Computes the logits of rows.
    ///
    /// # Shapes
    /// `rows`: the fields that the model was built for → `[rows, 1]`
    ///
    /// # Panics
    /// If the rows have other fields, or ids past a field's dimensions.
    #[track_caller]
    pub fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, rows: BatchRows<'_, F>) -> Var {
        let stacked = self.stack(pass, rows);
        self.forward_stacked(pass, stacked, |_, _| ())
    }

    /// Computes the stacked input of rows: the first half of [`forward`](Self::forward).
    ///
    /// In training, elements of embeddings are dropped; columns that are stacked raw never are.
    ///
    /// # Shapes
    /// `rows`: the fields that the model was built for → `[rows, stack width]`
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn stack<F: Real>(&self, pass: &mut Pass<'_, F>, rows: BatchRows<'_, F>) -> Var {
        self.stacked_input.stack(pass, rows)
    }

    /// Computes the logits of stacked rows: the second half of [`forward`](Self::forward).
    ///
    /// `observe` is called with the input and the values of each unit, in order.
    ///
    /// # Shapes
    /// `stacked`: `[rows, stack width]` → `[rows, 1]`
    ///
    /// # Panics
    /// If `stacked` has another width.
    #[track_caller]
    pub fn forward_stacked<F: Real>(
        &self,
        pass: &mut Pass<'_, F>,
        stacked: Var,
        mut observe: impl FnMut(Var, UnitVars),
    ) -> Var {
        let crossed = self.units.iter().fold(stacked, |x, unit| {
            let parts = unit.forward_parts(pass, x);
            observe(x, parts);
            self.dropout.forward(pass, parts.out)
        });
        self.scoring.forward(pass, crossed)
    }

    /// The names of the fields, in the order of the stacked input.
    pub fn field_names(&self) -> &[String] {
        self.stacked_input.field_names()
    }

    /// The units, from the input to the score.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// Whether a unit normalises over the rows of a pass. If so, a group of rows must be one pass in training.
    pub fn has_batch_norm(&self) -> bool {
        self.units.iter().any(|unit| unit.norm().is_some())
    }

    /// The width of the stacked input.
    pub fn stack_width(&self) -> usize {
        self.stacked_input.width()
    }

    /// The layers, from the input to the score.
    pub fn layers(&self) -> &[LayerSummary] {
        self.stacked_input.layers()
    }
}

impl BuildModel for DeepCrossing {
    type Spec = DeepCrossingSpec;

    fn check(spec: &DeepCrossingSpec) -> Result<(), ModelError> {
        spec.check()
    }

    fn check_fields(spec: &DeepCrossingSpec, shapes: &[FieldShape]) -> Result<(), ModelError> {
        stacking_spec::check_fields(&spec.stacking, shapes)
    }

    fn n_parameters(spec: &DeepCrossingSpec, shapes: &[FieldShape]) -> Option<usize> {
        let (embeddings, stack) = stacking_spec::size(&spec.stacking, shapes)?;
        let units = match &spec.units {
            UnitsSpec::TwoLayer(hidden) | UnitsSpec::Plain(hidden) => {
                hidden.iter().try_fold(0_usize, |total, &hidden| {
                    total
                        .checked_add(affine_size(stack, hidden)?)?
                        .checked_add(affine_size(hidden, stack)?)
                })?
            }
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
        let mut stacked_input = stacking_spec::build(&spec.stacking, shapes, builder);
        let width = stacked_input.width();
        let mut units = Vec::new();
        for i in 0..spec.n_units() {
            units.push(unit(spec, i, width, builder));
            stacked_input.push_built(unit_layer_name(spec, i), width, builder);
        }
        let scoring = ScoringConfig::new("scoring", width).init(builder);
        stacked_input.push_built("scoring", 1, builder);
        Self { stacked_input, units, dropout: Dropout { rate: spec.dropout }, scoring }
    }

    /// Refuses a negative running variance, since a prediction takes its root.
    fn check_weights(&self, params: &Params<f32>) -> Result<(), ModelError> {
        for norm in self.units.iter().filter_map(Unit::norm) {
            let id = norm.normalisation.variance;
            if let Some(value) = params.statistic(id).iter().find(|&&value| value < 0.0) {
                let name = params.statistic_name(id);
                return Err(ModelError::Weights(format!("`{name}` has a variance of {value}")));
            }
        }
        Ok(())
    }
}

fn unit<F: Real>(
    spec: &DeepCrossingSpec,
    i: usize,
    width: usize,
    builder: &mut Builder<'_, F>,
) -> Unit {
    let (name, outer, batch_norm) = (format!("unit{i}"), spec.outer_activation, spec.batch_norm);
    match &spec.units {
        UnitsSpec::TwoLayer(hidden) => {
            let config = ResidualUnitConfig {
                activation: outer,
                batch_norm,
                ..ResidualUnitConfig::new(name, width, hidden[i])
            };
            config.init(builder).into()
        }
        UnitsSpec::OneLayer(_, activation) => {
            let config = OneLayerUnitConfig {
                activation: *activation,
                outer_activation: outer,
                batch_norm,
                ..OneLayerUnitConfig::new(name, width)
            };
            config.init(builder).into()
        }
        UnitsSpec::Plain(hidden) => {
            let config = PlainUnitConfig {
                activation: outer,
                batch_norm,
                ..PlainUnitConfig::new(name, width, hidden[i])
            };
            config.init(builder).into()
        }
    }
}

fn unit_layer_name(spec: &DeepCrossingSpec, i: usize) -> String {
    let norm = if spec.batch_norm { ", batch norm" } else { "" };
    match &spec.units {
        UnitsSpec::TwoLayer(hidden) => format!("residual unit {i} (hidden {}{norm})", hidden[i]),
        UnitsSpec::OneLayer(..) => format!("residual unit {i} (one layer{norm})"),
        UnitsSpec::Plain(hidden) => format!("plain unit {i} (hidden {}{norm})", hidden[i]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ModelConfig, Preset, StackingSpec};
    use deepcross_autodiff::{Mode, Stream, Tape};
    use deepcross_features::{Batch, Column, DenseColumn, SparseColumn};
    use deepcross_layers::Activation;

    fn shapes() -> Vec<FieldShape> {
        vec![
            FieldShape::one_hot("ad", 300),
            FieldShape::multi_hot("words", 20),
            FieldShape::dense("age", 2),
        ]
    }

    #[test]
    fn the_number_of_weights_is_that_of_the_built_model() {
        let presets = [Preset::Paper, Preset::Note, Preset::Fuxictr];
        for (preset, norm) in presets.map(|preset| [(preset, false), (preset, true)]).concat() {
            let config =
                ModelConfig { preset: Some(preset), batch_norm: Some(norm), ..Default::default() };
            let spec = config.check_deep_crossing().unwrap();
            assert_eq!(spec.n_statistics() > 0, norm);
            let mut params = Params::<f32>::new();
            let model = DeepCrossing::new(&spec, &shapes(), &mut params, 1).unwrap();
            assert_eq!(
                Some(params.n_parameters()),
                DeepCrossing::n_parameters(&spec, &shapes()),
                "{preset:?}"
            );
            let of_layers: usize = model.layers().iter().map(|layer| layer.n_parameters).sum();
            assert_eq!(of_layers, params.n_parameters(), "{preset:?}");
            assert_eq!(
                (spec.n_statistics(), model.has_batch_norm()),
                (params.statistic_ids().count(), norm)
            );
        }
    }

    #[test]
    fn stored_weights_must_be_those_of_the_model() {
        let spec = ModelConfig::default().check_deep_crossing().unwrap();
        let mut params = Params::<f32>::new();
        DeepCrossing::new(&spec, &shapes(), &mut params, 1).unwrap();
        assert!(DeepCrossing::for_params(&spec, &shapes(), &params).is_ok());
        let other = [shapes(), vec![FieldShape::dense("more", 1)]].concat();
        assert!(matches!(
            DeepCrossing::for_params(&spec, &other, &params),
            Err(ModelError::Weights(_))
        ));
        let mut renamed = shapes();
        renamed[0].name = "advert".to_owned();
        let error = DeepCrossing::for_params(&spec, &renamed, &params).unwrap_err().to_string();
        assert!(error.contains("`embedding.advert."), "{error}");
    }

    #[test]
    fn missing_statistics_and_negative_variances_are_refused() {
        let spec = ModelConfig { batch_norm: Some(true), ..Default::default() }
            .check_deep_crossing()
            .unwrap();
        let mut params = Params::<f32>::new();
        DeepCrossing::new(&spec, &shapes(), &mut params, 1).unwrap();
        assert!(DeepCrossing::for_params(&spec, &shapes(), &params).is_ok());
        let without = DeepCrossingSpec { batch_norm: false, ..spec.clone() };
        let mut bare = Params::<f32>::new();
        DeepCrossing::new(&without, &shapes(), &mut bare, 1).unwrap();
        for (spec, params) in [(&spec, &bare), (&without, &params)] {
            let result = DeepCrossing::for_params(spec, &shapes(), params);
            assert!(matches!(result, Err(ModelError::Weights(_))), "{result:?}");
        }
        let last = params.statistic_ids().last().unwrap();
        params.statistic_mut(last)[3] = -0.5;
        let error = DeepCrossing::for_params(&spec, &shapes(), &params).unwrap_err().to_string();
        assert!(error.contains("`unit4.norm.variance` has a variance of -0.5"), "{error}");
    }

    #[test]
    fn stored_specifications_out_of_range_are_refused() {
        let good = ModelConfig::default().check_deep_crossing().unwrap();
        let mut params = Params::<f32>::new();
        DeepCrossing::new(&good, &shapes(), &mut params, 1).unwrap();
        let narrow = || StackingSpec { embedding: 0, ..good.stacking.clone() };
        let bad = [
            DeepCrossingSpec { dropout: 2.0, ..good.clone() },
            DeepCrossingSpec {
                stacking: StackingSpec { embedding_dropout: -0.5, ..good.stacking.clone() },
                ..good.clone()
            },
            DeepCrossingSpec { stacking: narrow(), ..good.clone() },
            DeepCrossingSpec {
                stacking: narrow(),
                units: UnitsSpec::OneLayer(usize::MAX, Activation::Relu),
                ..good.clone()
            },
        ];
        for spec in bad {
            let result = DeepCrossing::for_params(&spec, &shapes(), &params);
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
        let (mut params, spec) = (Params::<f64>::new(), config.check_deep_crossing().unwrap());
        let model = DeepCrossing::new(&spec, &shapes(), &mut params, 1).unwrap();
        let words = SparseColumn::multi_hot((0..=40).collect(), vec![3; 40], vec![0.5; 40]);
        let batch = Batch::from_columns(vec![
            Column::Sparse(SparseColumn::one_hot((0..40).collect())),
            Column::Sparse(words),
            Column::Dense(DenseColumn::new(2, vec![0.25; 80])),
        ]);
        let stack = |mode| {
            let mut tape = Tape::new();
            let mut pass = tape.record_in(&params, mode);
            let stacked = model.stack(&mut pass, batch.rows(0..40));
            pass.value(stacked).to_owned()
        };
        let plain = stack(Mode::Inference);
        let dropped = stack(Mode::Training(Stream { seed: 1, step: 1, first_row: 0 }));
        let ads = ndarray::s![.., ..4];
        let others = ndarray::s![.., 4..];
        assert_eq!(plain.slice(others), dropped.slice(others));
        assert!(plain.slice(ads) != dropped.slice(ads));
        for (&plain, &found) in plain.slice(ads).iter().zip(dropped.slice(ads)) {
            assert!(found == 0.0 || found == 2.0 * plain, "{found} of {plain}");
        }
        let n_kept = dropped.slice(ads).iter().filter(|&&value| value != 0.0).count();
        let n = plain.slice(ads).iter().filter(|&&value| value != 0.0).count();
        assert!((n / 4..3 * n / 4).contains(&n_kept), "{n_kept} of {n}");
    }

    #[test]
    fn a_model_larger_than_the_memory_is_refused() {
        let spec = ModelConfig { embedding: Some(1 << 40), ..Default::default() }
            .check_deep_crossing()
            .unwrap();
        let result = DeepCrossing::new(&spec, &shapes(), &mut Params::<f32>::new(), 1);
        assert!(matches!(result, Err(ModelError::OutOfMemory { .. })), "{result:?}");
    }

    #[test]
    fn an_embedding_width_without_effect_is_refused() {
        for (field, why) in [("words", "bypass_below"), ("age", "numbers")] {
            let config =
                ModelConfig { embeddings: [(field.to_owned(), 4)].into(), ..Default::default() };
            let spec = config.check_deep_crossing().unwrap();
            let result = DeepCrossing::new(&spec, &shapes(), &mut Params::<f32>::new(), 1);
            assert!(result.unwrap_err().to_string().contains(why));
        }
    }

    #[test]
    fn impossible_sizes_are_refused_before_memory_is_allocated() {
        let spec = ModelConfig { embedding: Some(usize::MAX / 2), ..Default::default() }
            .check_deep_crossing()
            .unwrap();
        let result = DeepCrossing::new(&spec, &shapes(), &mut Params::<f32>::new(), 1);
        assert_eq!(result.unwrap_err(), ModelError::TooLarge);
    }

    #[test]
    fn an_embedding_width_needs_its_field() {
        let spec = ModelConfig { embeddings: [("adz".to_owned(), 4)].into(), ..Default::default() };
        let result = DeepCrossing::new(
            &spec.check_deep_crossing().unwrap(),
            &shapes(),
            &mut Params::<f32>::new(),
            1,
        );
        assert_eq!(
            result.unwrap_err().to_string(),
            "`model.embeddings.adz`: there is no such field"
        );
    }
}
