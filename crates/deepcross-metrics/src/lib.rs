#![doc = include_str!("../README.md")]

mod auc;
mod base_rate;
mod calibration;
mod class_scores;
mod error;
mod evaluation;
mod log_loss;
mod normalized_entropy;
mod row;
mod slices;
mod sum;
#[cfg(test)]
mod test_support;

pub use auc::{Auc, roc_auc, roc_auc_weighted};
pub use base_rate::BaseRate;
pub use calibration::Calibration;
pub use error::MetricError;
pub use evaluation::{Evaluation, Summary};
pub use log_loss::{LogLoss, log_loss, log_loss_weighted};
pub use normalized_entropy::NormalizedEntropy;
pub use row::{MAX_WEIGHT, MIN_WEIGHT, Score};
