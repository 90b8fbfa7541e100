//! Tests of every kind of model: the number of weights, the way through an artifact, and forged files.

use crate::artifact::mutations::{frame, mutations, parts, run};
use crate::artifact::{Encoding, decode};
use crate::config::StackingSpec;
use crate::header::Header;
use crate::stack::affine_size;
use crate::value_change::TrainingCounts;
use crate::{
    Kinds, Model, ModelConfig, ModelError, ModelKind, ModelSpec, Network, Scorer, StackedInput,
    StoredSpec, Tapes, TrainedModel, TrainingSummary,
};
use deepcross_autodiff::check::Check;
use deepcross_autodiff::{Activation, DenseId, Mode, Params, Pass, Real, Stream, Tape, Var};
use deepcross_calibration::{CalibrationMap, Calibrator, Isotonic, Platt, Temperature};
use deepcross_features::batch::{Column, DenseColumn, FieldShape, SparseColumn};
use deepcross_features::{Batch, Encoder, FieldConfig, Fitter, Problem, Schema};
use deepcross_layers::units::UnitVars;
use deepcross_layers::{Builder, Module, Scoring, ScoringConfig};
use deepcross_testing::{Mutation, mutate, peak};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

fn shapes() -> Vec<FieldShape> {
    vec![
        FieldShape::one_hot("ad", 30),
        FieldShape::multi_hot("words", 20),
        FieldShape::dense("age", 2),
        FieldShape::embedded("hours", 4),
    ]
}

/// The configuration of a small model of a kind.
fn config(kind: ModelKind) -> ModelConfig {
    let all = ModelConfig {
        embedding: Some(3),
        embedding_std: Some(0.5),
        bypass_below: Some(25),
        hidden: Some(vec![4, 5]),
        ..Default::default()
    };
    all.for_kind(kind)
}

/// The specification of a small model of a kind.
fn spec(kind: ModelKind) -> ModelSpec {
    config(kind).check().unwrap()
}

fn batch() -> Batch<f64> {
    let words = SparseColumn::multi_hot(vec![0, 2, 2, 5], vec![1, 7, 3, 4, 3], vec![0.5; 5]);
    Batch::from_columns(vec![
        Column::Sparse(SparseColumn::one_hot(vec![29, 0, 4])),
        Column::Sparse(words),
        Column::Dense(DenseColumn::new(2, vec![0.5, -1.0, 2.0, 0.0, 1.0, 0.25])),
        Column::Dense(DenseColumn::new(4, [[1.0, 1.0, 0.5, 0.0], [0.0; 4], [1.0; 4]].concat())),
    ])
}

fn logits(model: &Model, params: &Params<f64>) -> Vec<f64> {
    let (mut tape, batch) = (Tape::new(), batch());
    let mut pass = tape.record(params);
    let logits = model.forward(&mut pass, batch.rows(0..3));
    pass.value(logits).iter().copied().collect()
}

#[test]
fn the_number_of_weights_is_that_of_the_built_model() {
    for kind in ModelKind::ALL {
        let (spec, mut params) = (spec(kind), Params::<f64>::new());
        let model = Model::new(&spec, &shapes(), &mut params, 1).unwrap();
        assert_eq!(spec.n_parameters(&shapes()), Some(params.n_parameters()), "{kind:?}");
        let layers = model.layers().iter();
        assert_eq!(
            layers.map(|l| l.n_parameters).sum::<usize>(),
            params.n_parameters(),
            "{kind:?}"
        );
        let stacked = model.stacked_layers().iter();
        assert_eq!(stacked.map(|l| l.outputs).sum::<usize>(), model.stack_width(), "{kind:?}");
        let is_deep_crossing = spec.kind().starts_with("deep-crossing");
        assert_eq!(model.units().len(), if is_deep_crossing { 2 } else { 0 }, "{kind:?}");
        for id in params.table_ids() {
            let field = model
                .field_of_parameter(params.table_name(id))
                .expect("each table belongs to a field");
            assert!(params.table_name(id).contains(&model.field_names()[field]));
        }
    }
}

