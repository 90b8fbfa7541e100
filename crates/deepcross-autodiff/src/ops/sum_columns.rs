//! The sum of some columns, with a bias: the first-order terms of a linear model, one column each.
//!
//! With `y = b + Σ_c x_c`: each of the columns gets `∂y`, the bias `Σ rows of ∂y`.
//! Rejected: a product with a vector of ones, which would have to read these ones, too.

use super::affine::add_bias_gradient;
use super::rows_from_zero;
use crate::backward::Backward;
use crate::op::Op;
use crate::{DenseId, Pass, Var};
use deepcross_kernels::Real;
use std::ops::Range;

#[derive(Clone, Debug)]
pub(crate) struct SumColumns {
    x: Var,
    columns: Range<usize>,
    pub(super) bias: DenseId,
}

impl<F: Real> Pass<'_, F> {
    /// `bias + Σ x[.., columns]`, row by row.
    ///
    /// # Shapes
    /// `x`: `[rows, n]`, `bias`: `[1, 1]` → `[rows, 1]`
    ///
    /// # Panics
    /// If `x` has fewer columns, or the bias another shape.
    #[track_caller]
    pub fn sum_columns(&mut self, x: Var, columns: Range<usize>, bias: DenseId) -> Var {
        let (rows, stride) = self.shape(x);
        assert!(
            columns.end <= stride,
            "the columns {columns:?} do not all exist: there are {stride}"
        );
        assert_eq!(self.params.dense_shape(bias), (1, 1), "the bias of a sum must be one number");
        let op = Op::SumColumns(SumColumns { x, columns: columns.clone(), bias });
        self.push(op, (rows, 1), true, |inputs, out| {
            let bias = inputs.params.dense_slice(bias)[0];
            let rows = inputs.slice(x).chunks_exact(stride.max(1));
            for (out, row) in out.iter_mut().zip(rows) {
                *out = row[columns.clone()].iter().fold(bias, |sum, &x| sum + x);
            }
        })
    }
}

pub(crate) fn backward<F: Real>(op: &SumColumns, mut context: Backward<'_, F>) {
    let (gradient, stride) = (context.gradient, context.inputs.nodes[op.x.0].shape.1);
    context.add_to(op.x, |out, write| {
        for (out, &g) in rows_from_zero(out, write, stride).zip(gradient) {
            out[op.columns.clone()].iter_mut().for_each(|out| *out += g);
        }
    });
    add_bias_gradient(context.parameters, op.bias, gradient);
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, SIZES, any_matrix, check_params, holds};
    use crate::{Mode, Params, Tape};
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    pub(crate) fn derivative() -> Holds {
        let cases = (SIZES, SIZES).prop_flat_map(|(rows, width)| {
            let ends = (0..=width).prop_flat_map(move |start| (Just(start), start..=width));
            (any_matrix(rows, width), any_matrix(1, 1), ends)
        });
        holds(cases, |(x, bias, (start, end))| {
            let mut params = Params::new();
            let x = params.add_dense("x", x);
            let bias = params.add_dense("bias", bias);
            check_params(Mode::Inference, &params, |pass| {
                let x = pass.dense(x);
                let once = pass.sum_columns(x, start..end, bias);
                // The first gradient to reach a value is assigned, and the second added.
                let twice = pass.sum_columns(x, 0..end, bias);
                pass.mul(once, twice)
            })
        })
    }

    #[test]
    fn other_columns_are_not_added() {
        let (mut params, mut tape) = (Params::new(), Tape::new());
        let bias = params.add_dense("bias", array![[0.5]]);
        let mut pass = tape.record(&params);
        let x = pass.input(array![[1.0, 2.0, 4.0, 8.0], [3.0, 0.0, -1.0, 5.0]].view());
        let sum = pass.sum_columns(x, 1..3, bias);
        assert_eq!(pass.value(sum), array![[6.5], [-0.5]]);
    }
}
