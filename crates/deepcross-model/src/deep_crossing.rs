//! The Deep Crossing model (Shan et al., KDD 2016, section 5): embedding, stacking, residual units, scoring.

use crate::config::{ModelSpec, UnitsSpec};
use crate::{LayerSummary, ModelError, check_memory};
use deepcross_autodiff::{Params, Pass, Real, Var};
use deepcross_features::{BatchRows, ColumnRows, FieldShape, ShapeKind};
use deepcross_layers::{
    Bags, Builder, Dropout, EmbeddingConfig, FieldInput, Init, Module, OneHot, OneLayerUnitConfig,
    ResidualUnitConfig, Scoring, ScoringConfig, StackedField, Stacking, Unit, UnitVars,
};

/// The model: layers that hold handles into a [`Params`].
#[derive(Clone, Debug)]
pub struct DeepCrossing {
    field_names: Vec<String>,
    stacking: Stacking,
    embedding_dropout: f64,
    units: Vec<Unit>,
    dropout: Dropout,
    scoring: Scoring,
    layers: Vec<LayerSummary>,
}

impl DeepCrossing {
    /// A model of these fields, whose weights are added to `params` as `seed` has them start.
    ///
    /// # Errors
    /// [`ModelError::NoFields`], [`ModelError::TooLarge`], and [`ModelError::Config`] where the specification names a
    /// field that there is not.
    pub fn new<F: Real>(
        spec: &ModelSpec,
        shapes: &[FieldShape],
        params: &mut Params<F>,
        seed: u64,
    ) -> Result<Self, ModelError> {
        check_fields(spec, shapes)?;
        let n_parameters = n_parameters(spec, shapes).ok_or(ModelError::TooLarge)?;
        check_memory(n_parameters, n_parameters * size_of::<F>(), "nothing but them")?;
        Ok(Self::build(spec, shapes, &mut Builder::new(params, seed)))
    }

    /// The layers of stored weights, which must be those that [`new`](Self::new) makes, in its order.
    ///
    /// # Errors
    /// [`ModelError::Weights`] where they are not, and as [`new`](Self::new).
    pub fn over(
        spec: &ModelSpec,
        shapes: &[FieldShape],
        params: &Params<f32>,
    ) -> Result<Self, ModelError> {
        spec.check()?;
        check_fields(spec, shapes)?;
        let expected = n_parameters(spec, shapes).ok_or(ModelError::TooLarge)?;
        let found = params.n_parameters();
        if found != expected {
            return Err(ModelError::Weights(format!(
                "there are {found} of them, and not {expected}"
            )));
        }
        // The handles of a twin of zeros serve the stored weights. Its tables are never touched, and cost no memory; its
        // matrices do until the end of this function.
        let mut zeros = Params::new();
        let model = Self::build(spec, shapes, &mut Builder::zeros(&mut zeros));
        zeros.same_layout(params).map_err(ModelError::Weights)?;
        model.check_variances(params)?;
        Ok(model)
    }

    /// Refuses a negative running variance, whose root a prediction would take.
    fn check_variances(&self, params: &Params<f32>) -> Result<(), ModelError> {
        for norm in self.units.iter().filter_map(Unit::norm) {
            let id = norm.normalisation.variance;
            if let Some(value) = params.statistic(id).iter().find(|&&value| value < 0.0) {
                let name = params.statistic_name(id);
                return Err(ModelError::Weights(format!("`{name}` has a variance of {value}")));
            }
        }
        Ok(())
    }

