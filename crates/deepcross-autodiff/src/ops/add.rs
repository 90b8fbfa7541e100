//! The sum of two values, element by element: each gets the gradient as it is.

use super::Binary;
use crate::backward::Backward;
use crate::op::Op;
use crate::{Pass, Var};
use deepcross_kernels::{Real, Write, map_into, zip_into};

impl<F: Real> Pass<'_, F> {
    /// `a + b`.
    ///
    /// # Shapes
    /// `[m, n]`, `[m, n]` → `[m, n]`
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn add(&mut self, a: Var, b: Var) -> Var {
        let (shape, tracked) = (self.same_shape(a, b), self.any_tracked(a, b));
        self.push(Op::Add(Binary { a, b }), shape, tracked, |inputs, out| {
            zip_into(out, Write::Assign, inputs.slice(a), inputs.slice(b), |a, b| a + b);
        })
    }
}

pub(crate) fn backward<F: Real>(op: &Binary, mut context: Backward<'_, F>) {
    let gradient = context.gradient;
    context.add_to(op.a, |out, write| map_into(out, write, gradient, |g| g));
    context.add_to(op.b, |out, write| map_into(out, write, gradient, |g| g));
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, any_pair, check, holds};

    #[test]
    pub(crate) fn derivative() -> Holds {
        holds(any_pair(), |pair| {
            check(&pair, |pass, x| pass.add(x[0], x[1]))?;
            check(&pair, |pass, x| pass.add(x[0], x[0]))
        })
    }
}
