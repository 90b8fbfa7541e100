//! What training minimises: the log loss of its rows; and the one place where negative down-sampling is undone.
//!
//! Where each negative row is kept with probability r, the odds of a click among the kept rows are those among all rows
//! times 1/r. So the loss is taken on `logit − ln r`, the log odds of the sample, and the model's own logit is that of all
//! rows from the first step on: validation, artifact, scoring and export need no correction, and none can be forgotten or
//! made twice.
//! The other ways: to divide the odds of each prediction would put the rate into every place that predicts; to move the
//! bias once after training would leave every validation during it uncalibrated; to weigh the kept rows by 1/r would give
//! the same probabilities, but a few rows, there by chance, would make up most of each gradient.

use deepcross_autodiff::{Pass, Real, Var};
use deepcross_features::BatchRows;

/// The loss of rows that may be a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Objective {
    /// What the log odds of the sample are above those of all rows; `None` where they are the same.
    log_odds: Option<f64>,
}

impl Objective {
    /// Of a sample that has each negative row with the probability `rate`, in (0, 1].
    pub(crate) fn of_sample(rate: f64) -> Self {
        Self { log_odds: (rate != 1.0).then(|| -rate.ln()) }
    }

    /// `scale · Σ wᵢ ℓᵢ` of some rows, with weights of 1 where they have none.
    ///
    /// # Shapes
    /// `logits`: `[rows, 1]`, of all rows → `[1, 1]`
    pub(crate) fn loss<F: Real>(
        self,
        pass: &mut Pass<'_, F>,
        logits: Var,
        rows: BatchRows<'_, F>,
        scale: F,
    ) -> Var {
        let logits = self.log_odds.map_or(logits, |by| pass.shift(logits, F::of(by)));
        let weights = (!rows.weights().is_empty()).then(|| rows.weights());
        pass.log_loss_sum(logits, rows.labels(), weights, scale)
    }
}
