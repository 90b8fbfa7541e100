//! Checks that each layer's property notices each wrong backward rule that the layer uses.

use crate::test_support::Holds;
use crate::{
    cross_layer, dropout, embedding, ffm, first_order, fm, linear, mlp, one_layer_unit, plain_unit,
    residual_unit, scoring, stacking,
};
use deepcross_autodiff::wrong_rules::WrongRule::{
    self, NoBiasGradient, NoIdentityPath, NoTranspose, Sign,
};
use deepcross_autodiff::wrong_rules::with;

/// A property, and the mistakes that it must notice.
type Row = (&'static str, fn() -> Holds, &'static [WrongRule]);

const AFFINE: &[WrongRule] = &[Sign, NoTranspose, NoBiasGradient];

const PROPERTIES: [Row; 14] = [
    ("cross layer", cross_layer::tests::agrees_with_its_twin_and_its_differences, &WrongRule::ALL),
    ("dropout", dropout::tests::derivatives_are_right, &[]),
    (
        "one-hot embedding",
        embedding::tests::one_hot_agrees_with_its_twin_and_its_differences,
        &[NoBiasGradient],
    ),
    (
        "multi-hot embedding",
        embedding::tests::multi_hot_agrees_with_its_twin_and_its_differences,
        &[NoBiasGradient],
    ),
    (
        "first order",
        first_order::tests::agrees_with_its_twin_and_its_differences,
        &[NoBiasGradient],
    ),
    ("factorization machine", fm::tests::agrees_with_its_twin_and_its_differences, &[]),
    ("field-aware machine", ffm::tests::agrees_with_its_twin_and_its_differences, &[]),
    ("mlp", mlp::tests::agrees_with_its_twin_and_its_differences, AFFINE),
    ("plain unit", plain_unit::tests::agrees_with_its_twin_and_its_differences, AFFINE),
    ("linear", linear::tests::agrees_with_its_twin_and_its_differences, AFFINE),
    (
        "one-layer unit",
        one_layer_unit::tests::agrees_with_its_twin_and_its_differences,
        &WrongRule::ALL,
    ),
    (
        "residual unit",
        residual_unit::tests::agrees_with_its_twin_and_its_differences,
        &WrongRule::ALL,
    ),
    // With one output, the transposed weight equals the weight.
    ("scoring", scoring::tests::agrees_with_its_twin_and_its_differences, &[Sign, NoBiasGradient]),
    ("stacking", stacking::tests::agrees_with_its_twin_and_its_differences, &[NoBiasGradient]),
];

#[test]
fn each_property_notices_its_mistakes() {
    for rule in [Sign, NoIdentityPath, NoTranspose, NoBiasGradient] {
        for (name, property, noticed) in PROPERTIES {
            let result = with(rule, property);
            assert_eq!(result.is_err(), noticed.contains(&rule), "{name} under {rule:?}");
        }
    }
}
