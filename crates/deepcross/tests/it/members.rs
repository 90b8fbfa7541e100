//! Tests of models with several members: each member is the run of its seed, the kept epoch is that of the mean, and
//! settings that go with single models alone are refused.

use crate::common::{artifact, clicks, config, folder, trained_with, with_reader, write};
use deepcross::autodiff::Params;
use deepcross::collective::Threads;
use deepcross::model::TrainedModel;
use deepcross::train::{
    Checkpoints, EpochReport, EvaluateOptions, Event, Files, Next, RunConfig, RunOptions,
    TrainError, evaluate, load_model, train,
};
use xxhash_rust::xxh3::xxh3_64;

const ROWS: u64 = 1500;

const SHORT: [&str; 2] = ["train.batch=300", "train.learning_rate=0.03"];

fn short(overrides: &[&str]) -> RunConfig {
    config(&[&SHORT, overrides].concat())
}

/// All weights and running statistics.
fn weights(params: &Params<f32>) -> Vec<u32> {
    let tables = params.table_ids().flat_map(|id| params.table(id).into_iter().collect::<Vec<_>>());
    let statistics = params.statistic_ids().flat_map(|id| params.statistic(id).to_vec());
    let all = params.dense_values().iter().copied().chain(tables).chain(statistics);
    all.map(f32::to_bits).collect()
}

/// The run of one member alone.
fn alone(config: &RunConfig, files: &Files, member: usize) -> TrainedModel {
    let mut config = config.clone();
    config.train.seed = config.train.member_seed(member);
    config.train.members = 1;
    trained_with(&config, files, 1, &mut |_| ())
}

#[test]
fn each_member_is_the_run_of_its_seed() {
    let folder = folder();
    let files = Files::new(vec![write(&folder, "train.tsv", &clicks(1, ROWS))]);
    let cases: [&[&str]; 4] = [
        &["train.valid_fraction=0"],
        &["train.epochs=1", "train.split_seed=5", "train.shuffle=whole"],
        &["train.valid_fraction=0", "data.order=time", "field.campaign.counts=true"],
        &[
            "train.valid_fraction=0",
            "model={kind='deepfm', embedding=4, hidden=[8], batch_norm=true}",
        ],
    ];
    for overrides in cases {
        let config = short(&[overrides, &["train.members=3"]].concat());
        let model = trained_with(&config, &files, 2, &mut |_| ());
        assert_eq!(model.members().len(), 3);
        for (number, member) in model.members().into_iter().enumerate() {
            let single = alone(&config, &files, number);
            assert!(weights(member) == weights(&single.params), "{overrides:?}, {number}");
            assert_eq!(single.encoder.to_state(), model.encoder.to_state());
            assert_eq!(single.training.steps, model.training.steps);
        }
        assert!(weights(model.members()[1]) != weights(model.members()[2]));
    }
}

/// The first member reads the negative rows of the run's seed; the others read the same ones.
#[test]
fn all_members_read_the_same_negative_rows() {
    let folder = folder();
    let files = Files::new(vec![write(&folder, "train.tsv", &clicks(1, ROWS))]);
    let config = short(&["train.valid_fraction=0", "train.negative_rate=0.4", "train.members=3"]);
    let mut read = Vec::new();
    let mut observe = |event: Event<'_>| {
        if let Event::Step { epoch, member, rows, .. } = event {
            read.push(((epoch, member.number, member.of), rows));
        }
    };
    let model = trained_with(&config, &files, 2, &mut observe);
    assert!(weights(&model.params) == weights(&alone(&config, &files, 0).params));
    let turns = |epoch: u32| [1, 2, 3].map(|number| (epoch, number, 3));
    let mut last: Vec<((u32, usize, usize), u64)> = Vec::new();
    for (turn, rows) in read {
        match last.last_mut() {
            Some((before, sum)) if *before == turn => *sum = rows,
            _ => last.push((turn, rows)),
        }
    }
    assert!(last.iter().map(|(turn, _)| *turn).eq([turns(1), turns(2)].concat()));
    let rows: Vec<u64> = last.iter().map(|(_, rows)| *rows).collect();
    assert!(rows[..3].iter().all(|n| *n == rows[0]) && rows[3..].iter().all(|n| *n == rows[3]));
    assert!(rows[0] != rows[3] && rows[0] < ROWS, "each epoch draws again: {rows:?}");
}

