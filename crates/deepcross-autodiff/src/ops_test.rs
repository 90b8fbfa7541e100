//! Helpers for the tests of operations.

use crate::check::gradients_in;
use crate::{Mode, Params, Pass, Var};
use ndarray::Array2;

/// A matrix of numbers of both signs, none near 0, all different from other matrices' of other shapes.
pub(crate) fn dense(rows: usize, cols: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, cols), |(r, c)| {
        let angle = (1 + r * 7 + c * 3 + rows * 11 + cols * 5) as f64;
        angle.sin() + 0.2 * angle.sin().signum()
    })
}

/// Checks the derivatives of what `build` makes of the inputs.
#[track_caller]
pub(crate) fn check(inputs: &[Array2<f64>], build: impl Fn(&mut Pass<'_, f64>, &[Var]) -> Var) {
    check_in(Mode::Inference, inputs, build);
}

/// [`check`] in a mode.
#[track_caller]
pub(crate) fn check_in(
    mode: Mode,
    inputs: &[Array2<f64>],
    build: impl Fn(&mut Pass<'_, f64>, &[Var]) -> Var,
) {
    let mut params = Params::new();
    let named = inputs.iter().enumerate();
    let ids: Vec<_> =
        named.map(|(i, x)| params.add_dense(format!("input {i}"), x.clone())).collect();
    let report = gradients_in(&params, mode, |pass| {
        let vars: Vec<_> = ids.iter().map(|&id| pass.dense(id)).collect();
        build(pass, &vars)
    });
    assert_eq!(report, Ok(()));
}
