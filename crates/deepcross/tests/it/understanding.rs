//! Tests of importances, slices and neighbours, on clicks for which the right answer is known.

use deepcross::data::{BadRows, Labels, Partition, RowPlan, RowReader, Source};
use deepcross::metrics::Evaluated;
use deepcross::model::neighbours::{NeighbourError, TrainingCounts, neighbours};
use deepcross::model::{Tapes, TrainedModel};
use deepcross::train::importance::{
    ImportancePlan, Importances, RowSample, permutation_importance,
};
use deepcross::train::slices::{SliceColumn, SliceForm, SlicePlan, SlicedRows, Slices};
use deepcross::train::{
    EvaluateOptions, EvaluatedRows, Files, RunConfig, RunOptions, evaluate, train,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const CONFIG: &str = r#"
    [data]
    label = "click"

    [[field]]
    name = "ad"
    kind = "categorical"
    counts = true

    [[field]]
    name = "shelf"
    kind = "categorical"

    [[field]]
    name = "hashed"
    column = "shelf"
    kind = "categorical"
    buckets = 20

    [[field]]
    name = "side"
    kind = "categorical"

    [[field]]
    name = "age"
    kind = "number"
    transform = "standard"

    [model]
    embedding = 4
    bypass_below = 6
    embedding_activation = "identity"
    hidden = [8]

    [train]
    epochs = 3
    batch = 100
    learning_rate = 0.01
    valid_fraction = 0
"#;

/// Ads with even numbers are clicked often and others seldom; clicks depend on nothing else.
fn rows(n: usize, seed: u64) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut text = "click,ad,shelf,side,age\n".to_owned();
    for _ in 0..n {
        let (ad, shelf, side) =
            (rng.random_range(0..10), rng.random_range(0..8), rng.random_range(0..2));
        let rate = if ad % 2 == 0 { 0.5 } else { 0.1 };
        let (click, age) = (u8::from(rng.random_bool(rate)), rng.random_range(18..80));
        // Writing to a string does not fail.
        writeln!(text, "{click},ad{ad},s{shelf},{side},{age}").unwrap();
    }
    text
}

struct World {
    _folder: TempDir,
    test: PathBuf,
    config: RunConfig,
    trained: TrainedModel,
}

fn world(overrides: &[&str]) -> World {
    let folder = tempfile::tempdir().expect("there is room");
    let file = |name: &str, n, seed| {
        let path = folder.path().join(name);
        std::fs::write(&path, rows(n, seed)).expect("there is room");
        path
    };
    let (train_rows, test) = (file("train.csv", 6_000, 1), file("test.csv", 3_000, 2));
    let overrides: Vec<_> = overrides.iter().map(|&set| set.to_owned()).collect();
    let config =
        RunConfig::parse(CONFIG, &overrides, "run.toml").expect("the configuration is valid");
    let files = Files::new(vec![train_rows]);
    let trained =
        train(&config, &files, RunOptions::on_threads(2), &mut |_| ()).expect("the rows are valid");
    World { _folder: folder, test, config, trained }
}

fn reader<'e>(world: &'e World, file: &Path) -> RowReader<'e> {
    let source = Source::open(&[file.to_owned()], &world.config.data).expect("a file");
    let (labels, partition) = (Labels::Required, Partition::All);
    let plan = RowPlan { labels, partition, bad_rows: BadRows::Error };
    RowReader::new(&source, &world.trained.encoder, plan).expect("all columns are there")
}

