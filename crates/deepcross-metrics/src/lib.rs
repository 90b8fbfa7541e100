#![doc = include_str!("../README.md")]

mod auc;
mod average_precision;
mod base_rate;
mod bootstrap;
mod bounded_auc;
mod brier;
mod calibration;
mod class_scores;
mod confusion;
mod curves;
mod delong;
mod error;
mod evaluation;
mod grouped_auc;
mod lift;
mod log_loss;
mod normal;
mod normalized_entropy;
mod ranking;
mod reliability;
mod row;
mod score_histogram;
mod slices;
mod sum;
#[cfg(test)]
mod test_support;

pub use auc::{Auc, roc_auc, roc_auc_weighted};
pub use average_precision::average_precision;
pub use base_rate::BaseRate;
pub use bootstrap::{Bootstrap, BootstrapInterval};
pub use bounded_auc::{BoundedArea, BoundedAuc};
pub use brier::{Brier, BrierDecomposition};
pub use calibration::Calibration;
pub use confusion::Confusion;
pub use curves::{PrecisionRecallPoint, RocPoint};
pub use delong::{AucDifference, AucInterval, auc_difference, auc_interval};
pub use error::MetricError;
pub use evaluation::{Evaluation, Summary};
pub use grouped_auc::{GroupedAuc, GroupedAucValue};
pub use log_loss::{LogLoss, log_loss, log_loss_weighted};
pub use normalized_entropy::NormalizedEntropy;
pub use ranking::{Ranked, Ranking};
pub use reliability::ReliabilityBin;
pub use row::{MAX_WEIGHT, MIN_WEIGHT, Score};
pub use score_histogram::ScoreHistogram;
