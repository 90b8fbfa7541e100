//! Tests that the result depends only on data, configuration and seed: not on threads, not on how rows are split into
//! files, and not on writing and reading the artifact. All comparisons are to the bit, except the last.

use crate::common::{
    artifact, clicks, config, folder, kinds, on_threads, predictions, reloaded, trained,
    trained_with, with_reader, write, write_parts,
};
use deepcross::features::Batch;
use deepcross::metrics::Summary;
use deepcross::model::{Scorer, TrainedModel};
use deepcross::train::{Engine, EvaluateOptions, Event, Files, RunConfig, evaluate};

const THREADS: [usize; 4] = [1, 2, 3, 8];

/// The numbers of rows of a training file, whose last batch is not full, and of a test file, whose last block has eight
/// rows.
const ROWS: [u64; 2] = [2600, 4096 + 256 + 8];

fn bits(probabilities: &[f32]) -> Vec<u32> {
    probabilities.iter().map(|probability| probability.to_bits()).collect()
}

/// The artifact of a run with these overrides on that many threads, and its matrices.
fn run(overrides: &[&str], threads: usize) -> (Vec<u8>, Vec<f32>) {
    let folder = folder();
    let file = write(&folder, "train.tsv", &clicks(1, ROWS[0]));
    let model = trained(&config(overrides), &[file], threads);
    (artifact(&model, folder.path()), model.params.dense_values().to_vec())
}

/// Checks that the artifact is the same on any number of threads, and returns its matrices.
#[track_caller]
fn check_threads(overrides: &[&str]) -> Vec<f32> {
    let (expected, weights) = run(overrides, 1);
    for threads in THREADS {
        // Not `assert_eq`, which would print both artifacts.
        let same = run(overrides, threads).0 == expected;
        assert!(same, "{overrides:?}: another artifact on {threads} threads");
    }
    weights
}

#[track_caller]
fn check_training(overrides: &[&str]) {
    let weights = check_threads(overrides);
    // The artifact has the seed in it, so its bytes would differ in any case.
    let (_, other) = run(&[overrides, &["train.seed=2"]].concat(), 1);
    let n_equal = weights.iter().zip(&other).filter(|(a, b)| a == b).count();
    assert!(n_equal < weights.len() / 10, "{overrides:?}: {n_equal} weights for any seed");
}

#[test]
fn training_by_rows_gives_the_same_artifact_on_any_threads() {
    check_training(&["train.table_updates=rows"]);
}

#[test]
fn training_of_settled_rows_gives_the_same_artifact_on_any_threads() {
    check_training(&["train.table_updates=settled", "train.embedding_l2=1e-4"]);
}

#[test]
fn training_of_whole_tables_gives_the_same_artifact_on_any_threads() {
    check_training(&["train.table_updates=dense", "train.embedding_l2=1e-4", "train.l2=1e-4"]);
}

#[test]
fn training_on_a_sample_gives_the_same_artifact_on_any_threads() {
    check_training(&["train.negative_rate=0.3"]);
}

#[test]
fn clipped_and_scheduled_training_gives_the_same_artifact_on_any_threads() {
    check_training(&[
        "train.embedding_optimizer=row-wise-adagrad",
        "train.embedding_learning_rate=0.05",
        "train.clip_norm=0.1",
        "train.schedule=cosine",
        "train.warm_up=2",
        "train.label_smoothing=0.05",
    ]);
}

#[test]
fn training_in_bf16_gives_the_same_artifact_on_any_threads() {
    check_training(&["train.precision=bf16", "model.dropout=0.1", "train.members=2"]);
    let has_layers = |overrides: &&Vec<String>| {
        !["lr", "fm", "ffm"]
            .iter()
            .any(|kind| overrides.contains(&format!("model={{kind='{kind}'}}")))
    };
    for overrides in kinds().iter().filter(has_layers) {
        let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
        let (_, full) = run(&overrides, 1);
        let bf16 = check_threads(&[&overrides[..], &["train.precision=bf16"]].concat());
        let n_equal = full.iter().zip(&bf16).filter(|(a, b)| a == b).count();
        assert!(n_equal < full.len() / 2, "{overrides:?}: {n_equal} weights are those of f32");
    }
}

#[test]
fn normalised_training_gives_the_same_artifact_on_any_threads() {
    check_training(&["model.batch_norm=true", "model.embedding_dropout=0.1", "train.l2=1e-4"]);
}

