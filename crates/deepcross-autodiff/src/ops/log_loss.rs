//! The log loss from logits: `ln(1 + exp(z)) − label · z`, whose derivative is `sigmoid(z) − label`.
//!
//! Because it takes logits and not probabilities, it neither overflows nor loses the digits of a small probability.

use crate::backward::Backward;
use crate::op::Op;
use crate::tape::Span;
use crate::{Pass, Var};
use deepcross_kernels::functions::{exp, ln_1p, sigmoid};
use deepcross_kernels::{Real, Write, sum, vectorised, zip_into};

#[derive(Clone, Copy, Debug)]
pub(crate) struct LogLoss<F> {
    logits: Var,
    labels: Span,
    weights: Option<Span>,
    scale: F,
}

impl<F: Real> Pass<'_, F> {
    /// The mean log loss `Σ wᵢ ℓᵢ / Σ wᵢ`; the weights are 1 if none are given, and the mean is 0 if the weights sum to
    /// 0.
    ///
    /// # Shapes
    /// `logits`: `[rows, 1]`; `labels`, `weights`: one a row → `[1, 1]`
    ///
    /// # Panics
    /// If the shapes do not fit together.
    #[track_caller]
    pub fn log_loss(&mut self, logits: Var, labels: &[F], weights: Option<&[F]>) -> Var {
        let total = weights.map_or_else(|| F::of(labels.len() as f64), sum);
        let scale = if total > F::zero() { F::one() / total } else { F::zero() };
        self.log_loss_sum(logits, labels, weights, scale, &mut 0.0)
    }

    /// `scale · Σ wᵢ ℓᵢ`: the part of some rows in the mean over a larger batch, where `scale` is 1 over the batch's
    /// weight.
    ///
    /// Each row's `wᵢ ℓᵢ` is added to `total` too, row after row, so that the sum over several calls does not depend on
    /// the division of the rows.
    ///
    /// # Shapes
    /// `logits`: `[rows, 1]`; `labels`, `weights`: one a row → `[1, 1]`
    ///
    /// # Panics
    /// If the shapes do not fit together.
    #[track_caller]
    pub fn log_loss_sum(
        &mut self,
        logits: Var,
        labels: &[F],
        weights: Option<&[F]>,
        scale: F,
        total: &mut f64,
    ) -> Var {
        assert_eq!(self.shape(logits), (labels.len(), 1), "each label needs one logit");
        assert!(
            weights.is_none_or(|weights| weights.len() == labels.len()),
            "each label needs one weight"
        );
        let reals = &mut self.tape.arena.reals;
        let op = LogLoss {
            logits,
            labels: Span::store(reals, labels),
            weights: weights.map(|weights| Span::store(reals, weights)),
            scale,
        };
        let tracked = self.is_tracked(logits);
        self.push(Op::LogLoss(op), (1, 1), tracked, |inputs, out| {
            let losses = (inputs.slice(logits), labels, weights);
            out[0] = scale * add_losses(losses, total);
        })
    }
}

/// `Σ wᵢ ℓᵢ` in the order of the rows; adds each `wᵢ ℓᵢ` to `total`, too.
///
/// The losses of some rows are computed together, with wide instructions.
fn add_losses<F: Real>(
    (logits, labels, weights): (&[F], &[F], Option<&[F]>),
    total: &mut f64,
) -> F {
    const TOGETHER: usize = 64;
    let (mut losses, mut here) = ([F::zero(); TOGETHER], F::zero());
    let chunks = logits.chunks(TOGETHER).zip(labels.chunks(TOGETHER));
    for (chunk, (logits, labels)) in chunks.enumerate() {
        let losses = &mut losses[..logits.len()];
        zip_into(
            losses,
            Write::Assign,
            logits,
            labels,
            #[inline(always)]
            |logit, label| loss(logit, label),
        );
        for (i, &loss) in losses.iter().enumerate() {
            let loss = weights.map_or(F::one(), |weights| weights[chunk * TOGETHER + i]) * loss;
            *total += loss.as_f64();
            here += loss;
        }
    }
    here
}

/// `ln(1 + exp(z)) − label · z`; the argument of `exp` is never positive.
#[inline(always)]
fn loss<F: Real>(logit: F, label: F) -> F {
    let positive_part = if logit > F::zero() { logit } else { F::zero() };
    positive_part - label * logit + ln_1p(exp(-logit.abs()))
}

pub(crate) fn backward<F: Real>(op: &LogLoss<F>, mut context: Backward<'_, F>) {
    let inputs = context.inputs;
    let factor = context.gradient[0] * op.scale;
    let (logits, labels) = (inputs.slice(op.logits), op.labels.of(&inputs.arena.reals));
    let weights = op.weights.map(|weights| weights.of(&inputs.arena.reals));
    context.add_to(op.logits, |out, write| {
        if write == Write::Assign {
            out.fill(F::zero());
        }
        vectorised(
            #[inline(always)]
            || {
                let rows = out.iter_mut().zip(logits.iter().zip(labels)).enumerate();
                for (i, (out, (&logit, &label))) in rows {
                    let weight = weights.map_or(factor, |weights| factor * weights[i]);
                    *out += weight * (sigmoid(logit) - label);
                }
            },
        );
    });
}

#[cfg(test)]
pub(crate) mod tests {
    use super::loss;
    use crate::ops_test::{Holds, SIZES, any_matrix, check, holds};
    use proptest::prelude::*;

    #[test]
    pub(crate) fn derivative() -> Holds {
        let rows = SIZES.prop_flat_map(|rows| {
            let labels = prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), 0.0..1.0], rows);
            let weights = prop::collection::vec(prop_oneof![Just(0.0), 0.0..3.0], rows);
            (any_matrix(rows, 1), labels, prop::option::of(weights), -2.0..2.0)
        });
        holds(rows, |(logits, labels, weights, scale)| {
            let (inputs, weights) = ([logits * 5.0], weights.as_deref());
            check(&inputs, |pass, x| pass.log_loss(x[0], &labels, weights))?;
            check(&inputs, |pass, x| pass.log_loss_sum(x[0], &labels, weights, scale, &mut 0.0))
        })
    }

    #[test]
    fn large_logits_do_not_overflow() {
        let cases = [
            (0.0, 1.0, 2.0_f64.ln()),
            (800.0, 1.0, 0.0),
            (800.0, 0.0, 800.0),
            (-800.0, 1.0, 800.0),
        ];
        for (logit, label, expected) in cases {
            assert!((loss::<f64>(logit, label) - expected).abs() < 1e-12, "{logit}, {label}");
        }
    }
}
