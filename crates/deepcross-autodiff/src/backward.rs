//! Walks back over the tape.
//!
//! The inputs of a node always come before it, so one split separates the node's own gradient from all gradients that
//! it adds to.

use crate::op::Op;
use crate::packed_weights::PackedWeights;
use crate::pass::first_assigns;
use crate::tape::{Inputs, Shape};
use crate::{Gradients, Mode, Pass, Tape, Var};
use deepcross_kernels::{Real, Write};

/// Walks from `output` back to the first node; `rule` passes the gradient of a node on.
pub(crate) fn reverse<F: Real>(
    pass: &mut Pass<'_, F>,
    output: Var,
    upstream: &[F],
    gradients: &mut Gradients<F>,
    rule: impl Fn(&Op<F>, Backward<'_, F>),
) {
    let (params, mode, tape) = (pass.params(), pass.mode(), &mut *pass.tape);
    seed(tape, output, upstream);
    let Tape { nodes, values, gradients: node_gradients, reached, arena, scratch, packed } = tape;
    for (i, node) in nodes[..=output.0].iter().enumerate().rev() {
        if !(node.tracked && reached[i]) {
            continue;
        }
        let range = node.range();
        let (before, own) = node_gradients.split_at_mut(range.start);
        let context = Backward {
            inputs: Inputs { nodes, values, params, arena },
            shape: node.shape,
            output: &values[range.clone()],
            gradient: &own[..range.len()],
            before,
            reached,
            parameters: gradients,
            scratch,
            packed,
            mode,
        };
        rule(&node.op, context);
    }
}

fn seed<F: Real>(tape: &mut Tape<F>, output: Var, upstream: &[F]) {
    let range = tape.nodes[output.0].range();
    if tape.gradients.len() < range.end {
        tape.gradients.resize(range.end, F::zero());
    }
    tape.reached.clear();
    tape.reached.resize(tape.nodes.len(), false);
    tape.gradients[range].copy_from_slice(upstream);
    tape.reached[output.0] = true;
}

/// The data that the backward rule of an operation sees.
#[derive(Debug)]
pub(crate) struct Backward<'a, F> {
    /// Values of all nodes, parameters, arena.
    pub(crate) inputs: Inputs<'a, F>,
    /// The node's own shape, value and gradient.
    pub(crate) shape: Shape,
    pub(crate) output: &'a [F],
    pub(crate) gradient: &'a [F],
    pub(crate) before: &'a mut [F],
    pub(crate) reached: &'a mut [bool],
    /// The gradients of the parameters.
    pub(crate) parameters: &'a mut Gradients<F>,
    /// Memory for intermediate results of a rule; it holds leftovers of other rules.
    pub(crate) scratch: &'a mut Vec<F>,
    /// Weights packed for products.
    pub(crate) packed: &'a mut PackedWeights<F>,
    pub(crate) mode: Mode,
}

impl<F: Real> Backward<'_, F> {
    /// Lets `write` assign or add to the gradient of an input, if that gradient is needed.
    pub(crate) fn add_to(&mut self, input: Var, write: impl FnOnce(&mut [F], Write)) {
        let node = &self.inputs.nodes[input.0];
        if node.tracked {
            write(&mut self.before[node.range()], first_assigns(&mut self.reached[input.0]));
        }
    }
}

/// The first `len` elements of the scratch buffer, which grows as needed.
pub(crate) fn scratch<F: Real>(buffer: &mut Vec<F>, len: usize) -> &mut [F] {
    if buffer.len() < len {
        buffer.resize(len, F::zero());
    }
    &mut buffer[..len]
}
