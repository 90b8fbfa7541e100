//! Rows that make up the steps that they missed, beside dense updates.

use deepcross_autodiff::{Gradients, Lookup, Params, TableId, Tape};
use deepcross_kernels::Real;
use deepcross_optim::{Optimizer, OptimizerConfig, Rule, Settings, TableUpdates};
use ndarray::Array2;
use proptest::prelude::*;

const WIDTH: usize = 3;
const HEIGHT: usize = 40;
const ADAMW: Rule = Rule::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.1 };

/// A step: the rows that it looks up, and the factor of the learning rate.
type Step = (Vec<u32>, f64);

fn config(tables: Settings, table_updates: TableUpdates) -> OptimizerConfig {
    let others = OptimizerConfig::new(Rule::Sgd, 0.1);
    OptimizerConfig { tables, table_updates, ..others }
}

/// Numbers between −1 and 1 without a pattern.
fn noise(seed: usize) -> f64 {
    (seed as f64 * 12.9898).sin() * 43_758.547 % 1.0
}

fn params<F: Real>() -> (Params<F>, TableId) {
    let mut params = Params::new();
    let values = Array2::from_shape_fn((HEIGHT, WIDTH), |(r, c)| F::of(0.1 * noise(r * WIDTH + c)));
    let id = params.add_table("table", values);
    (params, id)
}

/// Gradients that do not depend on the weights: a direction for each row, and noise, each in one of two groups.
fn gradients<F: Real>(
    params: &Params<F>,
    id: TableId,
    rows: &[u32],
    step: usize,
) -> [Gradients<F>; 2] {
    let halves = [&rows[..rows.len() / 2], &rows[rows.len() / 2..]];
    halves.map(|rows| {
        let gradient = |i: usize, column: usize| {
            let row = rows[i] as usize;
            let own =
                noise(1000 + row * WIDTH + column) + noise(step * 7919 + row * WIDTH + column);
            F::of(1e-3 * own)
        };
        let values = Array2::from_shape_fn((rows.len(), WIDTH), |(i, column)| gradient(i, column));
        let (mut tape, mut gradients) = (Tape::new(), Gradients::new(params));
        let mut pass = tape.record(params);
        let rows = pass.gather(Lookup::plain(id), rows);
        let values = pass.input(values.view());
        let products = pass.mul(rows, values);
        let loss = pass.sum(products);
        pass.backward(loss, &mut gradients);
        gradients
    })
}

