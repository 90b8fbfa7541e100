//! A whole small Deep Crossing against PyTorch: `tests/golden/deep_crossing_small.json` was written in float64 by a
//! PyTorch program, `make.py`, whose model is
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
//! It holds the gradients of the first batch, and the losses and parameters of ten steps, one a batch, with
//! `torch.optim.SGD`, `Adagrad`, `Adam`, `AdamW`, and `SparseAdam` on the tables with `Adam` on the rest.

use deepcross::autodiff::{DenseId, Gradients, Params, TableId, Tape};
use deepcross::features::{Batch, Column, DenseColumn, FieldShape, SparseColumn};
use deepcross::model::{DeepCrossing, ModelConfig};
use deepcross::optim::{Optimizer, OptimizerConfig, Rule, TableUpdates};
use deepcross::train::Engine;
use ndarray::{Array1, Array2};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A parameter there, and its name here.
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
