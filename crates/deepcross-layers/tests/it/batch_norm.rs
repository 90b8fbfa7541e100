//! Golden numbers of a residual unit with batch normalisation, made in float64 with PyTorch 2.15, for random matrices, a
//! random upstream gradient `up`, and each of `training` and inference (one row in inference only);
//!
//! ```python
//! bn = torch.nn.BatchNorm1d(width)           # eps 1e-5, momentum 0.1
//! bn.running_mean.copy_(mean); bn.running_var.copy_(variance)
//! change = F.linear(torch.relu(F.linear(x, w0, b0)), w1, b1)
//! out = torch.relu(F.batch_norm(x + change, bn.running_mean, bn.running_var, gamma, beta, training, bn.momentum, bn.eps))
//! gradients = torch.autograd.grad((up * out).sum(), [x, w0, b0, w1, b1, gamma, beta])
//! # `mean_after` and `variance_after` are those of `bn` at the end.
//! ```

use crate::golden::{check, linear, matrix};
use deepcross_autodiff::{Gradients, Mode, Normalisation, Params, Stream, Tape};
use deepcross_layers::units::ResidualUnit;
use deepcross_layers::{Activation, BatchNorm, Module};
use serde_json::Value;

fn cases() -> Vec<Value> {
    let golden = include_str!("../golden/batch_norm.json");
    let cases: Vec<Value> = serde_json::from_str(golden).expect("the golden file is JSON");
    assert_eq!(cases.len(), 5);
    cases
}

fn unit(params: &mut Params<f64>, case: &Value) -> ResidualUnit {
    let vector = |name| matrix(case, name).into_raw_vec_and_offset().0;
    let inner = linear(params, case, ["w0", "b0"], Activation::Relu);
    let outer = linear(params, case, ["w1", "b1"], Activation::Identity);
    let normalisation = Normalisation {
        gamma: params.add_dense("gamma", matrix(case, "gamma")),
        beta: params.add_dense("beta", matrix(case, "beta")),
        mean: params.add_statistic("mean", vector("mean")),
        variance: params.add_statistic("variance", vector("variance")),
        epsilon: BatchNorm::EPSILON,
    };
    let norm = Some(BatchNorm { normalisation });
    ResidualUnit { inner, outer, norm, activation: Activation::Relu }
}

#[test]
fn units_with_batch_normalisation_agree() {
    for case in cases() {
        let mut params = Params::new();
        let unit = unit(&mut params, &case);
        let mode = match case["kind"].as_str() {
            Some("training") => Mode::Training(Stream { seed: 1, step: 1, first_row: 0 }),
            _ => Mode::Inference,
        };
        let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
        let mut pass = tape.record_in(&params, mode);
        let x = pass.variable(matrix(&case, "x").view());
        let out = unit.forward(&mut pass, x);
        check(&case, "out", pass.value(out));
        pass.backward_from(out, matrix(&case, "upstream").view(), &mut gradients);
        check(&case, "grad_x", pass.gradient(x).expect("the output depends on it"));
        for id in params.dense_ids() {
            let gradient = gradients.dense(id).expect("the output depends on it");
            check(&case, &format!("grad_{}", params.dense_name(id)), gradient);
        }
        params.update_statistics(&[gradients], BatchNorm::MOMENTUM);
        for id in params.statistic_ids() {
            let values = ndarray::ArrayView1::from(params.statistic(id));
            let name = format!("{}_after", params.statistic_name(id));
            check(&case, &name, values.insert_axis(ndarray::Axis(0)));
        }
    }
}
