//! Tests of resuming: a run that is stopped after any of its steps, and resumes from its checkpoint, gives the artifact
//! of an uninterrupted run, to the byte, and a checkpoint of another run is refused.

use crate::common::{artifact, clicks, config, folder, kinds, trained_with, write};
use crate::start_from_rate::WEIGHTED;
use deepcross::features::FieldConfig;
use deepcross::model::TrainedModel;
use deepcross::train::{
    Checkpoints, EpochReport, Event, Files, Next, RunConfig, RunOptions, TrainError, Warning,
    load_model, train,
};
use deepcross_testing::number_of_mutations;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use xxhash_rust::xxh3::xxh3_64;

const ROWS: u64 = 1500;

/// Runs with these settings, which resume on a different number of threads each time.
struct Case {
    folder: TempDir,
    files: Files,
    config: RunConfig,
    init: Option<TrainedModel>,
}

impl Case {
    fn new(overrides: &[&str]) -> Self {
        let folder = folder();
        let train = vec![write(&folder, "train.tsv", &clicks(1, ROWS))];
        let short = ["train.batch=300", "train.learning_rate=0.03"];
        let config = config(&[&short, overrides].concat());
        Self { folder, files: Files::new(train), config, init: None }
    }

    fn checkpoint(&self) -> PathBuf {
        self.folder.path().join("model.dcx.checkpoint")
    }

