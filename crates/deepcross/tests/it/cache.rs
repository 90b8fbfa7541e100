//! Tests of the cache: a run that reads encoded rows from a cache gives the same artifact as a run that reads text, to
//! the byte, and a cache of other rows is not used.

use crate::common::{artifact, clicks, folder, write};
use deepcross::model::TrainedModel;
use deepcross::train::{
    CacheEvent, Checkpoints, EncodeOptions, Event, Files, Next, RunConfig, RunOptions, TrainError,
    Warning, encode, train,
};
use std::path::PathBuf;
use tempfile::TempDir;

/// Each kind of field, companion counts, row weights, and a shuffle buffer smaller than the data.
pub(crate) const CONFIG: &str = r#"
    [data]
    label = "click"
    weight = "price"

    [[field]]
    name = "query"
    kind = "text"
    min_count = 2

    [[field]]
    name = "title"
    kind = "multi-hot"
    separator = " "
    pooling = "mean"
    max_length = 3
    buckets = 300

    [[field]]
    name = "campaign"
    kind = "categorical"
    top = 100
    counts = true

    [[field]]
    name = "user"
    kind = "categorical"
    buckets = 200
    counts = true

    [[field]]
    name = "hour"
    kind = "bucketized"
    quantiles = 6

    [[field]]
    name = "both"
    kind = "cross"
    columns = ["device", "match_type"]
    min_count = 3
    counts = true
    smoothing = [1, 30]

    [[field]]
    name = "user_device"
    kind = "cross"
    columns = ["user", "campaign", "device"]
    buckets = 150
    counts = true

    [[field]]
    name = "age"
    kind = "number"
    transform = "standard"
    clip = [20.0, 60.0]

    [[field]]
    name = "age_bins"
    column = "age"
    kind = "number"
    encoding = "piecewise-linear"
    bins = 5

    [[field]]
    name = "age_vector"
    column = "age"
    kind = "vector"
    normalize = true

    [model]
    embedding = 4
    bypass_below = 10
    hidden = [16]
    dropout = 0.1

    [train]
    epochs = 3
    batch = 256
    groups = 4
    learning_rate = 0.02
    shuffle_buffer = 300
"#;

const ROWS: u64 = 1500;

/// The events of the cache, as text.
type CacheEvents = Vec<String>;

struct Case {
    folder: TempDir,
    config: RunConfig,
    files: Files,
    init: Option<TrainedModel>,
}

impl Case {
    fn new(overrides: &[&str]) -> Self {
        let overrides: Vec<_> = overrides.iter().map(|&one| one.to_owned()).collect();
        let config =
            RunConfig::parse(CONFIG, &overrides, "run.toml").expect("the configuration is valid");
        let folder = folder();
        let train = vec![write(&folder, "train.tsv", &clicks(1, ROWS))];
        Self { folder, config, files: Files::new(train), init: None }
    }

    /// Makes every fifth row bad, in one of three ways.
    fn with_bad_rows(self) -> Self {
        let mut lines = clicks(1, ROWS);
        for (row, line) in lines.iter_mut().enumerate().skip(1).filter(|(row, _)| row % 5 == 2) {
            *line = match row % 3 {
                0 => line.replacen(['0', '1'], "maybe", 1),
                1 => format!("{line}\tmore"),
                _ => {
                    let cells: Vec<_> = line.split('\t').collect();
                    let [before @ .., _, price] = &cells[..] else { panic!("there are columns") };
                    [before, &["old", price]].concat().join("\t")
                }
            };
        }
        write(&self.folder, "train.tsv", &lines);
        self
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("rows.dcc")
    }

    fn text(&self) -> Vec<u8> {
        let options = RunOptions { init: self.init.clone(), ..RunOptions::on_threads(2) };
        let model = train(&self.config, &self.files, options, &mut |_| ());
        artifact(&model.unwrap_or_else(|error| panic!("{error}")), self.folder.path())
    }

