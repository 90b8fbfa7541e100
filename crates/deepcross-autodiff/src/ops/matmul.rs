//! The matrix product. With `C = A B`: `∂A = ∂C Bᵀ` and `∂B = Aᵀ ∂C`.

use super::Binary;
use crate::backward::Backward;
use crate::op::Op;
use crate::tape::{matrix, matrix_mut};
use crate::{Pass, Var};
use deepcross_kernels::products::matmul_into;
use deepcross_kernels::{Real, Write};

impl<F: Real> Pass<'_, F> {
    /// `a b`.
    ///
    /// # Shapes
    /// `[m, k]`, `[k, n]` → `[m, n]`
    ///
    /// # Panics
    /// If the inner sizes differ.
    #[track_caller]
    pub fn matmul(&mut self, a: Var, b: Var) -> Var {
        let ((m, k), (k_b, n)) = (self.shape(a), self.shape(b));
        assert_eq!(k, k_b, "product of [{m}, {k}] and [{k_b}, {n}]");
        let tracked = self.any_tracked(a, b);
        self.push(Op::MatMul(Binary { a, b }), (m, n), tracked, |inputs, out| {
            let out = matrix_mut((m, n), out);
            matmul_into(inputs.matrix(a), inputs.matrix(b), Write::Assign, out);
        })
    }
}

pub(crate) fn backward<F: Real>(op: &Binary, mut context: Backward<'_, F>) {
    let (a, b) = (context.inputs.matrix(op.a), context.inputs.matrix(op.b));
    let gradient = matrix(context.shape, context.gradient);
    context.add_to(op.a, |out, write| {
        matmul_into(gradient, b.t(), write, matrix_mut(a.dim(), out));
    });
    context.add_to(op.b, |out, write| {
        matmul_into(a.t(), gradient, write, matrix_mut(b.dim(), out));
    });
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, SIZES, any_matrix, check, holds};
    use proptest::prelude::*;

    #[test]
    pub(crate) fn derivative() -> Holds {
        let factors = (SIZES, SIZES, SIZES)
            .prop_flat_map(|(m, k, n)| (any_matrix(m, k), any_matrix(k, n), any_matrix(k, k)));
        holds(factors, |(a, b, square)| {
            check(&[a, b], |pass, x| pass.matmul(x[0], x[1]))?;
            check(&[square], |pass, x| pass.matmul(x[0], x[0]))
        })
    }
}
