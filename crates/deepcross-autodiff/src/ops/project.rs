//! The segment of a [stack](super::stack) that embeds numbers: a linear map of a few constants a row, with bias and
//! activation.
//!
//! With `y = σ(W x + b)` and `d = ∂y ⊙ σ'(y)`: `∂W = Σ rows of d xᵀ`, `∂b = Σ rows of d`.
//! The numbers are data and get no gradient.
//! With many rows, the weights are turned first, so that the loop over the outputs of a row uses vectors; each output is
//! the same sum in the same order as without.
//! Rejected: a matrix product; with one or two numbers a row, its packing costs more than the loop.

use super::stack::StackBuilder;
use crate::backward::Backward;
use crate::tape::Span;
use crate::{Activation, DenseId};
use deepcross_kernels::{Columns, ColumnsMut, Real, Write, each_number, vectorised};

/// A linear map of numbers, and the bias and activation that follow it.
#[derive(Clone, Copy, Debug)]
pub struct Projection {
    /// The map, `[outputs, inputs]`.
    pub weight: DenseId,
    /// The bias, `[1, outputs]`.
    pub bias: Option<DenseId>,
    /// The activation, applied last.
    pub activation: Activation,
}

impl Projection {
    /// A map without bias and activation.
    pub fn plain(weight: DenseId) -> Self {
        Self { weight, bias: None, activation: Activation::Identity }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Project {
    pub(super) projection: Projection,
    numbers: Span,
}

impl<F: Real> StackBuilder<'_, '_, F> {
    /// Fills the next columns with `activation(numbers weightᵀ + bias)`.
    ///
    /// # Shapes
    /// `numbers`: `[rows, inputs]`, row after row; `weight`: `[outputs, inputs]`, `bias`: `[1, outputs]` →
    /// `[rows, outputs]`
    ///
    /// # Panics
    /// If the shapes do not fit together.
    #[track_caller]
    pub fn project(&mut self, projection: Projection, numbers: &[F]) {
        let Projection { weight, bias, activation } = projection;
        let params = self.params();
        let (outputs, inputs) = params.dense_shape(weight);
        let name = || params.dense_name(weight);
        assert_eq!(
            numbers.len(),
            self.n_rows() * inputs,
            "`{}` takes {inputs} numbers a row",
            name()
        );
        let bias = bias.map(|bias| params.dense_slice(bias));
        let is_as_wide = bias.is_none_or(|bias| bias.len() == outputs);
        assert!(is_as_wide, "the bias of `{}` must have {outputs} numbers", name());
        let n_rows = self.n_rows();
        let (columns, reals) = self.next_columns_and_reals(outputs);
        let map = Map { weight: params.dense_slice(weight), inputs, bias, activation };
        let end = reals.len();
        match n_rows < TURNED_FROM {
            true => map.of_rows(numbers, columns),
            false => map.of_rows_turned(numbers, columns, reals),
        }
        reals.truncate(end);
        let numbers = Span::store(&mut self.arena().reals, numbers);
        self.note_project(Project { projection, numbers });
    }
}

/// The number of rows from which on it pays to turn the weights.
const TURNED_FROM: usize = 8;

/// A map of the numbers of a row.
struct Map<'a, F> {
    weight: &'a [F],
    inputs: usize,
    bias: Option<&'a [F]>,
    activation: Activation,
}

impl<F: Real> Map<'_, F> {
    fn of_rows(&self, numbers: &[F], out: ColumnsMut<'_, F>) {
        for (out, numbers) in out.rows().zip(numbers.chunks_exact(self.inputs)) {
            for (out, weight) in out.iter_mut().zip(self.weight.chunks_exact(self.inputs)) {
                *out = weight.iter().zip(numbers).fold(F::zero(), |sum, (&w, &x)| sum + w * x);
            }
            self.finish(out);
        }
    }

    /// As [`of_rows`](Self::of_rows), with `turned` as memory for the weights: those of one input after the other.
    fn of_rows_turned(&self, numbers: &[F], out: ColumnsMut<'_, F>, turned: &mut Vec<F>) {
        let start = turned.len();
        let of_input = |input| self.weight[input..].iter().step_by(self.inputs).copied();
        (0..self.inputs).for_each(|input| turned.extend(of_input(input)));
        let (turned, width) = (&turned[start..], out.width().max(1));
        vectorised(
            #[inline(always)]
            || {
                for (out, numbers) in out.rows().zip(numbers.chunks_exact(self.inputs)) {
                    out.fill(F::zero());
                    for (weight, &x) in turned.chunks_exact(width).zip(numbers) {
                        each_number(out, [], [weight], |o, [], [w]| *o += w * x);
                    }
                    self.finish(out);
                }
            },
        );
    }

