//! Compares trained logistic regression and factorization machines with their formulas: the log loss of unseen rows, in
//! `f64` and with every pair of fields computed separately.

use crate::common::{clicks, config, folder, trained_with, with_reader, write};
use deepcross::autodiff::Params;
use deepcross::features::batch::{BatchRows, ColumnRows};
use deepcross::model::TrainedModel;
use deepcross::train::{EvaluateOptions, Files, RunConfig, evaluate};
use std::path::{Path, PathBuf};

/// The features of a row for one field, each with its value.
type Features = Vec<(usize, f64)>;

/// The features of row `row`, field by field.
fn features(rows: BatchRows<'_>, row: usize) -> Vec<Features> {
    let of_field = |field| match rows.field(field) {
        ColumnRows::Dense { width, values } => {
            let numbers = values[row * width..(row + 1) * width].iter().enumerate();
            numbers.map(|(i, &number)| (i, f64::from(number))).collect()
        }
        ColumnRows::Sparse(bags) => {
            let entries = match bags.offsets {
                None => row..row + 1,
                Some(offsets) => offsets[row] as usize..offsets[row + 1] as usize,
            };
            let weight = |i: usize| bags.weights.map_or(1.0, |weights| f64::from(weights[i]));
            entries.map(|i| (bags.ids[i] as usize, weight(i))).collect()
        }
    };
    (0..rows.n_fields()).map(of_field).collect()
}

/// The sum of the values of the features times their weights, which have the name `{prefix}.{field}`.
fn vector(params: &Params<f32>, name: &str, features: &Features) -> Vec<f64> {
    let table = params.table_ids().find(|&id| params.table_name(id) == format!("{name}.table"));
    let dense = params.dense_ids().find(|&id| params.dense_name(id) == format!("{name}.weight"));
    let weights = match (table, dense) {
        (Some(id), _) => params.table(id).mapv(f64::from),
        (None, Some(id)) => params.dense(id).t().mapv(f64::from),
        (None, None) => panic!("there is no `{name}`"),
    };
    let mut sum = vec![0.0; weights.ncols()];
    for &(feature, value) in features {
        sum.iter_mut().zip(weights.row(feature)).for_each(|(sum, weight)| *sum += value * weight);
    }
    sum
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The sum over i < j of the interactions of fields i and j.
fn pairs(kind: &str, vectors: &[Vec<f64>]) -> f64 {
    let n = vectors.len();
    let mut sum = 0.0;
    for i in 0..n {
        for j in i + 1..n {
            sum += match kind {
                "fm" => dot(&vectors[i], &vectors[j]),
                // Field i has vectors for 0, 1, …, except for itself: its vector for j > i is at j − 1, and that of j
                // for i is at i.
                "ffm" => {
                    let k = vectors[i].len() / (n - 1);
                    dot(&vectors[i][(j - 1) * k..j * k], &vectors[j][i * k..(i + 1) * k])
                }
                other => panic!("`{other}` has no pairs"),
            };
        }
    }
    sum
}

fn logit(model: &TrainedModel, features: &[Features]) -> f64 {
    let (params, names) = (&model.params, model.model.field_names());
    let of = |prefix: &str| -> Vec<Vec<f64>> {
        let fields = names.iter().zip(features);
        fields.map(|(name, own)| vector(params, &format!("{prefix}.{name}"), own)).collect()
    };
    let bias = params.dense_ids().find(|&id| params.dense_name(id) == "linear.bias");
    let bias = f64::from(params.dense(bias.expect("a bias"))[(0, 0)]);
    let first_order = bias + of("linear").concat().iter().sum::<f64>();
    match model.spec.kind() {
        "lr" => first_order,
        kind => first_order + pairs(kind, &of("embedding")),
    }
}

/// Trains, and compares the log loss of the first rows of `test` with that of the formulas.
#[track_caller]
fn check(config: &RunConfig, files: &Files, test: &Path, rows: usize) {
    let model = trained_with(config, files, 2, &mut |_| ());
    let (folder, text) = (folder(), std::fs::read_to_string(test).expect("the file exists"));
    let lines: Vec<_> = text.lines().take(1 + rows).map(str::to_owned).collect();
    let some = [write(&folder, test.file_name().unwrap().to_str().unwrap(), &lines)];
    let expected = with_reader(&model, config, &some, |reader| {
        let mut batch = reader.new_batch();
        assert_eq!(reader.fill(&mut batch, usize::MAX).expect("the rows are valid"), rows);
        let all = batch.rows(0..rows);
        let losses = batch.labels().iter().enumerate().map(|(row, &label)| {
            let z = logit(&model, &features(all, row));
            z.exp().ln_1p() - f64::from(label) * z
        });
        losses.sum::<f64>() / rows as f64
    });
    let found = with_reader(&model, config, &some, |reader| {
        evaluate(model.predictor(), reader, EvaluateOptions::default())
            .expect("the rows are valid")
            .summary
    });
    let loss = found.log_loss.expect("there are rows");
    assert!((loss - expected).abs() < 2e-6, "{:?}: {loss}, expected {expected}", model.spec);
    let base = found.base_log_loss.expect("there are rows");
    assert!(loss < base, "{:?} learned nothing: {loss}, and {base} by the base rate", model.spec);
}

const KINDS: [&str; 3] = [
    "model={kind='lr'}",
    "model={kind='fm',embedding=10,embedding_std=0.05}",
    "model={kind='ffm',embedding=3,embedding_std=0.05}",
];

#[test]
fn simulated_clicks_are_scored_by_the_formulas() {
    let folder = folder();
    let train = vec![write(&folder, "train.tsv", &clicks(1, 5000))];
    let files = Files::new(train);
    let test = write(&folder, "test.tsv", &clicks(2, 1000));
    for kind in KINDS {
        check(&config(&[kind, "train.epochs=3"]), &files, &test, 1000);
    }
}

/// The folder of the data, and the configuration; prints a message if one of them is missing.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn real_ratings() -> Option<(PathBuf, String)> {
    let Some(data) = std::env::var_os("DEEPCROSS_DATA") else {
        eprintln!("skipped: DEEPCROSS_DATA does not name the folder that has movielens/train.csv");
        return None;
    };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let Ok(text) = std::fs::read_to_string(examples.join("movielens.toml")) else {
        eprintln!("skipped: there is no folder `examples`, which is not part of the package");
        return None;
    };
    Some((PathBuf::from(data).join("movielens"), text))
}

/// Real ratings have fields of one value, of several values with a mean, and of numbers.
#[test]
fn real_ratings_are_scored_by_the_formulas() {
    let Some((folder, text)) = real_ratings() else { return };
    let file = |name| folder.join(name);
    let files =
        Files { train: vec![file("train.csv")].into(), valid: vec![file("valid.csv")].into() };
    for kind in KINDS {
        let overrides = [kind, "train.epochs=2", "train.learning_rate=0.01"].map(str::to_owned);
        let config = RunConfig::parse(&text, &overrides, "movielens.toml")
            .expect("the configuration is valid");
        check(&config, &files, &file("test.csv"), 2000);
    }
}
