//! A step of the dense matrices.
//!
//! The gradients of the groups are summed as a tree of the groups, chunk by chunk, when they are used.

use crate::step::{CHUNK, Step};
use deepcross_autodiff::{DenseId, Gradients};
use deepcross_kernels::Real;
use deepcross_kernels::tree::Summands;

/// The number of chunks that one thread takes at a time.
const CHUNKS_A_TASK: usize = 16;

/// All matrices, end to end.
#[derive(Debug)]
pub(crate) struct Matrices<'a, F> {
    /// Each matrix, and the number of its weights.
    pub(crate) ids: &'a [(DenseId, usize)],
    /// The matrix without a penalty, if there is one.
    pub(crate) free: Option<DenseId>,
    pub(crate) weights: &'a mut [F],
    pub(crate) state: &'a mut [F],
}

impl<F: Real> Matrices<'_, F> {
    /// Moves the weights or measures their gradient, and returns the sum of squares, matrix after matrix.
    pub(crate) fn step(self, step: &Step<F>, groups: &[Gradients<F>]) -> f64 {
        let Self { ids, free, mut weights, mut state } = self;
        let without_penalty = Step { l2: F::zero(), ..*step };
        let mut squares = 0.0;
        for &(id, n) in ids {
            let (own, rest) = weights.split_at_mut(n);
            let (own_state, rest_state) = state.split_at_mut(n * step.n_states);
            let step = if free == Some(id) { &without_penalty } else { step };
            squares +=
                DensePart { id, start: 0, weights: own, state: own_state }.step(step, groups);
            (weights, state) = (rest, rest_state);
        }
        squares
    }
}

/// A part of one matrix.
#[derive(Debug)]
struct DensePart<'a, F> {
    id: DenseId,
    /// The start of the part in the matrix, a multiple of the size of a chunk.
    start: usize,
    weights: &'a mut [F],
    state: &'a mut [F],
}

impl<F: Real> DensePart<'_, F> {
    /// Moves the weights or measures their gradient, and returns the sum of squares.
    ///
    /// A long part is halved for several threads.
    fn step(self, step: &Step<F>, groups: &[Gradients<F>]) -> f64 {
        let n_chunks = self.weights.len().div_ceil(CHUNK);
        if n_chunks <= CHUNKS_A_TASK {
            return self.step_here(step, groups);
        }
        let middle = n_chunks / 2 * CHUNK;
        let (left_weights, right_weights) = self.weights.split_at_mut(middle);
        let (left_state, right_state) = self.state.split_at_mut(middle * step.n_states);
        let left =
            DensePart { id: self.id, start: self.start, weights: left_weights, state: left_state };
        let right = DensePart {
            id: self.id,
            start: self.start + middle,
            weights: right_weights,
            state: right_state,
        };
        let (left, right) = rayon::join(|| left.step(step, groups), || right.step(step, groups));
        left + right
    }

    fn step_here(self, step: &Step<F>, groups: &[Gradients<F>]) -> f64 {
        let DensePart { id, start, weights, state } = self;
        let mut summands = Summands::default();
        step.apply(weights, state, &mut [F::zero(); CHUNK], |range, sum| {
            let range = start + range.start..start + range.end;
            let parts = groups.iter().enumerate().filter_map(|(number, group)| {
                Some((number, &group.dense_slice(id)?[range.clone()]))
            });
            summands.sum_into(sum, parts);
        })
    }
}
