//! The tape: a Wengert list whose values stand end to end in one buffer.
//!
//! Buffers only grow, and the next pass uses them again, so that a warm step allocates nothing.
//! Rejected: nodes that own their arrays behind `Rc<RefCell<…>>`, which allocate at each operation and need run-time
//! borrow checks for the walk in reverse.

use crate::op::Op;
use crate::ops::Segment;
use crate::packed_weights::PackedWeights;
use crate::{Mode, Params, Pass};
use deepcross_kernels::Real;
use ndarray::ArrayView2;

/// (rows, columns) of a value; every value is a matrix; a scalar is a matrix of 1 × 1.
pub type Shape = (usize, usize);

/// A value on the tape: valid for the [`Pass`] that returned it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Var(pub(crate) usize);

#[derive(Debug)]
pub(crate) struct Node<F> {
    pub(crate) op: Op<F>,
    pub(crate) shape: Shape,
    /// The start of the value in `Tape::values`, and of its gradient in `Tape::gradients`.
    pub(crate) start: usize,
    /// Whether a gradient is needed, because the value depends on a parameter or a variable.
    pub(crate) tracked: bool,
}

impl<F> Node<F> {
    pub(crate) fn range(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.shape.0 * self.shape.1
    }
}

/// Reusable memory for one pass at a time; [`record`](Self::record) begins a pass.
#[derive(Debug)]
pub struct Tape<F> {
    pub(crate) nodes: Vec<Node<F>>,
    pub(crate) values: Vec<F>,
    pub(crate) gradients: Vec<F>,
    /// Whether a gradient has reached the node in the current backward pass.
    pub(crate) reached: Vec<bool>,
    pub(crate) arena: Arena<F>,
    pub(crate) scratch: Vec<F>,
    pub(crate) packed: PackedWeights<F>,
}

/// The data that operations keep beside their values: row numbers, weights, labels, parts.
#[derive(Debug)]
pub(crate) struct Arena<F> {
    pub(crate) ids: Vec<u32>,
    pub(crate) reals: Vec<F>,
    pub(crate) vars: Vec<Var>,
    pub(crate) segments: Vec<Segment>,
}

/// A range of one of the arena's buffers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    start: usize,
    end: usize,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Appends copies to a buffer of the arena.
    pub(crate) fn store<T: Copy>(buffer: &mut Vec<T>, values: &[T]) -> Self {
        let start = buffer.len();
        buffer.extend_from_slice(values);
        Self { start, end: buffer.len() }
    }

    /// The elements of `buffer` from `start` on.
    pub(crate) fn since<T>(buffer: &[T], start: usize) -> Self {
        Self { start, end: buffer.len() }
    }

    pub(crate) fn of<T>(self, buffer: &[T]) -> &[T] {
        &buffer[self.start..self.end]
    }
}

impl<F: Real> Tape<F> {
    /// An empty tape, which allocates when it is used.
    pub fn new() -> Self {
        Self {
            nodes: Vec::new(),
            values: Vec::new(),
            gradients: Vec::new(),
            reached: Vec::new(),
            arena: Arena {
                ids: Vec::new(),
                reals: Vec::new(),
                vars: Vec::new(),
                segments: Vec::new(),
            },
            scratch: Vec::new(),
            packed: PackedWeights::default(),
        }
    }

    /// Reserves memory for every pass for which `other` has memory; values stay as they are.
    ///
    /// This is for tapes that share work: the tape that gets the largest part may be another one each time.
    pub fn reserve_like(&mut self, other: &Self) {
        reserve_like(&mut self.nodes, &other.nodes);
        reserve_like(&mut self.values, &other.values);
        reserve_like(&mut self.gradients, &other.gradients);
        reserve_like(&mut self.reached, &other.reached);
        reserve_like(&mut self.arena.ids, &other.arena.ids);
        reserve_like(&mut self.arena.reals, &other.arena.reals);
        reserve_like(&mut self.arena.vars, &other.arena.vars);
        reserve_like(&mut self.arena.segments, &other.arena.segments);
        reserve_like(&mut self.scratch, &other.scratch);
        self.packed.reserve_like(&other.packed);
    }