/// The importances and slices that `evaluate` measures on that many threads, with the AUC and the log loss of all rows.
fn measure(world: &World, threads: usize, max_rows: usize) -> (Importances, Slices, (f64, f64)) {
    let names = ["ad", "age", "side"].map(String::from);
    let form = |name: &str| if name == "age" { SliceForm::Numbers } else { SliceForm::Values };
    let columns = names.each_ref().map(|name| SliceColumn { name: name.clone(), form: form(name) });
    let work = || {
        let reader = reader(world, &world.test);
        let mut reader = reader.keeping_values(&names).expect("all columns are there");
        let mut sample = RowSample::new(reader.new_batch(), max_rows);
        let missing = world.config.data.missing.clone();
        let mut sliced = SlicedRows::new(&columns, missing, SlicePlan::default());
        let (predictor, tapes) = (world.trained.predictor(), Tapes::new());
        let mut observe = |rows: EvaluatedRows<'_>| {
            sample.push(rows.batch, rows.probabilities);
            sliced.push(rows);
        };
        let options = EvaluateOptions {
            tapes: Some(&tapes),
            observe: Some(&mut observe),
            ..EvaluateOptions::default()
        };
        let Evaluated { summary, .. } =
            evaluate(predictor, &mut reader, options).expect("good rows");
        let rows = sample.into_rows();
        let plan = ImportancePlan::default();
        let encoder = &world.trained.encoder;
        let found = permutation_importance(predictor, encoder, rows, &plan, &tapes);
        let whole = (summary.auc.expect("clicks"), summary.log_loss.expect("rows"));
        (found.expect("good rows"), sliced.finish().expect("good rows"), whole)
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("there are threads").install(work)
}

#[test]
fn a_field_that_predicts_clicks_is_important_and_others_are_not() {
    let world = world(&[]);
    let (found, slices, (auc, _)) = measure(&world, 2, 10_000);
    assert_eq!(found.rows, 3_000);
    assert_eq!(found.fields[0].fields, ["ad", "ad_counts"], "counts move with their field");
    assert_eq!(found.fields.iter().map(|one| one.fields.len()).sum::<usize>(), 6);
    for (place, one) in found.fields.iter().chain([&found.all]).enumerate() {
        let (loss, area) = (one.log_loss.expect("rows"), one.auc.expect("both classes"));
        let is_predictive = one.fields.contains(&"ad".to_owned());
        assert_eq!(loss.low > 0.0, is_predictive, "{place}: {one:?}");
        assert_eq!(area.low > 0.0, is_predictive, "{place}: {one:?}");
        if !is_predictive {
            assert!(loss.high > 0.0 && area.high > 0.0, "{place}: {one:?}");
        }
    }
    let left = auc - found.all.auc.expect("both classes").lost;
    assert!((left - 0.5).abs() < 0.02, "without all fields, only chance is left: {left}");
    assert_eq!(measure(&world, 1, 10_000).0, found);
    assert_eq!(measure(&world, 1, 10_000).1, slices);
    let (some, ..) = measure(&world, 2, 1_000);
    assert_eq!((some.rows, &some.fields[0].fields), (1_000, &found.fields[0].fields));
}

#[test]
fn raw_values_belong_to_their_rows() {
    let world = world(&[]);
    let (_, slices, (_, log_loss)) = measure(&world, 2, 10);
    for column in &slices.columns {
        let sum = column.slices.iter().filter_map(|s| Some(s.summary.log_loss? * s.summary.weight));
        assert!((sum.sum::<f64>() / 3_000.0 - log_loss).abs() < 1e-12, "{}", column.column);
    }
    let ads = &slices.columns[0].slices;
    assert_eq!(ads.len(), 10);
    for slice in ads {
        let is_even = slice.value.to_string().ends_with(['0', '2', '4', '6', '8']);
        let rate = slice.summary.base_rate.expect("rows");
        let prediction = slice.summary.mean_prediction.expect("rows");
        assert_eq!((rate > 0.3, prediction > 0.3), (is_even, is_even), "{slice:?}");
    }
}

