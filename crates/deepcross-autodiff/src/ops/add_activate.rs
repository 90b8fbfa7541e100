//! The end of a residual unit in one loop: the sum of two values, activated.

use crate::backward::Backward;
use crate::op::Op;
use crate::{Activation, Pass, Var};
use deepcross_kernels::{Real, Write, zip_into};

#[derive(Clone, Copy, Debug)]
pub(crate) struct AddActivate {
    a: Var,
    b: Var,
    activation: Activation,
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
            let (a, b) = (inputs.slice(a), inputs.slice(b));
            zip_into(out, Write::Assign, a, b, |a, b| activation.apply(a + b));
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
        context.add_to(input, |out, write| {
            zip_into(out, write, gradient, output, |g, y| g * activation.derivative(y));
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::Activation;
    use crate::ops_test::{check, dense};

    #[test]
    fn derivative() {
        for activation in Activation::ALL {
            check(&[dense(3, 4), dense(3, 4)], |pass, x| pass.add_activate(x[0], x[1], activation));
        }
    }
}
