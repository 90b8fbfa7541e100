//! Tests of several ranks: they train the model of one process, to the byte, on any number of them.

use crate::common::{artifact, clicks, config, folder, kinds, write};
use crate::start_from_rate::WEIGHTED;
use deepcross::collective::{Communicator, Death, Faults, ThreadRank, Threads};
use deepcross::model::TrainedModel;
use deepcross::train::{
    Checkpoints, EncodeOptions, Event, Files, Next, RunConfig, RunOptions, TrainError, encode,
    load_model, remove_checkpoint, save_on_ranks, train,
};
use deepcross_testing::number_of_mutations;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

const ROWS: u64 = 1500;

/// A run whose rows are in a cache.
struct Case {
    folder: TempDir,
    files: Files,
    config: RunConfig,
}

impl Case {
    fn new(overrides: &[&str]) -> Self {
        let folder = folder();
        let train = vec![write(&folder, "train.tsv", &clicks(1, ROWS))];
        let short = ["train.batch=300", "train.learning_rate=0.03"];
        let config = config(&[&short, overrides].concat());
        Self { folder, files: Files::new(train), config }.encoded()
    }

    fn encoded(self) -> Self {
        let written =
            encode(&self.config, &self.files, EncodeOptions::default(), &self.cache(), &mut |_| ());
        written.unwrap_or_else(|error| panic!("{error}"));
        self
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("rows.dcc")
    }

    /// The artifact of one process, and what it says.
    fn alone(&self) -> (Vec<u8>, Vec<String>) {
        let mut said = Vec::new();
        let options = RunOptions { cache: Some(self.cache()), ..RunOptions::on_threads(2) };
        let model = train(&self.config, &self.files, options, &mut |event| note(&mut said, &event));
        (artifact(&model.unwrap_or_else(|error| panic!("{error}")), self.folder.path()), said)
    }

    /// The artifact that a rank trains with others, if it is the first, and what it says.
    fn on(&self, rank: &ThreadRank, threads: usize) -> Result<(Vec<u8>, Vec<String>), TrainError> {
        let mut said = Vec::new();
        let options = RunOptions {
            cache: Some(self.cache()),
            ranks: Some(rank),
            ..RunOptions::on_threads(threads)
        };
        let files = Files::default();
        let model = train(&self.config, &files, options, &mut |event| note(&mut said, &event))?;
        let file = self.folder.path().join(format!("of-{}.dcx", rank.size()));
        save_on_ranks(rank, &model, &file)?;
        let bytes = match rank.rank() {
            0 => std::fs::read(file).expect("the artifact has just been written"),
            _ => Vec::new(),
        };
        Ok((bytes, said))
    }

    /// The model of a run that resumes on these numbers of ranks in turn, each time for `every` steps, after which one of
    /// the ranks is told to stop.
    fn interrupted(&self, sizes: &[usize], every: u64) -> (Vec<u8>, usize) {
        let checkpoint = self.checkpoint();
        let mut stops = 0;
        loop {
            let size = sizes[stops % sizes.len()];
            let found = Threads::run(size, |rank| {
                let mut left = every;
                let is_told = rank.rank() == stops % size;
                let ask = move |_| {
                    left = left.saturating_sub(1);
                    if left == 0 && is_told { Next::Stop } else { Next::Continue }
                };
                let options = RunOptions {
                    cache: Some(self.cache()),
                    ranks: Some(rank),
                    checkpoints: Some(Checkpoints::new(&checkpoint).resume(true).ask(ask)),
                    ..RunOptions::on_threads(1)
                };
                match train(&self.config, &Files::default(), options, &mut |_| ()) {
                    Err(TrainError::Stopped { .. }) => None,
                    trained => {
                        let model = trained.unwrap_or_else(|error| panic!("{error}"));
                        let file = self.folder.path().join("resumed.dcx");
                        save_on_ranks(rank, &model, &file).expect("there is room");
                        Some(file)
                    }
                }
            });
            if let [Some(file), ..] = &found[..] {
                remove_checkpoint(&checkpoint).expect("the checkpoint");
                return (std::fs::read(file).expect("the artifact"), stops);
            }
            assert!(found.iter().all(Option::is_none), "all ranks stop together");
            stops += 1;
        }
    }

