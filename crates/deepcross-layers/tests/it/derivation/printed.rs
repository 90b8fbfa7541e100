//! The order of factors in which derivations print the gradient: `∂L/∂h · σ' · Wᵀ`, read from left to right.
//!
//! In this order the gradient is a row, `gᵀ diag σ' Wᵀ`, but the derivative of `h + σ(W h + b)` by `h` is
//! `1 + diag σ' W`, and a row needs `gᵀ diag σ' W`.
//! As columns: `W ( σ' ⊙ g )` is printed, and `Wᵀ ( σ' ⊙ g )` is right.

use super::cases::{Stack, stacks};
use super::textbook::{Layer, Vector, close, row, size};
use deepcross_layers::Activation;
use ndarray::array;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

proptest! {
    /// `g[k] = g[k + 1] + W ( σ'(a) ⊙ g[k + 1] )` if `W = Wᵀ`, and so whenever vectors are scalars.
    #[test]
    fn derivation_printed_order_holds_for_symmetric_weights(case in symmetric_stacks()) {
        printed_order_holds_for_symmetric_weights(&case)?;
    }
}

/// `W = [0 1; 0 0]`, `σ` the identity, `g = (1, 0)`: the gradient is `g + Wᵀ g = (1, 1)`, in print `g + W g = (1, 0)`.
#[test]
fn derivation_printed_order_fails_for_other_weights() {
    printed_order_fails_for_other_weights(&()).unwrap();
}

/// The formula in the printed order.
fn printed(layer: &Layer, h: &Vector, g: &Vector) -> Vector {
    g + layer.weight.dot(&layer.branch(h).inner(g))
}

pub(super) fn symmetric_stacks() -> impl Strategy<Value = Stack> {
    stacks(1..=6).prop_map(|mut stack| {
        for layer in &mut stack.layers {
            layer.weight = (&layer.weight + &layer.weight.t()) / 2.0;
        }
        stack
    })
}

pub(super) fn printed_order_holds_for_symmetric_weights(stack: &Stack) -> TestCaseResult {
    let taped = stack.residual();
    for (k, r) in stack.places() {
        let (layer, h, g) = (&stack.layers[k], row(&taped.h[k], r), row(&taped.g[k + 1], r));
        let terms = layer.largest_branch().residual_step(&size(&g));
        close(&row(&taped.g[k], r), &printed(layer, &h, &g), &terms)?;
    }
    Ok(())
}

pub(super) fn printed_order_fails_for_other_weights(_: &()) -> TestCaseResult {
    let layer = Layer {
        weight: array![[0.0, 1.0], [0.0, 0.0]],
        bias: Vector::zeros(2),
        activation: Activation::Identity,
    };
    let (h, g) = (array![1.0, 1.0], array![1.0, 0.0]);
    prop_assert_eq!(printed(&layer, &h, &g), array![1.0, 0.0]);
    let [input, upstream] = [array![[1.0, 1.0]], array![[1.0, 0.0]]];
    let taped = Stack { layers: vec![layer], input, upstream }.residual();
    prop_assert_eq!(&taped.g[0], &array![[1.0, 1.0]]);
    Ok(())
}