#[test]
fn the_number_of_weights_follows_the_formulas() {
    let n = |kind| spec(kind).n_parameters(&shapes()).unwrap();
    // There are 56 features. `lr` has a weight for each and a bias; `fm` has 3 more for each; `ffm` has 3 more for each
    // feature and each of the 3 other fields.
    assert_eq!(n(ModelKind::Lr), 56 + 1);
    assert_eq!(n(ModelKind::Fm), 56 * 4 + 1);
    assert_eq!(n(ModelKind::Ffm), 56 * 10 + 1);
    // `mlp` has a table of 30 rows with a bias, a map of 4 bins with a bias, and a stack of width 3 + 20 + 2 + 3.
    assert_eq!(n(ModelKind::Mlp), 93 + 15 + 29 * 4 + 5 * 5 + 6);
    // `deepfm` has hidden layers over the 4 vectors of `fm`, and their weights in the logit.
    assert_eq!(n(ModelKind::DeepFm), n(ModelKind::Fm) + 13 * 4 + 5 * 5 + 5);
    // `dcn-v2` has three cross layers in addition.
    assert_eq!(n(ModelKind::DcnV2), n(ModelKind::Mlp) + 3 * 29 * 28);
    assert_eq!(n(ModelKind::DeepCrossingPlain), n(ModelKind::DeepCrossing));
}

/// Small models of the kinds that normalise, with batch normalisation and dropout.
fn normalised() -> impl Iterator<Item = (ModelKind, ModelConfig)> {
    let kinds = ModelKind::ALL.into_iter();
    let kinds = kinds.filter(|kind| ![ModelKind::Lr, ModelKind::Fm, ModelKind::Ffm].contains(kind));
    kinds.map(|kind| {
        let (batch_norm, dropout) = (Some(true), Some(0.2));
        (kind, ModelConfig { batch_norm, dropout, ..config(kind) })
    })
}

/// Models of these kinds and with two fields, whose running statistics are not those of the start.
pub(crate) fn normalised_samples() -> impl Iterator<Item = (ModelKind, TrainedModel)> {
    normalised().map(|(kind, config)| {
        let mut model = trained_model(kind, config.check().unwrap(), sample_encoder());
        for id in model.params.statistic_ids() {
            let values = model.params.statistic_mut(id).iter_mut();
            values.zip(1..).for_each(|(value, i)| *value = i as f32 / 3.0);
        }
        (kind, model)
    })
}

/// Checks the derivatives of the logits by all parameters in `f64`, with the statistics of the rows and with the
/// running ones.
#[test]
fn derivatives_of_normalised_models_are_right() {
    for (kind, config) in normalised() {
        let (spec, mut params) = (config.check().unwrap(), Params::new());
        let model = Model::new(&spec, &shapes(), &mut params, 1).unwrap();
        let batch = batch();
        for mode in [Mode::Inference, Mode::Training(Stream { seed: 1, step: 1, first_row: 0 })] {
            let check = Check { mode, ..Check::default() };
            let report = check.run(&params, |pass| model.forward(pass, batch.rows(0..3)));
            assert_eq!(report.map(|report| report.directions), Ok(4), "{kind:?} {mode:?}");
        }
    }
}

#[test]
fn the_number_of_weights_of_normalised_models_is_that_of_the_built_ones() {
    let n = |spec: &ModelSpec| spec.n_parameters(&shapes()).unwrap();
    for (kind, config) in normalised() {
        let (spec, mut params) = (config.check().unwrap(), Params::<f64>::new());
        let model = Model::new(&spec, &shapes(), &mut params, 1).unwrap();
        let layers = model.layers().iter();
        assert_eq!(layers.map(|layer| layer.n_parameters).sum::<usize>(), n(&spec), "{kind:?}");
        // Two units of the width of the stack, or hidden layers of the widths 4 and 5.
        let widths = if model.units().is_empty() { 4 + 5 } else { 2 * 28 };
        let bare = ModelConfig { batch_norm: None, ..config }.check().unwrap();
        assert_eq!(n(&spec), n(&bare) + 2 * widths, "{kind:?}");
        assert!(model.has_batch_norm(), "{kind:?}");
        let bare = Model::new(&bare, &shapes(), &mut Params::<f64>::new(), 1).unwrap();
        assert!(!bare.has_batch_norm(), "{kind:?}");
    }
}

