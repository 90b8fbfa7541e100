//! A warm step on a batch that is not larger than an earlier one allocates no memory, and neither does reading the next
//! one.
//!
//! The allocations of all threads of the process are counted, including those of the thread pool.
//! The one-wide and the wide model together run every operation of a model.

use deepcross_autodiff::{Params, ProductPrecision, Tape};
use deepcross_calibration::{CalibrationMap, Calibrator, Isotonic};
use deepcross_features::Batch;
use deepcross_features::batch::{Column, DenseColumn, FieldShape, SparseColumn};
use deepcross_model::{Model, ModelConfig, ModelKind, Predictor, Tapes};
use deepcross_optim::{OptimizerConfig, Rule, Settings, TableUpdates};
use deepcross_testing::{CountingAllocator, allocations_of_process};
use deepcross_train::{Engine, Event, Files, RunConfig, RunOptions, train};
use ndarray::Array2;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::Barrier;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const AD: u32 = 500;
const WORDS: u32 = 300;

fn shapes() -> [FieldShape; 5] {
    [
        FieldShape::one_hot("device", 4),
        FieldShape::one_hot("ad", AD as usize),
        FieldShape::multi_hot("words", WORDS as usize),
        FieldShape::dense("stats", 3),
        FieldShape::embedded("age", 3),
    ]
}

/// Rows with one to five words each, that look random.
fn batch(seed: u32, n_rows: u32) -> Batch {
    let mix = |i: u32| (i.wrapping_add(seed << 16)).wrapping_mul(2_654_435_761) >> 8;
    let ids = |n: u32| SparseColumn::one_hot((0..n_rows).map(|i| mix(i) % n).collect());
    let mut words = SparseColumn::multi_hot(vec![0], Vec::new(), Vec::new());
    for row in 0..n_rows {
        let bag: Vec<_> = (0..=mix(row) % 5).map(|j| mix(row + j) % WORDS).collect();
        words.push_bag(&bag, Some(&vec![1.5; bag.len()]));
    }
    let stats: Vec<_> = (0..3 * n_rows).map(|i| mix(i) as f32 / (1 << 24) as f32).collect();
    let mut batch = Batch::from_columns(vec![
        Column::Sparse(ids(4)),
        Column::Sparse(ids(AD)),
        Column::Sparse(words),
        Column::Dense(DenseColumn::new(3, stats.clone())),
        Column::Dense(DenseColumn::new(3, stats)),
    ]);
    batch.labels_mut().extend((0..n_rows).map(|i| (mix(i) % 2) as f32));
    batch.weights_mut().extend((0..n_rows).map(|i| 0.5 + (mix(i) % 3) as f32));
    assert_eq!(batch.check(&shapes()), Ok(()));
    batch
}

fn deep_crossing(hidden: &[usize], batch_norm: bool) -> ModelConfig {
    ModelConfig {
        embedding: Some(8),
        bypass_below: Some(10),
        hidden: Some(hidden.to_vec()),
        dropout: Some(0.1),
        embedding_dropout: Some(0.1),
        batch_norm: Some(batch_norm),
        ..Default::default()
    }
}

/// One model of each other kind, and one more of each that normalises.
fn other_kinds() -> impl Iterator<Item = ModelConfig> {
    let kinds = ModelKind::ALL.into_iter().filter(|kind| *kind != ModelKind::DeepCrossing);
    kinds.flat_map(|kind| {
        let [bare, normed] =
            [false, true].map(|norm| deep_crossing(&[32, 16], norm).for_kind(kind));
        [Some(bare), normed.batch_norm.is_some().then_some(normed)].into_iter().flatten()
    })
}

fn engine(config: &ModelConfig, tables: TableUpdates) -> Engine {
    let mut params = Params::new();
    let spec = config.check().expect("the settings are good");
    let model = Model::new(&spec, &shapes(), &mut params, 1).expect("the fields are good");
    let settings = Settings { l2: 1e-5, ..Settings::new(Rule::ADAM, 1e-3) };
    let config = OptimizerConfig {
        dense: settings,
        tables: settings,
        table_updates: tables,
        clip_norm: Some(1.0),
    };
    let engine = Engine::new(model, params, config, 8, 1).expect("the settings are good");
    engine.with_negative_rate(0.1)
}

/// A pool of one or two threads, each of which has already allocated what a thread allocates once: when it first takes
/// work of another thread, and in its first product of matrices.
fn warm_pool(threads: usize) -> ThreadPool {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("there are threads");
    let (first, second) = (Barrier::new(threads), Barrier::new(threads));
    pool.install(|| {
        let meet_again = || rayon::join(|| second.wait(), || second.wait());
        rayon::join(|| first.wait(), || (first.wait(), meet_again()));
    });
    pool.broadcast(|_| {
        let (params, mut tape) = (Params::<f32>::new(), Tape::new());
        let mut pass = tape.record(&params);
        let square = pass.input(Array2::ones((64, 64)).view());
        pass.matmul(square, square);
    });
    pool
}

/// The same rows in another order, so that each row is in another group or block.
fn rotated(batch: &Batch) -> Batch {
    let (mut rotated, cut) = (Batch::new(&shapes()), batch.n_rows() / 3);
    rotated.append(batch, cut..batch.n_rows());
    rotated.append(batch, 0..cut);
    rotated
}

