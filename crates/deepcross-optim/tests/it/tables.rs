//! Compares updates by rows with dense updates, and with themselves on other numbers of threads and groups.

use deepcross_autodiff::{Gradients, Lookup, Params, TableId, Tape};
use deepcross_optim::{Optimizer, OptimizerConfig, Rule, Settings, TableUpdates};
use ndarray::Array2;
use proptest::prelude::*;

const HEIGHT: usize = 5_000;
const WIDTH: usize = 3;

const ROW_WISE: Rule = Rule::RowWiseAdagrad { epsilon: 1e-10 };
const FTRL: Rule = Rule::Ftrl { beta: 1.0, l1: 0.01, l2: 0.1 };

/// Adam for the matrix, and `rule` for the table.
fn with_tables(rule: Rule) -> OptimizerConfig {
    let tables = Settings::new(rule, 0.1);
    OptimizerConfig { tables, ..OptimizerConfig::new(Rule::ADAM, 0.1) }
}

fn table() -> (Params<f64>, TableId) {
    let mut params = Params::new();
    let id = params.add_table(
        "table",
        Array2::from_shape_fn((HEIGHT, WIDTH), |(r, c)| ((r * WIDTH + c) as f64).sin()),
    );
    params
        .add_dense("weight", Array2::from_shape_fn((50, 60), |(r, c)| ((r * 60 + c) as f64).cos()));
    (params, id)
}

/// The gradients of one batch, in groups.
fn gradients(params: &Params<f64>, id: TableId, groups: &[Vec<u32>]) -> Vec<Gradients<f64>> {
    let group = |ids: &Vec<u32>| {
        let (mut tape, mut gradients) = (Tape::new(), Gradients::new(params));
        let mut pass = tape.record(params);
        let rows = pass.gather(Lookup::plain(id), ids);
        let squares = pass.mul(rows, rows);
        let weight = pass.dense(params.dense_ids().next().unwrap());
        let cubes = pass.mul(weight, weight);
        let (a, b) = (pass.sum(squares), pass.sum(cubes));
        let loss = pass.add(a, b);
        pass.backward(loss, &mut gradients);
        gradients
    };
    groups.iter().map(group).collect()
}

fn run(config: OptimizerConfig, batches: &[Vec<Vec<u32>>]) -> Params<f64> {
    let (mut params, id) = table();
    let mut optimizer = Optimizer::new(config, &params).unwrap();
    for groups in batches {
        let met = groups.concat();
        optimizer.settle(&mut params, &|_| &met);
        let mut gradients = gradients(&params, id, groups);
        optimizer.step_groups(&mut params, &mut gradients);
    }
    optimizer.settle_all(&mut params);
    params
}

fn values(params: &Params<f64>) -> Vec<f64> {
    let table = params.table(params.table_ids().next().unwrap());
    params.dense_values().iter().copied().chain(table).collect()
}

fn batches() -> impl Strategy<Value = Vec<Vec<Vec<u32>>>> {
    let ids = prop::collection::vec(0..u32::try_from(HEIGHT).unwrap(), 0..40);
    prop::collection::vec(prop::collection::vec(ids, 1..5), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// If untouched rows do not move (no moments, no penalty), updates by rows and dense updates are the same.
    #[test]
    fn by_rows_equals_dense_without_moments(batches in batches()) {
        for rule in [Rule::Sgd, Rule::ADAGRAD, ROW_WISE, FTRL] {
            let by_rows = with_tables(rule);
            let dense = OptimizerConfig { table_updates: TableUpdates::Dense, ..by_rows };
            prop_assert_eq!(values(&run(by_rows, &batches)), values(&run(dense, &batches)), "{:?}", rule);
        }
    }

    #[test]
    fn untouched_rows_move_only_in_dense_updates(batches in batches()) {
        let (start, id) = table();
        let tables = Settings { l2: 0.01, ..Settings::new(Rule::ADAM, 0.1) };
        let by_rows = OptimizerConfig { tables, ..OptimizerConfig::new(Rule::ADAM, 0.1) };
        let dense = OptimizerConfig { table_updates: TableUpdates::Dense, ..by_rows };
        let touched: std::collections::BTreeSet<u32> = batches.iter().flatten().flatten().copied().collect();
        let (by_rows, dense) = (run(by_rows, &batches), run(dense, &batches));
        for (row, start) in (0..).zip(start.table_rows(id).iter()) {
            let moved = by_rows.table_rows(id).row(row) != start;
            prop_assert_eq!(moved, touched.contains(&row), "row {}", row);
            prop_assert!(dense.table_rows(id).row(row) != start);
        }
    }
}

/// The gradient of all weights at the start, summed over the groups.
fn whole_gradient(groups: &[Vec<u32>]) -> Vec<f64> {
    let (params, _) = table();
    let mut whole = vec![0.0; values(&params).len()];
    // One step of plain descent with the rate 1 moves the weights by the gradient.
    let config = OptimizerConfig::new(Rule::Sgd, 1.0);
    let moved = values(&run(config, &[groups.to_vec()]));
    for ((g, before), after) in whole.iter_mut().zip(values(&params)).zip(moved) {
        *g = before - after;
    }
    whole
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Clipping scales the gradient of all weights together, and only if it is too long.
    #[test]
    fn long_gradients_are_scaled_to_the_norm(groups in prop::collection::vec(prop::collection::vec(0..5000_u32, 0..40), 1..5), share in 0.1..2.0) {
        let norm = whole_gradient(&groups).iter().map(|g| g * g).sum::<f64>().sqrt();
        let most = share * norm;
        let free = OptimizerConfig::new(Rule::Sgd, 1.0);
        let clipped = run(OptimizerConfig { clip_norm: Some(most), ..free }, std::slice::from_ref(&groups));
        let scaled = OptimizerConfig::new(Rule::Sgd, f64::min(share, 1.0));
        let expected = run(scaled, &[groups]);
        for (clipped, expected) in values(&clipped).iter().zip(values(&expected)) {
            prop_assert!((clipped - expected).abs() < 1e-9, "{clipped} and {expected}");
        }
    }

    /// A row that is wider than a chunk moves in parts, and as by the formula.
    #[test]
    fn wide_rows_share_one_rate(values in prop::collection::vec(-1.0..1.0_f64, 1025..3000), clip in prop::option::of(0.5..2.0)) {
        let mut params = Params::new();
        let id = params.add_table("wide", Array2::from_shape_vec((1, values.len()), values.clone()).unwrap());
        let config = OptimizerConfig { clip_norm: clip, ..with_tables(ROW_WISE) };
        let mut optimizer = Optimizer::new(config, &params).unwrap();
        let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
        let mut pass = tape.record(&params);
        let row = pass.gather(Lookup::plain(id), &[0]);
        let squares = pass.mul(row, row);
        let loss = pass.sum(squares);
        pass.backward(loss, &mut gradients);
        optimizer.step(&mut params, &mut gradients);
        let norm = 2.0 * values.iter().map(|w| w * w).sum::<f64>().sqrt();
        let factor = clip.map_or(1.0, |clip| f64::min(1.0, clip / norm));
        let mean = (norm * factor).powi(2) / values.len() as f64;
        for (w, moved) in values.iter().zip(params.table(id)) {
            let expected = w - 0.1 * factor * 2.0 * w / (mean.sqrt() + 1e-10);
            prop_assert!((moved - expected).abs() < 1e-9, "{moved} and {expected}");
        }
    }
}

#[test]
fn a_rate_factor_scales_the_steps_that_follow() {
    let (mut params, id) = table();
    let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::Sgd, 1.0), &params).unwrap();
    optimizer.set_rate_factor(0.25);
    let mut gradients = gradients(&params, id, &[vec![7]]);
    optimizer.step_groups(&mut params, &mut gradients);
    let expected = run(OptimizerConfig::new(Rule::Sgd, 0.25), &[vec![vec![7]]]);
    assert_eq!(values(&params), values(&expected));
}