    fn checkpoint(&self) -> PathBuf {
        self.folder.path().join("model.checkpoint")
    }

    /// The files of the checkpoint.
    fn stored(&self) -> Stored {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder").flatten();
        let files = entries.map(|entry| entry.path());
        let files = files.filter(|file| file.to_string_lossy().contains("model.checkpoint"));
        files.map(|file| (file.clone(), std::fs::read(file).expect("the file"))).collect()
    }

    fn remove_stored(&self) {
        let mut files = self.stored().into_keys();
        files.try_for_each(std::fs::remove_file).expect("the files of the checkpoint");
    }

    /// The error of a rank whose run resumes, and that is told after each step what is next.
    fn ended(&self, rank: &ThreadRank, next: Next) -> TrainError {
        let checkpoints = Checkpoints::new(self.checkpoint()).resume(true).ask(move |_| next);
        let options = RunOptions {
            cache: Some(self.cache()),
            ranks: Some(rank),
            checkpoints: Some(checkpoints),
            ..RunOptions::on_threads(1)
        };
        let trained = train(&self.config, &Files::default(), options, &mut |_| ());
        trained.expect_err("it ends early")
    }

    #[track_caller]
    fn check(&self, sizes: &[usize]) {
        let (expected, expected_said) = self.alone();
        for &size in sizes {
            let found = Threads::run(size, |rank| {
                self.on(rank, 1 + rank.rank() % 2).unwrap_or_else(|error| panic!("{error}"))
            });
            assert!(found[0].0 == expected, "{size} ranks: another artifact");
            for (_, said) in &found {
                assert_eq!(*said, expected_said, "{size} ranks");
            }
        }
    }
}

/// Files and their content.
type Stored = BTreeMap<PathBuf, Vec<u8>>;

fn put(files: &Stored) {
    let mut files = files.iter();
    files.try_for_each(|(file, bytes)| std::fs::write(file, bytes)).expect("there is room");
}

/// Notes what a run says of its results.
fn note(said: &mut Vec<String>, event: &Event<'_>) {
    match event {
        Event::Step { epoch, rows, loss, .. } => said.push(format!("{epoch} {rows} {loss:?}")),
        Event::Epoch(report) => said.push(format!("{report:?}")),
        Event::Units { units, .. } => said.push(format!("{units:?}")),
        Event::Warning(warning) => said.push(warning.to_string()),
        _ => {}
    }
}

#[test]
fn ranks_train_the_model_of_one_process() {
    Case::new(&[]).check(&[1, 2, 4, 8]);
    Case::new(&["train.epochs=6", "train.patience=1", "train.learning_rate=0.2"]).check(&[4]);
}

#[test]
fn ranks_train_every_kind_of_model() {
    for (i, overrides) in kinds().into_iter().enumerate() {
        let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
        Case::new(&overrides).check(&[[2, 4, 8][i % 3]]);
    }
}

