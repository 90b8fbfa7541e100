//! Tests of safetensors: weights that are written and read again, and files that are refused.

use super::*;
use crate::artifact::mutations::mutations;
use crate::config::{CrossStructure, ModelConfig, ModelKind, UnitKind};
use crate::kinds_test::sample_model;
use crate::model::Model;
use crate::model_spec::ModelSpec;
use ::safetensors::tensor::TensorView;
use ::safetensors::{Dtype, SafeTensors};
use deepcross_autodiff::Params;
use deepcross_features::batch::FieldShape;
use deepcross_testing::{check_mutations, mutate};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn shapes() -> Vec<FieldShape> {
    vec![
        FieldShape::one_hot("ad", 30),
        FieldShape::multi_hot("words", 20),
        FieldShape::dense("age", 2),
        FieldShape::embedded("hours", 4),
    ]
}

/// Models with all kinds of layers, each with a short name.
pub(super) fn specs() -> Vec<(&'static str, ModelSpec)> {
    let of = |kind| ModelConfig { kind, ..Default::default() };
    let stacked = |kind| ModelConfig {
        embedding: Some(3),
        bypass_below: Some(25),
        hidden: Some(vec![4, 5]),
        ..of(kind)
    };
    let small = |kind| ModelConfig { embedding: Some(3), embedding_std: Some(0.5), ..of(kind) };
    let structure = Some(CrossStructure::Parallel);
    use crate::config::ModelKind::{
        DcnV2, DeepCrossing, DeepCrossingPlain, DeepFm, Ffm, Fm, Lr, Mlp,
    };
    let normed = |config| ModelConfig { batch_norm: Some(true), ..config };
    let one_layer = ModelConfig {
        hidden: None,
        unit: Some(UnitKind::OneLayer),
        depth: Some(2),
        ..stacked(DeepCrossing)
    };
    [
        ("deep", stacked(DeepCrossing)),
        ("deep, normed", normed(stacked(DeepCrossing))),
        ("one layer", normed(one_layer)),
        ("plain", stacked(DeepCrossingPlain)),
        ("plain, normed", normed(stacked(DeepCrossingPlain))),
        ("mlp", ModelConfig { embed_numbers: Some(true), ..stacked(Mlp) }),
        ("mlp, normed", normed(stacked(Mlp))),
        ("dcn", stacked(DcnV2)),
        ("dcn, parallel", ModelConfig { rank: Some(2), structure, ..stacked(DcnV2) }),
        ("dcn, normed", normed(stacked(DcnV2))),
        ("deepfm", ModelConfig { hidden: Some(vec![4, 5]), ..small(DeepFm) }),
        ("deepfm, normed", normed(ModelConfig { hidden: Some(vec![4]), ..small(DeepFm) })),
        ("lr", of(Lr)),
        ("fm", small(Fm)),
        ("ffm", small(Ffm)),
    ]
    .into_iter()
    .map(|(name, config)| (name, config.check().unwrap_or_else(|e| panic!("{name}: {e:?}"))))
    .collect()
}

pub(super) fn model(spec: &ModelSpec, seed: u64) -> (Model, Params<f32>) {
    let mut params = Params::new();
    let model = Model::new(spec, &shapes(), &mut params, seed).unwrap();
    (model, params)
}

pub(super) fn fields() -> Vec<FieldShape> {
    shapes()
}

fn normed() -> (ModelSpec, Params<f32>) {
    let (_, spec) = specs().swap_remove(1);
    let (_, params) = model(&spec, 1);
    (spec, params)
}

#[test]
fn weights_of_every_kind_come_back_to_the_bit() {
    for (name, spec) in specs() {
        let ((_, mut params), (_, other)) = (model(&spec, 1), model(&spec, 2));
        for id in params.statistic_ids() {
            params.statistic_mut(id).iter_mut().zip(1..).for_each(|(value, i)| *value = i as f32);
        }
        let bytes = encode_safetensors(&[&params]).unwrap();
        assert_eq!(encode_safetensors(&[&params]).unwrap(), bytes, "{name}");
        let again = decode_safetensors(&bytes, &[&other]).unwrap().remove(0);
        assert_eq!(format!("{again:?}"), format!("{params:?}"), "{name}");
    }
}

