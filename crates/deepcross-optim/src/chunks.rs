//! A vector of weights and its state, moved chunk by chunk.
//!
//! The state of a chunk stands together, one kind after the other: a chunk fits into the cache with its gradient, and a
//! row of a table no wider than a chunk has all its state in one place.

use crate::Update;
use deepcross_kernels::Real;
use std::ops::Range;

/// Weights a chunk.
pub(crate) const CHUNK: usize = 1024;

/// What is the same for all weights of a kind in one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<F> {
    pub(crate) update: Update<F>,
    pub(crate) l2: F,
    pub(crate) n_states: usize,
}

impl<F: Real> Step<F> {
    /// Moves a vector, with `buffer` for its gradient; `add_gradient` adds the loss's gradient of the weights in a range to what it is given.
    pub(crate) fn apply(
        &self,
        weights: &mut [F],
        state: &mut [F],
        buffer: &mut [F; CHUNK],
        mut add_gradient: impl FnMut(Range<usize>, &mut [F]),
    ) {
        for start in (0..weights.len()).step_by(CHUNK) {
            let range = start..weights.len().min(start + CHUNK);
            let weights = &mut weights[range.clone()];
            let gradient = &mut buffer[..weights.len()];
            self.penalty_gradient(weights, gradient);
            let state_range = self.n_states * range.start..self.n_states * range.end;
            add_gradient(range, gradient);
            self.update.apply(weights, gradient, &mut state[state_range]);
        }
    }

    fn penalty_gradient(&self, weights: &[F], gradient: &mut [F]) {
        if self.l2 == F::zero() {
            return gradient.fill(F::zero());
        }
        gradient.iter_mut().zip(weights).for_each(|(g, &w)| *g = self.l2 * w);
    }
}