#[test]
fn rules_schedules_and_clipping_are_those_of_one_process() {
    let cases: [&[&str]; 8] = [
        &[
            "train.schedule=plateau",
            "train.embedding_optimizer=row-wise-adagrad",
            "train.clip_norm=0.1",
            "train.learning_rate=0.2",
        ],
        &["train.optimizer=sgd", "train.momentum=0.9", "train.clip_norm=0.05", "train.groups=6"],
        &["train.optimizer=adagrad", "train.table_updates=dense", "train.clip_norm=0.1"],
        &["train.optimizer=ftrl", "train.embedding_optimizer=sgd", "train.groups=5"],
        &["train.table_updates=dense", "train.embedding_l2=0.001", "model.batch_norm=true"],
        &["train.table_updates=settled", "train.embedding_l2=0.001", "train.schedule=cosine"],
        &[
            "train.table_updates=settled",
            "train.embedding_l2=0.01",
            "train.embedding_optimizer=sgd",
            "train.schedule=cosine",
            "train.clip_norm=0.1",
        ],
        &["train.precision=bf16", "model.batch_norm=true", "model.dropout=0.1"],
    ];
    for (i, overrides) in cases.into_iter().enumerate() {
        Case::new(overrides).check(&[[4, 2, 8, 4, 2, 4, 2, 4][i]]);
    }
}

#[test]
fn rows_and_samples_are_those_of_one_process() {
    let cases: [&[&str]; 5] = [
        &["train.negative_rate=0.4", "train.epochs=3", "train.batch=150"],
        &["field.campaign.counts=true", "data.order=time", "train.label_smoothing=0.1"],
        &["train.valid_fraction=0", "train.epochs=2", "train.shuffle=whole"],
        // A batch has fewer rows than groups at the end of an epoch, so that a rank may have none.
        &["train.batch=203", "train.shuffle_buffer=100", "train.valid_by=row"],
        &WEIGHTED,
    ];
    for (i, overrides) in cases.into_iter().enumerate() {
        Case::new(overrides).check(&[[2, 4, 8, 8, 4][i]]);
    }
}

#[test]
fn all_ranks_give_the_same_error() {
    let rates = ["learning_rate=1e30", "embedding_learning_rate=1e39", "learning_rate=1e12"];
    for rate in rates {
        let case = Case::new(&["train.optimizer=sgd", &format!("train.{rate}")]);
        let options = RunOptions { cache: Some(case.cache()), ..RunOptions::on_threads(1) };
        let alone = train(&case.config, &case.files, options, &mut |_| ());
        let alone = alone.expect_err("the weights overflow").to_string();
        for size in [2, 4] {
            let run = |rank: &ThreadRank| case.on(rank, 1).expect_err("the weights overflow");
            for error in Threads::run(size, run) {
                assert_eq!(error.to_string(), alone, "{rate}, {size} ranks");
            }
        }
    }
}

#[test]
fn odd_sizes_are_those_of_one_process() {
    let cases: [(&[&str], usize); 6] = [
        (&["train.batch=20", "train.groups=64", "train.epochs=1"], 16),
        (&["field.user.buckets=1", "model.bypass_below=0"], 8),
        (&["model.bypass_below=100000"], 4),
        (&["train.valid_fraction=0.003", "train.valid_by=row", "model.batch_norm=true"], 8),
        (
            &[
                "train.label_smoothing=0.1",
                "train.negative_rate=0.3",
                "train.shuffle=whole",
                "train.start_from_rate=true",
                "train.schedule=plateau",
            ],
            8,
        ),
        (&["train.batch=1347", "train.groups=3", "train.valid_fraction=0"], 2),
    ];
    for (overrides, size) in cases {
        Case::new(overrides).check(&[size]);
    }
}

