//! A value plus a constant.

use crate::backward::Backward;
use crate::op::Op;
use crate::{Pass, Var};
use deepcross_kernels::{Real, Write, map_into};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift {
    x: Var,
}

impl<F: Real> Pass<'_, F> {
    /// `x + by`, element by element; `by` is a constant.
    ///
    /// # Shapes
    /// `[m, n]` → `[m, n]`
    pub fn shift(&mut self, x: Var, by: F) -> Var {
        let (shape, tracked) = (self.shape(x), self.is_tracked(x));
        self.push(Op::Shift(Shift { x }), shape, tracked, |inputs, out| {
            map_into(out, Write::Assign, inputs.slice(x), |x| x + by);
        })
    }
}

pub(crate) fn backward<F: Real>(op: &Shift, mut context: Backward<'_, F>) {
    let gradient = context.gradient;
    context.add_to(op.x, |out, write| map_into(out, write, gradient, |g| g));
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, any_sized, check, holds};
    use crate::{Params, Tape};
    use ndarray::arr2;

    #[test]
    pub(crate) fn derivative() -> Holds {
        holds((any_sized(), -3.0..3.0), |(x, by)| {
            check(&[x], |pass, x| {
                let shifted = pass.shift(x[0], by);
                pass.mul(shifted, x[0])
            })
        })
    }

    #[test]
    fn every_element_moves_by_the_constant() {
        let (params, mut tape) = (Params::<f64>::new(), Tape::new());
        let mut pass = tape.record(&params);
        let x = pass.input(arr2(&[[1.0, -2.0], [0.0, 4.5]]).view());
        let shifted = pass.shift(x, -1.5);
        assert_eq!(pass.value(shifted), arr2(&[[-0.5, -3.5], [-1.5, 3.0]]));
    }
}
