//! The stacked input: look-ups, constants and other values, each written directly into its columns.
//!
//! Rejected: embeddings as separate values that are then concatenated; they would be written twice and read once more.
//! With 26 fields that is as much memory traffic as the first layer.

use super::bag::{self, Bag};
use super::concat::{copy_into, take_columns};
use super::gather::{self, Gather};
use super::project::{self, Project};
use crate::backward::Backward;
use crate::op::Op;
use crate::tape::{Arena, Node, Span, Tape};
use crate::{Params, Pass, Var};
use deepcross_kernels::{Columns, ColumnsMut, Real};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Stack {
    pub(super) segments: Span,
}

/// A range of columns of a stack that takes part in the backward pass; constants do not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    first: usize,
    width: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Value(Var),
    Gather(Gather),
    Bag(Bag),
    Project(Project),
}

impl<'a, F: Real> Pass<'a, F> {
    /// Begins a matrix of `rows` × `width` that is filled from left to right.
    pub fn stack(&mut self, rows: usize, width: usize) -> StackBuilder<'_, 'a, F> {
        let first_segment = self.tape.arena.segments.len();
        let op =
            Op::Stack(Stack { segments: Span::since(&self.tape.arena.segments, first_segment) });
        let node = self.reserve(op, (rows, width), false);
        StackBuilder { pass: self, node, first_segment, filled: 0, latest: (0, 0) }
    }
}

/// Fills a stacked matrix column range by column range; see [`Pass::stack`].
#[derive(Debug)]
#[must_use = "the stack becomes a value in `finish`"]
pub struct StackBuilder<'p, 'a, F> {
    pass: &'p mut Pass<'a, F>,
    node: Node<F>,
    first_segment: usize,
    /// The number of filled columns.
    filled: usize,
    /// (first, width) of the last filled columns.
    latest: (usize, usize),
}

impl<'a, F: Real> StackBuilder<'_, 'a, F> {
    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.node.shape.0
    }

    /// Fills the next columns with constants: `write(r, out)` writes row `r`, whose elements are all 0 at first.
    ///
    /// # Panics
    /// If the columns reach past the stack.
    #[track_caller]
    pub fn constant(&mut self, width: usize, mut write: impl FnMut(usize, &mut [F])) {
        for (row, out) in self.next_columns(width).rows().enumerate() {
            out.fill(F::zero());
            write(row, out);
        }
    }

    /// Fills the next columns with a value.
    ///
    /// # Panics
    /// If the value has another number of rows, or the columns reach past the stack.
    #[track_caller]
    pub fn value(&mut self, x: Var) {
        let (rows, width) = self.pass.shape(x);
        assert_eq!(rows, self.n_rows(), "the value and the stack differ in their number of rows");
        let (columns, before) = self.split(width);
        let x_range = self.pass.tape.nodes[x.0].range();
        let (values, out) = self.pass.tape.values.split_at_mut(before);
        let out = &mut out[..self.node.shape.0 * self.node.shape.1];
        copy_into(&values[x_range], ColumnsMut::new(out, self.node.shape.1.max(1), columns, width));
        let tracked = self.pass.is_tracked(x);
        self.note(Kind::Value(x), tracked);
    }

    /// The stack as a value.
    ///
    /// # Panics
    /// If not every column is filled.
    #[track_caller]
    pub fn finish(mut self) -> Var {
        assert_eq!(self.filled, self.node.shape.1, "not all columns of the stack are filled");
        let segments = Span::since(&self.pass.tape.arena.segments, self.first_segment);
        self.node.op = Op::Stack(Stack { segments });
        self.pass.append(self.node)
    }

    pub(crate) fn params(&self) -> &'a Params<F> {
        self.pass.params
    }

    pub(crate) fn arena(&mut self) -> &mut Arena<F> {
        &mut self.pass.tape.arena
    }

    pub(crate) fn note_gather(&mut self, op: Gather) {
        self.note(Kind::Gather(op), true);
    }

    pub(crate) fn note_bag(&mut self, op: Bag) {
        self.note(Kind::Bag(op), true);
    }

    pub(crate) fn note_project(&mut self, op: Project) {
        self.note(Kind::Project(op), true);
    }

    /// Records from what the last filled columns were computed.
    fn note(&mut self, kind: Kind, tracked: bool) {
        let (first, width) = self.latest;
        self.node.tracked |= tracked;
        self.pass.tape.arena.segments.push(Segment { first, width, kind });
    }

    /// Takes the next `width` columns.
    #[track_caller]
    pub(crate) fn next_columns(&mut self, width: usize) -> ColumnsMut<'_, F> {
        let (first, start) = self.split(width);
        let (rows, stride) = self.node.shape;
        let out = &mut self.pass.tape.values[start..start + rows * stride];
        ColumnsMut::new(out, stride.max(1), first, width)
    }

    /// As [`next_columns`](Self::next_columns), with memory for numbers beside them.
    #[track_caller]
    pub(crate) fn next_columns_and_reals(
        &mut self,
        width: usize,
    ) -> (ColumnsMut<'_, F>, &mut Vec<F>) {
        let (first, start) = self.split(width);
        let (rows, stride) = self.node.shape;
        let Tape { values, arena, .. } = &mut *self.pass.tape;
        let out = &mut values[start..start + rows * stride];
        (ColumnsMut::new(out, stride.max(1), first, width), &mut arena.reals)
    }

    /// Takes the next `width` columns; returns the first of them, and the start of the stack among the values.
    #[track_caller]
    fn split(&mut self, width: usize) -> (usize, usize) {
        let first = self.filled;
        self.filled += width;
        assert!(
            self.filled <= self.node.shape.1,
            "more columns than the width {} of the stack",
            self.node.shape.1
        );
        self.latest = (first, width);
        (first, self.node.start)
    }
}