    /// Begins a pass over these parameters in [`Mode::Inference`]; the values of an earlier pass are dropped.
    pub fn record<'a>(&'a mut self, params: &'a Params<F>) -> Pass<'a, F> {
        self.record_in(params, Mode::Inference)
    }

    /// [`record`](Self::record) for one of several models that take turns on this tape, each with a `place` from 0 on.
    ///
    /// The tape keeps the packed weights of each place, which change no value.
    pub fn record_at<'a>(&'a mut self, place: usize, params: &'a Params<F>) -> Pass<'a, F> {
        self.begin(place, params, Mode::Inference)
    }

    /// Begins a pass in a mode: inference, or a training step with its random stream.
    pub fn record_in<'a>(&'a mut self, params: &'a Params<F>, mode: Mode) -> Pass<'a, F> {
        self.begin(0, params, mode)
    }

    fn begin<'a>(&'a mut self, place: usize, params: &'a Params<F>, mode: Mode) -> Pass<'a, F> {
        self.packed.begin_at(place);
        self.nodes.clear();
        self.reached.clear();
        self.arena.ids.clear();
        self.arena.reals.clear();
        self.arena.vars.clear();
        self.arena.segments.clear();
        Pass::new(self, params, mode)
    }
}

/// Reserves exactly the difference, since buffers that repeatedly reserve like each other would otherwise double.
fn reserve_like<T>(buffer: &mut Vec<T>, other: &Vec<T>) {
    buffer.reserve_exact(other.capacity().saturating_sub(buffer.len()));
}

impl<F: Real> Default for Tape<F> {
    fn default() -> Self {
        Self::new()
    }
}

/// The data that an operation may read: the values before it, the parameters, the arena.
#[derive(Debug)]
pub(crate) struct Inputs<'a, F> {
    pub(crate) nodes: &'a [Node<F>],
    pub(crate) values: &'a [F],
    pub(crate) params: &'a Params<F>,
    pub(crate) arena: &'a Arena<F>,
}

impl<F> Clone for Inputs<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Inputs<'_, F> {}

impl<'a, F: Real> Inputs<'a, F> {
    /// The elements of a value, row after row.
    pub(crate) fn slice(self, var: Var) -> &'a [F] {
        &self.values[self.nodes[var.0].range()]
    }

    pub(crate) fn matrix(self, var: Var) -> ArrayView2<'a, F> {
        matrix(self.nodes[var.0].shape, self.slice(var))
    }
}

pub(crate) fn matrix<F>(shape: Shape, values: &[F]) -> ArrayView2<'_, F> {
    ArrayView2::from_shape(shape, values).expect("a node's range has the size of its shape")
}

pub(crate) fn matrix_mut<F>(shape: Shape, values: &mut [F]) -> ndarray::ArrayViewMut2<'_, F> {
    ndarray::ArrayViewMut2::from_shape(shape, values)
        .expect("a node's range has the size of its shape")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn tapes_that_reserve_alike_have_the_memory_of_the_larger() {
        let (params, mut large, mut small) = (Params::<f32>::new(), Tape::new(), Tape::new());
        for (tape, rows) in [(&mut large, 50), (&mut small, 3)] {
            let mut pass = tape.record(&params);
            let x = pass.input(Array2::ones((rows, 7)).view());
            pass.add(x, x);
        }
        small.reserve_like(&large);
        let capacity = small.values.capacity();
        assert_eq!(capacity, large.values.capacity());
        large.reserve_like(&small);
        small.reserve_like(&large);
        assert_eq!([large.values.capacity(), small.values.capacity()], [capacity; 2]);
    }
}