    /// Resumes the run, or begins it; `ask` says when to stop.
    fn run(
        &self,
        threads: usize,
        ask: impl FnMut(u64) -> Next + Send,
        observe: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<TrainedModel, TrainError> {
        let checkpoints = Checkpoints::new(self.checkpoint()).resume(true).ask(ask);
        let options = RunOptions {
            init: self.init.clone(),
            checkpoints: Some(checkpoints),
            ..RunOptions::on_threads(threads)
        };
        train(&self.config, &self.files, options, observe)
    }

    /// Resumes the run, or begins it, up to the end of an epoch; returns the model if the run has ended.
    fn until(
        &self,
        epoch: u32,
        observe: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Option<TrainedModel> {
        let checkpoints = Checkpoints::new(self.checkpoint()).resume(true).pause_after(epoch);
        let checkpoints = Some(checkpoints);
        let options = RunOptions { checkpoints, ..RunOptions::on_threads(1 + epoch as usize % 3) };
        match train(&self.config, &self.files, options, observe) {
            Ok(model) => Some(model),
            Err(TrainError::Stopped { file, .. }) if file == self.checkpoint() => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// The model of a run that is stopped after every `every` steps, its reports of epochs, and the number of stops.
    fn interrupted(&self, every: u64) -> (TrainedModel, Vec<EpochReport>, usize) {
        let (mut stops, mut reports) = (0, Vec::new());
        loop {
            let mut observe = |event: Event<'_>| match event {
                Event::Resumed { reports: before, .. } => reports = before.to_vec(),
                Event::Epoch(report) => reports.push(report),
                _ => {}
            };
            let mut left = every;
            let ask = |_| {
                left -= 1;
                if left == 0 { Next::Stop } else { Next::Continue }
            };
            match self.run([1, 3, 2, 8][stops % 4], ask, &mut observe) {
                Err(TrainError::Stopped { file, .. }) => assert_eq!(file, self.checkpoint()),
                result => {
                    let model = result.unwrap_or_else(|error| panic!("{error}"));
                    return (model, reports, stops);
                }
            }
            stops += 1;
        }
    }

    /// The model of an uninterrupted run, and its reports of epochs.
    fn uninterrupted(&self) -> (TrainedModel, Vec<EpochReport>) {
        let mut reports = Vec::new();
        let mut observe = |event: Event<'_>| {
            if let Event::Epoch(report) = event {
                reports.push(report);
            }
        };
        let options = RunOptions { init: self.init.clone(), ..RunOptions::on_threads(2) };
        let model = train(&self.config, &self.files, options, &mut observe);
        (model.unwrap_or_else(|error| panic!("{error}")), reports)
    }

    #[track_caller]
    fn check(&self) -> TrainedModel {
        let (expected, expected_reports) = self.uninterrupted();
        let bytes = artifact(&expected, self.folder.path());
        for every in [1, 4] {
            let (found, reports, stops) = self.interrupted(every);
            assert!(stops as u64 >= 8 / every, "stopped only {stops} times");
            assert_eq!(reports, expected_reports, "stopped after every {every} steps");
            let same = artifact(&found, self.folder.path()) == bytes;
            assert!(same, "stopped after every {every} steps: another artifact");
            std::fs::remove_file(self.checkpoint()).expect("the last checkpoint still exists");
        }
        expected
    }
}

#[test]
fn a_run_with_patience_resumes() {
    let case = Case::new(&["train.epochs=30", "train.patience=2", "train.learning_rate=0.2"]);
    let training = case.check().training;
    let waited = training.epochs - training.best_epoch;
    assert!(waited == 2 && training.epochs < 30, "{training:?}");
}

#[test]
fn a_run_that_pauses_after_each_epoch_resumes() {
    let cases: [&[&str]; 5] = [
        &["train.epochs=4", "train.schedule=cosine", "train.shuffle_buffer=400"],
        &["train.epochs=30", "train.patience=2", "train.learning_rate=0.2"],
        &["train.epochs=3", "train.members=2", "train.negative_rate=0.6"],
        &[
            "train.epochs=4",
            "train.schedule=plateau",
            "train.shuffle=whole",
            "train.shuffle_buffer=400",
        ],
        &["train.epochs=3", "train.valid_fraction=0"],
    ];
    for overrides in cases {
        let case = Case::new(overrides);
        let (expected, expected_reports) = case.uninterrupted();
        let (mut reports, mut last) = (Vec::new(), 0);
        let found = loop {
            last += 1;
            let mut observe = |event: Event<'_>| match event {
                Event::Resumed { reports: before, .. } => reports = before.to_vec(),
                Event::Epoch(report) => reports.push(report),
                _ => {}
            };
            let ended = case.until(last, &mut observe);
            assert_eq!(reports, expected_reports[..last as usize], "{overrides:?}");
            if let Some(model) = ended {
                break model;
            }
            let mut steps = 0;
            let ended = case
                .until(last, &mut |event| steps += u32::from(matches!(event, Event::Step { .. })));
            assert!(ended.is_none() && steps == 0, "{overrides:?}: the run had already paused");
        };
        assert_eq!(last as usize, expected_reports.len(), "{overrides:?}");
        let bytes = |model: &TrainedModel| artifact(model, case.folder.path());
        assert!(bytes(&found) == bytes(&expected), "{overrides:?}: another artifact");
    }
}

#[test]
fn a_run_that_starts_from_the_rate_resumes() {
    Case::new(&WEIGHTED).check();
}

#[test]
fn schedules_clipping_and_rules_resume() {
    let rest = ["train.label_smoothing=0.1", "train.epochs=4", "train.patience=4"];
    let cases: [&[&str]; 7] = [
        &[
            "train.schedule=plateau",
            "train.decay_factor=0.5",
            "train.warm_up=3",
            "train.embedding_optimizer=row-wise-adagrad",
            "train.clip_norm=0.1",
            "train.learning_rate=0.2",
        ],
        &[
            "train.schedule=cosine",
            "train.optimizer=sgd",
            "train.momentum=0.9",
            "train.nesterov=true",
        ],
        &["train.schedule=step", "train.optimizer=adagrad", "train.table_updates=dense"],
        &["train.optimizer=ftrl", "train.embedding_optimizer=sgd", "train.monitor=auc"],
        &["train.table_updates=settled", "train.embedding_l2=0.001", "train.schedule=cosine"],
        &[
            "train.table_updates=settled",
            "train.embedding_l2=0.01",
            "train.embedding_optimizer=sgd",
            "train.schedule=cosine",
        ],
        &["train.precision=bf16", "train.table_updates=dense"],
    ];
    for overrides in cases {
        Case::new(&[&rest, overrides].concat()).check();
    }
}

#[test]
fn every_kind_of_model_resumes() {
    for overrides in kinds() {
        let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
        Case::new(&overrides).check();
    }
}

/// Members are stopped in the middle of each of their turns, and between them.
#[test]
fn a_run_of_several_members_resumes() {
    let cases: [&[&str]; 4] = [
        &[
            "train.schedule=plateau",
            "train.epochs=4",
            "train.patience=2",
            "train.learning_rate=0.2",
        ],
        &["train.valid_fraction=0", "train.negative_rate=0.6", "train.batch=200"],
        &[
            "data.order=time",
            "field.campaign.counts=true",
            "model={kind='mlp', embedding=4, hidden=[8]}",
        ],
        &["train.table_updates=settled", "train.embedding_l2=0.001"],
    ];
    for overrides in cases {
        let model = Case::new(&[overrides, &["train.members=3"]].concat()).check();
        assert_eq!(model.members().len(), 3);
    }
}

#[test]
fn a_run_of_several_members_that_began_from_a_model_resumes() {
    let mut case = Case::new(&["train.members=2"]);
    case.init = Some(case.uninterrupted().0);
    case.check();
}

#[test]
fn a_run_without_validation_resumes() {
    Case::new(&["train.valid_fraction=0", "train.epochs=3", "train.optimizer=sgd"]).check();
}

#[test]
fn a_run_with_validation_files_resumes() {
    let mut case = Case::new(&["train.epochs=3"]);
    case.files.valid = vec![write(&case.folder, "valid.tsv", &clicks(2, 500))].into();
    case.check();
}

#[test]
fn a_run_on_a_sample_of_the_negative_rows_resumes() {
    Case::new(&["train.negative_rate=0.4", "train.epochs=3", "train.batch=150"]).check();
}

#[test]
fn companion_counts_resume() {
    for order in ["data.order=any", "data.order=time"] {
        let counts = ["field.campaign.counts=true", "train.epochs=3", order];
        Case::new(&[&counts[..], &["train.negative_rate=0.6", "train.batch=200"]].concat()).check();
    }
}

#[test]
fn crosses_with_counts_resume() {
    for order in ["data.order=any", "data.order=time"] {
        let mut case = Case::new(&["train.epochs=3", order]);
        case.config.field.extend([
            FieldConfig::cross("user_ad", ["user", "campaign"])
                .min_count(2)
                .counts(true)
                .smoothing([1.0, 10.0]),
            FieldConfig::cross("place", ["campaign", "device", "match_type"])
                .buckets(150)
                .counts(true),
        ]);
        case.check();
    }
}

#[test]
fn rows_that_are_held_out_by_any_rule_are_the_same_after_a_resume() {
    for rule in ["train.valid_by=field:user", "train.valid_by=time:hour", "data.order=time"] {
        Case::new(&["train.epochs=3", "train.valid_fraction=0.3", rule]).check();
    }
}

#[test]
fn a_run_that_began_from_a_model_resumes() {
    let mut case = Case::new(&["field.campaign.counts=true", "train.epochs=3"]);
    let (first, _) = case.uninterrupted();
    case.files.train = vec![write(&case.folder, "next.tsv", &clicks(3, ROWS))].into();
    case.init = Some(first);
    case.config.train.negative_rate = 0.5;
    case.config.train.batch = 150;
    case.check();
}

#[test]
fn checkpoints_during_a_run_change_nothing() {
    let mut case = Case::new(&[]);
    let (expected, _) = case.uninterrupted();
    case.config.train.checkpoint_steps = Some(3);
    let mut steps = Vec::new();
    let mut observe = |event: Event<'_>| {
        if let Event::Checkpoint { step, .. } = event {
            steps.push(step);
        }
    };
    let ask = |step| if step == 4 { Next::Checkpoint } else { Next::Continue };
    let model = case.run(2, ask, &mut observe).expect("the run succeeds");
    assert_eq!(steps, [3, 4, 7, 10]);
    let folder = case.folder.path();
    assert!(artifact(&model, folder) == artifact(&expected, folder));
}