pub(crate) fn backward<F: Real>(op: &Stack, mut context: Backward<'_, F>) {
    let stride = context.shape.1.max(1);
    let (gradient, output) = (context.gradient, context.output);
    for segment in op.segments.of(&context.inputs.arena.segments) {
        let columns = |values| Columns::new(values, stride, segment.first, segment.width);
        let both = [columns(gradient), columns(output)];
        match &segment.kind {
            Kind::Value(x) => context.add_to(*x, |out, write| take_columns(out, write, both[0])),
            Kind::Gather(op) => gather::backward(op, both, &mut context),
            Kind::Bag(op) => bag::backward(op, both, &mut context),
            Kind::Project(op) => project::backward(op, both, &mut context),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, SIZES, any_activation, any_matrix, check_params, holds};
    use crate::{Activation, Lookup, Mode, Params, Projection, StackBuilder, Tape, Var};
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    /// The content of the next columns; all segments of a kind use the same parameter.
    #[derive(Clone, Copy, Debug)]
    enum Segment {
        Constant,
        Value,
        Gather(Activation),
        Project(Activation),
    }

    fn any_segments() -> impl Strategy<Value = Vec<Segment>> {
        let segment = prop_oneof![
            Just(Segment::Constant),
            Just(Segment::Value),
            any_activation().prop_map(Segment::Gather),
            any_activation().prop_map(Segment::Project),
        ];
        prop::collection::vec(segment, 1..=6)
    }

    /// The parameters of the segments, and the content of the rows.
    struct Case {
        params: Params<f64>,
        lookup: Lookup,
        ids: Vec<u32>,
        numbers: Array2<f64>,
    }

    impl Case {
        fn new(x: Array2<f64>, table: Array2<f64>, ids: Vec<u32>) -> Self {
            let mut params = Params::new();
            let (width, numbers) = (x.ncols(), x.mapv(|x| 1.0 - x));
            params.add_dense("x", x);
            params.add_dense("weight", table.slice(ndarray::s![..1, ..]).to_owned());
            let bias = Some(params.add_dense("bias", Array2::from_elem((1, width), 0.25)));
            let table = params.add_table("table", table);
            let lookup = Lookup { table, bias, activation: Activation::Identity };
            Self { params, lookup, ids, numbers }
        }

        fn width(&self, segment: Segment) -> usize {
            if matches!(segment, Segment::Project(_)) { 1 } else { self.numbers.ncols() }
        }

        fn fill(&self, stack: &mut StackBuilder<'_, '_, f64>, segment: Segment, x: Var) {
            match segment {
                Segment::Constant => {
                    stack.constant(self.numbers.ncols(), |row, out| out[0] = row as f64);
                }
                Segment::Value => stack.value(x),
                Segment::Gather(activation) => {
                    stack.gather(Lookup { activation, ..self.lookup }, &self.ids);
                }
                Segment::Project(activation) => {
                    let weight = self.params.dense_ids().nth(1).expect("the second matrix");
                    let projection = Projection { activation, ..Projection::plain(weight) };
                    stack.project(projection, self.numbers.as_slice().expect("standard layout"));
                }
            }
        }
    }

    #[test]
    pub(crate) fn derivative() -> Holds {
        let cases = (SIZES, SIZES, SIZES).prop_flat_map(|(rows, width, height)| {
            let ids = prop::collection::vec(0..height as u32, rows);
            (any_matrix(rows, width), any_matrix(height, width), ids, any_segments())
        });
        holds(cases, |(x, table, ids, segments)| {
            let case = Case::new(x, table, ids);
            let width = segments.iter().map(|&segment| case.width(segment)).sum();
            check_params(Mode::Inference, &case.params, |pass| {
                let x = pass.dense(case.params.dense_ids().next().expect("the first matrix"));
                let mut stack = pass.stack(case.ids.len(), width);
                segments.iter().for_each(|&segment| case.fill(&mut stack, segment, x));
                stack.finish()
            })
        })
    }

    #[test]
    fn columns_come_in_the_order_of_filling() {
        let (params, mut tape) = (Params::<f64>::new(), Tape::new());
        let mut pass = tape.record(&params);
        let x = pass.input(array![[3.0], [4.0]].view());
        let mut stack = pass.stack(2, 3);
        stack.constant(2, |row, out| out[row] = 1.0);
        stack.value(x);
        let stacked = stack.finish();
        assert_eq!(pass.value(stacked), array![[1.0, 0.0, 3.0], [0.0, 1.0, 4.0]]);
    }

    #[test]
    #[should_panic(expected = "not all columns of the stack are filled")]
    fn every_column_must_be_filled() {
        let (params, mut tape) = (Params::<f64>::new(), Tape::new());
        let mut pass = tape.record(&params);
        pass.stack(2, 3).finish();
    }
}
