//! The loss that training minimises: the log loss of its rows, and the one place that undoes negative down-sampling.
//!
//! If each negative row is kept with probability r, the odds of a click among the kept rows are those among all rows
//! times 1/r.
//! So the loss is taken on `logit − ln r`, the log odds of the sample, and the model's own logit is that of all rows
//! from the first step on: validation, artifact, scoring and export need no correction, and none can be forgotten or
//! made twice.
//! Rejected: dividing the odds of each prediction, which puts the rate into every place that predicts; moving the bias
//! once after training, which leaves every validation during training uncalibrated; and weighting the kept rows by 1/r,
//! which gives the same probabilities, but lets a few rows, there by chance, make up most of each gradient.

use deepcross_autodiff::{Pass, Real, Var};
use deepcross_features::Batch;
use deepcross_features::batch::BatchRows;

/// The rows of one pass, unless an engine is told otherwise.
///
/// A pass reads the weights of all layers, which seldom fit into the cache beside a core, so that few rows cost time; and
/// many rows cost memory.
pub(crate) const BLOCK: usize = 512;

/// The loss of rows that may be a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Objective {
    /// The log odds of the sample minus those of all rows; `None` if they are the same.
    log_odds: Option<f64>,
}

impl Objective {
    /// The loss of a sample that keeps each negative row with the probability `rate`, in (0, 1].
    pub(crate) fn of_sample(rate: f64) -> Self {
        Self { log_odds: (rate != 1.0).then(|| -libm::log(rate)) }
    }

    /// `scale · Σ wᵢ ℓᵢ` over some rows; rows without weights have the weight 1.
    ///
    /// Each row's `wᵢ ℓᵢ` is added to `total`, too.
    ///
    /// # Shapes
    /// `logits`: `[rows, 1]`, of all rows → `[1, 1]`
    pub(crate) fn loss<F: Real>(
        self,
        pass: &mut Pass<'_, F>,
        logits: Var,
        rows: BatchRows<'_, F>,
        scale: F,
        total: &mut f64,
    ) -> Var {
        let logits = self.log_odds.map_or(logits, |by| pass.shift(logits, F::of(by)));
        let weights = (!rows.weights().is_empty()).then(|| rows.weights());
        pass.log_loss_sum(logits, rows.labels(), weights, scale, total)
    }
}

/// The weight of the positive rows, before labels are smoothed.
pub(crate) fn positive_weight(batch: &Batch) -> f64 {
    let labels = batch.labels().iter().map(|label| f64::from(*label));
    match batch.weights() {
        [] => labels.sum(),
        weights => labels.zip(weights).map(|(label, weight)| label * f64::from(*weight)).sum(),
    }
}

/// The sum of the weights of some rows.
pub(crate) fn total_weight_of(batch: &Batch, rows: std::ops::Range<usize>) -> f64 {
    match batch.weights() {
        [] => rows.len() as f64,
        weights => weights[rows].iter().map(|weight| f64::from(*weight)).sum(),
    }
}

/// The sum of the row weights; the number of rows if they have none.
pub(crate) fn total_weight<F: Real>(batch: &Batch<F>) -> f64 {
    match batch.weights() {
        [] => batch.n_rows() as f64,
        weights => weights.iter().map(|weight| weight.as_f64()).sum(),
    }
}