/// The units are examined with the first rows of the run, whenever the run resumes.
#[test]
fn units_are_examined_with_the_same_rows() {
    let units_of_run = |stop: Option<u64>| {
        let (case, mut units) = (Case::new(&["train.epochs=3"]), Vec::new());
        let mut observe = |event: Event<'_>| {
            if let Event::Units { epoch, units: now, .. } = event {
                units.push((epoch, now.to_vec()));
            }
        };
        let ask = |step| if Some(step) == stop { Next::Stop } else { Next::Continue };
        let _ = case.run(2, ask, &mut observe);
        if stop.is_some() {
            case.run(1, |_| Next::Continue, &mut observe).expect("the run succeeds");
        }
        units
    };
    let expected = units_of_run(None);
    for stop in [2, 5, 7, 13] {
        assert_eq!(units_of_run(Some(stop)), expected, "stopped after step {stop}");
    }
}

/// A case that was stopped after its sixth step.
fn stopped(overrides: &[&str]) -> Case {
    let case = Case::new(overrides);
    let ask = |step| if step == 6 { Next::Stop } else { Next::Continue };
    let error = case.run(2, ask, &mut |_| ()).expect_err("the run was stopped");
    assert!(matches!(error, TrainError::Stopped { step: 6, .. }), "{error}");
    case
}

