//! Benches of updates: a dense matrix by each rule, and a table by touched rows and as a whole.

use benches::{EMBEDDING, STACK, ids, matrix, numbers, random, run};
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::autodiff::{Activation, Gradients, Lookup, Params, Tape};
use deepcross::kernels::prefetch;
use deepcross::optim::{Optimizer, OptimizerConfig, Rule, Settings, StepSize, TableUpdates};
use rand::Rng;
use rand::seq::SliceRandom;
use rayon::prelude::*;

const TOUCHES: usize = 4096;

fn main() {
    run(|criterion| {
        dense(criterion);
        table(criterion);
        whole_table(criterion);
        scattered_rows(criterion);
    });
}

/// The weights of the first unit of the Criteo model, cut into chunks for the threads; elements are weights.
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
        let mut optimizer = Optimizer::new(config, &params).expect("the settings are valid");
        group.bench_function(BenchmarkId::new(name, params.n_parameters()), |bencher| {
            bencher.iter(|| optimizer.step(&mut params, &mut gradients));
        });
    }
    group.finish();
}

/// Adam on a table after a batch with 4096 look-ups, some of them of the same row; elements are look-ups.
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
            let mut optimizer = Optimizer::new(config, &params).expect("the settings are valid");
            group.bench_function(BenchmarkId::new(name, height), |bencher| {
                bencher.iter(|| optimizer.step(&mut params, &mut gradients));
            });
        }
    }
    group.finish();
}

/// Adam with a penalty on every row of a table that is much larger than the caches, compared with the minimum of memory
/// traffic: three arrays of that length, read and written in place by all threads. Elements are bytes.
fn whole_table(criterion: &mut Criterion) {
    const HEIGHT: usize = 2_000_000;
    let n_weights = HEIGHT * EMBEDDING;
    let mut group = criterion.benchmark_group("whole_table");
    // A weight and two numbers of state: each is read and written.
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
    let mut optimizer = Optimizer::new(config, &params).expect("the settings are valid");
    group.bench_function(BenchmarkId::new("adam_l2", n_weights), |bencher| {
        bencher.iter(|| optimizer.step(&mut params, &mut gradients));
    });
    group.finish();
}

/// Adam on scattered rows of a table that is much larger than the caches, and look-ups of the same number of rows: with
/// the state in a separate array, as in the optimizer, or after the weights of each row. Elements are rows.
fn scattered_rows(criterion: &mut Criterion) {
    const HEIGHT: usize = 4_000_000;
    const STATE: usize = 2 * EMBEDDING;
    const BOTH: usize = EMBEDDING + STATE;
    let random = &mut random();
    let mut rows: Vec<usize> = (0..100_000).map(|_| random.random_range(0..HEIGHT)).collect();
    let update = Rule::ADAM.at::<f32>(StepSize {
        learning_rate: 1e-6,
        step: 10,
        epsilon_before_correction: false,
    });
    let gradient = numbers(EMBEDDING);
    let mut group = criterion.benchmark_group("scattered_rows");
    group.throughput(Throughput::Elements(rows.len() as u64));
    {
        let (mut weights, mut state) = (vec![0.5; HEIGHT * EMBEDDING], vec![0.5; HEIGHT * STATE]);
        group.bench_function(BenchmarkId::new("look_up_apart", HEIGHT), |bencher| {
            bencher.iter(|| sum_of(&weights, EMBEDDING, &rows));
        });
        rows.sort_unstable();
        group.bench_function(BenchmarkId::new("adam_apart", HEIGHT), |bencher| {
            bencher.iter(|| {
                for (i, &row) in rows.iter().enumerate() {
                    if let Some(next) = rows.get(i + 8) {
                        prefetch(&weights, next * EMBEDDING, EMBEDDING);
                        prefetch(&state, next * STATE, STATE);
                    }
                    let weights = &mut weights[row * EMBEDDING..(row + 1) * EMBEDDING];
                    update.apply(weights, &gradient, &mut state[row * STATE..(row + 1) * STATE]);
                }
            });
        });
    }
    let mut table = vec![0.5; HEIGHT * BOTH];
    rows.shuffle(random);
    group.bench_function(BenchmarkId::new("look_up_together", HEIGHT), |bencher| {
        bencher.iter(|| sum_of(&table, BOTH, &rows));
    });
    rows.sort_unstable();
    group.bench_function(BenchmarkId::new("adam_together", HEIGHT), |bencher| {
        bencher.iter(|| {
            for (i, &row) in rows.iter().enumerate() {
                if let Some(next) = rows.get(i + 8) {
                    prefetch(&table, next * BOTH, BOTH);
                }
                let (weights, state) = table[row * BOTH..(row + 1) * BOTH].split_at_mut(EMBEDDING);
                update.apply(weights, &gradient, state);
            }
        });
    });
    group.finish();
}

/// The sum of the first numbers of these rows of a table, with prefetching.
fn sum_of(table: &[f32], width: usize, rows: &[usize]) -> f32 {
    let mut sums = [0.0; EMBEDDING];
    for (i, &row) in rows.iter().enumerate() {
        if let Some(next) = rows.get(i + 8) {
            prefetch(table, next * width, EMBEDDING);
        }
        let row = &table[row * width..row * width + EMBEDDING];
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    sums.iter().sum()
}

/// Updates three arrays with one another, element by element, in place.
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
