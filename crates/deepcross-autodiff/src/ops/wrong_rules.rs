//! Backward rules that are wrong on purpose, to see that a test notices them.
//!
//! A test that has never failed proves little.
//! These rules replace the right ones in [`backward_from`], which tests call instead of [`Pass::backward_from`]; the
//! operations do not know of them.
//! A wrong rule is the right rule with a mistake in what goes in or comes out, so no rule is written twice.
//! This module is compiled for tests alone, with the feature `wrong-rules` also for those of other crates.

use super::{Affine, Binary, add, affine, batch_norm, matmul, stack};
use crate::backward::Backward;
use crate::op::{self, Op};
use crate::packed_weights::PackedWeights;
use crate::tape::Inputs;
use crate::{DenseId, Gradients, Mode, Pass, Var};
use deepcross_kernels::{Real, map_into, slope_into};
use ndarray::ArrayView2;
use std::cell::Cell;

/// A mistake that a backward rule can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongRule {
    /// The gradient of a linear map's pre-activation, and that of a difference's subtracted operand, have the wrong
    /// sign.
    Sign,
    /// A sum passes no gradient to its first operand; in a residual unit this operand is the input carried past the
    /// layers.
    NoIdentityPath,
    /// A product passes its gradient through the other matrix without transposing it.
    NoTranspose,
    /// A bias gets no gradient.
    NoBiasGradient,
    /// The mean and the variance of a batch normalisation count as constants.
    ConstantStatistics,
}

impl WrongRule {
    /// All mistakes that layers without batch normalisation can make.
    pub const ALL: [Self; 4] =
        [Self::Sign, Self::NoIdentityPath, Self::NoTranspose, Self::NoBiasGradient];
}

thread_local! {
    static MADE: Cell<Option<WrongRule>> = const { Cell::new(None) };
}

/// Resets the mistake, even if the closure panics.
struct Reset(Option<WrongRule>);

impl Drop for Reset {
    fn drop(&mut self) {
        MADE.set(self.0);
    }
}

/// Calls `run`, during which [`backward_from`] makes the mistake on this thread, and returns the result.
pub fn with<T>(rule: WrongRule, run: impl FnOnce() -> T) -> T {
    let _reset = Reset(MADE.replace(Some(rule)));
    run()
}

/// Whether a mistake is made on this thread.
#[cfg(test)]
pub(crate) fn is_any_made() -> bool {
    MADE.get().is_some()
}

/// [`Pass::backward_from`], with the mistake of [`with`].
///
/// # Panics
/// If `upstream` has another shape than `output`.
#[track_caller]
pub fn backward_from<F: Real>(
    pass: &mut Pass<'_, F>,
    output: Var,
    upstream: ArrayView2<'_, F>,
    gradients: &mut Gradients<F>,
) {
    match MADE.get() {
        Some(rule) => pass.reverse(output, upstream, gradients, |op, context| match rule {
            WrongRule::Sign => wrong_sign(op, context),
            WrongRule::NoIdentityPath => no_identity_path(op, context),
            WrongRule::NoTranspose => no_transpose(op, context),
            WrongRule::NoBiasGradient => no_bias_gradient(op, context),
            WrongRule::ConstantStatistics => constant_statistics(op, context),
        }),
        None => pass.backward_from(output, upstream, gradients),
    }
}

fn wrong_sign<F: Real>(op: &Op<F>, mut context: Backward<'_, F>) {
    match op {
        Op::Sub(op) => add::backward(op, context),
        Op::Affine(op) => {
            let (gradient, output) = (context.gradient, context.output);
            if let Some(add) = op.add {
                let slope = |out: &mut [F], write| {
                    slope_into(out, write, gradient, output, op.activation);
                };
                context.add_to(add, slope);
            }
            let negated: Vec<F> = gradient.iter().map(|&g| -g).collect();
            let op = Affine { add: None, ..*op };
            affine::backward(&op, Backward { gradient: &negated, ..context });
        }
        op => op::backward(op, context),
    }
}

fn no_identity_path<F: Real>(op: &Op<F>, mut context: Backward<'_, F>) {
    let (gradient, output) = (context.gradient, context.output);
    match op {
        Op::Add(Binary { b, .. }) => {
            context.add_to(*b, |out, write| map_into(out, write, gradient, |g| g));
        }
        Op::AddActivate(op) => context
            .add_to(op.b, |out, write| slope_into(out, write, gradient, output, op.activation)),
        Op::Affine(op) => affine::backward(&Affine { add: None, ..*op }, context),
        op => op::backward(op, context),
    }
}

/// The right rule, but the gradient passes through a factor that is read in the wrong order.
fn no_transpose<F: Real>(op: &Op<F>, context: Backward<'_, F>) {
    let inputs = context.inputs;
    match op {
        Op::MatMul(op) => {
            let mut values = inputs.values.to_vec();
            for var in [op.a, op.b] {
                values[inputs.nodes[var.0].range()].copy_from_slice(&turned(inputs.matrix(var)));
            }
            let inputs = Inputs { values: &values, ..inputs };
            matmul::backward(op, Backward { inputs, ..context });
        }
        Op::Affine(op) => {
            let mut params = inputs.params.clone();
            let turned = turned(params.dense(op.weight));
            params.dense_slice_mut(op.weight).copy_from_slice(&turned);
            let (inputs, packed) =
                (Inputs { params: &params, ..inputs }, &mut PackedWeights::default());
            affine::backward(op, Backward { inputs, packed, ..context });
        }
        op => op::backward(op, context),
    }
}