#[test]
fn a_run_begins_from_a_model_or_a_checkpoint_of_ranks() {
    let mut case = Case::new(&["train.epochs=1"]);
    let checkpoint = case.folder.path().join("model.checkpoint");
    let mut models = Vec::new();
    for size in [1, 4] {
        Threads::run(size, |rank| {
            let options = RunOptions {
                cache: Some(case.cache()),
                ranks: Some(rank),
                checkpoints: Some(Checkpoints::new(&checkpoint).ask(|step| match step {
                    3 => Next::Stop,
                    _ => Next::Continue,
                })),
                ..RunOptions::on_threads(1)
            };
            let files = Files::default();
            train(&case.config, &files, options, &mut |_| ()).map(drop).expect_err("it stops");
        });
        models.push(load_model(&checkpoint).expect("the checkpoint").fingerprint().expect("it"));
    }
    assert_eq!(models[0], models[1]);
    let init = || Some(load_model(&checkpoint).expect("the checkpoint"));
    std::fs::remove_file(case.cache()).expect("the cache");
    let first = init();
    let options = EncodeOptions { init: first.as_ref(), ..EncodeOptions::default() };
    encode(&case.config, &case.files, options, &case.cache(), &mut |_| ()).expect("the cache");
    case.config = config(&["train.batch=300", "train.epochs=2", "train.learning_rate=0.02"]);
    let options =
        RunOptions { cache: Some(case.cache()), init: init(), ..RunOptions::on_threads(1) };
    let alone = train(&case.config, &case.files, options, &mut |_| ()).expect("the rows");
    let alone = artifact(&alone, case.folder.path());
    let on = |rank: &ThreadRank, init| {
        let (cache, ranks) = (Some(case.cache()), Some(rank as &dyn Communicator));
        let options = RunOptions { cache, ranks, init, ..RunOptions::on_threads(1) };
        train(&case.config, &Files::default(), options, &mut |_| ())
    };
    let file = case.folder.path().join("of-ranks.dcx");
    Threads::run(4, |rank| {
        let model = on(rank, init()).expect("the rows");
        save_on_ranks(rank, &model, &file).expect("there is room");
    });
    assert!(std::fs::read(&file).expect("the model") == alone);
    let errors = Threads::run(2, |rank| {
        let mut init = init().expect("the checkpoint");
        if rank.rank() == 1 {
            init.params.dense_values_mut()[0] += 1.0;
        }
        on(rank, Some(init)).expect_err("the models differ").to_string()
    });
    for error in errors {
        assert!(error.contains("rank 1 has another run than rank 0: it begins with"), "{error}");
    }
}

/// As if the folder of the checkpoint was not shared.
#[test]
fn a_checkpoint_that_one_rank_does_not_see_is_noticed() {
    let case = Case::new(&["train.epochs=1"]);
    let folder = |rank: usize| case.folder.path().join(format!("folder{rank}"));
    let run = |rank: &ThreadRank, folder: PathBuf, next| {
        std::fs::create_dir_all(&folder).expect("there is room");
        let options = RunOptions {
            cache: Some(case.cache()),
            ranks: Some(rank),
            checkpoints: Some(
                Checkpoints::new(folder.join("model.checkpoint")).resume(true).ask(move |_| next),
            ),
            ..RunOptions::on_threads(1)
        };
        train(&case.config, &Files::default(), options, &mut |_| ()).map(drop)
    };
    Threads::run(2, |rank| run(rank, folder(0), Next::Stop).expect_err("it stops"));
    let found = Threads::run(2, |rank| run(rank, folder(rank.rank()), Next::Continue));
    for found in found {
        let error = found.expect_err("the ranks begin at two steps").to_string();
        let expected = "rank 1 has another run than rank 0: it begins with a new model, and rank 0 at a checkpoint of 2 \
                        ranks, of step 1 in epoch 1";
        assert!(error.starts_with(expected), "{error}");
    }
}

/// As if all ranks were killed when they had written their parts, and the first one not yet the manifest.
#[test]
fn parts_without_a_manifest_change_nothing() {
    let case = Case::new(&["train.epochs=2"]);
    let stop = |last: u64| {
        Threads::run(2, |rank| {
            let ask = move |step| if step == last { Next::Stop } else { Next::Continue };
            let options = RunOptions {
                cache: Some(case.cache()),
                ranks: Some(rank),
                checkpoints: Some(Checkpoints::new(case.checkpoint()).resume(true).ask(ask)),
                ..RunOptions::on_threads(1)
            };
            train(&case.config, &Files::default(), options, &mut |_| ()).map(drop).err()
        });
    };
    stop(2);
    let kept = case.stored();
    assert_eq!(kept.len(), 3, "a manifest and two parts");
    stop(4);
    let later = case.stored();
    assert!(later.len() == 3 && later.keys().filter(|file| kept.contains_key(*file)).count() == 1);
    put(&kept);
    assert!(case.interrupted(&[4, 2], 3).0 == case.alone().0);
    assert_eq!(case.stored().len(), 0);
}

