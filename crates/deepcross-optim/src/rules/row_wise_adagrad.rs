//! Row-wise Adagrad: `s += mean(g²)` over a row, `w −= η g / (√s + ε)`.
//!
//! It has one number of state per row instead of one per weight, which suits huge tables (Naumov et al., DLRM, 2019).

use super::{StepSize, sgd::Sgd};
use crate::square_sum::square_sum;
use deepcross_kernels::Real;

#[derive(Clone, Copy, Debug)]
pub(super) struct RowWiseAdagrad<F> {
    rate: F,
    epsilon: F,
}

impl<F: Real> RowWiseAdagrad<F> {
    pub(super) fn new(size: StepSize, epsilon: f64) -> Self {
        Self { rate: F::of(size.learning_rate), epsilon: F::of(epsilon) }
    }

    /// Moves a whole row.
    #[inline(always)]
    pub(super) fn apply(&self, weights: &mut [F], gradient: &[F], state: &mut [F]) {
        assert_eq!(state.len(), 1, "length of the state");
        self.of_row(square_sum(gradient), weights.len(), &mut state[0]).apply(weights, gradient);
    }

    /// The step of a row with this width, whose squared gradient has this sum; updates the row's state.
    #[inline(always)]
    pub(super) fn of_row(&self, square_sum: f64, width: usize, state: &mut F) -> Sgd<F> {
        *state += F::of(square_sum / width as f64);
        Sgd::with_rate(self.rate / (state.sqrt() + self.epsilon))
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::{Rule, run};

    #[test]
    fn a_row_shares_one_rate() {
        // s = (9 + 1) / 2, then 5 + (0 + 4) / 2.
        let rule = Rule::RowWiseAdagrad { epsilon: 1e-10 };
        let weights = run(rule, 0.5, &[[3.0, -1.0], [0.0, 2.0]]);
        let expected =
            [1.0 - 1.5 / 5.0_f64.sqrt(), -2.0 + 0.5 / 5.0_f64.sqrt() - 1.0 / 7.0_f64.sqrt()];
        assert!(weights.iter().zip(expected).all(|(w, e)| (w - e).abs() < 1e-9), "{weights:?}");
    }
}
