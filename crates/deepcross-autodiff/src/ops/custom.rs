//! Operations that are defined outside this crate.

use crate::backward::Backward;
use crate::op::Op;
use crate::tape::{Shape, Span, matrix, matrix_mut};
use crate::{Pass, Var};
use deepcross_kernels::{Real, Write};
use ndarray::{ArrayView2, ArrayViewMut2};
use std::fmt::Debug;
use std::sync::Arc;

/// A user-defined operation: its value, and the rule that passes its gradient on.
///
/// [`check::gradients`](crate::check::gradients) checks that the two agree.
pub trait Operation<F: Real>: Debug + Send + Sync {
    /// The shape of the value.
    ///
    /// # Panics
    /// May panic if the operation is not defined for inputs of these shapes.
    fn shape(&self, inputs: CustomInputs<'_, F>) -> Shape;

    /// Writes the value; `out` holds leftovers of an earlier pass.
    fn forward(&self, inputs: CustomInputs<'_, F>, out: ArrayViewMut2<'_, F>);

    /// Adds to `into` the gradient of input number `which`, given the value and the gradient of the operation.
    fn backward(
        &self,
        inputs: CustomInputs<'_, F>,
        result: OutputAndGradient<'_, F>,
        which: usize,
        into: ArrayViewMut2<'_, F>,
    );
}

/// The inputs of an [`Operation`].
#[derive(Clone, Copy, Debug)]
pub struct CustomInputs<'a, F> {
    inputs: crate::tape::Inputs<'a, F>,
    vars: &'a [Var],
}

impl<'a, F: Real> CustomInputs<'a, F> {
    /// The number of inputs.
    pub fn len(&self) -> usize {
        self.vars.len()
    }

    /// Whether there is no input.
    pub fn is_empty(&self) -> bool {
        self.vars.is_empty()
    }

    /// Input number `which`.
    ///
    /// # Panics
    /// If there are not that many inputs.
    #[track_caller]
    pub fn get(&self, which: usize) -> ArrayView2<'a, F> {
        self.inputs.matrix(self.vars[which])
    }
}

/// The value of an [`Operation`], and its gradient.
#[derive(Clone, Copy, Debug)]
pub struct OutputAndGradient<'a, F> {
    /// The value.
    pub output: ArrayView2<'a, F>,
    /// The derivative of the loss by the value.
    pub gradient: ArrayView2<'a, F>,
}

#[derive(Debug)]
pub(crate) struct Custom<F> {
    operation: Arc<dyn Operation<F>>,
    inputs: Span,
}

impl<F: Real> Pass<'_, F> {
    /// The value of a user-defined operation.
    ///
    /// # Panics
    /// If the operation panics.
    #[track_caller]
    pub fn custom(&mut self, operation: &Arc<dyn Operation<F>>, inputs: &[Var]) -> Var {
        let tracked = inputs.iter().any(|&input| self.is_tracked(input));
        let span = Span::store(&mut self.tape.arena.vars, inputs);
        let given = crate::tape::Inputs {
            nodes: &self.tape.nodes,
            values: &self.tape.values,
            params: self.params,
            arena: &self.tape.arena,
        };
        let shape = operation.shape(CustomInputs { inputs: given, vars: inputs });
        let op = Op::Custom(Custom { operation: Arc::clone(operation), inputs: span });
        self.push(op, shape, tracked, |given, out| {
            operation.forward(CustomInputs { inputs: given, vars: inputs }, matrix_mut(shape, out));
        })
    }
}

pub(crate) fn backward<F: Real>(op: &Custom<F>, mut context: Backward<'_, F>) {
    let result = OutputAndGradient {
        output: matrix(context.shape, context.output),
        gradient: matrix(context.shape, context.gradient),
    };
    let vars = op.inputs.of(&context.inputs.arena.vars);
    let inputs = CustomInputs { inputs: context.inputs, vars };
    for (which, &var) in vars.iter().enumerate() {
        let shape = context.inputs.nodes[var.0].shape;
        context.add_to(var, |out, write| {
            if write == Write::Assign {
                out.fill(F::zero());
            }
            op.operation.backward(inputs, result, which, matrix_mut(shape, out));
        });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ops_test::{Holds, any_pair, check, holds};

    /// The sum over columns of a ⊙ b².
    #[derive(Debug)]
    struct WeightedSquares;

    impl Operation<f64> for WeightedSquares {
        fn shape(&self, inputs: CustomInputs<'_, f64>) -> Shape {
            (inputs.get(0).nrows(), 1)
        }

        fn forward(&self, inputs: CustomInputs<'_, f64>, mut out: ArrayViewMut2<'_, f64>) {
            let (a, b) = (inputs.get(0), inputs.get(1));
            for (r, out) in out.iter_mut().enumerate() {
                *out = a.row(r).iter().zip(b.row(r)).map(|(a, b)| a * b * b).sum();
            }
        }

        fn backward(
            &self,
            inputs: CustomInputs<'_, f64>,
            result: OutputAndGradient<'_, f64>,
            which: usize,
            mut into: ArrayViewMut2<'_, f64>,
        ) {
            let (a, b) = (inputs.get(0), inputs.get(1));
            for ((r, c), into) in into.indexed_iter_mut() {
                let slope =
                    if which == 0 { b[(r, c)].powi(2) } else { 2.0 * a[(r, c)] * b[(r, c)] };
                *into += result.gradient[(r, 0)] * slope;
            }
        }
    }

    #[test]
    pub(crate) fn derivative() -> Holds {
        holds(any_pair(), |pair| {
            let operation: Arc<dyn Operation<f64>> = Arc::new(WeightedSquares);
            check(&pair, |pass, x| pass.custom(&operation, x))?;
            check(&pair, |pass, x| pass.custom(&operation, &[x[0], x[0]]))
        })
    }
}
