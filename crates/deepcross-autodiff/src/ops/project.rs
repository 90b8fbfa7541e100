//! The segment of a [stack](super::stack) that embeds numbers: a linear map of a few constants a row.
//!
//! With `y = W x`: `∂W = Σ rows of ∂y xᵀ`.
//! The numbers are data and get no gradient.
//! Rejected: a matrix product; with one or two numbers a row, its packing costs more than the loop.

use super::stack::StackBuilder;
use crate::DenseId;
use crate::backward::Backward;
use crate::tape::Span;
use deepcross_kernels::{Columns, ColumnsMut, Real, Write};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Project {
    weight: DenseId,
    numbers: Span,
}

impl<F: Real> StackBuilder<'_, '_, F> {
    /// Fills the next columns with `numbers weightᵀ`.
    ///
    /// # Shapes
    /// `numbers`: `[rows, inputs]`, row after row; `weight`: `[outputs, inputs]` → `[rows, outputs]`
    ///
    /// # Panics
    /// If the shapes do not fit together.
    #[track_caller]
    pub fn project(&mut self, weight: DenseId, numbers: &[F]) {
        let params = self.params();
        let (outputs, inputs) = params.dense_shape(weight);
        assert_eq!(
            numbers.len(),
            self.n_rows() * inputs,
            "`{}` takes {inputs} numbers a row",
            params.dense_name(weight)
        );
        project_into(params.dense_slice(weight), numbers, inputs, self.next_columns(outputs));
        let numbers = Span::store(&mut self.arena().reals, numbers);
        self.note_project(Project { weight, numbers });
    }
}

fn project_into<F: Real>(weight: &[F], numbers: &[F], inputs: usize, out: ColumnsMut<'_, F>) {
    for (out, numbers) in out.rows().zip(numbers.chunks_exact(inputs)) {
        for (out, weight) in out.iter_mut().zip(weight.chunks_exact(inputs)) {
            *out = weight.iter().zip(numbers).fold(F::zero(), |sum, (&w, &x)| sum + w * x);
        }
    }
}

pub(crate) fn backward<F: Real>(
    op: &Project,
    gradient: Columns<'_, F>,
    context: &mut Backward<'_, F>,
) {
    let inputs = context.inputs.params.dense_shape(op.weight).1;
    let numbers = op.numbers.of(&context.inputs.arena.reals);
    let (out, write) = context.parameters.dense_mut(op.weight);
    if write == Write::Assign {
        out.fill(F::zero());
    }
    for (gradient, numbers) in gradient.rows().zip(numbers.chunks_exact(inputs)) {
        for (out, &g) in out.chunks_exact_mut(inputs).zip(gradient) {
            out.iter_mut().zip(numbers).for_each(|(o, &x)| *o += g * x);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, SIZES, any_matrix, check_params, holds};
    use crate::{Mode, Params};
    use proptest::prelude::*;

    #[test]
    pub(crate) fn derivative() -> Holds {
        let maps = (SIZES, SIZES, SIZES).prop_flat_map(|(rows, inputs, outputs)| {
            (any_matrix(outputs, inputs), any_matrix(rows, inputs))
        });
        holds(maps, |(weight, numbers)| {
            let (outputs, rows) = (weight.nrows(), numbers.nrows());
            let mut params = Params::new();
            let weight = params.add_dense("weight", weight);
            let numbers = numbers.as_slice().expect("made in standard layout");
            check_params(Mode::Inference, &params, |pass| {
                let mut stack = pass.stack(rows, 1 + 2 * outputs);
                stack.constant(1, |_, out| out[0] = 1.0);
                stack.project(weight, numbers);
                stack.project(weight, numbers);
                stack.finish()
            })
        })
    }
}
