//! `tests/golden/optimizers.json` holds the weights after each of 12 given gradients, computed in float64 by PyTorch's
//! `torch.optim.SGD`, `Adagrad`, `Adam` and `AdamW`.

use deepcross_optim::{Rule, StepSize};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// The rule, and its penalty on the weights, of a run; `None` for a rule that this crate does not have.
fn rule(run: &Value) -> Option<(Rule, f64)> {
    let settings = &run["settings"];
    let setting = |name: &str| settings[name].as_f64().unwrap_or(0.0);
    let decay = setting("weight_decay");
    match run["name"].as_str().unwrap() {
        "sgd" if settings["nesterov"] == Value::Bool(true) => None,
        "sgd" if setting("momentum") > 0.0 => {
            Some((Rule::Momentum { momentum: setting("momentum") }, decay))
        }
        "sgd" => Some((Rule::Sgd, decay)),
        "adagrad" => Some((Rule::Adagrad { epsilon: setting("eps") }, decay)),
        "adam" => Some((Rule::ADAM, decay)),
        "adamw" => Some((
            Rule::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: decay },
            0.0,
        )),
        _ => None,
    }
}

#[test]
fn weights_after_each_step_agree_with_pytorch() {
    let golden: Value = serde_json::from_str(include_str!("../golden/optimizers.json")).unwrap();
    let mut n_compared = 0;
    for run in golden["runs"].as_array().unwrap() {
        let Some((rule, penalty)) = rule(run) else { continue };
        let mut weights = numbers(&golden["start"]);
        let mut state = vec![0.0; weights.len() * rule.n_states()];
        let learning_rate = run["settings"]["lr"].as_f64().unwrap();
        let expected = run["weights_after_each_step"].as_array().unwrap();
        for ((gradient, expected), step) in
            golden["gradients"].as_array().unwrap().iter().zip(expected).zip(1..)
        {
            let loss_gradient = numbers(gradient);
            let gradient: Vec<f64> =
                loss_gradient.iter().zip(&weights).map(|(g, w)| g + penalty * w).collect();
            let size = StepSize { learning_rate, step, epsilon_before_correction: false };
            rule.at(size).apply(&mut weights, &gradient, &mut state);
            for (got, expected) in weights.iter().zip(numbers(expected)) {
                let close = (got - expected).abs() <= 1e-10 * expected.abs().max(1.0);
                assert!(close, "{rule:?}, step {step}: {got} against {expected}");
            }
            n_compared += 1;
        }
    }
    // Seven runs of twelve steps: all but Nesterov and FTRL.
    assert_eq!(n_compared, 7 * 12);
}