/// The allocations in each of ten rounds of steps, after a first round on the same rows in another order.
fn allocations(
    model: &ModelConfig,
    tables: TableUpdates,
    precision: ProductPrecision,
) -> [u64; 10] {
    // Groups of more than a block, of less than a block, and without a row.
    let batches = [batch(1, 1100), batch(2, 1100), batch(3, 300), batch(4, 5)];
    let other_order = batches.each_ref().map(rotated);
    let mut engine = engine(model, tables).with_precision(precision);
    let mut round = |batches: &[Batch; 4]| {
        let before = allocations_of_process();
        for batch in batches {
            engine.step(batch).expect("the loss is finite");
        }
        allocations_of_process() - before
    };
    assert!(round(&batches) > 0, "cold steps allocate");
    [(); 10].map(|()| round(&other_order))
}

/// The allocations of a calibrated prediction, after one of the same size on the current pool.
fn allocations_of_prediction() -> u64 {
    let mut params = Params::new();
    let spec = deep_crossing(&[16], false).check().expect("a good configuration");
    let model = Model::new(&spec, &shapes(), &mut params, 1).expect("a small model");
    let points = (0..1000_u16).map(|i| (f32::from(i), 0.25 + f32::from(i) / 4000.0)).collect();
    let map = CalibrationMap::Isotonic(Isotonic::new(points).expect("they rise"));
    let calibrator = Calibrator { map, rows: 10, positives: 5 };
    let predictor = Predictor::new(&model, &params).with_calibrator(Some(&calibrator));
    let (batch, mut tapes, mut out) = (batch(1, 1100), Tapes::new(), Vec::new());
    predictor.predict_batch(&tapes, &batch, &mut out);
    tapes.level();
    let before = allocations_of_process();
    predictor.predict_batch(&tapes, &batch, &mut out);
    allocations_of_process() - before
}

/// The configuration of a run whose batches have the same rows except for their order: each batch has each ad, user and
/// word.
const CONFIG: &str = r#"
    [data]
    label = "click"

    [[field]]
    name = "ad"
    kind = "categorical"

    [[field]]
    name = "user"
    kind = "categorical"
    counts = true

    [[field]]
    name = "words"
    kind = "multi-hot"
    separator = " "

    [[field]]
    name = "title"
    kind = "text"

    [[field]]
    name = "age"
    kind = "number"

    [model]
    embedding = 3
    hidden = [1]
    bypass_below = 0

    [train]
    epochs = 4
    batch = 500
    shuffle_buffer = 700
    valid_fraction = 0
"#;

/// The allocations from step to step of a run, in its epochs after the first two, including all reading in between.
fn allocations_of_run(threads: usize) -> Vec<u64> {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("rows.csv");
    let row = |i: u32| {
        let words = format!("w{} w{}", i % 3, (i + 1) % 3);
        format!("{},{},{},{words},a{},{}\n", i % 2, i % 5, i % 7, i % 4, 20 + i % 50)
    };
    let text: String = (0..5000).map(row).collect();
    std::fs::write(&file, format!("click,ad,user,words,title,age\n{text}")).expect("there is room");
    let config = RunConfig::parse(CONFIG, &[], "run.toml").expect("the configuration is good");
    let files = Files::new(vec![file]);
    let (mut found, mut last) = (Vec::with_capacity(100), None);
    let trained =
        train(&config, &files, RunOptions::on_threads(threads), &mut |event| match event {
            Event::Step { epoch: 3.., .. } => {
                let now = allocations_of_process();
                found.extend(last.map(|last| now - last));
                last = Some(now);
            }
            Event::Epoch(_) => last = None,
            _ => {}
        });
    trained.expect("the rows are good");
    found
}

/// This is one test and not several, since tests would count the allocations of each other; for the same reason no pool
/// ends before the last case.
#[test]
fn warm_steps_allocate_nothing() {
    for pool in &[1, 2].map(warm_pool) {
        let [rows, settled, dense] =
            [TableUpdates::Rows, TableUpdates::Settled, TableUpdates::Dense];
        for (tables, norm) in [(rows, false), (settled, false), (dense, false), (rows, true)] {
            let threads = pool.current_num_threads();
            let what = format!("{tables:?}, batch norm {norm}, {threads} threads");
            for hidden in [&[1, 1, 1][..], &[64, 32]] {
                for precision in [ProductPrecision::Full, ProductPrecision::Bf16] {
                    let model = deep_crossing(hidden, norm);
                    let found = pool.install(|| allocations(&model, tables, precision));
                    assert_eq!(found, [0; 10], "{hidden:?}, {precision:?}, {what}");
                }
            }
        }
        assert_eq!(pool.install(allocations_of_prediction), 0, "a calibrated prediction");
        for model in other_kinds() {
            let found = pool.install(|| allocations(&model, rows, ProductPrecision::Full));
            assert_eq!(found, [0; 10], "{:?}, batch norm {:?}", model.kind, model.batch_norm);
        }
    }
    for threads in [1, 2] {
        assert_eq!(allocations_of_run(threads), [0; 18], "a run on {threads} threads");
    }
}
