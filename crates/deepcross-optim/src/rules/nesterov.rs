//! Nesterov's momentum: `v = μ v + g`, `w −= η (g + μ v)`.
//!
//! This is the form of PyTorch, in which the gradient is taken at the current weights.

use super::step_size::StepSize;
use deepcross_kernels::{Real, each_number};

#[derive(Clone, Copy, Debug)]
pub(super) struct Nesterov<F> {
    rate: F,
    momentum: F,
}

impl<F: Real> Nesterov<F> {
    pub(super) fn new(size: StepSize, momentum: f64) -> Self {
        Self { rate: F::of(size.learning_rate), momentum: F::of(momentum) }
    }

    #[inline(always)]
    pub(super) fn apply(&self, weights: &mut [F], gradient: &[F], velocity: &mut [F]) {
        assert_eq!(velocity.len(), weights.len(), "length of the state");
        let Self { rate, momentum } = *self;
        each_number(weights, [velocity], [gradient], |w, [v], [g]| {
            *v = momentum * *v + g;
            *w -= rate * (g + momentum * *v);
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::{Rule, run};

    #[test]
    fn looks_half_a_velocity_ahead() {
        // v = 1, then 0.5 + 2; v = −1, then −0.5.
        let weights = run(Rule::Nesterov { momentum: 0.5 }, 0.5, &[[1.0, -1.0], [2.0, 0.0]]);
        assert_eq!(weights, [1.0 - 0.75 - 1.625, -2.0 + 0.75 + 0.125]);
    }
}