    fn build<F: Real>(
        spec: &ModelSpec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> Self {
        let mut layers = Vec::new();
        let mut note = |name: String, outputs: usize, builder: &Builder<'_, F>| {
            let before: usize = layers.iter().map(|layer: &LayerSummary| layer.n_parameters).sum();
            layers.push(LayerSummary {
                name,
                outputs,
                n_parameters: builder.params().n_parameters() - before,
            });
        };
        let mut fields = Vec::with_capacity(shapes.len());
        for shape in shapes {
            let field = stacked_field(spec, shape, builder);
            note(field_layer_name(&field, &shape.name), field.width(builder.params()), builder);
            fields.push(field);
        }
        let stacking = Stacking::new(fields, builder.params());
        let width = stacking.width();
        note("stacking".to_owned(), width, builder);
        let mut units = Vec::new();
        for i in 0..n_units(spec) {
            units.push(unit(spec, i, width, builder));
            note(unit_layer_name(spec, i), width, builder);
        }
        let scoring = ScoringConfig::new("scoring", width).init(builder);
        note("scoring".to_owned(), 1, builder);
        let field_names = shapes.iter().map(|shape| shape.name.clone()).collect();
        let dropout = Dropout { rate: spec.dropout };
        let embedding_dropout = spec.embedding_dropout;
        Self { field_names, stacking, embedding_dropout, units, dropout, scoring, layers }
    }

    /// The logits of some rows.
    ///
    /// # Shapes
    /// `rows`: fields as the model was built for → `[rows, 1]`
    ///
    /// # Panics
    /// If the rows have other fields, or ids past a field's dimensions.
    #[track_caller]
    pub fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, rows: BatchRows<'_, F>) -> Var {
        let stacked = self.stack(pass, rows);
        self.forward_stacked(pass, stacked, |_, _| ())
    }

    /// The stacked input of some rows: the first half of [`forward`](Self::forward).
    ///
    /// In training, with the dropout of embeddings: what is stacked raw is never dropped.
    ///
    /// # Shapes
    /// `rows`: fields as the model was built for → `[rows, stack width]`
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn stack<F: Real>(&self, pass: &mut Pass<'_, F>, rows: BatchRows<'_, F>) -> Var {
        let stacked = self.stacking.forward(pass, rows.n_rows(), |i| field_input(rows, i));
        pass.dropout_columns(stacked, self.embedding_dropout, self.stacking.embedded())
    }

    /// The logits of stacked rows: the second half of [`forward`](Self::forward).
    ///
    /// `observe` is told the input and the values of each unit, in order.
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

    /// Moves the logit of every row by a constant: the bias of the scoring layer.
    pub fn shift_logits<F: Real>(&self, params: &mut Params<F>, by: F) {
        let bias = self.scoring.linear.bias;
        bias.into_iter().for_each(|bias| params.dense_slice_mut(bias)[0] += by);
    }

    /// The names of the fields, in the order of the stacked input.
    pub fn field_names(&self) -> &[String] {
        &self.field_names
    }

    /// The number of the field whose embedding a parameter of this name belongs to.
    pub fn field_of_parameter(&self, name: &str) -> Option<usize> {
        let parts = name.strip_prefix("embedding.")?.rsplit_once('.')?;
        self.field_names.iter().position(|field| field == parts.0)
    }

    /// The residual units, from the input to the score.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// Whether a unit normalises by the rows of a pass, so that in training a group must be one.
    pub fn has_batch_norm(&self) -> bool {
        self.units.iter().any(|unit| unit.norm().is_some())
    }

    /// The width of the stacked input.
    pub fn stack_width(&self) -> usize {
        self.stacking.width()
    }

    /// The layers, from the input to the score.
    pub fn layers(&self) -> &[LayerSummary] {
        &self.layers
    }
}

fn check_fields(spec: &ModelSpec, shapes: &[FieldShape]) -> Result<(), ModelError> {
    if shapes.is_empty() {
        return Err(ModelError::NoFields);
    }
    let problem = |name: &String| {
        let shape = shapes.iter().find(|shape| shape.name == *name);
        let problem = match shape.map(|shape| form(spec, shape)) {
            None => "there is no such field",
            Some(Form::Raw { .. }) => {
                "has no effect, since `model.bypass_below` stacks the field raw"
            }
            Some(Form::Numbers { .. }) => "has no effect, since numbers are stacked raw",
            Some(Form::Embedded { .. } | Form::ProjectedNumbers { .. }) => return None,
        };
        Some(format!("`model.embeddings.{name}`: {problem}"))
    };
    let problems: Vec<_> = spec.embeddings.keys().filter_map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(ModelError::Config(problems)) }
}

