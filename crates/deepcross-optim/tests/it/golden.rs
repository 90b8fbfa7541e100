//! The rules agree with PyTorch.
//!
//! `tests/golden/optimizers.json` holds the weights after each of 12 given gradients, computed in float64 by PyTorch's
//! `torch.optim.SGD`, `Adagrad`, `Adam` and `AdamW`, and for FTRL by the algorithm of its paper.

use deepcross_optim::{Rule, StepSize};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// The rule of a run, and its penalty on the weights.
fn rule(run: &Value) -> (Rule, f64) {
    let settings = &run["settings"];
    let setting = |name: &str| settings[name].as_f64().unwrap_or(0.0);
    let decay = setting("weight_decay");
    match run["name"].as_str().unwrap() {
        "sgd" if settings["nesterov"] == Value::Bool(true) => {
            (Rule::Nesterov { momentum: setting("momentum") }, decay)
        }
        "sgd" if setting("momentum") > 0.0 => {
            (Rule::Momentum { momentum: setting("momentum") }, decay)
        }
        "sgd" => (Rule::Sgd, decay),
        "adagrad" => (Rule::Adagrad { epsilon: setting("eps") }, decay),
        "adam" => (Rule::ADAM, decay),
        "adamw" => {
            (Rule::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: decay }, 0.0)
        }
        "ftrl" => {
            let (beta, l1, l2) = (setting("beta"), setting("l1"), setting("l2"));
            (Rule::Ftrl { beta, l1, l2 }, 0.0)
        }
        other => panic!("no rule is called {other}"),
    }
}

#[test]
fn weights_after_each_step_agree_with_pytorch() {
    let golden: Value = serde_json::from_str(include_str!("../golden/optimizers.json")).unwrap();
    let mut n_compared = 0;
    for run in golden["runs"].as_array().unwrap() {
        let (rule, penalty) = rule(run);
        let mut weights = numbers(&golden["start"]);
        if run["settings"]["start"] == "zeros" {
            weights.fill(0.0);
        }
        let mut state = vec![0.0; weights.len() * rule.n_states()];
        let rate = ["lr", "alpha"].iter().find_map(|name| run["settings"][*name].as_f64());
        let learning_rate = rate.unwrap();
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
    assert_eq!(n_compared, 9 * 12);
}
