//! Updates by rows against dense updates, and against themselves on other numbers of threads and groups.

use deepcross_autodiff::{Gradients, Lookup, Params, TableId, Tape};
use deepcross_optim::{Optimizer, OptimizerConfig, Rule, TableUpdates};
use ndarray::Array2;
use proptest::prelude::*;

const HEIGHT: usize = 5_000;
const WIDTH: usize = 3;

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
        let mut gradients = gradients(&params, id, groups);
        optimizer.step_groups(&mut params, &mut gradients);
    }
    params
}

fn values(params: &Params<f64>) -> Vec<f64> {
    let table = params.table_slice(params.table_ids().next().unwrap());
    params.dense_values().iter().chain(table).copied().collect()
}

fn batches() -> impl Strategy<Value = Vec<Vec<Vec<u32>>>> {
    let ids = prop::collection::vec(0..u32::try_from(HEIGHT).unwrap(), 0..40);
    prop::collection::vec(prop::collection::vec(ids, 1..5), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Where an untouched row does not move (no moments that run on, no penalty), by-row and dense are the same.
    #[test]
    fn by_rows_equals_dense_without_moments(batches in batches()) {
        for rule in [Rule::Sgd, Rule::ADAGRAD] {
            let by_rows = OptimizerConfig::new(rule, 0.1);
            let dense = OptimizerConfig { tables: TableUpdates::Dense, ..by_rows };
            prop_assert_eq!(values(&run(by_rows, &batches)), values(&run(dense, &batches)), "{:?}", rule);
        }
    }

    #[test]
    fn untouched_rows_move_in_dense_updates_only(batches in batches()) {
        let (start, id) = table();
        let by_rows = OptimizerConfig { table_l2: 0.01, ..OptimizerConfig::new(Rule::ADAM, 0.1) };
        let dense = OptimizerConfig { tables: TableUpdates::Dense, ..by_rows };
        let touched: std::collections::BTreeSet<u32> = batches.iter().flatten().flatten().copied().collect();
        let (by_rows, dense) = (run(by_rows, &batches), run(dense, &batches));
        for (number, start) in (0..).zip(start.table(id).rows()) {
            let row = number as usize;
            prop_assert_eq!(by_rows.table(id).row(row) == start, !touched.contains(&number), "row {}", row);
            prop_assert!(dense.table(id).row(row) != start);
        }
    }
}

#[test]
fn bits_do_not_depend_on_threads() {
    let ids = |from: u32| (0..4_000).map(|i| (i * 7 + from) % 5_000).collect::<Vec<u32>>();
    let batches = [vec![ids(0), ids(3), ids(11), ids(0)], vec![ids(5), ids(1), ids(2), ids(9)]];
    for tables in [TableUpdates::Rows, TableUpdates::Dense] {
        let config = OptimizerConfig { tables, l2: 0.01, ..OptimizerConfig::new(Rule::ADAM, 0.1) };
        let on_threads = |n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            values(&pool.install(|| run(config, &batches)))
        };
        let one = on_threads(1);
        for n in [2, 3, 8] {
            assert!(one == on_threads(n), "{tables:?} on {n} threads");
        }
    }
}

#[test]
fn settings_out_of_range_are_told_all_at_once() {
    let (params, _) = table();
    let rule = Rule::Adam { beta1: 1.0, beta2: 0.5, epsilon: 0.0 };
    let config = OptimizerConfig { table_l2: -1.0, ..OptimizerConfig::new(rule, f64::NAN) };
    let error = Optimizer::new(config, &params).unwrap_err().to_string();
    assert_eq!(
        error,
        "`beta1` must be in [0, 1), but is 1; `epsilon` must be above 0, but is 0; \
         `learning_rate` must be above 0, but is NaN; `table_l2` must be at least 0, but is -1"
    );
}
