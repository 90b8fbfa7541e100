//! Golden numbers of residual units, made in float64 with PyTorch; for an upstream gradient `up`,
//!
//! ```python
//! # one_layer: each of sigmoid, tanh, relu as `f`
//! out = h + f(F.linear(h, w, b))
//! grad_h, grad_w, grad_b = torch.autograd.grad((up * out).sum(), [h, w, b])
//! # two_layer
//! out = torch.relu(x + F.linear(torch.relu(F.linear(x, w0, b0)), w1, b1))
//! gradients = torch.autograd.grad((up * out).sum(), [x, w0, b0, w1, b1])
//! # two_unit_split
//! h1 = f(F.linear(h0, w0, b0))
//! res = f(F.linear(h1, w1, b1))
//! grad_w0, = torch.autograd.grad((up * (h1 + res)).sum(), [w0], retain_graph=True)
//! identity_path, = torch.autograd.grad((up * h1).sum(), [w0], retain_graph=True)
//! residual_path, = torch.autograd.grad((up * res).sum(), [w0])
//! ```

use deepcross_autodiff::{Gradients, Params, Tape};
use deepcross_layers::units::{OneLayerUnit, ResidualUnit};
use deepcross_layers::{Activation, Linear, Module};
use ndarray::{Array2, ArrayView2};
use serde_json::Value;

const GOLDEN: &str = include_str!("../golden/residual_units.json");

/// The cases of one kind.
pub(crate) fn cases(kind: &str, n_cases: usize) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(GOLDEN).expect("the golden file is JSON");
    let cases: Vec<_> = all.into_iter().filter(|case| case["kind"] == kind).collect();
    assert_eq!(cases.len(), n_cases, "cases of `{kind}`");
    cases
}

/// A matrix of a case; a vector is a matrix of one row.
pub(crate) fn matrix(case: &Value, name: &str) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = serde_json::from_value(case[name].clone())
        .or_else(|_| serde_json::from_value(case[name].clone()).map(|row| vec![row]))
        .expect("the golden file holds lists of numbers");
    let shape = (rows.len(), rows[0].len());
    Array2::from_shape_vec(shape, rows.concat()).expect("all rows have one length")
}

pub(crate) fn activation(case: &Value) -> Activation {
    serde_json::from_value(case["activation"].clone()).expect("the activation has a known name")
}

#[track_caller]
pub(crate) fn check(case: &Value, name: &str, found: ArrayView2<'_, f64>) {
    let expected = matrix(case, name);
    assert_eq!(found.dim(), expected.dim(), "{name}");
    for (found, expected) in found.iter().zip(&expected) {
        let tolerance = 1e-10 * expected.abs().max(1.0);
        assert!((found - expected).abs() <= tolerance, "{name}: {found} {expected}");
    }
}

/// A linear map with the weight and bias that the case has under these names.
pub(crate) fn linear(
    params: &mut Params<f64>,
    case: &Value,
    [weight, bias]: [&str; 2],
    activation: Activation,
) -> Linear {
    Linear {
        weight: params.add_dense(weight, matrix(case, weight)),
        bias: Some(params.add_dense(bias, matrix(case, bias))),
        activation,
    }
}

/// Compares the unit's output, and the gradients by its input and by every parameter, with those of the case.
fn check_unit(case: &Value, input: &str, params: &Params<f64>, unit: impl Module) {
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(params));
    let mut pass = tape.record(params);
    let x = pass.variable(matrix(case, input).view());
    let out = unit.forward(&mut pass, x);
    check(case, "out", pass.value(out));
    pass.backward_from(out, matrix(case, "upstream").view(), &mut gradients);
    check(case, &format!("grad_{input}"), pass.gradient(x).expect("the output depends on it"));
    for id in params.dense_ids() {
        let gradient = gradients.dense(id).expect("the output depends on it");
        check(case, &format!("grad_{}", params.dense_name(id)), gradient);
    }
}

#[test]
fn one_layer_units_agree() {
    for case in cases("one_layer", 9) {
        let mut params = Params::new();
        let linear = linear(&mut params, &case, ["w", "b"], activation(&case));
        let unit = OneLayerUnit { linear, norm: None, activation: Activation::Identity };
        check_unit(&case, "h", &params, unit);
    }
}

#[test]
fn two_layer_units_agree() {
    for case in cases("two_layer", 2) {
        let mut params = Params::new();
        let unit = ResidualUnit {
            inner: linear(&mut params, &case, ["w0", "b0"], Activation::Relu),
            outer: linear(&mut params, &case, ["w1", "b1"], Activation::Identity),
            norm: None,
            activation: Activation::Relu,
        };
        check_unit(&case, "x", &params, unit);
    }
}
