//! Benches of predictions of the Criteo model: the cost of a request of 1 to 1000 candidates in a service.

use benches::{
    EMBEDDING, HIDDEN, criteo_batch, criteo_shapes, fit, model, raw_header, raw_rows, raw_schema,
    run,
};
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::autodiff::{Params, Tape};
use deepcross::features::batch::Column;
use deepcross::model::{
    Model, ModelConfig, Predictor, Scorer, Tapes, TrainedModel, TrainingSummary,
};
use std::error::Error;

const DIMENSIONS: usize = 100_000;

/// The number of candidates of a request, and of the categorical fields that they share.
const CANDIDATES: usize = 200;
const SHARED: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let (model, params) = model(&criteo_shapes(DIMENSIONS), &HIDDEN)?;
    let scorer = scorer()?;
    run(|criterion| {
        predict(criterion, &model, &params);
        predict_batch(criterion, &model, &params);
        rank(criterion, &model, &params);
        rank_raw(criterion, &scorer);
    });
    Ok(())
}

/// Predictions on one thread; elements are rows.
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

/// Predictions on all threads, as for files; elements are rows.
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

/// Candidates that share fields, as whole rows and with the shared values given once, on one thread; elements are
/// candidates.
fn rank(criterion: &mut Criterion, model: &Model, params: &Params<f32>) {
    let (predictor, mut tape) = (Predictor::new(model, params), Tape::new());
    let (mut batch, mut out) = (criteo_batch(CANDIDATES, DIMENSIONS), vec![0.0; CANDIDATES]);
    let mut alike = criteo_batch(1, DIMENSIONS);
    for (column, shared) in batch.columns_mut().iter_mut().zip(alike.columns_mut()).take(SHARED) {
        column.clear();
        column.append_copies(shared, CANDIDATES);
    }
    assert!(matches!(batch.columns()[SHARED - 1], Column::Sparse(_)), "fields of ids come first");
    let mut columns = predictor.shared_columns(&(0..SHARED).collect::<Vec<_>>());
    let mut group = criterion.benchmark_group("rank_encoded");
    group.throughput(Throughput::Elements(CANDIDATES as u64));
    let rows = batch.rows(0..CANDIDATES);
    group.bench_function("whole_rows", |bencher| {
        bencher.iter(|| predictor.predict(&mut tape, rows, &mut out));
    });
    group.bench_function("shared_fields", |bencher| {
        bencher.iter(|| predictor.logits_sharing(&mut tape, rows, &mut columns, &mut out));
    });
    group.finish();
}

/// The same from raw values, through the scorer.
fn rank_raw(criterion: &mut Criterion, scorer: &Scorer) {
    let binding = scorer.encoder().bind(&raw_header()).expect("the header is that of fitting");
    let mut rows = raw_rows(CANDIDATES);
    let first = rows[0].clone();
    rows.iter_mut().for_each(|row| row[..SHARED].clone_from_slice(&first[..SHARED]));
    let mut group = criterion.benchmark_group("rank_raw");
    group.throughput(Throughput::Elements(CANDIDATES as u64));
    let mut session = scorer.session();
    group.bench_function("whole_rows", |bencher| {
        bencher.iter(|| {
            for row in &rows {
                scorer.push(&mut session, &binding, row).expect("the rows are valid");
            }
            scorer.score(&mut session)[0]
        });
    });
    let mut ranking = scorer.candidate_session(&binding, &(0..SHARED).collect::<Vec<_>>());
    group.bench_function("shared_fields", |bencher| {
        bencher.iter(|| {
            scorer.share(&mut ranking, &first).expect("the rows are valid");
            for row in &rows {
                scorer.push_candidate(&mut ranking, row).expect("the rows are valid");
            }
            scorer.rank(&mut ranking)[0]
        });
    });
    group.finish();
}

/// A scorer of the Criteo model over hashed fields.
fn scorer() -> Result<Scorer, Box<dyn Error>> {
    let buckets = u32::try_from(DIMENSIONS)?;
    let encoder = fit(&raw_schema(Some(buckets))?, &raw_header(), &raw_rows(1000))?;
    let config = ModelConfig {
        embedding: Some(EMBEDDING),
        bypass_below: Some(0),
        hidden: Some(HIDDEN.to_vec()),
        ..ModelConfig::default()
    };
    let (spec, mut params) = (config.check()?, Params::new());
    let model = Model::new(&spec, encoder.shapes(), &mut params, 2016)?;
    let (config, training) = (String::new(), TrainingSummary::default());
    Ok(Scorer::new(TrainedModel {
        config,
        encoder,
        spec,
        model,
        params,
        other_members: Vec::new(),
        training,
        counts: Vec::new(),
        calibrator: None,
    }))
}