/// Every kind of model gives the same artifact on any number of threads, and the same predictions after reload.
#[test]
fn every_kind_trains_and_predicts_the_same_on_any_threads() {
    for overrides in kinds() {
        let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
        check_threads(&overrides);
        let folder = folder();
        let file = [write(&folder, "train.tsv", &clicks(1, ROWS[0]))];
        let config = config(&overrides);
        let model = trained(&config, &file, 2);
        let again = reloaded(&model, &folder);
        let of = |model: &TrainedModel, threads| {
            bits(&on_threads(threads, || predictions(model, &config, &file)))
        };
        let expected = of(&model, 1);
        assert!(expected.iter().any(|&one| one != expected[0]), "{overrides:?}");
        assert!([1, 3].iter().all(|&threads| of(&again, threads) == expected), "{overrides:?}");
    }
}

/// All weights after some steps on a batch that is cut into blocks of so many rows.
fn weights_of_blocks(
    trained: &TrainedModel,
    config: &RunConfig,
    batch: &Batch,
    block: usize,
) -> Vec<u32> {
    let optimizer = config.train.optimizer_config();
    let engine = Engine::new(trained.model.clone(), trained.params.clone(), optimizer, 5, 1);
    let precision = config.train.precision.of_products();
    let engine = engine.expect("the settings are valid").with_precision(precision);
    let mut engine = engine.with_block(block);
    let losses = [(); 3].map(|()| engine.step(batch).expect("finite numbers"));
    let params = engine.params();
    let tables = params.table_ids().flat_map(|id| params.table(id));
    let all = params.dense_values().iter().copied().chain(tables).chain(losses.map(|x| x as f32));
    all.map(f32::to_bits).collect()
}

/// A group's gradients are sums over its rows, whatever the blocks are that it goes through them in.
#[test]
fn the_rows_of_a_block_change_no_bit() {
    let all = [
        vec!["model.embedding_dropout=0.1".to_owned(), "train.clip_norm=0.1".to_owned()],
        vec!["train.precision=bf16".to_owned()],
    ];
    for overrides in all.into_iter().chain(kinds()) {
        let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
        let (folder, config) = (folder(), config(&overrides));
        let file = [write(&folder, "train.tsv", &clicks(1, ROWS[0]))];
        let model = trained(&config, &file, 2);
        let batch = encoded(&model, &file);
        let expected = weights_of_blocks(&model, &config, &batch, 256);
        for block in [7, 64, 128, 512] {
            let same = weights_of_blocks(&model, &config, &batch, block) == expected;
            assert!(same, "{overrides:?}: other weights with {block} rows a block");
        }
    }
}

#[test]
fn a_normalised_model_predicts_the_same_after_reload() {
    let folder = folder();
    let file = write(&folder, "train.tsv", &clicks(1, ROWS[0]));
    let config = config(&["model.batch_norm=true"]);
    let model = trained(&config, std::slice::from_ref(&file), 2);
    let params = &model.params;
    let means = params.statistic_ids().flat_map(|id| params.statistic(id)).filter(|v| **v != 1.0);
    assert!(means.count() > 0, "the running statistics moved");
    let again = reloaded(&model, &folder);
    assert_eq!(again.params.n_parameters(), params.n_parameters());
    let of = |model| bits(&predictions(model, &config, std::slice::from_ref(&file)));
    assert!(of(&model) == of(&again), "reloading changed a prediction");
}

#[test]
fn training_does_not_see_where_a_file_ends() {
    let (folder, lines) = (folder(), clicks(1, ROWS[0]));
    let (whole, parts) =
        (write(&folder, "train.tsv", &lines), write_parts(&folder, &lines, &[1, 700, 2000]));
    let bytes = |files: &[_]| artifact(&trained(&config(&[]), files, 2), folder.path());
    assert!(bytes(&[whole]) == bytes(&parts), "the split into files changed the artifact");
}

/// A trained model, its folder, and rows that it has not seen.
fn model_and_test_rows() -> (tempfile::TempDir, TrainedModel, Vec<String>) {
    let folder = folder();
    let file = write(&folder, "train.tsv", &clicks(1, ROWS[0]));
    let model = trained(&config(&[]), &[file], 2);
    (folder, model, clicks(2, ROWS[1]))
}