/// The first rank is lost at each moment until the new run has its first checkpoint.
#[test]
fn a_new_run_leaves_the_checkpoint_of_another_until_it_has_its_own() {
    let case = Case::new(&["train.epochs=1"]);
    let other = Case::new(&["train.epochs=1", "train.learning_rate=0.02"]);
    Threads::run(2, |rank| case.ended(rank, Next::Stop));
    let kept = case.stored();
    let (mut between, mut operation) = (0, 0);
    loop {
        let death = Some(Death { rank: 0, operation });
        let faults = Faults { seed: 1, longest_delay: Duration::ZERO, death };
        Threads::run_with(2, faults, |rank| {
            let checkpoints = Checkpoints::new(case.checkpoint()).ask(|_| Next::Stop);
            let options = RunOptions {
                cache: Some(other.cache()),
                ranks: Some(rank),
                checkpoints: Some(checkpoints),
                ..RunOptions::on_threads(1)
            };
            train(&other.config, &Files::default(), options, &mut |_| ()).map(drop)
        });
        let now = case.stored();
        if now.get(&case.checkpoint()) != kept.get(&case.checkpoint()) {
            break;
        }
        assert!(kept.iter().all(|(file, bytes)| now.get(file) == Some(bytes)), "at {operation}");
        between += usize::from(now.len() > kept.len());
        case.remove_stored();
        put(&kept);
        operation += 1;
    }
    assert!(between > 0, "the new run had parts and no manifest");
    case.remove_stored();
    put(&kept);
    assert!(case.interrupted(&[2], 3).0 == case.alone().0);
}

#[test]
fn ranks_with_other_runs_are_named() {
    let case = Case::new(&[]);
    let other = Case::new(&["train.learning_rate=0.5"]);
    let said = Threads::run(4, |rank| {
        let case = if rank.rank() == 2 { &other } else { &case };
        let options =
            RunOptions { cache: Some(case.cache()), ranks: Some(rank), ..RunOptions::default() };
        let trained = train(&case.config, &Files::default(), options, &mut |_| ());
        trained.expect_err("the ranks have other runs").to_string()
    });
    for said in said {
        assert!(said.starts_with("rank 2 has another run than rank 0: "), "{said}");
        assert!(said.contains("`train.learning_rate` was 0.03, and is 0.5"), "{said}");
    }
}

#[test]
fn a_run_resumes_on_other_numbers_of_ranks() {
    let cases: [&[&str]; 4] = [
        &["train.epochs=3", "train.patience=1"],
        // A table with fewer rows than ranks.
        &["model={kind='fm'}", "field.campaign.top=1"],
        &["train.optimizer=ftrl", "train.embedding_optimizer=row-wise-adagrad"],
        &["model.batch_norm=true", "train.epochs=3", "train.clip_norm=0.1"],
    ];
    for (overrides, sizes) in
        cases.into_iter().zip([&[4, 1, 2, 8][..], &[8, 2], &[1, 8, 2], &[2, 4]])
    {
        let case = Case::new(overrides);
        let (found, stops) = case.interrupted(sizes, 2);
        assert!(stops >= 4, "stopped only {stops} times");
        assert!(found == case.alone().0, "resumed on {sizes:?} ranks: another artifact");
        let files = std::fs::read_dir(case.folder.path()).expect("the folder").flatten();
        let left = files.filter(|file| file.file_name().to_string_lossy().contains("checkpoint"));
        assert_eq!(left.count(), 0, "no part of a checkpoint stays");
    }
}

