//! Adam, and AdamW, whose weight decay is separate from the gradient.
//!
//! `m = β₁ m + (1 − β₁) g`, `v = β₂ v + (1 − β₂) g²`, `w −= η m̂ / (√v̂ + ε)` with `m̂ = m / (1 − β₁ᵗ)` and
//! `v̂ = v / (1 − β₂ᵗ)`.
//! The powers are computed in f64, once per step.

use super::step_size::StepSize;
use deepcross_kernels::{Real, each_number};

#[derive(Clone, Copy, Debug)]
pub(super) struct Adam<F> {
    beta1: F,
    beta2: F,
    /// `η / (1 − β₁ᵗ)`.
    rate: F,
    /// `1 / √(1 − β₂ᵗ)`.
    root_correction: F,
    epsilon: F,
    /// `1 − η λ`.
    keep: F,
}

impl<F: Real> Adam<F> {
    pub(super) fn new(
        size: StepSize,
        [beta1, beta2]: [f64; 2],
        epsilon: f64,
        weight_decay: f64,
    ) -> Self {
        let correction = |beta: f64| 1.0 - libm::pow(beta, size.step as f64);
        let root_correction = 1.0 / correction(beta2).sqrt();
        let epsilon =
            if size.epsilon_before_correction { epsilon * root_correction } else { epsilon };
        Self {
            beta1: F::of(beta1),
            beta2: F::of(beta2),
            rate: F::of(size.learning_rate / correction(beta1)),
            root_correction: F::of(root_correction),
            epsilon: F::of(epsilon),
            keep: F::of(1.0 - size.learning_rate * weight_decay),
        }
    }

    #[inline(always)]
    pub(super) fn apply(&self, weights: &mut [F], gradient: &[F], state: &mut [F]) {
        assert_eq!(state.len(), 2 * weights.len(), "length of the state");
        let (first, second) = state.split_at_mut(weights.len());
        let Self { beta1, beta2, rate, root_correction, epsilon, keep } = *self;
        each_number(weights, [first, second], [gradient], |w, [m, v], [g]| {
            *m = beta1 * *m + (F::one() - beta1) * g;
            *v = beta2 * *v + (F::one() - beta2) * g * g;
            *w = keep * *w - rate * *m / (v.sqrt() * root_correction + epsilon);
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::{Rule, run};

    #[test]
    fn the_first_step_has_the_size_of_the_rate() {
        let weights = run(Rule::ADAM, 0.25, &[[4.0, -0.5]]);
        assert!(
            (weights[0] - 0.75).abs() < 1e-7 && (weights[1] + 1.75).abs() < 1e-7,
            "{weights:?}"
        );
    }

    #[test]
    fn decay_shrinks_weights_without_gradient() {
        let rule = Rule::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.5 };
        assert_eq!(run(rule, 0.5, &[[0.0, 0.0]]), [0.75, -1.5]);
    }
}
