//! The start of the derivation: the values that the units compute.

use super::cases::{Stack, stacks};
use super::paper_unit::{Units, units};
use super::textbook::{close, row, size};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

proptest! {
    /// `h[k + 1] = h[k] + σ(a)` with `a = W h[k] + b`.
    #[test]
    fn derivation_forward_one_layer_unit(case in stacks(1..=6)) {
        forward_one_layer_unit(&case)?;
    }

    /// `h[k + 1] = σ(a)` with `a = W h[k] + b`: the plain stack, the baseline of the residual one.
    #[test]
    fn derivation_forward_plain_layer(case in stacks(1..=6)) {
        forward_plain_layer(&case)?;
    }

    /// `out = relu( x + W1 relu( W0 x + b0 ) + b1 )`.
    #[test]
    fn derivation_forward_paper_unit(case in units(1..=4)) {
        forward_paper_unit(&case)?;
    }
}

pub(super) fn forward_one_layer_unit(stack: &Stack) -> TestCaseResult {
    let taped = stack.residual();
    for (k, r) in stack.places() {
        let (layer, h) = (&stack.layers[k], row(&taped.h[k], r));
        let terms = size(&h) + layer.largest_value(&h);
        close(&row(&taped.h[k + 1], r), &(&h + layer.value(&h)), &terms)?;
    }
    Ok(())
}

pub(super) fn forward_plain_layer(stack: &Stack) -> TestCaseResult {
    let taped = stack.plain();
    for (k, r) in stack.places() {
        let (layer, h) = (&stack.layers[k], row(&taped.h[k], r));
        close(&row(&taped.h[k + 1], r), &layer.value(&h), &layer.largest_value(&h))?;
    }
    Ok(())
}

pub(super) fn forward_paper_unit(case: &Units) -> TestCaseResult {
    let taped = case.taped();
    for (k, r) in case.places() {
        let (unit, x) = (&case.units[k], row(&taped.h[k], r));
        let terms = size(&x) + unit.outer.largest_value(&unit.inner.largest_value(&x));
        close(&row(&taped.h[k + 1], r), &unit.sum(&x).mapv(|z| z.max(0.0)), &terms)?;
    }
    Ok(())
}