/// How a field enters the stack; the one place where the bypass is decided.
enum Form {
    Embedded { dimensions: usize, width: usize, zero_row: Option<u32> },
    Raw { dimensions: usize, unseen: Option<u32> },
    Numbers { width: usize },
    ProjectedNumbers { inputs: usize, width: usize },
}

fn form(spec: &ModelSpec, shape: &FieldShape) -> Form {
    let width = spec.embedding_of(&shape.name);
    match shape.kind {
        ShapeKind::Sparse { dimensions, reserved, .. } if dimensions < spec.bypass_below => {
            Form::Raw { dimensions, unseen: reserved.unseen }
        }
        ShapeKind::Sparse { dimensions, reserved, .. } => {
            Form::Embedded { dimensions, width, zero_row: reserved.unseen }
        }
        ShapeKind::Dense { width: inputs } if spec.embed_numbers => {
            Form::ProjectedNumbers { inputs, width }
        }
        ShapeKind::Dense { width } => Form::Numbers { width },
    }
}

fn stacked_field<F: Real>(
    spec: &ModelSpec,
    shape: &FieldShape,
    builder: &mut Builder<'_, F>,
) -> StackedField {
    let name = format!("embedding.{}", shape.name);
    match form(spec, shape) {
        Form::Raw { dimensions, unseen } => StackedField::OneHot(OneHot { dimensions, unseen }),
        Form::Numbers { width } => StackedField::Numbers { width },
        Form::ProjectedNumbers { inputs, width } => {
            let weight =
                builder.dense(&format!("{name}.weight"), (width, inputs), Init::XavierNormal);
            StackedField::ProjectedNumbers { weight }
        }
        Form::Embedded { dimensions, width, zero_row } => {
            let config = EmbeddingConfig {
                bias: spec.embedding_bias,
                activation: spec.embedding_activation,
                init: Init::Normal { std: spec.embedding_std },
                zero_row,
                ..EmbeddingConfig::new(name, dimensions, width)
            };
            StackedField::Embedding(config.init(builder))
        }
    }
}

fn n_units(spec: &ModelSpec) -> usize {
    match &spec.units {
        UnitsSpec::TwoLayer(hidden) => hidden.len(),
        UnitsSpec::OneLayer(depth, _) => *depth,
    }
}

/// The number of statistics that a model of this specification has beside its weights.
pub(crate) fn n_statistics(spec: &ModelSpec) -> usize {
    if spec.batch_norm { n_units(spec).saturating_mul(2) } else { 0 }
}

fn unit<F: Real>(spec: &ModelSpec, i: usize, width: usize, builder: &mut Builder<'_, F>) -> Unit {
    let (name, outer) = (format!("unit{i}"), spec.outer_activation);
    match &spec.units {
        UnitsSpec::TwoLayer(hidden) => {
            let config = ResidualUnitConfig {
                activation: outer,
                batch_norm: spec.batch_norm,
                ..ResidualUnitConfig::new(name, width, hidden[i])
            };
            config.init(builder).into()
        }
        UnitsSpec::OneLayer(_, activation) => {
            let config = OneLayerUnitConfig {
                activation: *activation,
                outer_activation: outer,
                batch_norm: spec.batch_norm,
                ..OneLayerUnitConfig::new(name, width)
            };
            config.init(builder).into()
        }
    }
}

fn field_layer_name(field: &StackedField, name: &str) -> String {
    let form = match field {
        StackedField::Embedding(_) => "embedding",
        StackedField::OneHot(_) => "raw",
        StackedField::Numbers { .. } => "numbers",
        StackedField::ProjectedNumbers { .. } => "embedded numbers",
    };
    format!("{name} ({form})")
}

fn unit_layer_name(spec: &ModelSpec, i: usize) -> String {
    let norm = if spec.batch_norm { ", batch norm" } else { "" };
    match &spec.units {
        UnitsSpec::TwoLayer(hidden) => format!("residual unit {i} (hidden {}{norm})", hidden[i]),
        UnitsSpec::OneLayer(..) => format!("residual unit {i} (one layer{norm})"),
    }
}

