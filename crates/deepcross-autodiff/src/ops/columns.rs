//! The choice of some adjacent columns of a value.
//!
//! The gradient of the other columns is 0.

use super::rows_from_zero;
use crate::backward::Backward;
use crate::op::Op;
use crate::{Pass, Var};
use deepcross_kernels::Real;
use std::ops::Range;

#[derive(Clone, Debug)]
pub(crate) struct SomeColumns {
    x: Var,
    columns: Range<usize>,
}

impl<F: Real> Pass<'_, F> {
    /// The columns `columns` of `x`, as a value of their own.
    ///
    /// # Shapes
    /// `x`: `[rows, n]` → `[rows, columns]`
    ///
    /// # Panics
    /// If `x` has fewer columns.
    #[track_caller]
    pub fn columns(&mut self, x: Var, columns: Range<usize>) -> Var {
        let (rows, stride) = self.shape(x);
        assert!(
            columns.start <= columns.end && columns.end <= stride,
            "the columns {columns:?} do not all exist: there are {stride}"
        );
        let (shape, tracked) = ((rows, columns.len()), self.is_tracked(x));
        let op = Op::SomeColumns(SomeColumns { x, columns: columns.clone() });
        self.push(op, shape, tracked, |inputs, out| {
            let rows = inputs.slice(x).chunks_exact(stride.max(1));
            for (out, row) in out.chunks_exact_mut(columns.len().max(1)).zip(rows) {
                out.copy_from_slice(&row[columns.clone()]);
            }
        })
    }
}

pub(crate) fn backward<F: Real>(op: &SomeColumns, mut context: Backward<'_, F>) {
    let (gradient, stride) = (context.gradient, context.inputs.nodes[op.x.0].shape.1);
    context.add_to(op.x, |out, write| {
        let gradient = gradient.chunks_exact(op.columns.len().max(1));
        for (out, gradient) in rows_from_zero(out, write, stride).zip(gradient) {
            let out = &mut out[op.columns.clone()];
            out.iter_mut().zip(gradient).for_each(|(out, &g)| *out += g);
        }
    });
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, SIZES, any_matrix, check, holds};
    use crate::{Params, Tape};
    use ndarray::arr2;
    use proptest::prelude::*;

    #[test]
    pub(crate) fn derivative() -> Holds {
        let cases = (SIZES, 0_usize..3, 0_usize..=4, 0_usize..3).prop_flat_map(
            |(rows, first, n, after)| {
                (any_matrix(rows, first + n + after + 1), Just(first..first + n))
            },
        );
        holds(cases, |(x, columns)| {
            check(&[x], |pass, x| {
                // Used twice, so that a gradient is added to another one.
                let some = pass.columns(x[0], columns.clone());
                pass.concat(&[some, x[0], some])
            })
        })
    }

    #[test]
    fn the_columns_are_copied() {
        let (params, mut tape) = (Params::<f64>::new(), Tape::new());
        let mut pass = tape.record(&params);
        let x = pass.input(arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).view());
        let some = pass.columns(x, 1..3);
        assert_eq!(pass.value(some), arr2(&[[2.0, 3.0], [5.0, 6.0]]));
    }

    #[test]
    #[should_panic(expected = "the columns 2..4 do not all exist: there are 3")]
    fn columns_must_exist() {
        let (params, mut tape) = (Params::<f64>::new(), Tape::new());
        let mut pass = tape.record(&params);
        let x = pass.input(arr2(&[[1.0, 2.0, 3.0]]).view());
        pass.columns(x, 2..4);
    }
}
