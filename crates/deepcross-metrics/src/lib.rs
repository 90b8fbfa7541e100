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
mod grouped_rows;
mod holm;
mod intervals;
mod lift;
mod log_loss;
mod loss_difference;
mod metric;
mod named_metric;
mod ndcg;
mod normal;
mod normalized_entropy;
mod rate_gap;
mod reciprocal_rank;
mod reliability;
mod row;
mod score_histogram;
mod scored_rows;
mod seed_runs;
mod slices;
mod spread;
mod student_t;
mod sum;
#[cfg(test)]
mod test_support;
mod undefined;
mod weighted_mean;

pub use confusion::Confusion;
pub use error::MetricError;
pub use evaluation::{Evaluated, Evaluation, Summary};
pub use intervals::{Interval, Intervals};
pub use metric::Metric;
pub use named_metric::{NamedMetric, Reference};
pub use row::{MAX_WEIGHT, MIN_WEIGHT, Row, Score};
pub use scored_rows::{Ranked, ScoredRows};
pub use slices::UNWEIGHTED;
pub use undefined::Undefined;

pub mod ranking {
    //! Metrics of the order of scores: areas under curves, the points of curves, and the order within groups.

    pub use crate::auc::{Auc, roc_auc};
    pub use crate::average_precision::average_precision;
    pub use crate::bounded_auc::{BoundedArea, BoundedAuc};
    pub use crate::curves::{PrecisionRecallPoint, RocPoint};
    pub use crate::grouped_rows::{GroupMean, GroupedRows, NamedGroupMean, RankedGroups};
}

pub mod probability {
    //! Metrics of probabilities: losses, calibration, and the spread of scores.

    pub use crate::base_rate::BaseRate;
    pub use crate::brier::{Brier, BrierDecomposition};
    pub use crate::calibration::Calibration;
    pub use crate::log_loss::{LogLoss, log_loss};
    pub use crate::normalized_entropy::NormalizedEntropy;
    pub use crate::rate_gap::least_miscalibration;
    pub use crate::reliability::ReliabilityBin;
    pub use crate::score_histogram::ScoreHistogram;
    pub use crate::spread::Spread;
}

pub mod inference {
    //! The effect of chance: intervals, tests of differences, and models that were trained with several seeds.

    pub use crate::bootstrap::{Bootstrap, BootstrapInterval};
    pub use crate::delong::{AucDifference, AucInterval, auc_difference, auc_interval};
    pub use crate::holm::holm;
    pub use crate::intervals::OverConstant;
    pub use crate::loss_difference::{LogLossDifference, log_loss_difference};
    pub use crate::normal::two_sided_quantile;
    pub use crate::seed_runs::{SeedDifference, SeedEstimate, SeedRuns, TestRows};
}
