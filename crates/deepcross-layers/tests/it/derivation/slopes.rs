//! The assumptions of the derivation: the slopes of the four activations, and their largest values.

use super::cases::any_activation;
use super::textbook::{largest_slope, slope, value};
use deepcross_layers::Activation;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

proptest! {
    /// `(σ(a + ε) − σ(a − ε)) / 2ε → σ'(a)` and `0 ≤ σ'(a) ≤ sup |σ'|`, off the ReLU's kink; and the crate's slope,
    /// which is a function of `σ(a)`, is `σ'(a)`.
    #[test]
    fn derivation_slopes(case in points()) {
        slopes(&case)?;
    }
}

/// `sup |σ'|` is reached: by sigmoid and tanh at 0, by ReLU at every `a > 0`, by the identity everywhere.
#[test]
fn derivation_largest_slopes_are_reached() {
    largest_slopes_are_reached(&()).unwrap();
}

/// An activation, and a point that is not a kink.
pub(super) fn points() -> impl Strategy<Value = (Activation, f64)> {
    let point = prop_oneof![-20.0..-0.01, 0.01..20.0];
    (any_activation(), point)
}

pub(super) fn slopes(&(activation, a): &(Activation, f64)) -> TestCaseResult {
    let (found, step) = (slope(activation, a), 1e-5);
    let difference = (value(activation, a + step) - value(activation, a - step)) / (2.0 * step);
    prop_assert!((found - difference).abs() < 1e-8, "{found} is not {difference}");
    prop_assert!((0.0..=largest_slope(activation)).contains(&found), "{found}");
    let of_the_value = activation.derivative(activation.apply(a));
    prop_assert!((found - of_the_value).abs() < 1e-14, "{found} is not {of_the_value}");
    Ok(())
}

pub(super) fn largest_slopes_are_reached(_: &()) -> TestCaseResult {
    for (activation, a) in [
        (Activation::Identity, -3.0),
        (Activation::Relu, 0.1),
        (Activation::Sigmoid, 0.0),
        (Activation::Tanh, 0.0),
    ] {
        prop_assert_eq!(slope(activation, a), largest_slope(activation), "{:?}", activation);
    }
    Ok(())
}
