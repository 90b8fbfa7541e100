//! The end of a residual unit in one loop: the sum of two values, activated.

use crate::backward::Backward;
use crate::op::Op;
use crate::{Activation, Pass, Var};
use deepcross_kernels::{Real, add_activate_into, slope_into};

#[derive(Clone, Copy, Debug)]
pub(crate) struct AddActivate {
    pub(super) a: Var,
    pub(super) b: Var,
    pub(super) activation: Activation,
}

impl<F: Real> Pass<'_, F> {
    /// `activation(a + b)`, element by element.
    ///
    /// # Shapes
    /// `[m, n]`, `[m, n]` → `[m, n]`
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn add_activate(&mut self, a: Var, b: Var, activation: Activation) -> Var {
        let (shape, tracked) = (self.same_shape(a, b), self.any_tracked(a, b));
        let op = Op::AddActivate(AddActivate { a, b, activation });
        self.push(op, shape, tracked, |inputs, out| {
            add_activate_into(out, inputs.slice(a), inputs.slice(b), activation);
        })
    }

    /// `max(0, a + b)`: the end of the paper's residual unit.
    ///
    /// # Shapes
    /// `[m, n]`, `[m, n]` → `[m, n]`
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn add_relu(&mut self, a: Var, b: Var) -> Var {
        self.add_activate(a, b, Activation::Relu)
    }
}

pub(crate) fn backward<F: Real>(op: &AddActivate, mut context: Backward<'_, F>) {
    let (gradient, output, activation) = (context.gradient, context.output, op.activation);
    for input in [op.a, op.b] {
        context.add_to(input, |out, write| slope_into(out, write, gradient, output, activation));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, any_activation, any_pair, check, holds};

    #[test]
    pub(crate) fn derivative() -> Holds {
        holds((any_pair(), any_activation()), |(pair, activation)| {
            check(&pair, |pass, x| pass.add_activate(x[0], x[1], activation))?;
            check(&pair, |pass, x| pass.add_activate(x[0], x[0], activation))
        })
    }
}