/// The error of a run that should resume, without the folder of the checkpoint.
fn refused(case: &Case) -> String {
    let before = std::fs::read(case.checkpoint()).expect("the checkpoint is there");
    let error =
        case.run(2, |_| Next::Continue, &mut |_| ()).expect_err("the checkpoint must be refused");
    let after = std::fs::read(case.checkpoint()).expect("the checkpoint is there");
    assert!(before == after, "the checkpoint has changed");
    error.to_string().replace(&case.folder.path().display().to_string(), "")
}

#[test]
fn the_checkpoint_of_another_run_is_refused() {
    let another = "`/model.dcx.checkpoint` is the checkpoint of another run: ";
    let other_config = |change: &dyn Fn(&mut RunConfig)| {
        let mut case = stopped(&[]);
        change(&mut case.config);
        refused(&case)
    };
    assert_eq!(
        other_config(&|config| config.train.epochs = 3),
        format!("{another}`train.epochs` was 2, and is 3")
    );
    assert_eq!(
        other_config(&|config| {
            let field = config.field[0].clone().min_count(3);
            (config.train.seed, config.field[0]) = (2, field);
        }),
        format!(
            "{another}2 differences\n  `field.query.min_count` was 2, and is 3\n  `train.seed` was 1, and is 2"
        )
    );
    let other_files = |change: &dyn Fn(&mut Case)| {
        let mut case = stopped(&[]);
        change(&mut case);
        refused(&case)
    };
    let longer = other_files(&|case| drop(write(&case.folder, "train.tsv", &clicks(1, ROWS + 1))));
    assert!(longer.contains("the training file `/train.tsv` had "), "{longer}");
    let swapped = other_files(&|case| {
        let mut lines = clicks(1, ROWS);
        lines.swap(700, 701);
        write(&case.folder, "train.tsv", &lines);
    });
    assert_eq!(swapped, format!("{another}the training file `/train.tsv` has different content"));
    let two = other_files(&|case| {
        let path = case.files.train.files()[0].path().to_path_buf();
        case.files.train = vec![path.clone(), path].into();
    });
    assert_eq!(two, format!("{another}the number of training files was 1, and is 2"));
    let init = other_files(&|case| case.init = Some(case.uninterrupted().0));
    assert_eq!(init, format!("{another}it began without a model, and this run begins from one"));
}