    fn cached(&self, threads: usize) -> (Vec<u8>, CacheEvents) {
        self.cached_observed(&self.files, threads, &mut |_| ())
    }

    /// A run that reads the cache without the files.
    fn cached_alone(&self, threads: usize) -> (Vec<u8>, CacheEvents) {
        self.cached_observed(&Files::default(), threads, &mut |_| ())
    }

    fn cached_observed(
        &self,
        files: &Files,
        threads: usize,
        observe: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> (Vec<u8>, CacheEvents) {
        let (init, cache) = (self.init.clone(), Some(self.cache()));
        let options = RunOptions { init, cache, ..RunOptions::on_threads(threads) };
        let mut events = Vec::new();
        let model = train(&self.config, files, options, &mut |event| {
            note(&event, &mut events);
            observe(&event);
        });
        let model = model.unwrap_or_else(|error| panic!("{error}"));
        (artifact(&model, self.folder.path()), events)
    }

    /// Checks the artifact when the cache is made, used, and made on another number of threads.
    #[track_caller]
    fn check(&self, name: &str) {
        let expected = self.text();
        for (threads, event) in [(1, "made"), (3, "used"), (3, "made")] {
            if event == "made" {
                let _ = std::fs::remove_file(self.cache());
            }
            let (found, events) = self.cached(threads);
            assert_eq!(events, [event], "{name}, {threads} threads");
            assert!(found == expected, "{name}, {event} on {threads} threads: another artifact");
        }
        let (found, events) = self.cached_alone(2);
        assert_eq!(events, ["used"], "{name}, without the files");
        assert!(found == expected, "{name}, without the files: another artifact");
    }
}

fn note(event: &Event<'_>, events: &mut CacheEvents) {
    events.push(match event {
        Event::Warning(Warning::NoCache { reason }) => format!("not made: {reason}"),
        Event::Cache(event) => cache_event(event),
        _ => return,
    });
}

fn cache_event(event: &CacheEvent<'_>) -> String {
    match event {
        CacheEvent::Used { .. } => "used".to_owned(),
        CacheEvent::Made { .. } => "made".to_owned(),
        CacheEvent::Refused { reasons, .. } => format!("refused: {}", reasons.join("; ")),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_artifact_is_that_of_the_text() {
    let cases: [&[&str]; 9] = [
        &[],
        &["train.members=2", "train.negative_rate=0.4", "data.order=time"],
        &["data.order=time"],
        &["train.negative_rate=0.4"],
        &["train.negative_rate=0.4", "data.order=time", "train.valid_by=row", "train.split_seed=3"],
        &["train.negative_rate=0.4", "train.valid_by=field:user", "train.split_seed=3"],
        &["train.valid_by=time:hour", "train.valid_fraction=0.3"],
        &["train.valid_fraction=0", "train.label_smoothing=0.1"],
        &["train.shuffle=whole"],
    ];
    for overrides in cases {
        Case::new(overrides).check(&overrides.join(" "));
    }
}

#[test]
fn bad_rows_are_left_out_of_a_cache() {
    for overrides in [
        &["data.bad_rows=skip"][..],
        &["data.bad_rows=skip", "train.negative_rate=0.4"],
        &["data.bad_rows=skip", "train.negative_rate=0.4", "data.order=time"],
        &["data.bad_rows=skip", "train.valid_by=field:campaign"],
        &["data.bad_rows=skip", "train.valid_by=time:age"],
    ] {
        let case = Case::new(overrides).with_bad_rows();
        case.check(&overrides.join(" "));
        let mut skipped = Vec::new();
        let none = Files::default();
        for (files, is_cached) in [(&case.files, false), (&case.files, true), (&none, true)] {
            let cache = is_cached.then(|| case.cache());
            let options = RunOptions { cache, ..RunOptions::on_threads(2) };
            let trained = train(&case.config, files, options, &mut |event| {
                if let Event::Read { train, valid } = event {
                    let valid =
                        valid.map(|valid| (valid.skipped().clone(), valid.counts().clone()));
                    let train =
                        (train.skipped().clone(), train.counts().clone(), train.negatives());
                    skipped.push((train, valid));
                }
            });
            trained.unwrap_or_else(|error| panic!("{error}"));
        }
        assert!(skipped[0].0.0.rows > 100, "{:?}", skipped[0]);
        assert_eq!(skipped[0], skipped[1], "the counts and the bad rows are those of the text");
        assert_eq!(skipped[0], skipped[2], "and they are in the cache");
    }
}

#[test]
fn a_validation_file_and_a_model_to_begin_from_are_cached() {
    let mut case = Case::new(&["train.negative_rate=0.6"]);
    case.files.valid = vec![write(&case.folder, "valid.tsv", &clicks(2, 700))].into();
    case.check("a validation file");
    let begun = Files::new(vec![write(&case.folder, "first.tsv", &clicks(3, 900))]);
    let model = train(&case.config, &begun, RunOptions::on_threads(2), &mut |_| ())
        .expect("the rows are valid");
    case.init = Some(model.clone());
    let (_, events) = case.cached(2);
    assert_eq!(events, ["refused: the rows were encoded by another encoder", "made"]);
    case.check("a model");
    // A cache that is encoded beforehand has the same bytes as the cache of a run.
    let made = std::fs::read(case.cache()).expect("the run has made the cache");
    let options = EncodeOptions { threads: 3, init: Some(&model), ..EncodeOptions::default() };
    let encoded = encode(&case.config, &case.files, options, &case.cache(), &mut |_| ());
    let encoded = encoded.expect("the rows are valid");
    assert_eq!((encoded.rows, encoded.valid_rows), (ROWS, 700));
    assert!(std::fs::read(case.cache()).expect("the cache is written") == made);
    assert_eq!(case.cached(2), (case.text(), vec!["used".to_owned()]));
}

#[test]
fn no_epoch_reads_the_text_once_there_is_a_cache() {
    let case = Case::new(&["train.shuffle=whole"]);
    let (expected, file) = (case.text(), &*case.files.train.files()[0].path().clone());
    let text = std::fs::read_to_string(file).expect("the file exists");
    let header = text.lines().next().expect("there is a header");
    let (found, _) = case.cached_observed(&case.files, 2, &mut |event| {
        if let Event::Cache(CacheEvent::Made { .. }) = event {
            std::fs::write(file, format!("{header}\nno row at all\n")).expect("there is room");
        }
    });
    assert!(found == expected);
    std::fs::write(file, text).expect("there is room");
    // A later run does not fit the encoder: the event of the cache comes before the event of the fit.
    let mut order = Vec::new();
    case.cached_observed(&case.files, 2, &mut |event| match event {
        Event::Cache(_) => order.push("cache"),
        Event::Fitted { .. } => order.push("fitted"),
        _ => {}
    });
    assert_eq!(order, ["cache", "fitted"]);
}

#[test]
fn a_stopped_run_resumes_with_its_cache_or_another() {
    let case = Case::new(&["data.order=time", "train.negative_rate=0.7"]);
    let (expected, checkpoint) = (case.text(), case.folder.path().join("checkpoint"));
    for (removed, whole) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut stops = 0;
        let model = loop {
            let mut left = 4;
            let ask = |_| {
                left -= 1;
                if left == 0 { Next::Stop } else { Next::Continue }
            };
            let checkpoints = Checkpoints::new(&checkpoint).resume(true).ask(ask);
            // Every other call has no cache in the last case, and no files in the second.
            let cache = (!removed || !whole || stops % 2 == 0).then(|| case.cache());
            let has_files = removed || !whole || stops % 2 == 0;
            let files = if has_files { case.files.clone() } else { Files::default() };
            let threads = 1 + stops % 3;
            let options = RunOptions {
                cache,
                checkpoints: Some(checkpoints),
                ..RunOptions::on_threads(threads)
            };
            match train(&case.config, &files, options, &mut |_| ()) {
                Err(TrainError::Stopped { .. }) => stops += 1,
                result => break result.unwrap_or_else(|error| panic!("{error}")),
            }
            if removed {
                let _ = std::fs::remove_file(case.cache());
            }
        };
        assert!(stops > 2);
        assert!(artifact(&model, case.folder.path()) == expected, "{removed}, {whole}");
        std::fs::remove_file(&checkpoint).expect("the last checkpoint is still there");
    }
}

#[test]
fn a_cache_of_other_rows_is_reported_and_rebuilt() {
    let mut case = Case::new(&[]);
    assert_eq!(case.cached(2).1, ["made"]);
    // Settings on which the rows do not depend may change.
    case.config =
        Case::new(&["train.epochs=1", "train.batch=64", "train.negative_rate=0.5"]).config;
    assert_eq!(case.cached(2).1, ["used"]);
    let changes: [(&[&str], &str); 5] = [
        (
            &["field.age.transform=log1p"],
            "`field.age.transform` was \"standard\", and is \"log1p\"",
        ),
        (&["data.order=time"], "`data.order` was \"any\", and is \"time\""),
        (&["train.valid_fraction=0.3"], "`train.valid_fraction` was 0.1, and is 0.3"),
        (&["train.valid_by=field:user"], "`train.valid_by` was \"row\", and is \"field:user\""),
        (&["train.seed=2"], "`train.split_seed` was 1, and is 2"),
    ];
    for (overrides, expected) in changes {
        let overrides = [&["train.epochs=1"], overrides].concat();
        case.config = Case::new(&overrides).config;
        let (found, events) = case.cached(2);
        assert!(events[0].starts_with(&format!("refused: {expected}")), "{events:?}");
        assert!(events[1] == "made" && found == case.text(), "{overrides:?}");
        case.config = Case::new(&["train.epochs=1"]).config;
        assert_eq!(case.cached(2).1.len(), 2);
    }
    let mut lines = clicks(1, ROWS);
    lines.push(lines[5].clone());
    write(&case.folder, "train.tsv", &lines);
    let (found, events) = case.cached(2);
    assert!(events[0].contains("train.tsv` had") && events[1] == "made", "{events:?}");
    assert!(found == case.text());
}

/// The numbers of rows, and so the rows that are held out, depend on the order of the files.
#[test]
fn a_cache_of_files_in_another_order_is_rebuilt() {
    let mut case = Case::new(&["train.epochs=1"]);
    let next = write(&case.folder, "next.tsv", &clicks(2, 400));
    let first = case.files.train.files()[0].path().to_path_buf();
    case.files.train = vec![first.clone(), next.clone()].into();
    case.cached(2);
    case.files.train = vec![next, first].into();
    let (found, events) = case.cached(2);
    assert_eq!(events, ["refused: the training files came in another order", "made"]);
    assert!(found == case.text());
}

#[test]
fn a_damaged_cache_is_reported_and_rebuilt() {
    let case = Case::new(&["train.epochs=1"]);
    let expected = case.text();
    case.cached(2);
    let valid = std::fs::read(case.cache()).expect("the run has made the cache");
    let mut damaged = vec![b"click\n1\n".to_vec(), Vec::new(), valid[..valid.len() - 1].to_vec()];
    damaged.extend([40, valid.len() / 3, valid.len() / 2, valid.len() - 40].map(|at| {
        let mut bytes = valid.clone();
        bytes[at] ^= 16;
        bytes
    }));
    for bytes in damaged {
        std::fs::write(case.cache(), bytes).expect("there is room");
        let (found, events) = case.cached(2);
        assert!(events[0].contains("not a valid cache") && events[1] == "made", "{events:?}");
        assert!(found == expected);
        assert!(std::fs::read(case.cache()).expect("the cache exists") == valid);
    }
}

#[test]
fn without_room_for_a_cache_a_run_reads_text() {
    let case = Case::new(&["train.epochs=1"]);
    std::fs::create_dir(case.cache()).expect("there is room");
    let (found, events) = case.cached(2);
    assert!(found == case.text());
    assert!(events[0].starts_with("refused") && events[1].starts_with("not made"), "{events:?}");
    let error =
        encode(&case.config, &case.files, EncodeOptions::default(), &case.cache(), &mut |_| ());
    assert!(error.is_err_and(|error| error.to_string().contains("cannot be written")));
    std::fs::remove_dir(case.cache()).expect("the folder is empty");
}

/// The differences that a run without files finds between its settings and the cache.
fn differences_alone(case: &Case) -> Vec<String> {
    let options = RunOptions {
        cache: Some(case.cache()),
        init: case.init.clone(),
        ..RunOptions::on_threads(2)
    };
    match train(&case.config, &Files::default(), options, &mut |_| ()) {
        Err(TrainError::OtherCache { file, differences }) => {
            assert_eq!(file, case.cache());
            differences
        }
        other => panic!("{:?}", other.map(|_| "trained")),
    }
}

#[test]
fn a_cache_alone_must_be_of_the_settings_of_the_run() {
    let mut case = Case::new(&["train.epochs=1"]);
    case.cached(2);
    let made = std::fs::read(case.cache()).expect("the run has made the cache");
    let model = train(&case.config, &case.files, RunOptions::on_threads(2), &mut |_| ());
    let changes: [(&[&str], &str); 4] = [
        (
            &["field.age.transform=log1p"],
            "`field.age.transform` was \"standard\", and is \"log1p\"",
        ),
        (&["data.order=time"], "`data.order` was \"any\", and is \"time\""),
        (&["train.valid_fraction=0.3"], "`train.valid_fraction` was 0.1, and is 0.3"),
        (&["train.seed=2"], "`train.split_seed` was 1, and is 2"),
    ];
    for (overrides, expected) in changes {
        case.config = Case::new(overrides).config;
        assert_eq!(differences_alone(&case)[0], expected);
    }
    case.config = Case::new(&["train.epochs=1"]).config;
    case.init = Some(model.expect("the rows are valid"));
    assert_eq!(differences_alone(&case), ["the rows were encoded by another encoder"]);
    case.init = None;
    let mut damaged = made.clone();
    damaged[made.len() / 2] ^= 16;
    for (bytes, expected) in [(Some(damaged), "not a valid cache"), (None, "no such file")] {
        std::fs::remove_file(case.cache()).expect("the cache is still there");
        bytes.into_iter().for_each(|bytes| {
            std::fs::write(case.cache(), bytes).expect("there is room");
        });
        let options = RunOptions { cache: Some(case.cache()), ..RunOptions::on_threads(1) };
        let error = train(&case.config, &Files::default(), options, &mut |_| ());
        let error = error.map(|_| "trained").expect_err("there is no valid cache").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Settings that contradict the files are refused as for the files themselves.
#[test]
fn a_cache_alone_says_whether_there_are_validation_files() {
    let mut case = Case::new(&["train.epochs=1"]);
    case.files.valid = vec![write(&case.folder, "valid.tsv", &clicks(2, 700))].into();
    case.cached(2);
    case.config = Case::new(&["train.epochs=1", "train.valid_fraction=0.2"]).config;
    let options = RunOptions { cache: Some(case.cache()), ..RunOptions::on_threads(1) };
    let error = train(&case.config, &Files::default(), options, &mut |_| ());
    let error = error.map(|_| "trained").expect_err("two kinds of validation rows").to_string();
    assert!(error.contains("`train.valid_fraction`: has no meaning with a validation"), "{error}");
    let missing = train(&case.config, &Files::default(), RunOptions::on_threads(1), &mut |_| ());
    assert!(missing.is_err(), "neither files nor a cache");
}
