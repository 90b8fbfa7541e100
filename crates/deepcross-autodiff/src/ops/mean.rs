//! The mean of all elements.

use super::Reduce;
use super::sum::spread;
use crate::backward::Backward;
use crate::op::Op;
use crate::{Pass, Var};
use deepcross_kernels::{self as kernels, Real};

impl<F: Real> Pass<'_, F> {
    /// The mean of all elements.
    ///
    /// # Shapes
    /// `[m, n]` → `[1, 1]`
    ///
    /// # Panics
    /// If there is no element.
    #[track_caller]
    pub fn mean(&mut self, x: Var) -> Var {
        let (rows, cols) = self.shape(x);
        assert!(rows * cols > 0, "the mean of no elements is not defined");
        let tracked = self.is_tracked(x);
        self.push(Op::Mean(Reduce { x }), (1, 1), tracked, |inputs, out| {
            let values = inputs.slice(x);
            out[0] = kernels::sum(values) / count(values.len());
        })
    }
}

pub(crate) fn backward<F: Real>(op: &Reduce, mut context: Backward<'_, F>) {
    let gradient = context.gradient[0];
    context.add_to(op.x, |out, write| {
        let share = gradient / count(out.len());
        spread(out, write, share);
    });
}

fn count<F: Real>(n: usize) -> F {
    F::of(n as f64)
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, any_sized, check, holds};

    #[test]
    pub(crate) fn derivative() -> Holds {
        holds(any_sized(), |x| {
            check(&[x], |pass, x| {
                let mean = pass.mean(x[0]);
                let again = pass.mean(x[0]);
                pass.mul(mean, again)
            })
        })
    }
}