/// The number of weights that a model of this specification has; `None` where it does not fit a `usize`.
fn n_parameters(spec: &ModelSpec, shapes: &[FieldShape]) -> Option<usize> {
    let (mut total, mut stack) = (0_usize, 0_usize);
    for shape in shapes {
        let (weights, width) = match form(spec, shape) {
            Form::Raw { dimensions, .. } => (0, dimensions),
            Form::Numbers { width } => (0, width),
            Form::ProjectedNumbers { inputs, width } => (inputs.checked_mul(width)?, width),
            Form::Embedded { dimensions, width, .. } => {
                let bias = if spec.embedding_bias { width } else { 0 };
                (dimensions.checked_mul(width)?.checked_add(bias)?, width)
            }
        };
        total = total.checked_add(weights)?;
        stack = stack.checked_add(width)?;
    }
    let affine = |inputs: usize, outputs: usize| inputs.checked_add(1)?.checked_mul(outputs);
    let units = match &spec.units {
        UnitsSpec::TwoLayer(hidden) => hidden.iter().try_fold(0_usize, |total, &hidden| {
            total.checked_add(affine(stack, hidden)?)?.checked_add(affine(hidden, stack)?)
        })?,
        UnitsSpec::OneLayer(depth, _) => affine(stack, stack)?.checked_mul(*depth)?,
    };
    // Twice the bytes of f64, so that no size of a buffer overflows.
    let norms =
        if spec.batch_norm { n_units(spec).checked_mul(stack)?.checked_mul(2)? } else { 0 };
    let total = total.checked_add(units)?.checked_add(norms)?.checked_add(affine(stack, 1)?)?;
    total.checked_mul(16).map(|_| total)
}

