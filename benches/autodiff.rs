//! Benches of the tape: a two-layer net forward and backward, and the sums of row gradients.

use benches::{EMBEDDING, STACK, ids, matrix, random, run};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use deepcross::autodiff::{
    Activation, DenseId, Gradients, Lookup, Params, Pass, RowGradients, Tape, Var,
};

fn main() {
    run(|criterion| {
        two_layers(criterion);
        coalesce(criterion);
    });
}

/// [`STACK`] inputs, 512 hidden, one logit, log loss; elements are rows.
fn two_layers(criterion: &mut Criterion) {
    let mut params = Params::new();
    let weights = [
        params.add_dense("hidden", matrix(512, STACK)),
        params.add_dense("output", matrix(1, 512)),
    ];
    let mut group = criterion.benchmark_group("two_layers");
    for rows in [16, 128, 1024] {
        let (x, labels) = (matrix(rows, STACK), vec![1.0; rows]);
        let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::new("forward", rows), |bencher| {
            bencher.iter(|| {
                let mut pass = tape.record(&params);
                let x = pass.input(x.view());
                let loss = loss(&mut pass, x, weights, &labels);
                pass.scalar(loss)
            });
        });
        group.bench_function(BenchmarkId::new("forward_backward", rows), |bencher| {
            bencher.iter(|| {
                gradients.clear();
                let mut pass = tape.record(&params);
                let x = pass.input(x.view());
                let loss = loss(&mut pass, x, weights, &labels);
                pass.backward(loss, &mut gradients);
            });
        });
    }
    group.finish();
}

fn loss(pass: &mut Pass<'_, f32>, x: Var, weights: [DenseId; 2], labels: &[f32]) -> Var {
    let hidden = pass.affine(x, weights[0], None, Activation::Relu);
    let logits = pass.affine(hidden, weights[1], None, Activation::Identity);
    pass.log_loss(logits, labels, None)
}

/// The sums by table row of 512 and 4096 looked-up rows, many of them of the same table row; elements are look-ups.
fn coalesce(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("coalesce");
    for rows in [512, 4096] {
        let recorded = row_gradients(rows);
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::from_parameter(rows), |bencher| {
            bencher.iter_batched_ref(
                || recorded.clone(),
                RowGradients::coalesce,
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// The gradient of a look-up of `rows` ids in a table of 10 thousand rows, not yet summed.
fn row_gradients(rows: usize) -> RowGradients<f32> {
    let mut params = Params::new();
    let table = params.add_table("table", matrix(10_000, EMBEDDING));
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
    let mut pass = tape.record(&params);
    let embedded = pass.gather(Lookup::plain(table), &ids(&mut random(), rows, 10_000));
    let sum = pass.sum(embedded);
    pass.backward(sum, &mut gradients);
    gradients.table(table).clone()
}
