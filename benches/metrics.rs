//! Metrics of a million scores.

use benches::{random, run};
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::metrics::{Evaluation, log_loss, roc_auc};
use rand::Rng;

const ROWS: usize = 1_000_000;

fn main() {
    let mut random = random();
    let (probabilities, labels): (Vec<f32>, Vec<f32>) = (0..ROWS)
        .map(|_| {
            let probability = random.random::<f32>();
            (probability, f32::from(random.random_bool(f64::from(probability))))
        })
        .unzip();
    run(|criterion| metrics(criterion, &probabilities, &labels));
}

fn metrics(criterion: &mut Criterion, probabilities: &[f32], labels: &[f32]) {
    let mut group = criterion.benchmark_group("metrics");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function(BenchmarkId::new("roc_auc", ROWS), |bencher| {
        bencher.iter(|| roc_auc(probabilities, labels));
    });
    group.bench_function(BenchmarkId::new("log_loss", ROWS), |bencher| {
        bencher.iter(|| log_loss(probabilities, labels));
    });
    let none: [f32; 0] = [];
    group.bench_function(BenchmarkId::new("evaluation", ROWS), |bencher| {
        bencher.iter(|| {
            let mut evaluation = Evaluation::default();
            evaluation.push_all(probabilities, labels, &none).map(|()| evaluation.finish())
        });
    });
    group.finish();
}
