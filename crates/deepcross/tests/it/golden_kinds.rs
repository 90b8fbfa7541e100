//! Compares small models of other kinds with PyTorch, in float64: logits, loss, and the gradient of every parameter.
//!
//! The files have the parameters by our names, which the program that wrote them drew at random, and a batch of 8 rows.
//! With `hot[f]`, `[rows, n]`, as the values of the field `f`, and `linear(q, name, x)` as
//! `F.linear(x, q[f"{name}.weight"], q.get(f"{name}.bias"))`:
//!
//! ```python
//! def hidden(q, x):
//!     for i in range(2): x = torch.relu(linear(q, f"hidden{i}", x))
//!     return x
//! # dcn-v2
//! def cross(q, x0):
//!     x = x0
//!     for i in range(2):
//!         narrow = linear(q, f"cross{i}.narrow", x) if f"cross{i}.narrow.weight" in q else x
//!         x = x0 * linear(q, f"cross{i}", narrow) + x
//!     return x
//! embedded = lambda f: torch.relu(hot[f] @ q[f"embedding.{f}.table"] + q[f"embedding.{f}.bias"])
//! x = torch.cat([hot["city"], embedded("ad"), embedded("words"), hot["stats"]], 1)
//! stacked = linear(q, "scoring", hidden(q, cross(q, x)))
//! parallel = linear(q, "scoring", torch.cat([cross(q, x), hidden(q, x)], 1))
//! # deepfm; the weights of numbers are `q[f"linear.{f}.weight"].T`, and those of values are tables
//! v = [hot[f] @ weights("embedding", f) for f in fields]
//! pairs = sum((v[i] * v[j]).sum(1, keepdim=True) for i in range(4) for j in range(i + 1, 4))
//! logit = q["linear.bias"] + sum(hot[f] @ weights("linear", f) for f in fields) + pairs \
//!     + linear(q, "scoring", hidden(q, torch.cat(v, 1)))
//! # all
//! loss = F.binary_cross_entropy_with_logits(logit.squeeze(1), label)
//! gradients = torch.autograd.grad(loss, list(q.values()))
//! ```

use crate::golden::{Rows, check_all, check_close, shapes, table_gradient};
use deepcross::autodiff::{Gradients, Params, Tape};
use deepcross::model::config::CrossStructure;
use deepcross::model::{Model, ModelConfig, ModelKind};
use ndarray::Array2;
use serde::Deserialize;
use std::collections::BTreeMap;

type Matrices = BTreeMap<String, Vec<Vec<f64>>>;

#[derive(Deserialize)]
struct Golden {
    batch: Rows,
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    params: Matrices,
    logits: Vec<f64>,
    loss: f64,
    gradients: Matrices,
}

fn matrix(matrices: &Matrices, name: &str) -> Array2<f64> {
    let rows = &matrices[name];
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).expect("rows of one length")
}

/// A model of this configuration with the parameters of the case.
fn model(config: &ModelConfig, case: &Case) -> (Model, Params<f64>) {
    let mut params = Params::new();
    let spec = config.check().expect("the configuration is good");
    let model = Model::new(&spec, &shapes(), &mut params, 1).expect("the fields fit");
    assert_eq!(params.dense_ids().count() + params.table_ids().count(), case.params.len());
    for id in params.dense_ids() {
        let values = matrix(&case.params, params.dense_name(id));
        params.dense_mut(id).assign(&values);
    }
    for id in params.table_ids() {
        let values = matrix(&case.params, params.table_name(id));
        params.assign_table(id, values.view());
    }
    (model, params)
}

/// Compares the model of this configuration with the case of this name in a file.
#[track_caller]
fn check(file: &str, name: &str, config: &ModelConfig) {
    let Golden { batch, cases } = serde_json::from_str(file).expect("the form of a golden file");
    let (case, batch) = (&cases[name], batch.batch());
    let (model, params) = model(config, case);
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
    let mut pass = tape.record(&params);
    let logits = model.forward(&mut pass, batch.rows(0..batch.n_rows()));
    let loss = pass.log_loss(logits, batch.labels(), None);
    check_all("logits", pass.value(logits), &case.logits);
    check_close("loss", pass.scalar(loss), case.loss);
    pass.backward(loss, &mut gradients);
    gradients.coalesce();
    for id in params.dense_ids() {
        let (name, found) = (params.dense_name(id), gradients.dense(id));
        check_all(name, found.expect("the loss depends on it"), &matrix(&case.gradients, name));
    }
    for id in params.table_ids() {
        let (name, found) = (params.table_name(id), table_gradient(&params, &gradients, id));
        check_all(name, &found, &matrix(&case.gradients, name));
    }
}

/// Embeddings of width 3, the city stacked raw, and two hidden layers.
fn config(kind: ModelKind) -> ModelConfig {
    let config = ModelConfig {
        embedding: Some(3),
        bypass_below: Some(6),
        hidden: Some(vec![4, 3]),
        ..Default::default()
    };
    config.for_kind(kind)
}

#[test]
fn dcn_v2_agrees() {
    let golden = include_str!("../golden/dcn_v2.json");
    let stacked = ModelConfig { cross_layers: Some(2), ..config(ModelKind::DcnV2) };
    check(golden, "dcn-v2 stacked", &stacked);
    let structure = Some(CrossStructure::Parallel);
    check(golden, "dcn-v2 parallel", &ModelConfig { rank: Some(2), structure, ..stacked });
}

#[test]
fn deepfm_agrees() {
    check(include_str!("../golden/deepfm.json"), "deepfm", &config(ModelKind::DeepFm));
}
