//! Stochastic gradient descent: `w −= η g`.

use super::step_size::StepSize;
use deepcross_kernels::{Real, each_number};

#[derive(Clone, Copy, Debug)]
pub(super) struct Sgd<F> {
    rate: F,
}

impl<F: Real> Sgd<F> {
    pub(super) fn new(size: StepSize) -> Self {
        Self::with_rate(F::of(size.learning_rate))
    }

    pub(super) fn with_rate(rate: F) -> Self {
        Self { rate }
    }

    #[inline(always)]
    pub(super) fn apply(&self, weights: &mut [F], gradient: &[F]) {
        let rate = self.rate;
        each_number(weights, [], [gradient], |w, [], [g]| *w -= rate * g);
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::{Rule, run};

    #[test]
    fn moves_against_the_gradient() {
        assert_eq!(run(Rule::Sgd, 0.5, &[[1.0, -1.0], [2.0, 0.0]]), [-0.5, -1.5]);
    }
}