#[test]
fn predictions_are_the_same_after_reload_on_any_threads_and_in_any_files() {
    let (folder, model, lines) = model_and_test_rows();
    let whole = [write(&folder, "test.tsv", &lines)];
    // The predictions of the model in memory for one batch, block after block on one thread.
    let batch = encoded(&model, &whole);
    let mut expected = vec![0.0; batch.n_rows()];
    let rows = batch.rows(0..batch.n_rows());
    model.predictor().predict(&mut Default::default(), rows, &mut expected);
    assert_eq!(expected.len() as u64, ROWS[1]);
    assert!(expected.iter().any(|&probability| probability != expected[0]));

    let parts = write_parts(&folder, &lines, &[1, 6, 255, 2000, 2007]);
    for model in [&model, &reloaded(&model, &folder)] {
        for threads in THREADS {
            for files in [&whole[..], &parts] {
                let found = on_threads(threads, || predictions(model, &config(&[]), files));
                assert!(
                    bits(&found) == bits(&expected),
                    "{threads} threads, {} files",
                    files.len()
                );
            }
        }
    }
}

/// All rows of the files in one batch.
fn encoded(model: &TrainedModel, files: &[std::path::PathBuf]) -> Batch {
    with_reader(model, &config(&[]), files, |reader| {
        let mut batch = reader.new_batch();
        reader.fill(&mut batch, usize::MAX).expect("the rows are valid");
        batch
    })
}

#[test]
fn threads_that_share_a_scorer_agree() {
    let (folder, model, lines) = model_and_test_rows();
    let expected = predictions(&model, &config(&[]), &[write(&folder, "test.tsv", &lines)]);
    let scorer = Scorer::new(model);
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..3).map(|_| scope.spawn(|| scored(&scorer, &lines, lines.len()))).collect();
        for thread in threads {
            let found = thread.join().expect("the thread scores");
            assert!(bits(&found) == bits(&expected), "the scorer gives different bits");
        }
    });
}

/// Probabilities of raw rows, scored `rows` rows at a time.
fn scored(scorer: &Scorer, lines: &[String], rows: usize) -> Vec<f32> {
    let split = |line: &String| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
    let (header, lines) = lines.split_first().expect("a header");
    let binding = scorer.encoder().bind(&split(header)).expect("the columns exist");
    let (mut session, mut all) = (scorer.session(), Vec::new());
    for lines in lines.chunks(rows) {
        for line in lines {
            scorer.push(&mut session, &binding, &split(line)).expect("a good row");
        }
        all.extend_from_slice(scorer.score(&mut session));
    }
    all
}

#[test]
fn validation_metrics_are_those_of_the_reloaded_artifact() {
    let folder = folder();
    let files = Files {
        train: vec![write(&folder, "train.tsv", &clicks(1, ROWS[0]))].into(),
        valid: vec![write(&folder, "valid.tsv", &clicks(2, ROWS[1]))].into(),
    };
    let config = config(&["train.epochs=4", "train.learning_rate=0.05"]);
    let mut reported = Vec::new();
    let model = trained_with(&config, &files, 2, &mut |event| {
        if let Event::Epoch(report) = event {
            reported.push(report.valid.expect("there are validation rows"));
        }
    });
    let best: Summary = reported[model.training.best_epoch as usize - 1];
    assert_eq!(
        (model.training.valid_auc, model.training.valid_log_loss),
        (best.auc, best.log_loss)
    );
    assert_eq!((best.rows, model.training.valid_rows), (ROWS[1], ROWS[1]));

    let again = reloaded(&model, &folder);
    for threads in THREADS {
        let summary = on_threads(threads, || {
            with_reader(&again, &config, &files.valid, |reader| {
                evaluate(again.predictor(), reader, EvaluateOptions::default())
                    .expect("the rows are valid")
                    .summary
            })
        });
        assert_eq!(summary, best, "{threads} threads");
    }
}

#[test]
fn predictions_are_the_same_for_any_batch_size() {
    let (_folder, model, lines) = model_and_test_rows();
    let scorer = Scorer::new(model);
    let expected = scored(&scorer, &lines, lines.len());
    for rows in [1, 7, 256, 1000] {
        assert_eq!(scored(&scorer, &lines, rows), expected, "{rows} rows a call");
    }
}
