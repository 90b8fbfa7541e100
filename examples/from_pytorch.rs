//! Scores with weights that PyTorch trained: a safetensors file is read into a model of the same layers, which gives
//! the same probabilities as PyTorch.
//!
//! The numbers are those of `crates/deepcross/tests/golden/deep_crossing_small.json`, which a PyTorch program wrote;
//! the argument names another file of this form. In PyTorch, this code writes the file of weights:
//!
//! ```python
//! from safetensors.torch import save_file
//! save_file({OURS[name]: p.detach().float().contiguous() for name, p in model.named_parameters()}, "weights.safetensors")
//! ```
//!
//! ```text
//! cargo run --release --example from_pytorch [-- golden.json]
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use deepcross::autodiff::{Params, Tape};
use deepcross::features::Batch;
use deepcross::features::batch::{Column, DenseColumn, FieldShape, SparseColumn};
use deepcross::model::{Model, ModelConfig, Predictor, interchange};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

const GOLDEN: &str = "../crates/deepcross/tests/golden/deep_crossing_small.json";

/// The parameters of the PyTorch program, and the tensors that they become.
const OURS: [(&str, &str); 14] = [
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

/// The file that the PyTorch program wrote.
#[derive(Deserialize)]
struct Golden {
    params: BTreeMap<String, Tensor>,
    batches: Vec<Rows>,
    first: First,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Tensor {
    Matrix(Vec<Vec<f32>>),
    Vector(Vec<f32>),
}

#[derive(Deserialize)]
struct Rows {
    city: Vec<u32>,
    ad: Vec<u32>,
    words: Vec<Vec<u32>>,
    word_weights: Vec<Vec<f32>>,
    stats: Vec<[f32; 2]>,
}

#[derive(Deserialize)]
struct First {
    probabilities: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let named = std::env::args_os().nth(1).map(PathBuf::from);
    let path = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN));
    let Some(golden) = read(&path)? else {
        println!("skipped: there is no {}", path.display());
        return Ok(());
    };
    println!("{:>12} {:>12}", "PyTorch", "here");
    for (expected, found) in golden.first.probabilities.iter().zip(scored(&golden)?) {
        println!("{expected:12.8} {found:12.8}");
    }
    Ok(())
}

fn read(path: &Path) -> Result<Option<Golden>, Box<dyn Error>> {
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&std::fs::read_to_string(path)?)?))
}

/// Returns the probabilities of the first batch, with weights that were written to a file and read again.
fn scored(golden: &Golden) -> Result<Vec<f32>, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("weights.safetensors");
    std::fs::write(&file, weights(&golden.params)?)?;

    // The same layers, with any weights: those of the file replace them.
    let config = ModelConfig {
        embeddings: [("ad".to_owned(), 4), ("words".to_owned(), 3)].into(),
        bypass_below: Some(6),
        hidden: Some(vec![6, 5]),
        ..Default::default()
    };
    let spec = config.check()?;
    let mut start = Params::new();
    let model = Model::new(&spec, &shapes(), &mut start, 1)?;
    let members = interchange::read_safetensors(&file, &[&start])?;

    let batch = golden.batches[0].batch();
    let mut probabilities = vec![0.0; batch.n_rows()];
    let rows = batch.rows(0..batch.n_rows());
    Predictor::new(&model, &members[0]).predict(&mut Tape::new(), rows, &mut probabilities);
    Ok(probabilities)
}

fn shapes() -> [FieldShape; 4] {
    [
        FieldShape::one_hot("city", 5),
        FieldShape::one_hot("ad", 9),
        FieldShape::multi_hot("words", 7),
        FieldShape::dense("stats", 2),
    ]
}

impl Rows {
    fn batch(&self) -> Batch {
        let mut words = SparseColumn::multi_hot(vec![0], Vec::new(), Vec::new());
        for (ids, weights) in self.words.iter().zip(&self.word_weights) {
            words.push_bag(ids, Some(weights));
        }
        Batch::from_columns(vec![
            Column::Sparse(SparseColumn::one_hot(self.city.clone())),
            Column::Sparse(SparseColumn::one_hot(self.ad.clone())),
            Column::Sparse(words),
            Column::Dense(DenseColumn::new(2, self.stats.concat())),
        ])
    }
}

/// The bytes that `safetensors.torch.save_file` would write: the length of a JSON header, the header, and all numbers.
fn weights(params: &BTreeMap<String, Tensor>) -> Result<Vec<u8>, Box<dyn Error>> {
    let (mut header, mut numbers) = (Map::new(), Vec::<f32>::new());
    for (theirs, ours) in OURS {
        let tensor = params.get(theirs).ok_or_else(|| format!("there is no `{theirs}`"))?;
        let start = numbers.len() * size_of::<f32>();
        let shape = match tensor {
            Tensor::Vector(values) => {
                numbers.extend(values);
                vec![values.len()]
            }
            Tensor::Matrix(rows) => {
                rows.iter().for_each(|row| numbers.extend(row));
                vec![rows.len(), rows.first().map_or(0, Vec::len)]
            }
        };
        let offsets = [start, numbers.len() * size_of::<f32>()];
        header.insert(
            ours.to_owned(),
            json!({ "dtype": "F32", "shape": shape, "data_offsets": offsets }),
        );
    }
    let header = Value::from(header).to_string();
    let length = (header.len() as u64).to_le_bytes();
    let numbers = numbers.iter().flat_map(|value| value.to_le_bytes());
    Ok(length.into_iter().chain(header.into_bytes()).chain(numbers).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imported_weights_give_pytorchs_probabilities() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN);
        let Some(golden) = read(&path).unwrap() else {
            println!("skipped: there is no {}", path.display());
            return;
        };
        let found = scored(&golden).unwrap();
        assert_eq!(found.len(), golden.first.probabilities.len());
        for (found, expected) in found.iter().zip(&golden.first.probabilities) {
            assert!((f64::from(*found) - expected).abs() < 1e-6, "{found}, {expected}");
        }
    }
}