/// The seeds are as many as those of mutations, so that one variable makes both searches long.
#[test]
fn delays_of_messages_change_nothing() {
    let case = Case::new(&["train.epochs=1", "train.clip_norm=0.1", "model.batch_norm=true"]);
    let expected = case.alone();
    for seed in 0..u64::from(number_of_mutations(4)) {
        let size = [2, 4, 8][seed as usize % 3];
        let longest_delay = Duration::from_micros(300);
        let faults = Faults { seed, longest_delay, death: None };
        let found =
            Threads::run_with(size, faults, |rank| case.on(rank, 1).expect("the ranks train"));
        assert!(found[0] == expected, "seed {seed}, {size} ranks: another run");
    }
}

#[test]
fn a_rank_that_dies_ends_the_run_of_all() {
    let case = Case::new(&["train.epochs=1"]);
    for seed in 0..u64::from(number_of_mutations(12)) {
        let size = [2, 4, 8][seed as usize % 3];
        let rank = (seed / 3) as usize % size;
        // Even a run of two ranks has more messages a rank before the model is stored.
        let operation = seed * 37 % 70;
        let death = Some(Death { rank, operation });
        let faults = Faults { seed, longest_delay: Duration::from_micros(50), death };
        let found = Threads::run_with(size, faults, |rank| case.on(rank, 1).map(drop));
        assert!(found[rank].is_err(), "rank {rank} of {size} dies at {operation}");
        for (of, found) in found.into_iter().enumerate() {
            let error = found.expect_err("the model is stored last").to_string();
            let names_it = error.contains(&format!("rank {rank} was lost"));
            assert!(of == rank || names_it, "rank {of} of {size}, dies at {operation}: {error}");
        }
    }
}

const BMUF: &str = "distributed={method='bmuf',block=3}";
const REPLICATED: &str = "distributed={method='bmuf',block=3,tables='replicated'}";

#[test]
fn blocks_of_steps_repeat_for_the_same_number_of_ranks() {
    let mut models = Vec::new();
    for distributed in [BMUF, REPLICATED] {
        let case = Case::new(&[distributed, "train.epochs=3", "model.batch_norm=true"]);
        let trained = |size, threads| {
            let on = |rank: &ThreadRank| case.on(rank, threads).expect("the ranks train");
            Threads::run(size, on).swap_remove(0)
        };
        let (bytes, said) = trained(4, 1);
        assert!(trained(4, 2) == (bytes.clone(), said), "another model");
        assert!(trained(2, 1).0 != bytes);
        for every in [1, 2, 5] {
            let (found, stops) = case.interrupted(&[4], every);
            assert!(stops >= 2 && found == bytes, "stopped {stops} times: another artifact");
        }
        models.push(bytes);
    }
    assert!(models[0] != models[1]);
}

#[test]
fn what_waits_for_a_block_is_done_at_the_end_of_the_epoch() {
    // No block of this length ends before its epoch does, and what waits for it is done then.
    let case = Case::new(&["distributed={method='bmuf',block=1000}", "train.epochs=3"]);
    let (found, stops) = case.interrupted(&[4], 2);
    let whole = Threads::run(4, |rank| case.on(rank, 1).expect("the ranks train").0);
    assert!(stops == 3 && found == whole[0], "stopped {stops} times");
    let alone = train(&case.config, &case.files, RunOptions::default(), &mut |_| ());
    let said = alone.expect_err("there is one rank").to_string();
    assert!(
        said.contains("`distributed.method`: `bmuf` joins the weights of several ranks"),
        "{said}"
    );
}

#[test]
fn blocks_resume_on_the_same_number_of_ranks_alone() {
    for distributed in [BMUF, REPLICATED] {
        let case = Case::new(&[distributed]);
        let run = |rank: &ThreadRank, next| case.ended(rank, next);
        for error in Threads::run(2, |rank| run(rank, Next::Stop)) {
            // The checkpoint waits for the end of the block.
            assert!(matches!(error, TrainError::Stopped { step: 3, .. }), "{error}");
        }
        for said in Threads::run(4, |rank| run(rank, Next::Continue).to_string()) {
            assert!(said.contains("it was trained by 2 ranks and now there are 4"), "{said}");
        }
    }
}

