//! Compares a small Deep Crossing with PyTorch: `tests/golden/deep_crossing_small.json` was written in float64 by a
//! PyTorch program, `make.py`, with this model:
//!
//! ```python
//! def forward(q, bt):                        # q: parameters; bt: a batch of 8 rows
//!     city = F.one_hot(bt["city"], 5).double()
//!     ad = torch.relu(q["ad.table"][bt["ad"]] + q["ad.bias"])
//!     words = torch.relu(multi_hot(bt["words"], bt["word_weights"]) @ q["words.table"] + q["words.bias"])
//!     x = torch.cat([city, ad, words, bt["stats"]], 1)
//!     for i in range(2):
//!         h = torch.relu(F.linear(x, q[f"unit{i}.w0"], q[f"unit{i}.b0"]))
//!         x = torch.relu(x + F.linear(h, q[f"unit{i}.w1"], q[f"unit{i}.b1"]))
//!     logit = F.linear(x, q["score.w"], q["score.b"]).squeeze(1)
//!     return logit, F.binary_cross_entropy_with_logits(logit, bt["label"])
//! ```
//!
//! The file has the gradients of the first batch, and the losses and parameters of ten steps, one for each batch, with
//! `torch.optim.SGD`, `Adagrad`, `Adam`, `AdamW`, and `SparseAdam` on the tables with `Adam` on the rest.

use deepcross::autodiff::{Gradients, Params, TableId, Tape};
use deepcross::features::Batch;
use deepcross::features::batch::{Column, DenseColumn, FieldShape, SparseColumn};
use deepcross::model::{Model, ModelConfig};
use deepcross::optim::{Optimizer, OptimizerConfig, Rule, TableUpdates};
use ndarray::Array2;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The names of the parameters in PyTorch, and here.
const NAMES: [(&str, &str); 14] = [
    ("ad.table", "embedding.ad.table"),
    ("ad.bias", "embedding.ad.bias"),
    ("words.table", "embedding.words.table"),
    ("words.bias", "embedding.words.bias"),
    ("unit0.w0", "unit0.inner.weight"),
    ("unit0.b0", "unit0.inner.bias"),
    ("unit0.w1", "unit0.outer.weight"),
    ("unit0.b1", "unit0.outer.bias"),
    ("unit1.w0", "unit1.inner.weight"),
    ("unit1.b0", "unit1.inner.bias"),
    ("unit1.w1", "unit1.outer.weight"),
    ("unit1.b1", "unit1.outer.bias"),
    ("score.w", "scoring.weight"),
    ("score.b", "scoring.bias"),
];

#[derive(Deserialize)]
struct Golden {
    params: Matrices,
    batches: Vec<Rows>,
    first: First,
    after_ten_steps: BTreeMap<String, Run>,
}

/// Matrices by their PyTorch name; a bias is a list there, and a matrix of one row here.
type Matrices = BTreeMap<String, Matrix>;

#[derive(Deserialize)]
#[serde(untagged)]
enum Matrix {
    Rows(Vec<Vec<f64>>),
    Bias(Vec<f64>),
}

#[derive(Deserialize)]
pub(crate) struct Rows {
    city: Vec<u32>,
    ad: Vec<u32>,
    words: Vec<Vec<u32>>,
    word_weights: Vec<Vec<f64>>,
    stats: Vec<[f64; 2]>,
    label: Vec<f64>,
}

/// The results of the model for the first batch before any step.
#[derive(Deserialize)]
struct First {
    logits: Vec<f64>,
    probabilities: Vec<f64>,
    loss: f64,
    grads: Matrices,
}

#[derive(Deserialize)]
struct Run {
    losses: Vec<f64>,
    params: Matrices,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/deep_crossing_small.json"))
        .expect("the golden file has the described form")
}

impl Matrix {
    fn to_array(&self) -> Array2<f64> {
        let (rows, values) = match self {
            Self::Rows(rows) => (rows.len(), rows.concat()),
            Self::Bias(bias) => (1, bias.clone()),
        };
        Array2::from_shape_vec((rows, values.len() / rows), values).expect("rows of one length")
    }
}

impl Rows {
    pub(crate) fn batch(&self) -> Batch<f64> {
        let ends = self.words.iter().scan(0, |end, bag| {
            *end += u32::try_from(bag.len()).expect("bags are short");
            Some(*end)
        });
        let offsets = std::iter::once(0).chain(ends).collect();
        let (words, weights) = (self.words.concat(), self.word_weights.concat());
        let mut batch = Batch::from_columns(vec![
            Column::Sparse(SparseColumn::one_hot(self.city.clone())),
            Column::Sparse(SparseColumn::one_hot(self.ad.clone())),
            Column::Sparse(SparseColumn::multi_hot(offsets, words, weights)),
            Column::Dense(DenseColumn::new(2, self.stats.concat())),
        ]);
        batch.labels_mut().extend(&self.label);
        assert_eq!(batch.check(&shapes()), Ok(()));
        batch
    }
}

pub(crate) fn shapes() -> [FieldShape; 4] {
    [
        FieldShape::one_hot("city", 5),
        FieldShape::one_hot("ad", 9),
        FieldShape::multi_hot("words", 7),
        FieldShape::dense("stats", 2),
    ]
}