#[test]
fn missing_statistics_and_negative_variances_are_refused() {
    for (kind, config) in normalised() {
        let new = |spec: &ModelSpec| {
            let mut params = Params::<f32>::new();
            Model::new(spec, &shapes(), &mut params, 1).unwrap();
            params
        };
        let spec = config.check().unwrap();
        let without = ModelConfig { batch_norm: None, ..config }.check().unwrap();
        let (mut params, bare) = (new(&spec), new(&without));
        assert!(Model::for_params(&spec, &shapes(), &params).is_ok(), "{kind:?}");
        for (spec, params) in [(&spec, &bare), (&without, &params)] {
            let result = Model::for_params(spec, &shapes(), params);
            assert!(matches!(result, Err(ModelError::Weights(_))), "{result:?}");
        }
        let last = params.statistic_ids().last().unwrap();
        params.statistic_mut(last)[3] = -0.5;
        let error = Model::for_params(&spec, &shapes(), &params).unwrap_err().to_string();
        let layer = if kind.name().starts_with("deep-crossing") { "unit1" } else { "hidden1" };
        let expected = format!("`{layer}.norm.variance` has a variance of -0.5");
        assert!(error.contains(&expected), "{error}");
    }
}

/// A stored specification of hidden layers without the key has none of it, so that such files stay as they were.
#[test]
fn hidden_layers_store_a_normalisation_only_if_they_have_one() {
    for kind in [ModelKind::Mlp, ModelKind::DeepFm, ModelKind::DcnV2] {
        for (batch_norm, stored) in [(None, false), (Some(false), false), (Some(true), true)] {
            let spec = ModelConfig { batch_norm, ..config(kind) }.check().unwrap();
            let found = spec.to_stored().unwrap();
            let text = String::from_utf8(found.bytes.clone()).unwrap();
            assert_eq!(text.contains("batch_norm"), stored, "{text}");
            assert_eq!(Kinds::standard().decode(&found).unwrap(), spec);
        }
    }
}

#[test]
fn a_shift_moves_all_logits() {
    for kind in ModelKind::ALL {
        let mut params = Params::new();
        let model = Model::new(&spec(kind), &shapes(), &mut params, 1).unwrap();
        let before = logits(&model, &params);
        model.shift_logits(&mut params, 0.75);
        for (before, after) in before.iter().zip(logits(&model, &params)) {
            assert!((after - before - 0.75).abs() < 1e-12, "{kind:?}: {before} {after}");
        }
    }
}

/// First-order weights start at 0, so that a logistic regression begins at even odds; other kinds begin with small
/// random logits.
#[test]
fn kinds_begin_with_different_logits() {
    let start = |kind| {
        let mut params = Params::new();
        let model = Model::new(&spec(kind), &shapes(), &mut params, 1).unwrap();
        logits(&model, &params)
    };
    assert_eq!(start(ModelKind::Lr), [0.0; 3]);
    for kind in ModelKind::ALL.into_iter().filter(|kind| *kind != ModelKind::Lr) {
        assert!(start(kind).iter().any(|logit| *logit != 0.0), "{kind:?}");
    }
    assert_ne!(start(ModelKind::DeepCrossing), start(ModelKind::DeepCrossingPlain));
}

#[test]
fn a_field_aware_machine_needs_two_fields() {
    let result = Model::new(&spec(ModelKind::Ffm), &shapes()[..1], &mut Params::<f32>::new(), 1);
    let expected = "`model.kind`: `ffm` needs at least 2 fields, but there is 1";
    assert_eq!(result.unwrap_err().to_string(), expected);
    for kind in ModelKind::ALL {
        let result = Model::new(&spec(kind), &[], &mut Params::<f32>::new(), 1);
        assert_eq!(result.unwrap_err(), ModelError::NoFields);
    }
}