/// Steps of no length leave the weights that the run began from.
#[test]
fn blocks_of_steps_begin_from_a_model() {
    let rates = ["train.learning_rate=1e-30", "train.embedding_learning_rate=1e-30"];
    for distributed in [BMUF, REPLICATED] {
        let still = ["train.optimizer=sgd", "train.epochs=1", distributed];
        let case = Case::new(&[&still[..], &rates].concat());
        let options = RunOptions { cache: Some(case.cache()), ..RunOptions::on_threads(1) };
        let other = config(&["train.epochs=1", "train.learning_rate=0.03"]);
        let init = train(&other, &case.files, options, &mut |_| ()).expect("the rows");
        std::fs::remove_file(case.cache()).expect("the cache");
        let options = EncodeOptions { init: Some(&init), ..EncodeOptions::default() };
        encode(&case.config, &case.files, options, &case.cache(), &mut |_| ()).expect("the rows");
        let file = case.folder.path().join("of-ranks.dcx");
        Threads::run(2, |rank| {
            let (cache, ranks) = (Some(case.cache()), Some(rank as &dyn Communicator));
            let init = Some(init.clone());
            let options = RunOptions { cache, ranks, init, ..RunOptions::on_threads(1) };
            let model = train(&case.config, &Files::default(), options, &mut |_| ());
            save_on_ranks(rank, &model.expect("the ranks train"), &file).expect("there is room");
        });
        let trained = TrainedModel::load(&file).expect("the model");
        assert!(weights(&trained) == weights(&init), "{distributed}");
    }
}

/// The bits of all weights.
fn weights(model: &TrainedModel) -> Vec<u32> {
    let dense = model.params.dense_values().to_vec();
    let tables = model.params.table_ids().flat_map(|id| model.params.table(id));
    dense.into_iter().chain(tables).map(f32::to_bits).collect()
}

/// All kinds of messages about tables are counted over the whole run, with validation and reports of units.
#[test]
fn replicated_tables_are_equal_on_all_ranks_and_joined_alone() {
    let is_ftrl = |overrides: &Vec<String>| overrides.iter().any(|one| one.contains("ftrl"));
    for overrides in kinds().iter().filter(|overrides| !is_ftrl(overrides)) {
        let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
        // A rank has no rows of the last batch.
        let more = [REPLICATED, "train.embedding_optimizer=row-wise-adagrad", "train.batch=203"];
        let case = Case::new(&[&overrides[..], &more].concat());
        let found = Threads::run(4, |rank| {
            let mut kinds = BTreeSet::new();
            let options = RunOptions {
                cache: Some(case.cache()),
                ranks: Some(rank),
                ..RunOptions::on_threads(1)
            };
            let trained = train(&case.config, &Files::default(), options, &mut |event| {
                if let Event::Exchanged(traffic) = event {
                    kinds.extend(traffic.kinds().map(|(kind, _)| kind));
                }
            });
            let trained = trained.unwrap_or_else(|error| panic!("{error}"));
            (trained.fingerprint().expect("all rows are here"), kinds)
        });
        assert!(found.iter().all(|(model, _)| *model == found[0].0), "{overrides:?}");
        let tables = ["ids", "rows", "row gradients", "joined rows", "dense gradients"];
        let sent: Vec<_> = tables.iter().filter(|kind| found[0].1.contains(*kind)).collect();
        assert_eq!(sent, [&"joined rows", &"dense gradients"], "{overrides:?}");
    }
}

