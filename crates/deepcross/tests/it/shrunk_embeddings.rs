//! Tests of companion counts beside a strong penalty, in a world where each user likes some campaigns.
//!
//! Without counts, the embeddings carry what a user and a campaign are on average, and with it what goes with what.
//! With counts they carry only the latter, and a strong penalty shrinks them to nothing.

use crate::common::{folder, simulated, write};
use deepcross::simulate::SimulatorConfig;
use deepcross::train::{Event, Files, RunConfig, RunOptions, Warning, train};
use tempfile::TempDir;

const CONFIG: &str = "
[data]
label = 'click'
format = 'tsv'

[model]
embedding = 16
bypass_below = 0
hidden = [64, 64]

[train]
epochs = 10
batch = 256
learning_rate = 0.001
monitor = 'log-loss'
patience = 3
table_updates = 'dense'

[[field]]
name = 'user'
kind = 'categorical'
counts = true

[[field]]
name = 'campaign'
kind = 'categorical'
counts = true
";

/// 45,000 training rows, 15,000 validation rows, and the configuration.
fn world() -> (TempDir, Files) {
    let config = SimulatorConfig { seed: 1, users: 200, liking: 5.0, ..Default::default() };
    let lines = simulated(&config, 60_000);
    let folder = folder();
    let valid = [&lines[..1], &lines[45_001..]].concat();
    let mut files = Files::new(vec![write(&folder, "train.tsv", &lines[..45_001])]);
    files.valid = vec![write(&folder, "valid.tsv", &valid)].into();
    (folder, files)
}

/// The log loss of the kept epoch, and the fields that are named as shrunk.
fn outcome(files: &Files, overrides: &[&str]) -> (f64, Vec<String>) {
    let overrides: Vec<_> = overrides.iter().map(|&text| text.to_owned()).collect();
    let config = RunConfig::parse(CONFIG, &overrides, "run.toml").expect("it is valid");
    let mut shrunk = Vec::new();
    let mut observe = |event: Event<'_>| {
        if let Event::Warning(Warning::ShrunkEmbeddings { fields, .. }) = event {
            shrunk.extend(fields.iter().map(|field| field.field.clone()));
        }
    };
    let model = train(&config, files, RunOptions::on_threads(2), &mut observe);
    let training = model.expect("the run ends").training;
    (training.valid_log_loss.expect("there are validation rows"), shrunk)
}

#[test]
fn a_strong_penalty_beside_counts_is_said() {
    let (_folder, files) = world();
    let (weak, shrunk) = outcome(&files, &["train.embedding_l2=0.01"]);
    assert_eq!(shrunk, [""; 0]);
    let (strong, shrunk) = outcome(&files, &["train.embedding_l2=0.05"]);
    assert_eq!(shrunk, ["campaign"]);
    assert!(weak < strong - 0.005, "{weak} {strong}");
}