/// What some rows hold for a field, as a stacked input takes it.
///
/// # Panics
/// If there is no such field.
pub fn field_input<'a, F: Real>(rows: BatchRows<'a, F>, field: usize) -> FieldInput<'a, F> {
    match rows.field(field) {
        ColumnRows::Dense { values, .. } => FieldInput::Numbers(values),
        ColumnRows::Sparse(bags) => match bags.offsets {
            None => FieldInput::Ids(bags.ids),
            Some(offsets) => {
                FieldInput::Bags(Bags { offsets, ids: bags.ids, weights: bags.weights })
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ModelConfig, Preset};
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
    fn the_count_of_weights_is_what_is_built() {
        let presets = [Preset::Paper, Preset::Note, Preset::Fuxictr];
        for (preset, norm) in presets.map(|preset| [(preset, false), (preset, true)]).concat() {
            let config = ModelConfig { preset, batch_norm: Some(norm), ..Default::default() };
            let spec = config.check().unwrap();
            assert_eq!(n_statistics(&spec) > 0, norm);
            let mut params = Params::<f32>::new();
            let model = DeepCrossing::new(&spec, &shapes(), &mut params, 1).unwrap();
            assert_eq!(Some(params.n_parameters()), n_parameters(&spec, &shapes()), "{preset:?}");
            let of_layers: usize = model.layers().iter().map(|layer| layer.n_parameters).sum();
            assert_eq!(of_layers, params.n_parameters(), "{preset:?}");
            assert_eq!(
                (n_statistics(&spec), model.has_batch_norm()),
                (params.statistic_ids().count(), norm)
            );
        }
    }

    #[test]
    fn stored_weights_must_be_the_models_own() {
        let spec = ModelConfig::default().check().unwrap();
        let mut params = Params::<f32>::new();
        DeepCrossing::new(&spec, &shapes(), &mut params, 1).unwrap();
        assert!(DeepCrossing::over(&spec, &shapes(), &params).is_ok());
        let other = [shapes(), vec![FieldShape::dense("more", 1)]].concat();
        assert!(matches!(DeepCrossing::over(&spec, &other, &params), Err(ModelError::Weights(_))));
        let mut renamed = shapes();
        renamed[0].name = "advert".to_owned();
        let error = DeepCrossing::over(&spec, &renamed, &params).unwrap_err().to_string();
        assert!(error.contains("`embedding.advert."), "{error}");
    }

    #[test]
    fn stored_statistics_must_be_there_and_no_variance_below_zero() {
        let spec = ModelConfig { batch_norm: Some(true), ..Default::default() }.check().unwrap();
        let mut params = Params::<f32>::new();
        DeepCrossing::new(&spec, &shapes(), &mut params, 1).unwrap();
        assert!(DeepCrossing::over(&spec, &shapes(), &params).is_ok());
        let without = ModelSpec { batch_norm: false, ..spec.clone() };
        let mut bare = Params::<f32>::new();
        DeepCrossing::new(&without, &shapes(), &mut bare, 1).unwrap();
        for (spec, params) in [(&spec, &bare), (&without, &params)] {
            let result = DeepCrossing::over(spec, &shapes(), params);
            assert!(matches!(result, Err(ModelError::Weights(_))), "{result:?}");
        }
        let last = params.statistic_ids().last().unwrap();
        params.statistic_mut(last)[3] = -0.5;
        let error = DeepCrossing::over(&spec, &shapes(), &params).unwrap_err().to_string();
        assert!(error.contains("`unit4.norm.variance` has a variance of -0.5"), "{error}");
    }

    #[test]
    fn stored_specifications_out_of_range_are_refused() {
        let good = ModelConfig::default().check().unwrap();
        let mut params = Params::<f32>::new();
        DeepCrossing::new(&good, &shapes(), &mut params, 1).unwrap();
        let bad = [
            ModelSpec { dropout: 2.0, ..good.clone() },
            ModelSpec { embedding_dropout: -0.5, ..good.clone() },
            ModelSpec { embedding: 0, ..good.clone() },
            ModelSpec {
                embedding: 0,
                units: UnitsSpec::OneLayer(usize::MAX, Activation::Relu),
                ..good
            },
        ];
        for spec in bad {
            let result = DeepCrossing::over(&spec, &shapes(), &params);
            assert!(matches!(result, Err(ModelError::Config(_))), "{spec:?}");
        }
    }

    /// Embeddings are dropped or doubled; raw categories and numbers, and all of them in inference, stay.
    #[test]
    fn only_embeddings_are_dropped_and_only_in_training() {
        let config = ModelConfig {
            embedding: Some(4),
            bypass_below: Some(25),
            embedding_dropout: Some(0.5),
            ..Default::default()
        };
        let (mut params, spec) = (Params::<f64>::new(), config.check().unwrap());
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
    fn more_memory_than_there_is_is_refused() {
        let spec = ModelConfig { embedding: Some(1 << 40), ..Default::default() }.check().unwrap();
        let result = DeepCrossing::new(&spec, &shapes(), &mut Params::<f32>::new(), 1);
        assert!(matches!(result, Err(ModelError::OutOfMemory { .. })), "{result:?}");
    }

    #[test]
    fn an_embedding_width_without_effect_is_refused() {
        for (field, why) in [("words", "bypass_below"), ("age", "numbers")] {
            let config =
                ModelConfig { embeddings: [(field.to_owned(), 4)].into(), ..Default::default() };
            let spec = config.check().unwrap();
            let result = DeepCrossing::new(&spec, &shapes(), &mut Params::<f32>::new(), 1);
            assert!(result.unwrap_err().to_string().contains(why));
        }
    }

    #[test]
    fn impossible_sizes_are_refused_before_memory_is_asked_for() {
        let spec =
            ModelConfig { embedding: Some(usize::MAX / 2), ..Default::default() }.check().unwrap();
        let result = DeepCrossing::new(&spec, &shapes(), &mut Params::<f32>::new(), 1);
        assert_eq!(result.unwrap_err(), ModelError::TooLarge);
    }

    #[test]
    fn an_embedding_width_needs_its_field() {
        let spec = ModelConfig { embeddings: [("adz".to_owned(), 4)].into(), ..Default::default() };
        let result =
            DeepCrossing::new(&spec.check().unwrap(), &shapes(), &mut Params::<f32>::new(), 1);
        assert_eq!(
            result.unwrap_err().to_string(),
            "`model.embeddings.adz`: there is no such field"
        );
    }
}
