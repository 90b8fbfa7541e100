//! One step back: the gradient below a unit from the gradient above it, and the gradients of the unit's own weights.

use super::cases::{Stack, stacks};
use super::textbook::{Matrix, close, outer, row, size};
use ndarray::Axis;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

proptest! {
    /// `g[k] = g[k + 1] + Wᵀ ( σ'(a) ⊙ g[k + 1] )` with `a = W h[k] + b`, and `g[n]` is the upstream gradient.
    ///
    /// If a ReLU is on its kink, `a = 0`, as with zero weights and no bias, then `σ'(0) = 0`.
    #[test]
    fn derivation_recursion(case in stacks(0..=6)) {
        recursion(&case)?;
    }

    /// `g[k] = Wᵀ ( σ'(a) ⊙ g[k + 1] )` for the plain stack.
    #[test]
    fn derivation_plain_recursion(case in stacks(0..=6)) {
        plain_recursion(&case)?;
    }

    /// `∂L/∂W = ( σ'(a) ⊙ g[k + 1] ) h[k]ᵀ`, summed over the rows of the batch.
    #[test]
    fn derivation_weight_gradient(case in stacks(1..=6)) {
        weight_gradient(&case)?;
    }

    /// `∂L/∂b = σ'(a) ⊙ g[k + 1]`, summed over the rows of the batch.
    #[test]
    fn derivation_bias_gradient(case in stacks(1..=6)) {
        bias_gradient(&case)?;
    }
}

pub(super) fn recursion(stack: &Stack) -> TestCaseResult {
    let taped = stack.residual();
    prop_assert_eq!(taped.g.last(), Some(&stack.upstream));
    for (k, r) in stack.places() {
        let (layer, h, g) = (&stack.layers[k], row(&taped.h[k], r), row(&taped.g[k + 1], r));
        let expected = layer.branch(&h).residual_step(&g);
        let terms = layer.largest_branch().residual_step(&size(&g));
        close(&row(&taped.g[k], r), &expected, &terms)?;
    }
    Ok(())
}

pub(super) fn plain_recursion(stack: &Stack) -> TestCaseResult {
    let taped = stack.plain();
    prop_assert_eq!(taped.g.last(), Some(&stack.upstream));
    for (k, r) in stack.places() {
        let (layer, h, g) = (&stack.layers[k], row(&taped.h[k], r), row(&taped.g[k + 1], r));
        let terms = layer.largest_branch().back(&size(&g));
        close(&row(&taped.g[k], r), &layer.branch(&h).back(&g), &terms)?;
    }
    Ok(())
}

pub(super) fn weight_gradient(stack: &Stack) -> TestCaseResult {
    let taped = stack.residual();
    for (k, layer) in stack.layers.iter().enumerate() {
        let mut expected = Matrix::zeros(layer.weight.dim());
        let mut terms = expected.clone();
        for r in 0..stack.input.nrows() {
            let (h, g) = (row(&taped.h[k], r), row(&taped.g[k + 1], r));
            expected += &outer(&layer.branch(&h).inner(&g), &h);
            terms += &outer(&layer.largest_branch().inner(&size(&g)), &size(&h));
        }
        close(taped.weight(k), &expected, &terms)?;
    }
    Ok(())
}

pub(super) fn bias_gradient(stack: &Stack) -> TestCaseResult {
    let taped = stack.residual();
    for (k, layer) in stack.layers.iter().enumerate() {
        let mut expected = Matrix::zeros((1, layer.bias.len()));
        let mut terms = expected.clone();
        for r in 0..stack.input.nrows() {
            let (h, g) = (row(&taped.h[k], r), row(&taped.g[k + 1], r));
            expected += &layer.branch(&h).inner(&g).insert_axis(Axis(0));
            terms += &layer.largest_branch().inner(&size(&g)).insert_axis(Axis(0));
        }
        close(taped.bias(k), &expected, &terms)?;
    }
    Ok(())
}