#[test]
fn the_kept_epoch_is_that_of_the_mean_on_any_threads() {
    let folder = folder();
    let train = vec![write(&folder, "train.tsv", &clicks(1, ROWS))];
    let valid = vec![write(&folder, "valid.tsv", &clicks(2, 700))];
    let files = Files { train: train.into(), valid: valid.clone().into() };
    let ends = ["train.learning_rate=0.2", "train.epochs=30", "train.patience=2"];
    let config = short(&[&ends[..], &["train.members=3"]].concat());
    let mut reports: Vec<EpochReport> = Vec::new();
    let mut observe = |event: Event<'_>| {
        if let Event::Epoch(report) = event {
            reports.push(report);
        }
    };
    let model = trained_with(&config, &files, 2, &mut observe);
    let losses = reports.iter().map(|report| report.valid.and_then(|valid| valid.log_loss));
    let best = losses.map(|loss| loss.expect("a log loss")).fold(f64::INFINITY, f64::min);
    assert_eq!(model.training.valid_log_loss, Some(best));
    assert_eq!(model.training.epochs, model.training.best_epoch + 2);
    let found = with_reader(&model, &config, valid, |reader| {
        evaluate(model.predictor(), reader, EvaluateOptions::default()).expect("valid rows")
    });
    assert_eq!(found.summary.log_loss, Some(best), "the mean of the kept weights, to the bit");
    let bytes = artifact(&model, folder.path());
    for threads in [1, 3] {
        let again = trained_with(&config, &files, threads, &mut |_| ());
        assert!(artifact(&again, folder.path()) == bytes, "{threads} threads");
    }
}

#[test]
fn the_training_loss_is_the_mean_of_the_members() {
    let folder = folder();
    let files = Files::new(vec![write(&folder, "train.tsv", &clicks(1, ROWS))]);
    let config = short(&["train.epochs=1", "train.split_seed=5", "train.members=2"]);
    let loss = |config: &RunConfig| {
        let mut loss = f64::NAN;
        let mut observe = |event: Event<'_>| {
            if let Event::Epoch(report) = event {
                loss = report.train_loss;
            }
        };
        trained_with(config, &files, 2, &mut observe);
        loss
    };
    let of_member = |member: usize| {
        let mut single = config.clone();
        (single.train.seed, single.train.members) = (config.train.member_seed(member), 1);
        loss(&single)
    };
    assert_eq!(loss(&config), (of_member(0) + of_member(1)) / 2.0);
}

#[test]
fn a_run_begins_from_a_model_with_as_many_members() {
    let folder = folder();
    let files = Files::new(vec![write(&folder, "train.tsv", &clicks(1, ROWS))]);
    let run = |config: &RunConfig, init: Option<TrainedModel>| {
        let options = RunOptions { init, ..RunOptions::on_threads(2) };
        train(config, &files, options, &mut |_| ())
    };
    let (config, one) = (short(&["train.members=2"]), short(&[]));
    let model = run(&config, None).expect("the run ends");
    // Steps that are too small to change any weight but one of 0.
    let mut still = config.clone();
    (still.train.learning_rate, still.train.optimizer) =
        (1e-30, deepcross::train::config::OptimizerKind::Sgd);
    let next = run(&still, Some(model.clone())).expect("the run begins from the model");
    for (before, after) in model.members().into_iter().zip(next.members()) {
        let pairs = before.dense_values().iter().zip(after.dense_values());
        assert!(pairs.into_iter().all(|(before, after)| (before - after).abs() < 1e-20));
    }
    assert!(weights(next.members()[0]) != weights(next.members()[1]));
    let refused = |config: &RunConfig, init: &TrainedModel| {
        run(config, Some(init.clone())).expect_err("another number of members").to_string()
    };
    let start = "the model to begin from has another schema: `train.members` is";
    assert_eq!(
        refused(&one, &model),
        format!("{start} 2 in the model, and 1 in the configuration")
    );
    let single = run(&one, None).expect("the run ends");
    assert_eq!(
        refused(&config, &single),
        format!("{start} 1 in the model, and 2 in the configuration")
    );
}

#[test]
fn a_checkpoint_in_the_middle_of_a_member_is_a_model() {
    let folder = folder();
    let files = Files::new(vec![write(&folder, "train.tsv", &clicks(1, ROWS))]);
    let file = folder.path().join("checkpoint");
    let checkpoints =
        Checkpoints::new(&file).ask(|step| if step == 7 { Next::Stop } else { Next::Continue });
    let options = RunOptions { checkpoints: Some(checkpoints), ..RunOptions::on_threads(2) };
    let config = short(&["train.members=3"]);
    let error = train(&config, &files, options, &mut |_| ()).expect_err("the run was stopped");
    assert!(matches!(error, TrainError::Stopped { step: 7, .. }), "{error}");
    let model = load_model(&file).expect("the checkpoint is valid");
    assert_eq!((model.members().len(), model.training.steps), (3, 5));
    let mut other = config.clone();
    other.train.members = 2;
    let checkpoints = Checkpoints::new(&file).resume(true);
    let options = RunOptions { checkpoints: Some(checkpoints), ..RunOptions::on_threads(2) };
    let error = train(&other, &files, options, &mut |_| ()).expect_err("another run").to_string();
    assert!(error.ends_with("another run: `train.members` was 3, and is 2"), "{error}");
}