#[test]
fn bad_rows_have_no_raw_values() {
    let world = world(&["data.bad_rows=skip"]);
    let mut text = "click,ad,shelf,side,age\n".to_owned();
    for row in 0..200 {
        let age = if row % 7 == 3 { "old" } else { "30" };
        writeln!(text, "1,ad{row},s1,0,{age}").unwrap();
    }
    let file = world.test.with_file_name("bad.csv");
    std::fs::write(&file, text).expect("there is room");
    let source = Source::open(&[file], &world.config.data).expect("a file");
    let plan =
        RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Skip };
    let reader = RowReader::new(&source, &world.trained.encoder, plan).expect("columns");
    let names = ["ad", "age"].map(String::from);
    let mut reader = reader.keeping_values(&names).expect("columns");
    let (mut found, mut n_rows) = (Vec::new(), 0);
    loop {
        let mut batch = reader.new_batch();
        let n = reader.fill(&mut batch, 45).expect("bad rows are left out");
        let columns = reader.raw_values().columns();
        assert_eq!(columns[0].iter().len(), batch.n_rows());
        assert!(columns[1].iter().all(|age| age == b"30"));
        found.extend(columns[0].iter().map(<[u8]>::to_vec));
        n_rows += n;
        if n < 1 {
            break;
        }
    }
    let good = (0..200).filter(|row| row % 7 != 3);
    let expected: Vec<_> = good.map(|row| format!("ad{row}").into_bytes()).collect();
    assert_eq!((found, n_rows), (expected.clone(), expected.len()));
}

#[test]
fn values_that_are_clicked_alike_are_neighbours() {
    let world = world(&[]);
    let found = neighbours(&world.trained, "ad", "ad4", 4).expect("a known value");
    assert!(found.is_sorted_by(|a, b| a.similarity >= b.similarity));
    let mut names: Vec<_> = found.iter().map(|neighbour| neighbour.value.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ad0", "ad2", "ad6", "ad8"]);
    let Some(TrainingCounts { rows, positives }) = found[0].training_counts else {
        panic!("the field has counts")
    };
    assert!((450..750).contains(&rows) && positives > rows / 3, "{rows} {positives}");
    assert_eq!(neighbours(&world.trained, "ad", "ad4", 100).map(|all| all.len()), Ok(9));
    let shelves = neighbours(&world.trained, "shelf", "s1", 3).expect("a known value");
    assert!(shelves.iter().all(|neighbour| neighbour.training_counts.is_none()));
}

#[test]
fn the_reason_for_missing_neighbours_is_reported() {
    let world = world(&["field.ad.top=4"]);
    let error = |field: &str, value: &str| {
        let found = neighbours(&world.trained, field, value, 3);
        found.err().map(|error| error.to_string()).unwrap_or_default()
    };
    for (field, value, message) in [
        ("ads", "ad1", "the model has no field `ads`"),
        (
            "ad",
            "never",
            "field `ad`: `never` is not in its vocabulary, since it never occurred in training",
        ),
        ("hashed", "s1", "field `hashed`: its values are hashed into buckets"),
        (
            "age",
            "30",
            "field `age`: its values do not have a name and an embedding each; its encoding is standard",
        ),
        (
            "ad_counts",
            "ad1",
            "field `ad_counts`: its values do not have a name and an embedding each; its encoding is companion",
        ),
        ("side", "1", "field `side`: has 5 dimensions, below `model.bypass_below`"),
    ] {
        assert!(
            error(field, value).starts_with(message),
            "{field}={value}: {}",
            error(field, value)
        );
    }
    let nearest = |field: &str, value: &str| {
        let error = neighbours(&world.trained, field, value, 3).err()?;
        error.nearest(&world.trained)
    };
    assert_eq!(nearest("ads", "ad1").as_deref(), Some("ad"));
    assert!(nearest("ad", "adx").is_some_and(|value| value.starts_with("ad")));
    assert_eq!((nearest("ad", "never"), nearest("hashed", "s1")), (None, None));
    let rare = (0..10).map(|ad| error("ad", &format!("ad{ad}")));
    assert_eq!(rare.filter(|error| error.ends_with("since it was too rare")).count(), 6);
    let linear = self::world(&["model={kind='lr'}"]);
    let found = neighbours(&linear.trained, "ad", "ad1", 3);
    assert_eq!(found, Err(NeighbourError::NoEmbeddings { kind: "lr" }));
    let pairs = self::world(&["model={kind='fm',embedding=4,embedding_std=0.1}"]);
    assert_eq!(neighbours(&pairs.trained, "side", "1", 3).map(|all| all.len()), Ok(1));
}
