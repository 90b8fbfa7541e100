//! The sum of all elements: each gets the gradient.

use super::Reduce;
use crate::backward::Backward;
use crate::op::Op;
use crate::{Pass, Var};
use deepcross_kernels::{self as kernels, Real, Write};

impl<F: Real> Pass<'_, F> {
    /// The sum of all elements.
    ///
    /// # Shapes
    /// `[m, n]` → `[1, 1]`
    pub fn sum(&mut self, x: Var) -> Var {
        let tracked = self.is_tracked(x);
        self.push(Op::Sum(Reduce { x }), (1, 1), tracked, |inputs, out| {
            out[0] = kernels::sum(inputs.slice(x));
        })
    }
}

pub(crate) fn backward<F: Real>(op: &Reduce, mut context: Backward<'_, F>) {
    let gradient = context.gradient[0];
    context.add_to(op.x, |out, write| spread(out, write, gradient));
}

/// Gives every element the same gradient.
pub(crate) fn spread<F: Real>(out: &mut [F], write: Write, gradient: F) {
    match write {
        Write::Assign => out.fill(gradient),
        Write::Add => out.iter_mut().for_each(|o| *o += gradient),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, any_sized, check, holds};

    #[test]
    pub(crate) fn derivative() -> Holds {
        holds(any_sized(), |x| {
            check(&[x], |pass, x| {
                let sum = pass.sum(x[0]);
                let again = pass.sum(x[0]);
                pass.mul(sum, again)
            })
        })
    }
}
