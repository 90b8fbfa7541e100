//! The figures of the training that a model came from.

use serde::{Deserialize, Serialize};

/// How a model was trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingSummary {
    /// Training rows, before any is dropped by `negative_rate`.
    pub rows: u64,
    /// Clicks among them.
    pub positives: u64,
    /// Steps made until the kept epoch's end.
    pub steps: u64,
    /// Epochs run.
    pub epochs: u32,
    /// The epoch whose weights were kept, from 1.
    pub best_epoch: u32,
    /// Rows held out for validation; 0 where there were none.
    pub valid_rows: u64,
    /// The AUC of the kept epoch on them, where both classes were there.
    pub valid_auc: Option<f64>,
    /// The log loss of the kept epoch on them.
    pub valid_log_loss: Option<f64>,
    /// The seed of the run.
    pub seed: u64,
}