/// The elements of a matrix column after column; read row after row they are another matrix of the same shape, unless
/// it has one row or one column.
fn turned<F: Real>(matrix: ArrayView2<'_, F>) -> Vec<F> {
    matrix.t().iter().copied().collect()
}

fn no_bias_gradient<F: Real>(op: &Op<F>, context: Backward<'_, F>) {
    let gradients = context.parameters;
    let kept = biases(op, context.inputs).into_iter().map(|id| {
        let before = gradients.dense_slice(id).map(<[F]>::to_vec);
        (id, before.unwrap_or_else(|| vec![F::zero(); context.inputs.params.dense_slice(id).len()]))
    });
    let kept: Vec<_> = kept.collect();
    op::backward(op, Backward { parameters: &mut *gradients, ..context });
    for (id, before) in kept {
        gradients.dense_mut(id).0.copy_from_slice(&before);
    }
}

/// The biases of an operation.
fn biases<F: Real>(op: &Op<F>, inputs: Inputs<'_, F>) -> Vec<DenseId> {
    match op {
        Op::Affine(op) => op.bias.into_iter().collect(),
        Op::BatchNorm(op) => vec![op.parameters.beta],
        Op::SumColumns(op) => vec![op.bias],
        Op::Stack(op) => {
            let segments = op.segments.of(&inputs.arena.segments).iter();
            let biases = segments.filter_map(|segment| match &segment.kind {
                stack::Kind::Gather(op) => op.lookup.bias,
                stack::Kind::Bag(op) => op.lookup.bias,
                stack::Kind::Project(op) => op.projection.bias,
                stack::Kind::Value(_) => None,
            });
            biases.collect()
        }
        _ => Vec::new(),
    }
}

/// Outside of training, the statistics are constants.
fn constant_statistics<F: Real>(op: &Op<F>, context: Backward<'_, F>) {
    match op {
        Op::BatchNorm(op) => {
            batch_norm::backward(op, Backward { mode: Mode::Inference, ..context })
        }
        op => op::backward(op, context),
    }
}

#[cfg(test)]
mod tests {
    use super::WrongRule::{ConstantStatistics, NoBiasGradient, NoIdentityPath, NoTranspose, Sign};
    use super::*;
    use crate::ops_test::Holds;
    use crate::{graph_test, ops};

    /// A property, and the mistakes that it must notice.
    type Row = (&'static str, fn() -> Holds, &'static [WrongRule]);

    const PROPERTIES: [Row; 24] = [
        ("activate", ops::activate::tests::derivative, &[]),
        ("add", ops::add::tests::derivative, &[NoIdentityPath]),
        ("add_activate", ops::add_activate::tests::derivative, &[NoIdentityPath]),
        (
            "affine",
            ops::affine::tests::derivative,
            &[Sign, NoIdentityPath, NoTranspose, NoBiasGradient],
        ),
        ("bag", ops::bag::tests::derivative, &[NoBiasGradient]),
        (
            "batch_norm",
            ops::batch_norm::tests::derivative,
            &[NoIdentityPath, NoBiasGradient, ConstantStatistics],
        ),
        ("columns", ops::columns::tests::derivative, &[]),
        ("concat", ops::concat::tests::derivative, &[]),
        ("custom", ops::custom::tests::derivative, &[]),
        ("dropout", ops::dropout::tests::derivative, &[]),
        ("ffm", ops::ffm::tests::derivative, &[]),
        ("fm", ops::fm::tests::derivative, &[]),
        ("gather", ops::gather::tests::derivative, &[NoBiasGradient]),
        ("log_loss", ops::log_loss::tests::derivative, &[]),
        ("matmul", ops::matmul::tests::derivative, &[NoTranspose]),
        ("mean", ops::mean::tests::derivative, &[]),
        ("mul", ops::mul::tests::derivative, &[]),
        ("project", ops::project::tests::derivative, &[NoBiasGradient]),
        ("scale", ops::scale::tests::derivative, &[]),
        ("shift", ops::shift::tests::derivative, &[]),
        ("stack", ops::stack::tests::derivative, &[NoBiasGradient]),
        ("sub", ops::sub::tests::derivative, &[Sign]),
        ("sum_columns", ops::sum_columns::tests::derivative, &[NoBiasGradient]),
        ("graph", graph_test::derivative, &WrongRule::ALL),
    ];

    #[test]
    fn each_property_notices_its_mistakes() {
        for rule in WrongRule::ALL.into_iter().chain([ConstantStatistics]) {
            for (name, property, noticed) in PROPERTIES {
                let result = with(rule, property);
                assert_eq!(result.is_err(), noticed.contains(&rule), "{name} under {rule:?}");
            }
        }
    }

    #[test]
    fn the_switch_is_reset() {
        with(Sign, || with(NoTranspose, || assert_eq!(MADE.get(), Some(NoTranspose))));
        let _ = std::panic::catch_unwind(|| with(Sign, || panic!("on purpose")));
        assert!(!is_any_made());
    }
}
