//! An activation as an operation of its own; [`Pass::affine`] and [`Pass::add_activate`] have one built in.

use crate::backward::Backward;
use crate::op::Op;
use crate::{Activation, Pass, Var};
use deepcross_kernels::{Real, Write, activate_into, slope_into};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Activate {
    x: Var,
    activation: Activation,
}

impl<F: Real> Pass<'_, F> {
    /// `activation(x)`, element by element.
    ///
    /// # Shapes
    /// `[m, n]` → `[m, n]`
    pub fn activate(&mut self, x: Var, activation: Activation) -> Var {
        let (shape, tracked) = (self.shape(x), self.is_tracked(x));
        self.push(Op::Activate(Activate { x, activation }), shape, tracked, |inputs, out| {
            activate_into(out, Write::Assign, inputs.slice(x), activation);
        })
    }

    /// `max(0, x)`, element by element.
    ///
    /// # Shapes
    /// `[m, n]` → `[m, n]`
    pub fn relu(&mut self, x: Var) -> Var {
        self.activate(x, Activation::Relu)
    }

    /// `1 / (1 + exp(−x))`, element by element.
    ///
    /// # Shapes
    /// `[m, n]` → `[m, n]`
    pub fn sigmoid(&mut self, x: Var) -> Var {
        self.activate(x, Activation::Sigmoid)
    }

    /// The hyperbolic tangent, element by element.
    ///
    /// # Shapes
    /// `[m, n]` → `[m, n]`
    pub fn tanh(&mut self, x: Var) -> Var {
        self.activate(x, Activation::Tanh)
    }
}

pub(crate) fn backward<F: Real>(op: &Activate, mut context: Backward<'_, F>) {
    let (gradient, output, activation) = (context.gradient, context.output, op.activation);
    context.add_to(op.x, |out, write| slope_into(out, write, gradient, output, activation));
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, any_activation, any_sized, check, holds};

    #[test]
    pub(crate) fn derivative() -> Holds {
        holds((any_sized(), any_activation()), |(x, activation)| {
            check(&[x], |pass, x| pass.activate(x[0], activation))
        })
    }
}
