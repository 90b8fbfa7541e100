//! Updates: a dense matrix by each rule, and a table by touched rows and as a whole.

use benches::{EMBEDDING, STACK, ids, matrix, random, run};
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::autodiff::{Activation, Gradients, Lookup, Params, Tape};
use deepcross::optim::{Optimizer, OptimizerConfig, Rule, TableUpdates};

const TOUCHES: usize = 4096;

fn main() {
    run(|criterion| {
        dense(criterion);
        table(criterion);
    });
}

/// The weights of the Criteo model's first unit, cut into chunks for the threads; elements are weights.
fn dense(criterion: &mut Criterion) {
    let (params, gradients) = dense_gradients();
    let rules = [
        ("sgd", Rule::Sgd),
        ("momentum", Rule::Momentum { momentum: 0.9 }),
        ("nesterov", Rule::Nesterov { momentum: 0.9 }),
        ("adagrad", Rule::ADAGRAD),
        ("adam", Rule::ADAM),
        ("ftrl", Rule::Ftrl { beta: 1.0, l1: 1e-6, l2: 1e-6 }),
    ];
    let mut group = criterion.benchmark_group("dense");
    group.throughput(Throughput::Elements(params.n_parameters() as u64));
    for (name, rule) in rules {
        let config = OptimizerConfig::new(rule, 1e-6);
        let (mut params, mut gradients) = (params.clone(), gradients.clone());
        let mut optimizer = Optimizer::new(config, &params).expect("the settings are sound");
        group.bench_function(BenchmarkId::new(name, params.n_parameters()), |bencher| {
            bencher.iter(|| optimizer.step(&mut params, &mut gradients));
        });
    }
    group.finish();
}

/// Adam on a table of which a batch looked up 4096 rows, some of them more than once; elements are look-ups.
fn table(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("table_adam");
    group.throughput(Throughput::Elements(TOUCHES as u64));
    let updates = [("rows", TableUpdates::Rows), ("dense", TableUpdates::Dense)];
    for height in [10_000, 100_000] {
        let (params, gradients) = table_gradients(height);
        for (name, tables) in updates {
            let config =
                OptimizerConfig { table_updates: tables, ..OptimizerConfig::new(Rule::ADAM, 1e-6) };
            let (mut params, mut gradients) = (params.clone(), gradients.clone());
            let mut optimizer = Optimizer::new(config, &params).expect("the settings are sound");
            group.bench_function(BenchmarkId::new(name, height), |bencher| {
                bencher.iter(|| optimizer.step(&mut params, &mut gradients));
            });
        }
    }
    group.finish();
}

fn dense_gradients() -> (Params<f32>, Gradients<f32>) {
    let mut params = Params::new();
    let inner = params.add_dense("inner", matrix(512, STACK));
    let outer = params.add_dense("outer", matrix(STACK, 512));
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
    let mut pass = tape.record(&params);
    let x = pass.input(matrix(16, STACK).view());
    let hidden = pass.affine(x, inner, None, Activation::Tanh);
    let out = pass.affine(hidden, outer, None, Activation::Tanh);
    let sum = pass.sum(out);
    pass.backward(sum, &mut gradients);
    (params, gradients)
}

fn table_gradients(height: usize) -> (Params<f32>, Gradients<f32>) {
    let mut params = Params::new();
    let table = params.add_table("table", matrix(height, EMBEDDING));
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
    let mut pass = tape.record(&params);
    // Ids below 10 thousand in each table, so that the touched rows are the same.
    let embedded = pass.gather(Lookup::plain(table), &ids(&mut random(), TOUCHES, 10_000));
    let sum = pass.sum(embedded);
    pass.backward(sum, &mut gradients);
    gradients.coalesce();
    (params, gradients)
}
