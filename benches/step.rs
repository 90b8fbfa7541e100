//! Benches of a training step on all threads: of the Criteo model, and with tables of different heights.

use benches::{HIDDEN, criteo_batch, criteo_shapes, ids, model, random, run};
use criterion::{Criterion, Throughput};
use deepcross::autodiff::ProductPrecision;
use deepcross::features::Batch;
use deepcross::features::batch::{Column, FieldShape, SparseColumn};
use deepcross::optim::{OptimizerConfig, Rule};
use deepcross::train::Engine;
use std::error::Error;

const ROWS: usize = 4096;
/// The number of groups of a batch, which the threads share.
const GROUPS: usize = 4;
const LOW: usize = 10_000;
const HIGH: usize = 10_000_000;

fn main() {
    run(|criterion| {
        criteo(criterion);
        table_height(criterion);
    });
}

/// 26 embeddings from tables of 100 thousand rows, 13 numbers, the paper's five units; elements are rows.
///
/// `bf16` multiplies in bf16.
fn criteo(criterion: &mut Criterion) {
    const DIMENSIONS: usize = 100_000;
    let mut group = criterion.benchmark_group("criteo");
    group.throughput(Throughput::Elements(ROWS as u64));
    let batch = criteo_batch(ROWS, DIMENSIONS);
    for (name, precision) in
        [(ROWS.to_string(), ProductPrecision::Full), ("bf16".to_owned(), ProductPrecision::Bf16)]
    {
        let mut engine = WarmEngine { precision, ..WarmEngine::default() };
        group.bench_function(name, |bencher| {
            let engine = engine.get(&criteo_shapes(DIMENSIONS), &HIDDEN, &batch);
            bencher.iter(|| engine.step(&batch).expect("the loss is finite"));
        });
    }
    group.finish();
}

/// One table and one small unit, so that the table's part is most of the step.
///
/// * `10000` and `10000000`: the same batch, whose ids are below 10 thousand; only the height differs.
/// * `10000000_spread`: each id is multiplied by 1000: the same number of distinct rows, now spread over the whole
///   table, so that each is fetched from memory and not from the cache. The extra time is the cost of memory, not of
///   work.
fn table_height(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("table_height");
    group.throughput(Throughput::Elements(ROWS as u64));
    let cases = [
        (LOW.to_string(), LOW, 1),
        (HIGH.to_string(), HIGH, 1),
        (format!("{HIGH}_spread"), HIGH, HIGH / LOW),
    ];
    for (name, height, stride) in cases {
        let batch = one_field(stride as u32);
        let mut engine = WarmEngine::default();
        group.bench_function(name, |bencher| {
            let engine = engine.get(&[FieldShape::one_hot("id", height)], &[16], &batch);
            bencher.iter(|| engine.step(&batch).expect("the loss is finite"));
        });
    }
    group.finish();
}

/// An engine that is created, and makes its first step, at its first use.
///
/// Criterion calls a bench once for each sample, and never calls one that the command line left out.
#[derive(Default)]
struct WarmEngine {
    engine: Option<Engine>,
    precision: ProductPrecision,
}

impl WarmEngine {
    fn get(&mut self, shapes: &[FieldShape], hidden: &[usize], batch: &Batch) -> &mut Engine {
        self.engine.get_or_insert_with(|| {
            let engine = engine(shapes, hidden).expect("the model is valid");
            let mut engine = engine.with_precision(self.precision);
            // The first step grows the tapes and gradients to their final size.
            engine.step(batch).expect("the loss is finite");
            engine
        })
    }
}

fn engine(shapes: &[FieldShape], hidden: &[usize]) -> Result<Engine, Box<dyn Error>> {
    let (model, params) = model(shapes, hidden)?;
    Ok(Engine::new(model, params, OptimizerConfig::new(Rule::ADAM, 1e-4), GROUPS, 1)?)
}

/// Rows of one id, `stride` apart, and a label that alternates.
fn one_field(stride: u32) -> Batch {
    let mut rows = ids(&mut random(), ROWS, LOW);
    rows.iter_mut().for_each(|id| *id *= stride);
    let mut batch = Batch::from_columns(vec![Column::Sparse(SparseColumn::one_hot(rows))]);
    batch.labels_mut().extend((0..ROWS).map(|row| (row % 2) as f32));
    batch
}