#[test]
fn a_number_that_is_no_longer_finite_names_the_member() {
    let folder = folder();
    let files = Files::new(vec![write(&folder, "train.tsv", &clicks(1, ROWS))]);
    let error = |members: &str| {
        let config = config(&["train.optimizer=sgd", "train.learning_rate=1e30", members]);
        let options = RunOptions::on_threads(2);
        train(&config, &files, options, &mut |_| ()).expect_err("the weights overflow").to_string()
    };
    let (single, several) = (error("train.members=1"), error("train.members=2"));
    assert!(single.starts_with("step "), "{single}");
    assert_eq!(several, format!("member 1 of 2, {single}"));
    // Only the second member begins with weights that overflow.
    let config = config(&["train.optimizer=sgd", "train.members=2"]);
    let mut init =
        train(&config, &files, RunOptions::on_threads(2), &mut |_| ()).expect("the rows");
    init.other_members[0].dense_values_mut().fill(1e30);
    let options = RunOptions { init: Some(init), ..RunOptions::on_threads(2) };
    let error = train(&config, &files, options, &mut |_| ()).expect_err("they overflow");
    assert!(error.to_string().starts_with("member 2 of 2, step 1"), "{error}");
}

/// A checkpoint that says that its members made other steps, with checksums that fit.
#[test]
fn a_checkpoint_whose_members_cannot_have_made_their_steps_is_refused() {
    let folder = folder();
    let files = Files::new(vec![write(&folder, "train.tsv", &clicks(1, ROWS))]);
    let file = folder.path().join("checkpoint");
    let config = short(&["train.members=3"]);
    let run = |checkpoints| {
        let options = RunOptions { checkpoints: Some(checkpoints), ..RunOptions::on_threads(1) };
        train(&config, &files, options, &mut |_| ())
    };
    let stop = |step| if step == 7 { Next::Stop } else { Next::Continue };
    run(Checkpoints::new(&file).ask(stop)).expect_err("the run was stopped");
    let valid = std::fs::read(&file).expect("the checkpoint");
    for (steps, problem) in [
        ([5, 2, 0], None),
        ([4, 3, 0], Some("its members made [4, 3, 0] steps, and member 1 made 2 of them")),
        ([5, 1, 1], Some("its members made [5, 1, 1] steps, and member 1 made 2 of them")),
        ([5, 3, 0], Some("its members made [5, 3, 0] steps, expected 7 in all")),
    ] {
        std::fs::write(&file, with_steps(&valid, steps)).expect("there is room");
        match (run(Checkpoints::new(&file).resume(true)), problem) {
            (Ok(_), None) => {}
            (Err(error), Some(problem)) => {
                assert!(error.to_string().contains(problem), "{error}");
            }
            (other, _) => panic!("{steps:?}: {:?}", other.map(drop)),
        }
    }
}

/// The checkpoint with other steps of its three members, and the checksums of the header and of the file.
fn with_steps(checkpoint: &[u8], steps: [u8; 3]) -> Vec<u8> {
    let mut bytes = checkpoint.to_vec();
    let length = u64::from_le_bytes(bytes[12..20].try_into().expect("eight bytes")) as usize;
    let header = 28..28 + length;
    let found: Vec<_> =
        header.clone().filter(|at| bytes[*at..].starts_with(&[3, 5, 2, 0])).collect();
    assert_eq!(found.len(), 1, "the steps of the members stand once in the header");
    bytes[found[0] + 1..][..3].copy_from_slice(&steps);
    let sum = xxh3_64(&bytes[header]);
    bytes[20..28].copy_from_slice(&sum.to_le_bytes());
    let end = bytes.len() - 8;
    let sum = xxh3_64(&bytes[..end]);
    bytes[end..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

#[test]
fn several_ranks_refuse_several_members() {
    let config = short(&["train.members=3"]);
    let errors = Threads::run(2, |rank| {
        let options = RunOptions { ranks: Some(rank), ..RunOptions::on_threads(1) };
        let trained = train(&config, &Files::default(), options, &mut |_| ());
        trained.expect_err("several members").to_string()
    });
    for error in errors {
        let expected = "the configuration: `train.members` is 3, but several ranks train one member together: start one process, or remove the key";
        assert_eq!(error, expected);
    }
}