fn run<F: Real>(config: OptimizerConfig, steps: &[Step]) -> Vec<f64> {
    let (mut params, id) = params::<F>();
    let mut optimizer = Optimizer::new(config, &params).expect("the settings are good");
    for (step, (rows, factor)) in steps.iter().enumerate() {
        optimizer.set_rate_factor(*factor);
        optimizer.settle(&mut params, &|_| rows);
        let mut gradients = gradients(&params, id, rows, step);
        optimizer.step_groups(&mut params, &mut gradients);
    }
    optimizer.settle_all(&mut params);
    params.table(id).iter().map(|weight| weight.as_f64()).collect()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

#[track_caller]
fn check_equal<F: Real>(tables: Settings, steps: &[Step], most: f64) {
    let [settled, dense] = [TableUpdates::Settled, TableUpdates::Dense]
        .map(|updates| run::<F>(config(tables, updates), steps));
    for (settled, dense) in settled.iter().zip(&dense) {
        assert!((settled - dense).abs() <= most, "{settled} and {dense}: {tables:?}");
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rows = prop::collection::vec(0..HEIGHT as u32, 0..6);
    prop::collection::vec((rows, 0.01..1.0), 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn descent_equals_dense_at_any_rates(steps in steps(), l2 in 1e-5..0.9_f64) {
        let tables = Settings { l2, ..Settings::new(Rule::Sgd, 1.0) };
        check_equal::<f64>(tables, &steps, 1e-12);
        check_equal::<f32>(tables, &steps, 1e-6);
    }

    #[test]
    fn momentum_equals_dense_at_one_rate(steps in steps(), l2 in 1e-5..0.9_f64, momentum in 0.0..0.95) {
        let steps: Vec<Step> = steps.into_iter().map(|(rows, _)| (rows, 1.0)).collect();
        for rule in [Rule::Momentum { momentum }, Rule::Nesterov { momentum }] {
            check_equal::<f64>(Settings { l2, ..Settings::new(rule, 0.1) }, &steps, 1e-10);
        }
    }
}

/// Steps in which row `r` is met every `1.2ʳ` steps, so that some are met always, and some hardly ever; the learning rate
/// grows over the first ones.
fn steps_of_all_frequencies(n: usize, warm_up: usize) -> Vec<Step> {
    let is_met = |step: usize, row: u32| {
        noise(step * 104_729 + row as usize).abs() < 1.2_f64.powi(-(row as i32))
    };
    let warm_up = |step: usize| ((step + 1) as f64 / warm_up as f64).min(1.0);
    let rows = |step| (0..HEIGHT as u32).filter(|&row| is_met(step, row)).collect();
    (0..n).map(|step| (rows(step), warm_up(step))).collect()
}

/// The share of the distance between dense updates and those by rows that settled rows close.
fn closed(tables: Settings, steps: &[Step]) -> f64 {
    let [dense, rows, settled] = [TableUpdates::Dense, TableUpdates::Rows, TableUpdates::Settled]
        .map(|updates| run::<f32>(config(tables, updates), steps));
    1.0 - distance(&settled, &dense) / distance(&rows, &dense)
}

#[test]
fn rules_that_are_not_linear_are_near_dense() {
    let (long, warm_up) = (2000, 200);
    let cases = [
        (Rule::ADAM, 1e-3, 5e-4, (long, warm_up), 0.97),
        (Rule::ADAM, 1e-3, 1e-5, (long, warm_up), 0.97),
        (Rule::ADAM, 1e-3, 0.0, (long, warm_up), 0.97),
        (ADAMW, 1e-3, 0.0, (long, warm_up), 0.97),
        (ADAMW, 1e-3, 1e-4, (long, warm_up), 0.97),
        (Rule::ADAGRAD, 1e-2, 1e-3, (long, warm_up), 0.9),
        (Rule::ROW_WISE_ADAGRAD, 1e-2, 1e-3, (long, warm_up), 0.9),
        // Early in a run at the full rate, where ε is not small beside the corrected root.
        (Rule::ADAM, 1e-3, 1e-5, (long, 1), 0.95),
        (Rule::ADAM, 1e-3, 1e-5, (200, 1), 0.92),
        (Rule::ADAM, 1e-3, 1e-6, (200, 1), 0.92),
    ];
    for (rule, rate, l2, (n, warm_up), least) in cases {
        let steps = steps_of_all_frequencies(n, warm_up);
        let found = closed(Settings { l2, ..Settings::new(rule, rate) }, &steps);
        assert!(found >= least, "{rule:?} with {l2} and {n} steps: {found} of the distance");
    }
}

/// Steps that are made up in parts move a row as steps that are made up at once.
#[test]
fn a_row_can_be_settled_at_any_time() {
    let steps = steps_of_all_frequencies(2000, 200);
    let tables = Settings { l2: 1e-3, ..Settings::new(Rule::Sgd, 0.1) };
    let (mut params, id) = params::<f64>();
    let mut optimizer =
        Optimizer::new(config(tables, TableUpdates::Settled), &params).expect("good settings");
    for (step, (rows, factor)) in steps.iter().enumerate() {
        optimizer.set_rate_factor(*factor);
        optimizer.settle_all(&mut params);
        let mut gradients = gradients(&params, id, rows, step);
        optimizer.step_groups(&mut params, &mut gradients);
    }
    optimizer.settle_all(&mut params);
    let found: Vec<f64> = params.table(id).iter().copied().collect();
    let expected = run::<f64>(config(tables, TableUpdates::Settled), &steps);
    assert!(distance(&found, &expected) < 1e-10);
}

#[test]
fn rules_without_idle_steps_cannot_be_settled() {
    let ftrl = Rule::Ftrl { beta: 1.0, l1: 0.0, l2: 0.1 };
    let settings = |rule, l2| Settings { l2, ..Settings::new(rule, 0.5) };
    let idle = "`table_updates`: must not be `settled` with a rule and a penalty that do not move idle rows";
    for rule in [Rule::Sgd, Rule::ADAGRAD, Rule::ROW_WISE_ADAGRAD, ftrl] {
        let config = config(settings(rule, 0.0), TableUpdates::Settled);
        let problems: Vec<_> = config.problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems, [idle], "{rule:?}");
    }
    let config = config(settings(Rule::Sgd, 2.0), TableUpdates::Settled);
    let problems: Vec<_> = config.problems().iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "`tables.l2`: must be below 1 over the learning rate if `table_updates` is `settled`, but is 2"
        ]
    );
}