#[test]
fn settings_that_change_no_result_may_differ() {
    let mut case = stopped(&[]);
    case.config.train.checkpoint_steps = Some(1);
    case.config.train.checkpoint_minutes = Some(0.0);
    let moved = case.folder.path().join("moved.tsv");
    std::fs::rename(case.files.train.files()[0].path(), &moved).expect("the file can be moved");
    case.files.train = vec![moved].into();
    let model = case.run(3, |_| Next::Continue, &mut |_| ()).expect("the run resumes");
    let (expected, folder) = (Case::new(&[]).uninterrupted().0, case.folder.path());
    assert!(artifact(&model, folder) == artifact(&expected, folder));
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let case = stopped(&[]);
    let mut bytes = std::fs::read(case.checkpoint()).expect("the checkpoint is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(case.checkpoint(), &bytes).expect("the checkpoint can be written");
    assert!(refused(&case).starts_with("`/model.dcx.checkpoint`: is damaged: "));
    std::fs::write(case.checkpoint(), "click\n1\n").expect("the checkpoint can be written");
    let message = "is not a deepcross checkpoint: it does not begin with `DEEPCKPT`";
    assert_eq!(refused(&case), format!("`/model.dcx.checkpoint`: {message}"));
}

#[test]
fn a_checkpoint_of_an_older_format_is_refused() {
    let case = stopped(&[]);
    let mut bytes = std::fs::read(case.checkpoint()).expect("the checkpoint is there");
    bytes[8..12].copy_from_slice(&2_u32.to_le_bytes());
    std::fs::write(case.checkpoint(), &bytes).expect("the checkpoint can be written");
    let message =
        "`/model.dcx.checkpoint`: has an older form, which this program does not read; train again";
    assert_eq!(refused(&case), message);
    let error = load_model(&case.checkpoint()).expect_err("the checkpoint has an older format");
    let expected = case.checkpoint().display().to_string();
    assert_eq!(error.to_string().replace(&expected, "/model.dcx.checkpoint"), message);
}

/// Headers that were changed by hand, with correct checksums: each resumes or is refused with a message.
///
/// `DEEPCROSS_MUTATIONS` sets the number of headers.
#[test]
fn forged_checkpoints_get_an_answer() {
    let count = number_of_mutations(300);
    let case = stopped(&["train.optimizer=adam"]);
    let valid = std::fs::read(case.checkpoint()).expect("the checkpoint exists");
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (mut refused, mut resumed) = (0, 0);
    for _ in 0..count {
        std::fs::write(case.checkpoint(), forged(&valid, &mut random))
            .expect("the checkpoint can be written");
        let _ = load_model(&case.checkpoint());
        match case.run(2, |_| Next::Stop, &mut |_| ()) {
            Err(TrainError::Stopped { .. }) | Ok(_) => resumed += 1,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > count / 4 && resumed > 0, "{refused} refused, {resumed} resumed");
}

/// The file with some bytes of its header changed, removed or inserted, and its checksums corrected.
fn forged(valid: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let length = u64::from_le_bytes(valid[12..20].try_into().expect("8 bytes")) as usize;
    let mut header = valid[28..28 + length].to_vec();
    let tensors = &valid[(28 + length).next_multiple_of(64)..valid.len() - 8];
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..header.len());
        match random.random_range(0..5) {
            0 => header[at] ^= 1 << random.random_range(0..8),
            1 => header[at] = random.random(),
            // 253 is bincode's mark for a number of eight bytes.
            2 => drop(header.splice(at..at, [253, 255, 255, 255, 255, 255, 255, 255, 127])),
            3 => drop(header.remove(at)),
            _ => header.iter_mut().skip(at).take(8).for_each(|byte| *byte = 0xff),
        }
    }
    let mut bytes = valid[..12].to_vec();
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(xxh3_64(&header).to_le_bytes());
    bytes.extend(header);
    bytes.resize(bytes.len().next_multiple_of(64), 0);
    bytes.extend(tensors);
    bytes.extend(xxh3_64(&bytes).to_le_bytes());
    bytes
}