#[test]
fn names_and_shapes_are_those_of_pytorch() {
    let (_, params) = normed();
    let bytes = encode_safetensors(&[&params]).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    // Stacked: 3 of the ad, 20 words raw, 2 numbers, 3 of the hours.
    for (name, shape) in [
        ("embedding.ad.table", &[30, 3][..]),
        ("embedding.ad.bias", &[3]),
        ("embedding.hours.weight", &[3, 4]),
        ("embedding.hours.bias", &[3]),
        ("unit0.inner.weight", &[4, 28]),
        ("unit0.inner.bias", &[4]),
        ("unit0.outer.weight", &[28, 4]),
        ("unit0.norm.gamma", &[28]),
        ("unit0.norm.beta", &[28]),
        ("unit0.norm.mean", &[28]),
        ("unit0.norm.variance", &[28]),
        ("scoring.weight", &[1, 28]),
        ("scoring.bias", &[1]),
    ] {
        let tensor = file.tensor(name).unwrap();
        assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::F32, shape), "{name}");
    }
    assert_eq!(file.len(), 4 + 2 * 8 + 2);
}

/// The tensors of a file, which tests change and write again.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

fn changed(params: &Params<f32>, change: impl Fn(&mut Tensors)) -> Vec<u8> {
    let bytes = encode_safetensors(&[params]).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let owned =
        |tensor: TensorView<'_>| (tensor.dtype(), tensor.shape().to_vec(), tensor.data().to_vec());
    let mut tensors: Tensors =
        file.tensors().into_iter().map(|(name, tensor)| (name, owned(tensor))).collect();
    change(&mut tensors);
    let views = tensors.iter().map(|(name, (dtype, shape, data))| {
        (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    ::safetensors::serialize(views, None).unwrap()
}

#[test]
fn problems_name_the_found_and_the_expected_property() {
    let (_, params) = normed();
    let check = |change: &dyn Fn(&mut Tensors), message: &str| {
        let bytes = changed(&params, |tensors| change(tensors));
        let error = decode_safetensors(&bytes, &[&params]).unwrap_err().to_string();
        assert_eq!(error, format!("does not hold the weights of the model\n  {message}"));
    };
    let set = |tensors: &mut Tensors, name: &str, shape: &[usize], dtype: Dtype| {
        let n = shape.iter().product::<usize>() * dtype.bitsize() / 8;
        tensors.insert(name.to_owned(), (dtype, shape.to_vec(), vec![0; n]));
    };
    check(
        &|tensors| drop(tensors.remove("unit1.outer.weight")),
        "tensor `unit1.outer.weight`: is missing, expected F32 of the shape [28, 5]",
    );
    check(
        &|tensors| set(tensors, "unit0.norm.num_batches_tracked", &[], Dtype::I64),
        "tensor `unit0.norm.num_batches_tracked`: is unknown: the model has no such tensor",
    );
    check(
        &|tensors| set(tensors, "unit0.inner.weight", &[28, 4], Dtype::F32),
        "tensor `unit0.inner.weight`: has the shape [28, 4], expected [4, 28]",
    );
    check(
        &|tensors| set(tensors, "scoring.bias", &[1, 1], Dtype::F32),
        "tensor `scoring.bias`: has the shape [1, 1], expected [1]",
    );
    check(
        &|tensors| set(tensors, "embedding.ad.table", &[30, 3], Dtype::F16),
        "tensor `embedding.ad.table`: has the type F16, expected F32",
    );
    check(
        &|tensors| {
            let (_, _, data) = tensors.get_mut("embedding.ad.table").unwrap();
            data[4 * (3 * 7 + 1)..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
        },
        "tensor `embedding.ad.table`: has NaN at [7, 1], expected finite numbers",
    );
    // A terminal would obey this name.
    check(
        &|tensors| set(tensors, "\u{1b}[2J", &[1], Dtype::F32),
        "tensor `\\u{1b}[2J`: is unknown: the model has no such tensor",
    );
    check(
        &|tensors| {
            tensors.remove("scoring.bias");
            set(tensors, "score.bias", &[1], Dtype::F32);
        },
        "tensor `scoring.bias`: is missing, expected F32 of the shape [1]\n  \
         tensor `score.bias`: is unknown: the model has no such tensor",
    );
}

#[test]
fn a_message_shows_the_first_of_many_problems() {
    let (_, params) = normed();
    let bytes = changed(&params, |tensors| {
        *tensors = std::mem::take(tensors)
            .into_iter()
            .map(|(name, tensor)| (format!("model.{name}"), tensor))
            .collect();
    });
    let error = decode_safetensors(&bytes, &[&params]).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 1 + 20 + 1, "{error}");
    assert!(error.ends_with("\n  and 24 more"), "{error}");
}

/// A prediction would take the root of the variance.
#[test]
fn a_variance_below_zero_is_refused() {
    let (spec, mut params) = normed();
    let id = params.statistic_ids().last().unwrap();
    params.statistic_mut(id)[3] = -0.5;
    let bytes = encode_safetensors(&[&params]).unwrap();
    let read = decode_safetensors(&bytes, &[&params]).unwrap().remove(0);
    let error = Model::for_params(&spec, &shapes(), &read).unwrap_err().to_string();
    assert!(error.contains("`unit1.norm.variance` has a variance of -0.5"), "{error}");
}

#[test]
fn shortened_files_are_refused() {
    let (_, params) = normed();
    let bytes = encode_safetensors(&[&params]).unwrap();
    for length in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
        let result = decode_safetensors(&bytes[..length], &[&params]);
        assert!(matches!(result, Err(WeightsError::Format { .. })), "{length}: {result:?}");
    }
}

/// Damaged files give an error, or finite weights of the right layout.
#[test]
fn damaged_files_give_an_error_or_valid_weights() {
    let (_, params) = normed();
    let valid = encode_safetensors(&[&params]).unwrap();
    let header = 8 + u64::from_le_bytes(valid[..8].try_into().unwrap()) as usize;
    let counts = std::cell::Cell::new([0; 3]);
    let strategy = (mutations(), any::<bool>());
    let check = |(mutations, in_header): (Vec<_>, bool)| {
        let bytes = if in_header {
            [&mutate(&valid[..header], &mutations)[..], &valid[header..]].concat()
        } else {
            mutate(&valid, &mutations)
        };
        let answer = decode_safetensors(&bytes, &[&params]);
        let mut seen = counts.get();
        seen[match &answer {
            Err(WeightsError::Format { .. }) => 0,
            Err(WeightsError::Tensors { .. }) => 1,
            Ok(_) => 2,
        }] += 1;
        counts.set(seen);
        if let Ok(read) = answer {
            prop_assert_eq!(read[0].find_non_finite(), None);
            prop_assert_eq!(read[0].same_layout(&params), Ok(()));
        }
        Ok(())
    };
    check_mutations(1000, strategy, check);
    assert!(counts.get().iter().all(|&n| n > 10), "{:?}", counts.get());
}

#[test]
fn new_weights_clear_the_summary_of_the_training() {
    let stored = sample_model(ModelKind::Fm);
    let mut params = stored.params.clone();
    params.dense_values_mut().iter_mut().for_each(|value| *value += 0.5);
    let imported = stored.clone().with_weights(vec![params.clone()]).unwrap();
    assert_eq!(imported.training, crate::TrainingSummary::default());
    assert_eq!(
        (imported.params.dense_values(), imported.calibrator),
        (params.dense_values(), None)
    );
    assert_ne!(params.dense_values(), stored.params.dense_values());
    assert!(stored.with_weights(vec![Params::new()]).is_err());
}
