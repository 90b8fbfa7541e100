//! Benches of layers on the tape: a residual unit and an embedding, forward and backward, with a block of 128 rows.

use benches::{EMBEDDING, STACK, ids, matrix, random, run};
use criterion::{Criterion, Throughput};
use deepcross::autodiff::{Gradients, Params, Pass, Tape, Var};
use deepcross::layers::fields::EmbeddingConfig;
use deepcross::layers::units::ResidualUnitConfig;
use deepcross::layers::{Builder, Module, RowBags};

const ROWS: usize = 128;

fn main() {
    run(|criterion| {
        residual_unit(criterion);
        embedding(criterion);
    });
}

/// Units of the Criteo model: its stack, with the widest and the narrowest hidden layer of the paper, and the widest
/// also with batch normalisation.
fn residual_unit(criterion: &mut Criterion) {
    for (hidden, batch_norm) in [(512, false), (64, false), (512, true)] {
        let mut params = Params::new();
        let config =
            ResidualUnitConfig { batch_norm, ..ResidualUnitConfig::new("unit", STACK, hidden) };
        let norm = if batch_norm { "_batch_norm" } else { "" };
        let unit = config.init(&mut Builder::new(&mut params, 1));
        let x = matrix(ROWS, STACK);
        measure(criterion, &format!("residual_unit{norm}_{STACK}x{hidden}"), &params, |pass| {
            // A variable and not an input: within a model, a unit passes its gradient on.
            let x = pass.variable(x.view());
            unit.forward(pass, x)
        });
    }
}

/// One id a row, and bags of five.
fn embedding(criterion: &mut Criterion) {
    const HEIGHT: usize = 100_000;
    const BAG: usize = 5;
    let mut params = Params::new();
    let config = EmbeddingConfig::new("word", HEIGHT, EMBEDDING);
    let embedding = config.init(&mut Builder::new(&mut params, 1));
    let rows = ids(&mut random(), ROWS * BAG, HEIGHT);
    measure(criterion, "embedding_one_hot", &params, |pass| embedding.forward(pass, &rows[..ROWS]));
    let offsets: Vec<u32> = (0..=ROWS).map(|row| (row * BAG) as u32).collect();
    measure(criterion, "embedding_bags_of_5", &params, |pass| {
        let bags = RowBags { offsets: &offsets, ids: &rows, weights: None };
        embedding.forward_bags(pass, bags)
    });
}

/// The forward pass alone, and with the backward pass to the parameters and the sums of row gradients; elements are
/// rows.
fn measure(
    criterion: &mut Criterion,
    name: &str,
    params: &Params<f32>,
    layer: impl Fn(&mut Pass<'_, f32>) -> Var,
) {
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(params));
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function(format!("forward/{ROWS}"), |bencher| {
        bencher.iter(|| {
            let mut pass = tape.record(params);
            layer(&mut pass)
        });
    });
    group.bench_function(format!("forward_backward/{ROWS}"), |bencher| {
        bencher.iter(|| {
            gradients.clear();
            let mut pass = tape.record(params);
            let out = layer(&mut pass);
            let sum = pass.sum(out);
            pass.backward(sum, &mut gradients);
            gradients.coalesce();
        });
    });
    group.finish();
}