/// The model with the initial weights from the file.
fn model(start: &Matrices) -> (Model, Params<f64>) {
    let config = ModelConfig {
        embeddings: [("ad".to_owned(), 4), ("words".to_owned(), 3)].into(),
        bypass_below: Some(6),
        hidden: Some(vec![6, 5]),
        ..Default::default()
    };
    let mut params = Params::new();
    let spec = config.check().unwrap();
    let model = Model::new(&spec, &shapes(), &mut params, 1).unwrap();
    assert_eq!(params.dense_ids().count() + params.table_ids().count(), NAMES.len());
    for id in params.dense_ids() {
        let values = named(start, params.dense_name(id));
        params.dense_mut(id).assign(&values);
    }
    for id in params.table_ids() {
        let values = named(start, params.table_name(id));
        params.assign_table(id, values.view());
    }
    (model, params)
}

/// The matrix in the file that belongs to one of our parameters.
fn named(matrices: &Matrices, own: &str) -> Array2<f64> {
    let (theirs, _) = NAMES.iter().find(|(_, name)| *name == own).expect("a known parameter");
    matrices[*theirs].to_array()
}

#[track_caller]
pub(crate) fn check_close(what: &str, found: f64, expected: f64) {
    let close = (found - expected).abs() <= 1e-10 * expected.abs().max(1.0);
    assert!(close, "{what}: {found}, expected {expected}");
}

#[track_caller]
pub(crate) fn check_all<'a>(
    what: &str,
    found: impl IntoIterator<Item = &'a f64>,
    expected: impl IntoIterator<Item = &'a f64>,
) {
    let (found, expected) = (Vec::from_iter(found), Vec::from_iter(expected));
    assert_eq!(found.len(), expected.len(), "{what}");
    found.iter().zip(expected).for_each(|(found, expected)| {
        check_close(what, **found, *expected);
    });
}

#[track_caller]
fn check_params(what: &str, params: &Params<f64>, expected: &Matrices) {
    for id in params.dense_ids() {
        let name = params.dense_name(id);
        check_all(&format!("{what}: {name}"), params.dense(id), &named(expected, name));
    }
    for id in params.table_ids() {
        let name = params.table_name(id);
        check_all(&format!("{what}: {name}"), &params.table(id), &named(expected, name));
    }
}

/// The gradient of a table as a matrix, with 0 in untouched rows.
pub(crate) fn table_gradient(
    params: &Params<f64>,
    gradients: &Gradients<f64>,
    id: TableId,
) -> Array2<f64> {
    let mut matrix = Array2::zeros(params.table_shape(id));
    for (row, mut values) in (0..).zip(matrix.rows_mut()) {
        let touched = gradients.table(id).row(row).into_iter().flatten();
        values.iter_mut().zip(touched).for_each(|(into, &value)| *into = value);
    }
    matrix
}

#[test]
fn values_and_gradients_agree() {
    let Golden { params: start, batches, first, .. } = golden();
    let (model, params) = model(&start);
    let batch = batches[0].batch();
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
    let mut pass = tape.record(&params);
    let logits = model.forward(&mut pass, batch.rows(0..batch.n_rows()));
    let probabilities = pass.sigmoid(logits);
    let loss = pass.log_loss(logits, batch.labels(), None);
    check_all("logits", pass.value(logits), &first.logits);
    check_all("probabilities", pass.value(probabilities), &first.probabilities);
    check_close("loss", pass.scalar(loss), first.loss);

    pass.backward(loss, &mut gradients);
    gradients.coalesce();
    for id in params.dense_ids() {
        let (name, found) = (params.dense_name(id), gradients.dense(id));
        check_all(name, found.expect("the loss depends on it"), &named(&first.grads, name));
    }
    for id in params.table_ids() {
        let (name, found) = (params.table_name(id), table_gradient(&params, &gradients, id));
        check_all(name, &found, &named(&first.grads, name));
    }
}

/// Compares ten steps, one for each batch, with the run of this name in the file.
#[track_caller]
fn check_run(name: &str, rule: Rule, learning_rate: f64, tables: TableUpdates) {
    let Golden { params: start, batches, after_ten_steps, .. } = golden();
    let (model, mut params) = model(&start);
    let config =
        OptimizerConfig { table_updates: tables, ..OptimizerConfig::new(rule, learning_rate) };
    let mut optimizer = Optimizer::new(config, &params).unwrap();
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
    let run = &after_ten_steps[name];
    for (rows, &expected) in batches.iter().zip(&run.losses) {
        let batch = rows.batch();
        let mut pass = tape.record(&params);
        let logits = model.forward(&mut pass, batch.rows(0..batch.n_rows()));
        let loss = pass.log_loss(logits, batch.labels(), None);
        check_close(name, pass.scalar(loss), expected);
        gradients.clear();
        pass.backward(loss, &mut gradients);
        optimizer.step(&mut params, &mut gradients);
    }
    assert_eq!(optimizer.n_steps(), 10);
    check_params(name, &params, &run.params);
}

#[test]
fn ten_steps_of_each_optimizer_agree() {
    let momentum = Rule::Momentum { momentum: 0.9 };
    let adamw = Rule::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.1 };
    check_run("sgd", Rule::Sgd, 0.1, TableUpdates::Dense);
    check_run("momentum", momentum, 0.1, TableUpdates::Dense);
    check_run("adagrad", Rule::ADAGRAD, 0.05, TableUpdates::Dense);
    check_run("adam_dense", Rule::ADAM, 0.01, TableUpdates::Dense);
    check_run("adamw_dense", adamw, 0.01, TableUpdates::Dense);
    check_run("sparse_adam", Rule::ADAM, 0.01, TableUpdates::Rows);
    // Without momentum an untouched row does not change, so updates by rows give the same result.
    check_run("sgd", Rule::Sgd, 0.1, TableUpdates::Rows);
    check_run("adagrad", Rule::ADAGRAD, 0.05, TableUpdates::Rows);
}