#[test]
fn a_run_without_a_checkpoint_begins() {
    let (case, mut resumed) = (Case::new(&[]), false);
    let mut observe = |event: Event<'_>| resumed |= matches!(event, Event::Resumed { .. });
    let model = case.run(2, |_| Next::Continue, &mut observe).expect("the run begins");
    assert!(!resumed && !case.checkpoint().exists());
    let plain = trained_with(&case.config, &case.files, 1, &mut |_| ());
    let folder = case.folder.path();
    assert!(artifact(&model, folder) == artifact(&plain, folder));
}

#[test]
fn the_last_good_checkpoint_stays_when_a_number_is_no_longer_finite() {
    let mut case = Case::new(&["train.optimizer=sgd", "train.learning_rate=1e30"]);
    case.config.train.checkpoint_steps = Some(1);
    let error = case.run(2, |_| Next::Continue, &mut |_| ()).expect_err("the weights overflow");
    let TrainError::NotFinite { step, checkpoint, .. } = &error else { panic!("{error}") };
    assert_eq!(checkpoint.as_deref(), Some(&*case.checkpoint()));
    assert!(*step > 1 && error.to_string().contains("the last good checkpoint stays in `"));
    let good = load_model(&case.checkpoint()).expect("the checkpoint is valid");
    assert_eq!(good.params.find_non_finite(), None);
    assert!(good.training.steps < *step, "{} steps", good.training.steps);
}

#[test]
fn a_checkpoint_that_cannot_be_written_ends_only_a_run_that_must_stop() {
    let case = Case::new(&[]);
    let nowhere = case.folder.path().join("none").join("checkpoint");
    let run = |next: Next, warnings: &mut u32| {
        let checkpoints = Checkpoints::new(&nowhere)
            .ask(move |step| if step == 3 { next } else { Next::Continue });
        let options = RunOptions { checkpoints: Some(checkpoints), ..RunOptions::on_threads(2) };
        train(&case.config, &case.files, options, &mut |event| {
            *warnings +=
                u32::from(matches!(event, Event::Warning(Warning::NoCheckpoint { step: 3, .. })));
        })
    };
    let mut warnings = 0;
    assert!(run(Next::Checkpoint, &mut warnings).is_ok());
    assert_eq!(warnings, 1);
    let stopped = run(Next::Stop, &mut warnings);
    assert!(matches!(stopped, Err(TrainError::Checkpoint(_))), "{stopped:?}");
}

/// The rows of tables in a checkpoint within an epoch have not made up their steps; those of the model have.
#[test]
fn a_model_of_a_checkpoint_has_settled_rows() {
    let sgd = ["train.embedding_optimizer=sgd", "train.embedding_learning_rate=0.1"];
    let tables = |updates: &str| {
        let updates = format!("train.table_updates={updates}");
        let case = stopped(&[&sgd[..], &["train.embedding_l2=0.5", &updates]].concat());
        let model = load_model(&case.checkpoint()).expect("the checkpoint is valid");
        let params = &model.params;
        params.table_ids().flat_map(|id| params.table(id)).collect::<Vec<f32>>()
    };
    let [settled, dense, rows] = ["settled", "dense", "rows"].map(tables);
    let distance = |other: &[f32]| {
        let differences = other.iter().zip(&dense).map(|(a, b)| (a - b).abs());
        differences.fold(0.0, f32::max)
    };
    assert!(distance(&settled) < 1e-5 && distance(&rows) > 1e-3, "{}", distance(&settled));
}

#[test]
fn a_run_can_begin_from_an_artifact_or_a_checkpoint() {
    let case = stopped(&[]);
    let of_checkpoint = load_model(&case.checkpoint()).expect("the checkpoint is valid");
    let path: &Path = &case.folder.path().join("model.dcx");
    of_checkpoint.save(path).expect("there is room for temporary files");
    let of_artifact = load_model(path).expect("the artifact is valid");
    assert_eq!(of_artifact.training, of_checkpoint.training);
    assert_eq!(of_artifact.training.steps, 6);
    let error =
        load_model(case.files.train.files()[0].path()).expect_err("the file is not a model");
    assert!(
        error
            .to_string()
            .ends_with("is not a deepcross artifact: it does not begin with `DEEPCROS`")
    );
}