    #[inline(always)]
    fn finish(&self, out: &mut [F]) {
        if let Some(bias) = self.bias {
            out.iter_mut().zip(bias).for_each(|(out, &b)| *out += b);
        }
        out.iter_mut().for_each(|out| *out = self.activation.apply(*out));
    }
}

pub(crate) fn backward<F: Real>(
    op: &Project,
    [gradient, output]: [Columns<'_, F>; 2],
    context: &mut Backward<'_, F>,
) {
    let Projection { weight, bias, activation } = op.projection;
    let inputs = context.inputs.params.dense_shape(weight).1;
    let numbers = op.numbers.of(&context.inputs.arena.reals).chunks_exact(inputs);
    // The gradient before the activation.
    let change = |(&g, &y): (&F, &F)| g * activation.derivative(y);
    let rows = || gradient.rows().zip(output.rows());
    let out = cleared(context, weight);
    vectorised(
        #[inline(always)]
        || {
            for ((g, y), numbers) in rows().zip(numbers) {
                for (out, of_output) in out.chunks_exact_mut(inputs).zip(g.iter().zip(y)) {
                    let change = change(of_output);
                    // Behind a ReLU, about half of the changes are 0.
                    if change != F::zero() {
                        each_number(out, [], [numbers], |o, [], [x]| *o += change * x);
                    }
                }
            }
        },
    );
    let Some(bias) = bias else { return };
    let out = cleared(context, bias);
    for (g, y) in rows() {
        out.iter_mut().zip(g.iter().zip(y)).for_each(|(o, of_output)| *o += change(of_output));
    }
}

/// The gradient of a matrix, which is set to 0 if nothing was added to it yet.
fn cleared<'c, F: Real>(context: &'c mut Backward<'_, F>, id: DenseId) -> &'c mut [F] {
    let (out, write) = context.parameters.dense_mut(id);
    if write == Write::Assign {
        out.fill(F::zero());
    }
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Map, Projection, TURNED_FROM};
    use crate::ops_test::{Holds, SIZES, any_activation, any_matrix, check_params, holds};
    use crate::{Activation, Mode, Params};
    use deepcross_kernels::ColumnsMut;
    use proptest::prelude::*;

    #[test]
    fn turned_weights_give_the_same_bits() {
        let of = |i: usize| (i as f32 * 0.37).sin();
        for (inputs, outputs) in [(1, 1), (2, 5), (17, 3), (64, 40)] {
            let numbers: Vec<_> = (0..TURNED_FROM * inputs).map(of).collect();
            let (weight, bias): (Vec<_>, Vec<_>) =
                ((9..9 + inputs * outputs).map(of).collect(), (5..5 + outputs).map(of).collect());
            let map =
                Map { weight: &weight, inputs, bias: Some(&bias), activation: Activation::Relu };
            let [mut plain, mut turned] = [(); 2].map(|()| vec![7.0; TURNED_FROM * (outputs + 2)]);
            map.of_rows(&numbers, ColumnsMut::new(&mut plain, outputs + 2, 1, outputs));
            let columns = ColumnsMut::new(&mut turned, outputs + 2, 1, outputs);
            map.of_rows_turned(&numbers, columns, &mut vec![1.0; 3]);
            assert_eq!(plain, turned, "{inputs} inputs");
        }
    }

    #[test]
    pub(crate) fn derivative() -> Holds {
        let maps = (SIZES, SIZES, SIZES).prop_flat_map(|(rows, inputs, outputs)| {
            let bias = prop::option::of(any_matrix(1, outputs));
            (any_matrix(outputs, inputs), any_matrix(rows, inputs), bias, any_activation())
        });
        holds(maps, |(weight, numbers, bias, activation)| {
            let (outputs, rows) = (weight.nrows(), numbers.nrows());
            let mut params = Params::new();
            let weight = params.add_dense("weight", weight);
            let bias = bias.map(|bias| params.add_dense("bias", bias));
            let projection = Projection { weight, bias, activation };
            let numbers = numbers.as_slice().expect("made in standard layout");
            check_params(Mode::Inference, &params, |pass| {
                let mut stack = pass.stack(rows, 1 + 2 * outputs);
                stack.constant(1, |_, out| out[0] = 1.0);
                stack.project(projection, numbers);
                stack.project(projection, numbers);
                stack.finish()
            })
        })
    }
}