/// The weights of ranks differ within a block, and so do their errors.
#[test]
fn all_ranks_give_the_same_error_within_a_block() {
    let rates = ["learning_rate=1e30", "embedding_learning_rate=1e39", "learning_rate=1e12"];
    for (rate, distributed) in rates.iter().flat_map(|rate| [(rate, BMUF), (rate, REPLICATED)]) {
        let case = Case::new(&["train.optimizer=sgd", &format!("train.{rate}"), distributed]);
        for size in [2, 4] {
            let run = |rank: &ThreadRank| case.on(rank, 1).expect_err("the weights overflow");
            let errors = Threads::run(size, run);
            assert!(matches!(errors[0], TrainError::NotFinite { .. }), "{}", errors[0]);
            for error in &errors {
                assert_eq!(error.to_string(), errors[0].to_string(), "{rate}, {size} ranks");
            }
        }
    }
}

/// Of one step, without momentum, a block is the mean of steps by the rows of each rank: a step by all rows.
#[test]
fn blocks_of_one_step_of_sgd_are_steps_of_all_ranks() {
    let with = |distributed: &str| {
        let rows = ["train.batch=300", "train.optimizer=sgd", "train.learning_rate=0.1"];
        // Each rank has as many rows of each batch.
        let keys = ["train.valid_fraction=0", "model.dropout=0.0", distributed];
        let case = Case::new(&[&rows[..], &keys].concat());
        let said = Threads::run(4, |rank| case.on(rank, 1).expect("the ranks train").1);
        let loss = |line: &String| line.rsplit_once(' ')?.1.parse::<f64>().ok();
        said[0].iter().filter_map(loss).collect::<Vec<_>>()
    };
    let all = with("distributed={method='all-reduce'}");
    let blocks = with("distributed={method='bmuf',block=1,block_momentum=0.0}");
    assert!(all.len() > 4 && all != blocks);
    for (one, other) in all.iter().zip(&blocks) {
        assert!((one - other).abs() < 1e-5, "{one} and {other}");
    }
}

#[test]
fn ranks_without_a_group_refuse_blocks_of_steps() {
    let config = config(&["distributed={method='bmuf'}", "train.groups=5"]);
    let errors = Threads::run(4, |rank| {
        let options = RunOptions { ranks: Some(rank), ..RunOptions::on_threads(1) };
        let trained = train(&config, &Files::default(), options, &mut |_| ());
        trained.expect_err("the last rank has nothing to do").to_string()
    });
    let expected = "rank 3 of 4 has none of the 5 of `train.groups`; take a multiple of 4";
    assert!(errors.iter().all(|error| error.ends_with(expected)), "{errors:?}");
}

#[test]
fn a_missing_part_of_a_checkpoint_is_named() {
    let case = Case::new(&[]);
    let run = |rank: &ThreadRank, next| case.ended(rank, next);
    Threads::run(2, |rank| run(rank, Next::Stop));
    let is_part = |file: &&PathBuf| file.to_string_lossy().ends_with(".step-1.1-of-2");
    let part = case.stored().keys().find(is_part).expect("the part").clone();
    std::fs::remove_file(&part).expect("the part");
    for said in Threads::run(4, |rank| run(rank, Next::Continue).to_string()) {
        let expected = format!("its part `{}` is missing", part.display());
        // Ranks that do not need the part learn that another one has ended.
        assert!(said.contains(&expected) || said.contains("was lost"), "{said}");
    }
}

#[test]
fn ranks_need_a_cache() {
    let case = Case::new(&[]);
    std::fs::remove_file(case.cache()).expect("the cache");
    let errors = Threads::run(2, |rank| {
        let (cache, ranks) = (Some(case.cache()), Some(rank as &dyn Communicator));
        let options = RunOptions { cache, ranks, ..RunOptions::on_threads(1) };
        train(&case.config, &case.files, options, &mut |_| ()).expect_err("there is no cache")
    });
    for error in errors {
        assert!(matches!(error, TrainError::RanksWithoutCache), "{error}");
    }
}
