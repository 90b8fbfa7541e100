//! Helpers for the tests of operations: random inputs, and properties as functions.
//!
//! A property is a function that draws its cases and returns whether they all hold.
//! A property is a test itself, and the tests of [`wrong_rules`](crate::ops::wrong_rules) call it to see it fail.

use crate::check::Check;
use crate::ops::wrong_rules::{backward_from, is_any_made};
use crate::{Activation, Mode, Params, Pass, Stream, Var};
use deepcross_testing::Search;
use ndarray::Array2;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::ops::RangeInclusive;

pub(crate) use deepcross_testing::Holds;

/// Looks for a case for which the property does not hold.
///
/// While a rule is wrong, the first such case is enough, since to shrink large ones takes long.
pub(crate) fn holds<S: Strategy>(cases: S, property: impl Fn(S::Value) -> TestCaseResult) -> Holds {
    let search = Search::default();
    let search = if is_any_made() { search.unshrunk() } else { search };
    search.holds(cases, property)
}

/// The sizes of drawn inputs, such as rows and columns.
pub(crate) const SIZES: RangeInclusive<usize> = 1..=12;

/// A stream for [`Mode::Training`].
pub(crate) fn any_training() -> impl Strategy<Value = Mode> {
    (any::<u64>(), 0_u64..100, 0_u64..1000)
        .prop_map(|(seed, step, first_row)| Mode::Training(Stream { seed, step, first_row }))
}

pub(crate) fn any_activation() -> impl Strategy<Value = Activation> {
    prop::sample::select(&Activation::ALL[..])
}

/// A matrix of numbers of both signs, some of them 0; sometimes all are 0.
pub(crate) fn any_matrix(rows: usize, cols: usize) -> impl Strategy<Value = Array2<f64>> {
    let number = prop_oneof![1 => Just(0.0), 9 => -2.0..2.0];
    let numbers = prop::collection::vec(number, rows * cols);
    prop_oneof![1 => Just(vec![0.0; rows * cols]), 15 => numbers].prop_map(move |numbers| {
        Array2::from_shape_vec((rows, cols), numbers).expect("as many numbers as elements")
    })
}

/// A matrix of any size.
pub(crate) fn any_sized() -> impl Strategy<Value = Array2<f64>> {
    (SIZES, SIZES).prop_flat_map(|(rows, cols)| any_matrix(rows, cols))
}

/// Two matrices of one size.
pub(crate) fn any_pair() -> impl Strategy<Value = [Array2<f64>; 2]> {
    (SIZES, SIZES)
        .prop_flat_map(|(rows, cols)| (any_matrix(rows, cols), any_matrix(rows, cols)))
        .prop_map(|(a, b)| [a, b])
}

/// Checks the derivatives of the value that `build` computes from the inputs.
pub(crate) fn check(
    inputs: &[Array2<f64>],
    build: impl Fn(&mut Pass<'_, f64>, &[Var]) -> Var,
) -> TestCaseResult {
    check_in(Mode::Inference, inputs, build)
}

/// [`check`] in a mode.
pub(crate) fn check_in(
    mode: Mode,
    inputs: &[Array2<f64>],
    build: impl Fn(&mut Pass<'_, f64>, &[Var]) -> Var,
) -> TestCaseResult {
    let mut params = Params::new();
    let named = inputs.iter().enumerate();
    let ids: Vec<_> =
        named.map(|(i, x)| params.add_dense(format!("input {i}"), x.clone())).collect();
    check_params(mode, &params, |pass| {
        let vars: Vec<_> = ids.iter().map(|&id| pass.dense(id)).collect();
        build(pass, &vars)
    })
}

/// Checks the derivatives of the value that `build` computes, by all parameters.
pub(crate) fn check_params(
    mode: Mode,
    params: &Params<f64>,
    build: impl Fn(&mut Pass<'_, f64>) -> Var,
) -> TestCaseResult {
    let result = Check { mode, ..Check::default() }.run_by(params, build, backward_from);
    result.map(drop).map_err(|mismatch| TestCaseError::fail(mismatch.to_string()))
}