#[test]
fn impossible_sizes_and_numbers_out_of_range_are_refused() {
    let of = |kind| ModelConfig { kind, ..Default::default() };
    let huge = Some(usize::MAX / 2);
    for config in [
        ModelConfig { embedding: huge, ..of(ModelKind::Fm) },
        ModelConfig { embedding: huge, ..of(ModelKind::Ffm) },
        ModelConfig { hidden: Some(vec![usize::MAX / 2]), ..of(ModelKind::Mlp) },
    ] {
        let spec = config.check().unwrap();
        let result = Model::new(&spec, &shapes(), &mut Params::<f32>::new(), 1);
        assert_eq!(result.unwrap_err(), ModelError::TooLarge);
    }
    let many = format!("{:?}", [1; 4097]);
    let two_layer = format!(r#"{{"TwoLayer":{many}}}"#);
    for kind in ModelKind::ALL {
        for (key, bad) in [
            ("embedding", "0"),
            ("embedding_std", "-1.0"),
            ("embeddings", r#"{"ad":0}"#),
            ("hidden", "[3,0]"),
            ("units", r#"{"TwoLayer":[3,0]}"#),
            ("dropout", "1.0"),
            ("embedding_dropout", "-0.5"),
            ("hidden", many.as_str()),
            ("units", two_layer.as_str()),
            ("units", r#"{"OneLayer":[4097,"relu"]}"#),
            ("cross_layers", "4097"),
        ] {
            let Some(spec) = with_value(&spec(kind), key, bad) else { continue };
            let result = Model::for_params(&spec, &shapes(), &Params::new());
            assert!(matches!(result, Err(ModelError::Config(_))), "{spec:?}");
        }
    }
}

/// A specification with another value of a key; `None` if it has no such key.
fn with_value(spec: &ModelSpec, key: &str, value: &str) -> Option<ModelSpec> {
    let mut stored = spec.to_stored().unwrap();
    let mut keys: serde_json::Value = serde_json::from_slice(&stored.bytes).unwrap();
    *keys.get_mut(key)? = serde_json::from_str(value).unwrap();
    stored.bytes = serde_json::to_vec(&keys).unwrap();
    Some(Kinds::standard().decode(&stored).unwrap())
}

#[test]
fn stored_specifications_come_back_to_the_bit() {
    let kinds = Kinds::standard();
    for kind in ModelKind::ALL {
        let config = ModelConfig { embedding_std: Some(0.1 + 0.2), ..config(kind) };
        let spec = config.for_kind(kind).check();
        let Ok(spec) = spec else { continue };
        let stored = spec.to_stored().unwrap();
        assert_eq!((stored.kind.as_str(), stored.version), (kind.name(), 1));
        assert_eq!(kinds.decode(&stored).unwrap(), spec);
    }
}

#[test]
fn unknown_kinds_versions_and_keys_are_refused_by_name() {
    let stored = spec(ModelKind::Mlp).to_stored().unwrap();
    let refused = |stored: StoredSpec| Kinds::standard().decode(&stored).unwrap_err();
    let error = refused(StoredSpec { kind: "gated".to_owned(), ..stored.clone() });
    let expected =
        "the model is of the kind `gated`, which this program does not know; it knows lr, ";
    assert!(error.starts_with(expected), "{error}");
    assert!(error.ends_with("by `TrainedModel::load_with`"), "{error}");
    let error = refused(StoredSpec { version: 2, ..stored.clone() });
    assert_eq!(error, "the layers of the kind `mlp` have the version 2, expected 1");
    for bytes in [&b""[..], b"{}", b"[]", b"{\"hidden\":", &[b'['; 100_000], &[0xff]] {
        let error = refused(StoredSpec { bytes: bytes.to_vec(), ..stored.clone() });
        assert!(error.starts_with("the layers of the kind `mlp` cannot be read: "), "{error}");
    }
}

/// The specification of an [`Outside`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct OutsideSpec {
    stacking: StackingSpec,
    /// The weights that `n_parameters` does not count.
    n_forgotten: usize,
    /// A key of the name that a serialised [`ModelSpec`] has for the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// Without a value, it is null as JSON.
    rank: Option<usize>,
    ranks: Vec<Option<usize>>,
}

impl OutsideSpec {
    fn new(n_forgotten: usize) -> Self {
        let stacking = StackingSpec::new(&config(ModelKind::Mlp));
        Self { stacking, n_forgotten, kind: None, rank: None, ranks: Vec::new() }
    }
}

/// A kind as another crate can define it: a linear map over the stacked input. If its name is `TAKEN`, it is that of a
/// kind of this crate.
#[derive(Clone, Debug)]
struct Outside<const TAKEN: bool> {
    stacked_input: StackedInput,
    scoring: Scoring,
}

impl<const TAKEN: bool> Network for Outside<TAKEN> {
    const KIND: &'static str = if TAKEN { ModelKind::Fm.name() } else { "outside" };

    type Spec = OutsideSpec;

    fn problems(spec: &OutsideSpec) -> Vec<Problem> {
        spec.stacking.problems()
    }

    fn n_parameters(spec: &OutsideSpec, shapes: &[FieldShape]) -> Option<usize> {
        let (embeddings, width) = spec.stacking.size(shapes)?;
        embeddings.checked_add(affine_size(width, 1)?)?.checked_sub(spec.n_forgotten)
    }

    fn build<F: Real>(
        spec: &OutsideSpec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> Self {
        let mut stacked_input = spec.stacking.build(shapes, builder);
        let scoring = ScoringConfig::new("scoring", stacked_input.width()).init(builder);
        stacked_input.push_built("scoring", 1, builder);
        Self { stacked_input, scoring }
    }

    fn stacked_input(&self) -> &StackedInput {
        &self.stacked_input
    }

    fn forward_stacked<F: Real>(
        &self,
        pass: &mut Pass<'_, F>,
        stacked: Var,
        _: &mut dyn FnMut(Var, UnitVars),
    ) -> Var {
        self.scoring.forward(pass, stacked)
    }

    fn bias(&self) -> Option<DenseId> {
        self.scoring.linear.bias
    }
}

/// A file with such a network could not be loaded, so that its training would be lost.
#[test]
fn a_network_with_another_number_of_weights_than_its_kind_says_is_refused() {
    let new = |n_forgotten| {
        let spec = ModelSpec::of::<Outside<false>>(OutsideSpec::new(n_forgotten));
        Model::new(&spec, &shapes(), &mut Params::<f32>::new(), 1)
    };
    assert!(new(0).is_ok());
    // A table of 30 rows with a bias, a map of 4 bins with a bias, and a stack of width 3 + 20 + 2 + 3.
    let expected = "a network of the kind `outside` has 137 weights, but `Network::n_parameters` of the kind gives 136";
    assert_eq!(new(1).unwrap_err().to_string(), expected);
}

/// A warm start compares specifications as TOML, which has no null.
#[test]
fn a_model_that_no_file_holds_is_refused_before_training() {
    let config = ModelConfig { hidden: Some(vec![1; 4096]), ..config(ModelKind::DeepCrossing) };
    let spec = config.check().unwrap();
    let error = Model::new::<f32>(&spec, &shapes(), &mut Params::new(), 1).unwrap_err();
    let message = error.to_string();
    assert!(
        message
            .ends_with("a model file holds at most 16384: lower the number of layers or of fields"),
        "{message}"
    );
}

#[test]
fn a_serialised_specification_has_the_name_of_its_kind_and_no_nulls() {
    let serialised = |kind: Option<&str>| {
        let kind = kind.map(str::to_owned);
        let spec = OutsideSpec { kind, ranks: vec![None, Some(2)], ..OutsideSpec::new(0) };
        serde_json::to_value(ModelSpec::of::<Outside<false>>(spec)).unwrap()
    };
    let flat = serialised(None);
    assert_eq!(flat["kind"], "outside");
    assert_eq!(flat["ranks"], serde_json::json!(["null", 2]));
    assert_eq!(flat.get("rank"), None);
    let nested = serialised(Some("gated"));
    assert_eq!(nested["kind"], "outside");
    assert_eq!(nested["spec"]["kind"], "gated");
    assert_eq!(nested["spec"].get("rank"), None);
}

#[test]
#[should_panic(expected = "`fm` is a kind of deepcross-model")]
fn a_specification_of_a_kind_with_a_taken_name_is_refused() {
    let _ = ModelSpec::of::<Outside<true>>(OutsideSpec::new(0));
}

#[test]
#[should_panic(expected = "`fm` is a kind of deepcross-model")]
fn a_kind_with_a_taken_name_is_not_added() {
    let _ = Kinds::standard().with::<Outside<false>>().with::<Outside<true>>();
}

/// An encoder of two fields, `ad` and `age`.
fn sample_encoder() -> Encoder {
    let fields = vec![FieldConfig::categorical("ad"), FieldConfig::number("age")];
    let schema = Schema::new(fields, vec![String::new()]).unwrap();
    let mut fitter = Fitter::new(&schema);
    let binding = fitter.bind(&["click", "ad", "age"].map(str::to_owned)).unwrap();
    for row in [["0", "hats", "20"], ["1", "shoes", "30"], ["0", "hats", "45"]] {
        fitter.observe(&binding, &row.map(str::to_owned)).unwrap();
    }
    fitter.finish()
}

/// A model of a kind with two fields, which was not trained.
pub(crate) fn sample_model(kind: ModelKind) -> TrainedModel {
    model_of(kind, sample_encoder())
}

/// A model of a kind with these fields, which was not trained.
pub(crate) fn model_of(kind: ModelKind, encoder: Encoder) -> TrainedModel {
    trained_model(kind, spec(kind), encoder)
}

/// A model of a kind with two fields and this many members, which were not trained. The first is that of
/// [`sample_model`].
pub(crate) fn sample_of_members(kind: ModelKind, n_members: u64) -> TrainedModel {
    let mut model = sample_model(kind);
    for seed in 2..=n_members {
        let (shapes, mut params) = (model.encoder.shapes(), Params::new());
        Model::new(&model.spec, shapes, &mut params, seed).unwrap();
        // Initial weights are so small that all members would nearly agree, or 0.
        let (dense, tables) = params.split_mut();
        let change = |(at, weight): (u64, &mut f32)| {
            *weight += ((7 * at + 3 * seed) % 11) as f32 / 50.0 - 0.1;
        };
        (0..).zip(dense).for_each(change);
        for row in tables.iter_mut().flat_map(|table| table.rows_mut()) {
            (0..).zip(row).for_each(change);
        }
        model.other_members.push(params);
    }
    model
}

fn trained_model(kind: ModelKind, spec: ModelSpec, encoder: Encoder) -> TrainedModel {
    let mut params = Params::new();
    let model = Model::new(&spec, encoder.shapes(), &mut params, 1).unwrap();
    let training = TrainingSummary { rows: 3, positives: 1, seed: 1, ..Default::default() };
    let (config, calibrator) = ("[train]\nseed = 1\n".to_owned(), calibrator(kind));
    let counts = vec![TrainingCounts::default(); encoder.shapes().len()];
    let other_members = Vec::new();
    TrainedModel {
        config,
        encoder,
        spec,
        model,
        params,
        other_members,
        training,
        counts,
        calibrator,
    }
}

/// A calibrator, or none. The kinds of models together have all kinds of calibrators.
fn calibrator(kind: ModelKind) -> Option<Calibrator> {
    let map = match kind {
        ModelKind::Mlp => CalibrationMap::Temperature(Temperature::new(1.5).unwrap()),
        ModelKind::Fm => CalibrationMap::Platt(Platt::new(0.5, -1.0).unwrap()),
        ModelKind::Ffm | ModelKind::Lr => {
            let points = vec![(-0.5, 0.125), (0.0, 0.375), (0.25, 0.375), (1.0, 0.75)];
            CalibrationMap::Isotonic(Isotonic::new(points).unwrap())
        }
        _ => return None,
    };
    Some(Calibrator { map, rows: 1000, positives: 300 })
}

fn bytes(model: &TrainedModel) -> Vec<u8> {
    let (header, mut bytes) = (model.header().unwrap(), Vec::new());
    Encoding::new(&header, &model.members()).unwrap().write_to(&mut bytes).unwrap();
    bytes
}

/// The model in the bytes of a file.
fn read(bytes: &[u8]) -> Result<TrainedModel, String> {
    let (header, members) = decode::<Header>(bytes).map_err(|error| error.to_string())?;
    TrainedModel::from_parts(header, members, &Kinds::standard())
}

#[test]
fn every_kind_goes_through_an_artifact() {
    for kind in ModelKind::ALL {
        let model = sample_model(kind);
        let again = read(&bytes(&model)).unwrap();
        assert_eq!((&again.spec, again.params.same_layout(&model.params)), (&model.spec, Ok(())));
        assert!(bytes(&again) == bytes(&model), "{kind:?}");
        assert_eq!(again.calibrator, calibrator(kind));
    }
}

#[test]
fn running_statistics_go_through_an_artifact() {
    for (kind, model) in normalised_samples() {
        let again = read(&bytes(&model)).unwrap();
        assert_eq!(format!("{:?}", again.params), format!("{:?}", model.params), "{kind:?}");
        assert!(bytes(&again) == bytes(&model), "{kind:?}");
    }
}

#[test]
fn every_way_to_a_probability_goes_through_the_calibrator() {
    for kind in ModelKind::ALL {
        let model = sample_model(kind);
        let scorer = Scorer::new(model.clone());
        let header = ["click", "ad", "age"].map(str::to_owned);
        let binding = scorer.encoder().bind(&header).unwrap();
        let (mut session, mut batch) = (scorer.session(), scorer.encoder().new_batch());
        let mut counts = scorer.encoder().new_counts();
        for row in [["0", "hats", "20"], ["1", "shoes", "21"], ["0", "none", "90"]] {
            let row = &row.map(str::to_owned)[..];
            scorer.push(&mut session, &binding, row).unwrap();
            scorer.encoder().encode(&binding, row, &mut batch, &mut counts).unwrap();
        }
        let (predictor, tapes) = (model.predictor(), Tapes::for_threads(1));
        let (mut logits, mut found) = (Vec::new(), Vec::new());
        predictor.logits_batch(&tapes, &batch, &mut logits);
        let probability = |logit: &f32| match &model.calibrator {
            Some(calibrator) => calibrator.probability(*logit),
            None => Activation::Sigmoid.apply(*logit),
        };
        let expected: Vec<f32> = logits.iter().map(probability).collect();
        predictor.predict_batch(&tapes, &batch, &mut found);
        assert_eq!(found, expected, "{kind:?}");
        assert_eq!(scorer.score(&mut session), expected, "{kind:?}");
        predictor.with_calibrator(None).predict_batch(&tapes, &batch, &mut found);
        assert_eq!(found == expected, model.calibrator.is_none(), "{kind:?}");
    }
}

#[test]
fn weights_of_one_kind_are_refused_for_another() {
    for kind in ModelKind::ALL {
        for other in ModelKind::ALL.into_iter().filter(|other| *other != kind) {
            let (model, other) = (sample_model(kind), sample_model(other));
            let header = other.header().unwrap();
            let result = TrainedModel::from_parts(header, vec![model.params], &Kinds::standard());
            // Plain units have the same weights as residual ones. With two fields, `ffm` has one vector for each, as
            // `fm` has.
            let alike = [["deep-crossing", "deep-crossing-plain"], ["fm", "ffm"]];
            let alike = alike.iter().any(|alike| {
                alike.contains(&model.spec.kind()) && alike.contains(&other.spec.kind())
            });
            assert_eq!(result.is_ok(), alike, "{kind:?}, {:?}", other.spec);
        }
    }
}

/// Changed headers with correct checksums reach the check of the specification. They give a model or an error, and
/// never a panic.
#[test]
fn forged_files_of_every_kind_give_a_model_or_an_error() {
    let mut models = ModelKind::ALL.map(sample_model).to_vec();
    models.push(sample_of_members(ModelKind::Mlp, 3));
    let files: Vec<_> = models.iter().map(|model| parts(&bytes(model))).collect();
    let (n_accepted, n_refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let strategy = (0..files.len(), mutations());
    run(strategy, |(file, changes): (usize, Vec<Mutation>)| {
        let (header, tensors) = &files[file];
        let bytes = frame(&mutate(header, &changes), tensors);
        let (answer, held) = peak(|| read(&bytes));
        prop_assert!(held <= bytes.len() + (1 << 20), "{held} bytes for a file of {}", bytes.len());
        match answer {
            Ok(model) => {
                n_accepted.set(n_accepted.get() + 1);
                prop_assert_eq!(model.spec.check(), Ok(()));
                let is_finite = |params: &Params<f32>| params.find_non_finite().is_none();
                prop_assert!(model.members().into_iter().all(is_finite));
                if let Some(calibrator) = &model.calibrator {
                    let [low, high] = [-3.0, 3.0].map(|logit| calibrator.probability(logit));
                    prop_assert!(0.0 <= low && low <= high && high <= 1.0, "{calibrator:?}");
                }
            }
            Err(_) => n_refused.set(n_refused.get() + 1),
        }
        Ok(())
    });
    assert!(n_accepted.get() > 0 && n_refused.get() > 0);
}
