//! An optimizer that continues from a stored state makes the same steps as the original.

use deepcross_autodiff::{Gradients, Lookup, Params, Tape};
use deepcross_optim::{Optimizer, OptimizerConfig, OptimizerError, Rule, Settings, TableUpdates};
use ndarray::{Array2, array};

const RULES: [Rule; 7] = [
    Rule::Sgd,
    Rule::Momentum { momentum: 0.9 },
    Rule::Nesterov { momentum: 0.9 },
    Rule::ADAGRAD,
    Rule::ADAM,
    Rule::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 },
    Rule::Ftrl { beta: 1.0, l1: 0.001, l2: 0.1 },
];

fn params() -> Params<f32> {
    let mut params = Params::new();
    params.add_dense("weight", array![[0.5, -0.25], [1.0, 2.0], [0.0, 0.1]]);
    params.add_table("ad", Array2::from_shape_fn((9, 2), |(i, j)| ((2 * i + j) as f32).sin()));
    params.add_dense("bias", array![[0.1, -0.2]]);
    params.add_table("user", Array2::from_shape_fn((4, 1), |(i, _)| i as f32 - 1.5));
    params
}

/// The gradient of the sum of squares of some rows of the first table and of all dense matrices.
fn gradients(params: &Params<f32>, rows: &[u32]) -> Gradients<f32> {
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(params));
    let mut pass = tape.record(params);
    let table = params.table_ids().next().unwrap();
    let rows = pass.gather(Lookup::plain(table), rows);
    let squares = pass.mul(rows, rows);
    let mut loss = pass.sum(squares);
    for id in params.dense_ids() {
        let weight = pass.dense(id);
        let squares = pass.mul(weight, weight);
        let sum = pass.sum(squares);
        loss = pass.add(loss, sum);
    }
    pass.backward(loss, &mut gradients);
    gradients
}

fn step(optimizer: &mut Optimizer<f32>, params: &mut Params<f32>, number: u32) {
    let rows = [number % 9, number % 4, 3];
    optimizer.settle(params, &|table| if table == 0 { &rows } else { &[] });
    let mut gradients = gradients(params, &rows);
    optimizer.step(params, &mut gradients);
}

#[track_caller]
fn check(config: OptimizerConfig) {
    let (mut params, mut interrupted) = (params(), params());
    let mut optimizer = Optimizer::new(config, &params).unwrap();
    let mut first = optimizer.clone();
    for number in 0..12 {
        let factor = 1.0 / f64::from(number + 1);
        [&mut optimizer, &mut first].into_iter().for_each(|one| one.set_rate_factor(factor));
        step(&mut optimizer, &mut params, number);
        step(&mut first, &mut interrupted, number);
        let (steps, state) = (first.n_steps(), first.state().clone());
        first = Optimizer::new(config, &interrupted).unwrap().with_state(steps, state).unwrap();
    }
    assert_eq!(format!("{interrupted:?}"), format!("{params:?}"), "{config:?}");
}

#[test]
fn steps_continue_from_a_stored_state() {
    for rule in RULES {
        check(OptimizerConfig::new(rule, 0.1));
        let table_updates = TableUpdates::Dense;
        check(OptimizerConfig { table_updates, ..OptimizerConfig::new(rule, 0.1) });
        if !matches!(rule, Rule::Ftrl { .. }) {
            let table_updates = TableUpdates::Settled;
            let tables = Settings { l2: 0.01, ..Settings::new(rule, 0.1) };
            check(OptimizerConfig { tables, table_updates, ..OptimizerConfig::new(rule, 0.1) });
        }
        let tables = Settings::new(Rule::ROW_WISE_ADAGRAD, 0.1);
        check(OptimizerConfig { tables, ..OptimizerConfig::new(rule, 0.1) });
    }
}

#[test]
fn the_state_has_the_names_of_the_weights() {
    let params = params();
    let state = |rule, tables| {
        let tables = Settings::new(tables, 0.1);
        let config = OptimizerConfig { tables, ..OptimizerConfig::new(rule, 0.1) };
        let state = Optimizer::new(config, &params).unwrap().state().clone();
        let dense = state.dense_ids().map(|id| (state.dense_name(id), state.dense_shape(id)));
        let tables = state.table_ids().map(|id| (state.table_name(id), state.table_shape(id)));
        dense.chain(tables).map(|(name, shape)| (name.to_owned(), shape)).collect::<Vec<_>>()
    };
    let expected = |expected: &[(&str, (usize, usize))]| {
        expected.iter().map(|&(name, shape)| (name.to_owned(), shape)).collect::<Vec<_>>()
    };
    let adam = [("weight", (3, 4)), ("bias", (1, 4)), ("ad", (9, 1)), ("user", (4, 1))];
    assert_eq!(state(Rule::ADAM, Rule::ROW_WISE_ADAGRAD), expected(&adam));
    let adagrad = [("ad", (9, 2)), ("user", (4, 1))];
    assert_eq!(state(Rule::Sgd, Rule::ADAGRAD), expected(&adagrad));
    assert_eq!(state(Rule::Sgd, Rule::Sgd), []);
}

#[test]
fn a_state_of_another_optimizer_is_refused() {
    let params = params();
    let new = |rule| Optimizer::new(OptimizerConfig::new(rule, 0.1), &params).unwrap();
    let adam = new(Rule::ADAM).state().clone();
    let refused = |result: Result<Optimizer<f32>, OptimizerError>| result.unwrap_err().to_string();
    assert_eq!(
        refused(new(Rule::ADAGRAD).with_state(1, adam.clone())),
        "the optimizer's state does not fit: expected `weight` of (3, 2), but found `weight` of (3, 4)"
    );
    assert_eq!(
        refused(new(Rule::Sgd).with_state(1, adam.clone())),
        "the optimizer's state does not fit: the numbers of parameters of a kind differ: expected 0, but found 2"
    );
    assert_eq!(
        refused(new(Rule::ADAM).with_state(u64::MAX, adam)),
        "the optimizer's state does not fit: the number of steps must be less than 2^53, but is 18446744073709551615"
    );
}