#[test]
fn bits_do_not_depend_on_threads() {
    let ids = |from: u32| (0..4_000).map(|i| (i * 7 + from) % 5_000).collect::<Vec<u32>>();
    let batches = [vec![ids(0), ids(3), ids(11), ids(0)], vec![ids(5), ids(1), ids(2), ids(9)]];
    let updates = [TableUpdates::Rows, TableUpdates::Settled, TableUpdates::Dense];
    for (table_updates, clip_norm) in
        updates.into_iter().flat_map(|one| [(one, None), (one, Some(0.1))])
    {
        let dense = Settings { l2: 0.01, ..Settings::new(Rule::ADAM, 0.1) };
        let config = OptimizerConfig { dense, tables: dense, table_updates, clip_norm };
        let on_threads = |n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            values(&pool.install(|| run(config, &batches)))
        };
        let one = on_threads(1);
        for n in [2, 3, 8] {
            assert!(one == on_threads(n), "{table_updates:?}, {clip_norm:?} on {n} threads");
        }
    }
}

#[test]
fn all_settings_out_of_range_are_reported_at_once() {
    let (params, _) = table();
    let rule = Rule::Adam { beta1: 1.0, beta2: 0.5, epsilon: 0.0 };
    let config = OptimizerConfig {
        dense: Settings { rule: ROW_WISE, learning_rate: f64::NAN, l2: -1.0 },
        tables: Settings::new(rule, 0.1),
        clip_norm: Some(0.0),
        ..OptimizerConfig::new(Rule::Sgd, 0.1)
    };
    let error = Optimizer::new(config, &params).unwrap_err().to_string();
    assert_eq!(
        error,
        "`dense.learning_rate`: must be above 0, but is NaN; `dense.l2`: must be at least 0, but is -1; \
         `tables.beta1`: must be in [0, 1), but is 1; `tables.epsilon`: must be above 0, but is 0; \
         `dense.rule`: must not be row-wise, which is for tables; `clip_norm`: must be above 0, but is 0"
    );
}

/// Without gradients, the penalty alone moves weights.
#[test]
fn the_penalty_spares_one_matrix() {
    let mut params = Params::<f64>::new();
    let spared = params.add_dense("bias", ndarray::arr2(&[[3.0]]));
    let other = params.add_dense("weight", ndarray::arr2(&[[3.0]]));
    let dense = Settings { l2: 0.1, ..Settings::new(Rule::Sgd, 1.0) };
    let config = OptimizerConfig { dense, ..OptimizerConfig::new(Rule::Sgd, 1.0) };
    let optimizer = Optimizer::new(config, &params).expect("the settings are valid");
    let mut optimizer = optimizer.without_penalty_on(spared);
    let mut gradients = Gradients::new(&params);
    optimizer.step(&mut params, &mut gradients);
    assert_eq!((params.dense_slice(spared)[0], params.dense_slice(other)[0]), (3.0, 3.0 - 0.3));
}
