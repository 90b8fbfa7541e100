//! Adagrad: `s += g²`, `w −= η g / (√s + ε)`.

use super::step_size::StepSize;
use deepcross_kernels::{Real, each_number};

#[derive(Clone, Copy, Debug)]
pub(super) struct Adagrad<F> {
    rate: F,
    epsilon: F,
}

impl<F: Real> Adagrad<F> {
    pub(super) fn new(size: StepSize, epsilon: f64) -> Self {
        Self { rate: F::of(size.learning_rate), epsilon: F::of(epsilon) }
    }

    #[inline(always)]
    pub(super) fn apply(&self, weights: &mut [F], gradient: &[F], squares: &mut [F]) {
        assert_eq!(squares.len(), weights.len(), "length of the state");
        let Self { rate, epsilon } = *self;
        each_number(weights, [squares], [gradient], |w, [s], [g]| {
            *s += g * g;
            *w -= rate * g / (s.sqrt() + epsilon);
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::{Rule, run};

    #[test]
    fn the_first_step_has_the_size_of_the_rate() {
        let weights = run(Rule::ADAGRAD, 0.25, &[[4.0, -0.5]]);
        assert!(
            (weights[0] - 0.75).abs() < 1e-9 && (weights[1] + 1.75).abs() < 1e-9,
            "{weights:?}"
        );
    }
}
