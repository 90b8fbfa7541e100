//! A value times a constant.

use crate::backward::Backward;
use crate::op::Op;
use crate::{Pass, Var};
use deepcross_kernels::{Real, Write, map_into};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale<F> {
    x: Var,
    factor: F,
}

impl<F: Real> Pass<'_, F> {
    /// `factor · x`; the factor is a constant.
    ///
    /// # Shapes
    /// `[m, n]` → `[m, n]`
    pub fn scale(&mut self, x: Var, factor: F) -> Var {
        let (shape, tracked) = (self.shape(x), self.is_tracked(x));
        self.push(Op::Scale(Scale { x, factor }), shape, tracked, |inputs, out| {
            map_into(out, Write::Assign, inputs.slice(x), |x| factor * x);
        })
    }
}

pub(crate) fn backward<F: Real>(op: &Scale<F>, mut context: Backward<'_, F>) {
    let gradient = context.gradient;
    context.add_to(op.x, |out, write| map_into(out, write, gradient, |g| op.factor * g));
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, any_sized, check, holds};

    #[test]
    pub(crate) fn derivative() -> Holds {
        holds((any_sized(), -3.0..3.0), |(x, factor)| {
            check(&[x], |pass, x| pass.scale(x[0], factor))
        })
    }
}
