//! Moves a vector of weights chunk by chunk, or measures its gradient.
//!
//! The state of a chunk is contiguous, one kind after the other.
//! So a chunk fits into the cache with its gradient, and a row of a table that is not wider than a chunk has all its
//! state in one place.
//! The same code measures the gradient before it is clipped, so that the measured gradient is the one that weights move
//! by.

use crate::Update;
use crate::square_sum::square_sum;
use deepcross_kernels::Real;
use std::ops::Range;

/// The number of weights in a chunk.
pub(crate) const CHUNK: usize = 1024;

/// The settings of one step, which are the same for all dense matrices or for all tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<F> {
    pub(crate) update: Update<F>,
    pub(crate) l2: F,
    pub(crate) n_states: usize,
    pub(crate) n_row_states: usize,
    pub(crate) action: Action<F>,
}

/// The use of the gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Action<F> {
    /// Their squares are summed.
    Measure,
    /// Weights move by them.
    Move,
    /// Weights move by this multiple of them.
    MoveBy(F),
}

impl<F: Real> Step<F> {
    /// Moves a vector, or measures its gradient.
    ///
    /// `buffer` is scratch for the gradient; `sum_gradient` writes the gradient of the loss in a range of weights into
    /// its slice.
    /// If the rule is row-wise, a row of several chunks is measured first.
    /// Returns the sum of squares, or 0 if weights move.
    pub(crate) fn apply(
        &self,
        weights: &mut [F],
        state: &mut [F],
        buffer: &mut [F; CHUNK],
        mut sum_gradient: impl FnMut(Range<usize>, &mut [F]),
    ) -> f64 {
        if !(self.update.is_row_wise() && weights.len() > CHUNK) {
            return self.apply_chunks(weights, state, buffer, &mut sum_gradient);
        }
        let measure = Self { action: Action::Measure, ..*self };
        let squares = measure.apply_chunks(weights, &mut [], buffer, &mut sum_gradient);
        let factor = match self.action {
            Action::Measure => return squares,
            Action::Move => 1.0,
            Action::MoveBy(factor) => factor.as_f64(),
        };
        let of_row = self.update.of_row(squares * factor * factor, weights.len(), state);
        let update = of_row.unwrap_or(self.update);
        let by_parts = Self { update, n_row_states: 0, ..*self };
        by_parts.apply_chunks(weights, &mut [], buffer, &mut sum_gradient)
    }

    /// Moves whole rows, at most as many as fit into `buffer`, or measures their gradient.
    ///
    /// `sum_gradients` writes the gradients of the loss into its slice, which is zero where there are none.
    /// Returns the sum of squares, or 0 if weights move.
    pub(crate) fn apply_rows(
        &self,
        width: usize,
        weights: &mut [F],
        state: &mut [F],
        buffer: &mut [F; CHUNK],
        sum_gradients: impl FnOnce(&mut [F]),
    ) -> f64 {
        let gradients = &mut buffer[..weights.len()];
        gradients.fill(F::zero());
        sum_gradients(gradients);
        self.add_penalty(weights, gradients);
        match self.action {
            Action::Measure => return square_sum(gradients),
            Action::Move => {}
            Action::MoveBy(factor) => gradients.iter_mut().for_each(|g| *g *= factor),
        }
        self.update.apply_rows(width, weights, gradients, state);
        0.0
    }

    fn apply_chunks(
        &self,
        weights: &mut [F],
        state: &mut [F],
        buffer: &mut [F; CHUNK],
        sum_gradient: &mut impl FnMut(Range<usize>, &mut [F]),
    ) -> f64 {
        let mut squares = 0.0;
        for start in (0..weights.len()).step_by(CHUNK) {
            let range = start..weights.len().min(start + CHUNK);
            let weights = &mut weights[range.clone()];
            let gradient = &mut buffer[..weights.len()];
            let states = self.n_states * range.start..self.n_states * range.end + self.n_row_states;
            sum_gradient(range, gradient);
            self.add_penalty(weights, gradient);
            match self.action {
                Action::Measure => squares += square_sum(gradient),
                Action::Move => self.update.apply(weights, gradient, &mut state[states]),
                Action::MoveBy(factor) => {
                    gradient.iter_mut().for_each(|g| *g *= factor);
                    self.update.apply(weights, gradient, &mut state[states]);
                }
            }
        }
        squares
    }

    /// Adds the gradient of the L2 penalty.
    fn add_penalty(&self, weights: &[F], gradient: &mut [F]) {
        if self.l2 != F::zero() {
            gradient.iter_mut().zip(weights).for_each(|(g, &w)| *g += self.l2 * w);
        }
    }
}
