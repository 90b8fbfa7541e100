//! Predictions of the Criteo model: what a service pays for a request of 1 to 1000 candidates.

use benches::{HIDDEN, criteo_batch, criteo_shapes, model, run};
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::autodiff::{Params, Tape};
use deepcross::model::{Model, ModelError, Predictor, Tapes};

const DIMENSIONS: usize = 100_000;

fn main() -> Result<(), ModelError> {
    let (model, params) = model(&criteo_shapes(DIMENSIONS), &HIDDEN)?;
    run(|criterion| {
        predict(criterion, &model, &params);
        predict_batch(criterion, &model, &params);
    });
    Ok(())
}

/// On one thread; elements are rows.
fn predict(criterion: &mut Criterion, model: &Model, params: &Params<f32>) {
    let (predictor, mut tape) = (Predictor::new(model, params), Tape::new());
    let mut group = criterion.benchmark_group("predict");
    for rows in [1, 16, 100, 1000] {
        let (batch, mut out) = (criteo_batch(rows, DIMENSIONS), vec![0.0; rows]);
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::from_parameter(rows), |bencher| {
            bencher.iter(|| predictor.predict(&mut tape, batch.rows(0..rows), &mut out));
        });
    }
    group.finish();
}

/// On all threads, as files are predicted; elements are rows.
fn predict_batch(criterion: &mut Criterion, model: &Model, params: &Params<f32>) {
    const ROWS: usize = 4096;
    let (predictor, tapes, mut out) = (Predictor::new(model, params), Tapes::new(), Vec::new());
    let batch = criteo_batch(ROWS, DIMENSIONS);
    let mut group = criterion.benchmark_group("predict_batch");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function(BenchmarkId::from_parameter(ROWS), |bencher| {
        bencher.iter(|| predictor.predict_batch(&tapes, &batch, &mut out));
    });
    group.finish();
}
