//! Momentum: `v = μ v + g`, `w −= η v`.
//!
//! The learning rate is not part of the velocity, as in PyTorch, so that a schedule has an effect at once.

use super::step_size::StepSize;
use deepcross_kernels::{Real, each_number};

#[derive(Clone, Copy, Debug)]
pub(super) struct Momentum<F> {
    rate: F,
    momentum: F,
}

impl<F: Real> Momentum<F> {
    pub(super) fn new(size: StepSize, momentum: f64) -> Self {
        Self { rate: F::of(size.learning_rate), momentum: F::of(momentum) }
    }

    #[inline(always)]
    pub(super) fn apply(&self, weights: &mut [F], gradient: &[F], velocity: &mut [F]) {
        assert_eq!(velocity.len(), weights.len(), "length of the state");
        let Self { rate, momentum } = *self;
        each_number(weights, [velocity], [gradient], |w, [v], [g]| {
            *v = momentum * *v + g;
            *w -= rate * *v;
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::{Rule, run};

    #[test]
    fn keeps_half_of_the_last_velocity() {
        // v = 1, then 0.5 + 2; v = −1, then −0.5.
        let weights = run(Rule::Momentum { momentum: 0.5 }, 0.5, &[[1.0, -1.0], [2.0, 0.0]]);
        assert_eq!(weights, [1.0 - 0.5 - 1.25, -2.0 + 0.5 + 0.25]);
    }
}
