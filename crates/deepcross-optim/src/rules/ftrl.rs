//! FTRL-proximal (McMahan et al., KDD 2013, algorithm 1): for each weight, with `n` the sum of squared gradients,
//! `σ = (√(n + g²) − √n) / α`, `z += g − σ w`, `n += g²`, and
//! `w = 0` if `|z| ≤ λ₁`, else `w = −(z − sign(z) λ₁) / ((β + √n) / α + λ₂)`.
//!
//! `α` is the learning rate.
//! The penalties are part of the rule: L1 gives weights that are exactly 0.
//! A weight that does not start at 0 begins with the `z` for which the last formula gives this weight.

use super::step_size::StepSize;
use deepcross_kernels::{Real, each_number};

#[derive(Clone, Copy, Debug)]
pub(super) struct Ftrl<F> {
    /// `1 / α`.
    inverse_rate: F,
    beta: F,
    l1: F,
    l2: F,
}

impl<F: Real> Ftrl<F> {
    pub(super) fn new(size: StepSize, [beta, l1, l2]: [f64; 3]) -> Self {
        let inverse_rate = F::of(1.0 / size.learning_rate);
        Self { inverse_rate, beta: F::of(beta), l1: F::of(l1), l2: F::of(l2) }
    }

    #[inline(always)]
    pub(super) fn apply(&self, weights: &mut [F], gradient: &[F], state: &mut [F]) {
        assert_eq!(state.len(), 2 * weights.len(), "length of the state");
        let (z, n) = state.split_at_mut(weights.len());
        let zero = F::zero();
        each_number(weights, [z, n], [gradient], |w, [z, n], [g]| {
            // Without a gradient nothing moves, and a weight without a history keeps its initial value.
            if g == zero {
                return;
            }
            if *n == zero {
                *z = -*w * self.strength(zero) - sign(*w) * self.l1;
            }
            let root = n.sqrt();
            *n += g * g;
            let new_root = n.sqrt();
            *z += g - (new_root - root) * self.inverse_rate * *w;
            let beyond = z.abs() - self.l1;
            *w = if beyond > zero { -sign(*z) * beyond / self.strength(new_root) } else { zero };
        });
    }

    #[inline(always)]
    fn strength(&self, root: F) -> F {
        (self.beta + root) * self.inverse_rate + self.l2
    }
}

/// −1, 0 or 1.
#[inline(always)]
fn sign<F: Real>(x: F) -> F {
    if x > F::zero() {
        F::one()
    } else if x < F::zero() {
        -F::one()
    } else {
        F::zero()
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::{Rule, StepSize, run};

    #[test]
    fn small_gradients_give_weights_of_zero() {
        let rule = Rule::Ftrl { beta: 1.0, l1: 2.0, l2: 0.0 };
        let size = StepSize { learning_rate: 0.5, step: 1, epsilon_before_correction: false };
        let mut weights = [0.0, 0.0, 0.0];
        rule.at(size).apply(&mut weights, &[2.0, 3.0, -3.0], &mut [0.0; 6]);
        // z = g; (3 − 2) / ((1 + 3) / 0.5)
        assert_eq!(weights, [0.0, -0.125, 0.125]);
    }

    /// z₀ = −w β/α = −2 and 4; σ = |g| / α, so that z = −2 + g − σ and 4 + g + 2 σ.
    #[test]
    fn the_first_step_starts_at_the_initial_weight() {
        let rule = Rule::Ftrl { beta: 1.0, l1: 0.0, l2: 0.0 };
        let weights = run(rule, 0.5, &[[1.0, -1.0]]);
        assert_eq!(weights, [(2.0 - 1.0 + 2.0) / 4.0, -(4.0 - 1.0 + 4.0) / 4.0]);
    }
}
