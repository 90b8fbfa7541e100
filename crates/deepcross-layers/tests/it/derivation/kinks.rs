//! The gradient on a ReLU's kink, where there is no derivative, by the convention `σ'(0) = 0`.
//!
//! All numbers are whole, so that every sum is exact, and biases are chosen so that pre-activations are 0 and not
//! nearly 0.
//! The compared values are then equal to the bit, and no tolerance hides a wrong side of a kink.
//! The other theorems do not test the convention off the kinks: they draw numbers that meet a kink only through zero
//! weights.

use super::cases::{Draw, Stack, any_rows_and_width, any_seed};
use super::textbook::{Layer, Matrix, Vector, row};
use deepcross_layers::Activation;
use ndarray::Array;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

proptest! {
    /// `g[k] = g[k + 1] + Wᵀ ( σ'(a) ⊙ g[k + 1] )` to the bit, with `σ'(0) = 0` where `a = 0`.
    #[test]
    fn derivation_recursion_on_kinks(case in stacks_on_kinks()) {
        recursion_on_kinks(&case)?;
    }
}

/// Stacks of ReLUs whose first pre-activation, in the first row, is 0 in every unit, and others often.
pub(super) fn stacks_on_kinks() -> impl Strategy<Value = Stack> {
    let sizes = (1_usize..=6, any_rows_and_width());
    (sizes, any_seed()).prop_map(|((depth, shape), seed)| {
        let mut draw = Draw::new(seed);
        let mut whole = |shape| -> Matrix { Array::from_shape_simple_fn(shape, || draw.whole()) };
        let (input, upstream) = (whole(shape), whole(shape));
        let mut h = row(&input, 0);
        let layers = (0..depth).map(|_| {
            let layer = layer_on_kinks(whole((shape.1, shape.1)), &h);
            h = &h + layer.value(&h);
            layer
        });
        Stack { layers: layers.collect(), input, upstream }
    })
}

/// `b` with `a = W h + b` of 0, 1, −1, 0, 1, …
fn layer_on_kinks(weight: Matrix, h: &Vector) -> Layer {
    let places = [0.0, 1.0, -1.0].into_iter().cycle().take(h.len());
    let bias = places.collect::<Vector>() - weight.dot(h);
    Layer { weight, bias, activation: Activation::Relu }
}

pub(super) fn recursion_on_kinks(stack: &Stack) -> TestCaseResult {
    let taped = stack.residual();
    for (k, r) in stack.places() {
        let (layer, h, g) = (&stack.layers[k], row(&taped.h[k], r), row(&taped.g[k + 1], r));
        prop_assert!(
            r > 0 || layer.pre_activation(&h)[0] == 0.0,
            "the case does not lie on a kink"
        );
        prop_assert_eq!(row(&taped.g[k], r), layer.branch(&h).residual_step(&g));
    }
    Ok(())
}
