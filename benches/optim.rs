//! Updates: a dense matrix by each rule, and a table by touched rows and as a whole.

use benches::{EMBEDDING, STACK, ids, matrix, random, run};
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::autodiff::{Activation, Gradients, Lookup, Params, Tape};
use deepcross::optim::{Optimizer, OptimizerConfig, Rule, Settings, TableUpdates};
use rayon::prelude::*;

const TOUCHES: usize = 4096;

fn main() {
    run(|criterion| {
        dense(criterion);
        table(criterion);
        whole_table(criterion);
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

/// Adam with a penalty on every row of a table that is much larger than the caches, and beside it the least that memory
/// would take: three arrays of as many numbers, read and written in place by all threads. Elements are bytes.
fn whole_table(criterion: &mut Criterion) {
    const HEIGHT: usize = 2_000_000;
    let n_weights = HEIGHT * EMBEDDING;
    let mut group = criterion.benchmark_group("whole_table");
    // A weight, and two numbers of state: each is read and written.
    group.throughput(Throughput::Bytes((n_weights * 3 * 2 * size_of::<f32>()) as u64));
    let mut arrays = [0; 3].map(|_| vec![1.0_f32; n_weights]);
    group.bench_function(BenchmarkId::new("memory", n_weights), |bencher| {
        bencher.iter(|| move_together(&mut arrays));
    });
    drop(arrays);
    let (mut params, mut gradients) = table_gradients(HEIGHT);
    let adam = Settings { l2: 1e-5, ..Settings::new(Rule::ADAM, 1e-6) };
    let config = OptimizerConfig {
        dense: adam,
        tables: adam,
        table_updates: TableUpdates::Dense,
        clip_norm: None,
    };
    let mut optimizer = Optimizer::new(config, &params).expect("the settings are sound");
    group.bench_function(BenchmarkId::new("adam_l2", n_weights), |bencher| {
        bencher.iter(|| optimizer.step(&mut params, &mut gradients));
    });
    group.finish();
}

/// Moves three arrays by each other, element by element, in place.
fn move_together([a, b, c]: &mut [Vec<f32>; 3]) {
    const CHUNK: usize = 1 << 14;
    let chunks = a.par_chunks_mut(CHUNK).zip(b.par_chunks_mut(CHUNK)).zip(c.par_chunks_mut(CHUNK));
    chunks.for_each(|((a, b), c)| {
        for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
            (*a, *b, *c) = (0.5 * (*a + *b), 0.5 * (*b + *c), 0.5 * (*c + *a));
        }
    });
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
