//! Benches of metrics of a million scores.

use benches::{random, run};
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::metrics::inference::{auc_difference, auc_interval};
use deepcross::metrics::probability::log_loss;
use deepcross::metrics::ranking::{BoundedAuc, average_precision, roc_auc};
use deepcross::metrics::{Evaluation, UNWEIGHTED};
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
    let other: Vec<f32> = probabilities.iter().map(|_| random.random()).collect();
    run(|criterion| {
        metrics(criterion, &probabilities, &labels);
        intervals(criterion, [&probabilities, &other], &labels);
    });
}

fn metrics(criterion: &mut Criterion, probabilities: &[f32], labels: &[f32]) {
    let mut group = criterion.benchmark_group("metrics");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function(BenchmarkId::new("roc_auc", ROWS), |bencher| {
        bencher.iter(|| roc_auc(probabilities, labels, UNWEIGHTED));
    });
    group.bench_function(BenchmarkId::new("bounded_auc", ROWS), |bencher| {
        bencher.iter(|| bounded_area(probabilities, labels));
    });
    group.bench_function(BenchmarkId::new("average_precision", ROWS), |bencher| {
        bencher.iter(|| average_precision(probabilities, labels, &[] as &[f32]));
    });
    group.bench_function(BenchmarkId::new("log_loss", ROWS), |bencher| {
        bencher.iter(|| log_loss(probabilities, labels, UNWEIGHTED));
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

fn bounded_area(probabilities: &[f32], labels: &[f32]) -> Option<f64> {
    let mut auc = BoundedAuc::default();
    for (&probability, &label) in probabilities.iter().zip(labels) {
        auc.push(probability, label, 1.0).ok()?;
    }
    auc.value().map(|area| area.value)
}

fn intervals(criterion: &mut Criterion, [first, second]: [&[f32]; 2], labels: &[f32]) {
    let mut group = criterion.benchmark_group("metrics");
    group.throughput(Throughput::Elements(ROWS as u64));
    let none: [f32; 0] = [];
    group.bench_function(BenchmarkId::new("auc_interval", ROWS), |bencher| {
        bencher.iter(|| auc_interval(first, labels, &none, 0.95));
    });
    group.bench_function(BenchmarkId::new("auc_difference", ROWS), |bencher| {
        bencher.iter(|| auc_difference(first, second, labels, &none, 0.95));
    });
    group.finish();
}
