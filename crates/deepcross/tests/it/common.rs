//! Simulated clicks in files, and a small model that is trained on them.

use deepcross::data::{BadRows, Input, Labels, Partition, RowPlan, RowReader, Source};
use deepcross::model::{ModelConfig, ModelKind, Tapes, TrainedModel};
use deepcross::simulate::{Simulator, SimulatorConfig};
use deepcross::train::{Event, Files, Prediction, Predictions, RunConfig, RunOptions, train};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A configuration with multi-hot, categorical and number fields, dropout, and two blocks in each of the eight groups
/// of a batch.
const CONFIG: &str = r#"
    [data]
    label = "click"

    [[field]]
    name = "query"
    kind = "multi-hot"
    separator = " "
    min_count = 2

    [[field]]
    name = "title"
    kind = "multi-hot"
    separator = " "
    pooling = "mean"
    buckets = 300

    [[field]]
    name = "campaign"
    kind = "categorical"
    top = 100

    [[field]]
    name = "user"
    kind = "categorical"
    buckets = 200

    [[field]]
    name = "device"
    kind = "categorical"

    [[field]]
    name = "age"
    kind = "number"
    transform = "standard"
    missing = "indicator"

    [[field]]
    name = "price"
    kind = "number"
    transform = "log1p"

    [model]
    embedding = 4
    bypass_below = 10
    hidden = [24, 8]
    dropout = 0.2

    [train]
    epochs = 2
    batch = 1100
    groups = 8
    learning_rate = 0.01
    shuffle_buffer = 1000
"#;

/// A small model of each kind except Deep Crossing, and one by FTRL, as overrides.
pub(crate) fn kinds() -> Vec<Vec<String>> {
    let base = ModelConfig { embedding_std: Some(0.1), ..config(&[]).model };
    let of_kind = |base: &ModelConfig, kind: ModelKind| {
        let keys = serde_json::to_value(base.for_kind(kind)).expect("the keys are plain values");
        let keys = keys.as_object().into_iter().flatten().filter(|(key, _)| *key != "kind");
        let keys = keys.map(|(key, value)| format!("model.{key}={value}"));
        std::iter::once(format!("model={{kind='{kind}'}}")).chain(keys).collect::<Vec<_>>()
    };
    let mut ftrl = of_kind(&base, ModelKind::Lr);
    ftrl.extend(
        ["optimizer=ftrl", "l1=0.1", "learning_rate=0.1"].map(|key| format!("train.{key}")),
    );
    let kinds = ModelKind::ALL.into_iter().filter(|kind| *kind != ModelKind::DeepCrossing);
    let normed = ModelConfig { batch_norm: Some(true), ..base.clone() };
    let normed =
        [ModelKind::Mlp, ModelKind::DeepFm, ModelKind::DcnV2].map(|kind| of_kind(&normed, kind));
    kinds.map(|kind| of_kind(&base, kind)).chain([ftrl]).chain(normed).collect()
}

/// The configuration, with parts of it replaced: `section.key=value`.
pub(crate) fn config(overrides: &[&str]) -> RunConfig {
    let overrides: Vec<_> = overrides.iter().map(|&one| one.to_owned()).collect();
    RunConfig::parse(CONFIG, &overrides, "run.toml").expect("the configuration is valid")
}

/// Simulated clicks as lines, the header first; two seeds are two samples of one small world.
pub(crate) fn clicks(seed: u64, rows: u64) -> Vec<String> {
    let config =
        SimulatorConfig { seed, campaigns: 300, users: 500, click_rate: 0.3, ..Default::default() };
    simulated(&config, rows)
}

/// Simulated clicks as lines, the header first.
pub(crate) fn simulated(config: &SimulatorConfig, rows: u64) -> Vec<String> {
    let mut text = Vec::new();
    let simulator = Simulator::new(config).expect("the settings are valid");
    simulator.write_tsv(&mut text, None, rows).expect("writing to memory does not fail");
    let text = String::from_utf8(text).expect("the clicks are UTF-8");
    text.lines().map(str::to_owned).collect()
}

/// A temporary folder for files.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("there is room for temporary files")
}

/// Writes lines to a file of the folder.
pub(crate) fn write(folder: &TempDir, name: &str, lines: &[String]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, lines.join("\n") + "\n").expect("there is room for temporary files");
    path
}

/// Writes the rows of `lines` to several files, each with the header, cut at these rows.
pub(crate) fn write_parts(folder: &TempDir, lines: &[String], cuts: &[usize]) -> Vec<PathBuf> {
    let (header, rows) = lines.split_first().expect("a header");
    let starts = [&[0], cuts].concat();
    let ends = [cuts, &[rows.len()]].concat();
    let parts = starts.iter().zip(&ends).map(|(&start, &end)| &rows[start..end]);
    let file = |(i, part): (usize, &[String])| {
        write(folder, &format!("part{i}.tsv"), &[std::slice::from_ref(header), part].concat())
    };
    parts.enumerate().map(file).collect()
}

/// A model trained on `files`, validated on held-out rows of them.
pub(crate) fn trained(config: &RunConfig, files: &[PathBuf], threads: usize) -> TrainedModel {
    trained_with(config, &Files::new(files.to_vec()), threads, &mut |_| ())
}

pub(crate) fn trained_with(
    config: &RunConfig,
    files: &Files,
    threads: usize,
    observe: &mut (dyn FnMut(Event<'_>) + Send),
) -> TrainedModel {
    train(config, files, RunOptions::on_threads(threads), observe)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Runs `work` on a pool of that many threads.
pub(crate) fn on_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("there are threads").install(work)
}

/// Hands `work` a reader of all rows of the files with their labels.
pub(crate) fn with_reader<R>(
    model: &TrainedModel,
    config: &RunConfig,
    files: impl Into<Input>,
    work: impl FnOnce(&mut RowReader<'_>) -> R,
) -> R {
    let source = Source::open(files, &config.data).expect("the files exist");
    let plan =
        RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Error };
    work(&mut RowReader::new(&source, &model.encoder, plan).expect("the columns are there"))
}

/// The probabilities of all rows of the files, streamed on the current pool.
pub(crate) fn predictions(
    model: &TrainedModel,
    config: &RunConfig,
    files: impl Into<Input>,
) -> Vec<f32> {
    with_reader(model, config, files, |reader| {
        let tapes = Tapes::new();
        let mut chunks = Predictions::new(model.predictor(), reader, &tapes);
        let mut all = Vec::new();
        while let Some(chunk) = chunks.next_chunk().expect("the rows are valid") {
            let probability = |one: &Option<Prediction>| one.map(|one| one.probability);
            all.extend(chunk.predictions.iter().map(|one| probability(one).expect("valid rows")));
        }
        all
    })
}

/// The model after it was written to an artifact and read again.
pub(crate) fn reloaded(model: &TrainedModel, folder: &TempDir) -> TrainedModel {
    let path = folder.path().join("model.dcx");
    model.save(&path).expect("there is room for temporary files");
    TrainedModel::load(&path).expect("a written artifact can be read")
}

/// The bytes of the artifact of the model.
pub(crate) fn artifact(model: &TrainedModel, folder: &Path) -> Vec<u8> {
    let path = folder.join("bytes.dcx");
    model.save(&path).expect("there is room for temporary files");
    std::fs::read(path).expect("the artifact has just been written")
}
