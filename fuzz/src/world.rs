//! A small model with fields of all kinds, and the rows that it was trained on.

use std::sync::{LazyLock, Mutex, PoisonError};

use deepcross_data::{BadRows, Labels, Partition, RowPlan, RowReader, Source};
use deepcross_model::TrainedModel;
use deepcross_train::{Files, RunConfig, RunOptions, train};

use crate::file::Written;

/// The configuration of the run that trains the model.
pub(crate) const RUN: &str = r#"
[data]
format = "csv"
label = "click"
weight = "weight"
bad_rows = "skip"

[[field]]
name = "ad"
kind = "categorical"
counts = true

[[field]]
name = "site"
kind = "categorical"
buckets = 5

[[field]]
name = "tags"
kind = "multi-hot"
weights = true

[[field]]
name = "query"
kind = "text"
top = 12

[[field]]
name = "age"
kind = "number"
missing = "indicator"

[[field]]
name = "price"
kind = "bucketized"
quantiles = 3

[[field]]
name = "hour"
kind = "time"
part = "hour"

[[field]]
name = "age_vector"
column = "age"
kind = "vector"

[[field]]
name = "both"
kind = "cross"
columns = ["ad", "site"]
buckets = 10
counts = true

[[field]]
name = "three"
kind = "cross"
columns = ["ad", "site", "age"]
min_count = 2
counts = true
smoothing = [1, 10]

[model]
embedding = 2
hidden = [3]
batch_norm = true

[train]
epochs = 2
batch = 16
groups = 2
valid_fraction = 0.2
"#;

/// The model with its rows, made once.
#[derive(Debug)]
pub struct World {
    rows: Written,
    /// The configuration of the run that trained the model.
    pub config: RunConfig,
    /// The rows that the model was trained on.
    pub source: Source,
    /// The model.
    pub trained: TrainedModel,
}

impl World {
    /// The only instance.
    pub fn get() -> &'static Self {
        static WORLD: LazyLock<World> = LazyLock::new(World::new);
        &WORLD
    }

    fn new() -> Self {
        let rows = Written::new(text().as_bytes());
        let config = RunConfig::parse(RUN, &[], "run.toml").expect("a configuration");
        let source = Source::open(&[rows.path()], &config.data).expect("rows");
        let files = Files::new(vec![rows.path()]);
        let trained =
            train(&config, &files, RunOptions::on_threads(1), &mut |_| {}).expect("a model");
        Self { rows, config, source, trained }
    }

    /// The files of a run.
    pub fn files(&self) -> Files {
        Files::new(vec![self.rows.path()])
    }

    /// A reader of the rows, with the settings that make a cache.
    pub fn reader(&self) -> RowReader<'_> {
        let bad_rows = BadRows::Skip;
        let plan = RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows };
        RowReader::new(&self.source, &self.trained.encoder, plan).expect("all columns")
    }
}

/// The text of the rows: some rows have no values, and one row is bad.
fn text() -> String {
    let row = |i: u32| match i % 16 {
        7 => "0,1,,,,,,,\n".to_owned(),
        9 if i < 16 => "1,1,a,s,t,q,many,1,0\n".to_owned(),
        _ => format!(
            "{},{},a{},s{},t{}:0.5|t{},red shoe{},{},{},{}\n",
            i % 3 % 2,
            1 + i % 2,
            i % 5,
            i % 7,
            i % 4,
            i % 3,
            i % 6,
            i % 30,
            i * i % 40,
            1_471_080_600 + i * 5000,
        ),
    };
    let header = "click,weight,ad,site,tags,query,age,price,hour\n";
    header.chars().chain((0..48).flat_map(|i| row(i).chars().collect::<Vec<_>>())).collect()
}

/// Locks a shared value for one run at a time, even if an earlier run panicked.
pub(crate) fn locked<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
