//! The summary of the training that a model comes from.

use serde::{Deserialize, Serialize};

/// The size and the result of a training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingSummary {
    /// Training rows, before `negative_rate` drops any.
    pub rows: u64,
    /// Clicks among them.
    pub positives: u64,
    /// Steps that each member made until the end of the kept epoch.
    pub steps: u64,
    /// Epochs run.
    pub epochs: u32,
    /// The epoch whose weights were kept, from 1.
    pub best_epoch: u32,
    /// Rows held out for validation; 0 if there were none.
    pub valid_rows: u64,
    /// The AUC of the kept epoch on the validation rows, if they had both classes.
    pub valid_auc: Option<f64>,
    /// The log loss of the kept epoch on the validation rows.
    pub valid_log_loss: Option<f64>,
    /// The negative label of the rows, 0 or −1; `None` if the configuration names its classes.
    pub negative_label: Option<i8>,
    /// The seed of the run.
    pub seed: u64,
}
