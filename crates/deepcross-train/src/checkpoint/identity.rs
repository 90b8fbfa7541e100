//! The identity of a run: its configuration, its data, and the model that it began from.
//!
//! A run resumes only from a checkpoint of equal identity, since each key and each row decides the result.
//! Only settings that cannot change the result may differ: threads, paths, and the times of checkpoints.

use crate::config_file::{RunConfig, differences};
use crate::error::TrainError;
use crate::options::Files;
use deepcross_data::input::Fingerprint;
use deepcross_data::{DataError, Input};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The identity of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The configuration as TOML, without the keys that may differ.
    pub(crate) config: String,
    pub(crate) train: Vec<Fingerprint>,
    pub(crate) valid: Vec<Fingerprint>,
    /// The fingerprint of the model that the run began from.
    pub(crate) init: Option<u64>,
}

impl Identity {
    pub(crate) fn of(
        config: &RunConfig,
        files: &Files,
        init: Option<u64>,
    ) -> Result<Self, TrainError> {
        let (train, valid) = (fingerprints(&files.train)?, fingerprints(&files.valid)?);
        Ok(Self { config: config.to_toml()?, train, valid, init })
    }

    /// The differences to the run `now`, whose files are `files`; one sentence each.
    pub(crate) fn differences(&self, now: &Self, files: &Files) -> Vec<String> {
        let table = |text: &str| toml::from_str(text).unwrap_or_default();
        let mut found = differences(&table(&self.config), &table(&now.config));
        if found.is_empty() && self.config != now.config {
            found.push("the configuration was different".to_owned());
        }
        found.extend(file_differences("training", &self.train, &now.train, &files.train));
        found.extend(file_differences("validation", &self.valid, &now.valid, &files.valid));
        found.extend(match (self.init, now.init) {
            (before, now) if before == now => None,
            (Some(_), None) => {
                Some("it began from a model, and this run begins without one".to_owned())
            }
            (None, _) => Some("it began without a model, and this run begins from one".to_owned()),
            _ => Some("it began from another model".to_owned()),
        });
        found
    }
}

/// The fingerprints of files, in their order.
pub(crate) fn fingerprints(input: &Input) -> Result<Vec<Fingerprint>, DataError> {
    input.files().iter().map(Fingerprint::of).collect()
}

/// The differences between files and their earlier fingerprints, one sentence each.
pub(crate) fn file_differences(
    what: &str,
    before: &[Fingerprint],
    now: &[Fingerprint],
    input: &Input,
) -> Vec<String> {
    if before.len() != now.len() {
        let (before, now) = (before.len(), now.len());
        return vec![format!("the number of {what} files was {before}, and is {now}")];
    }
    if before != now && sorted(before) == sorted(now) {
        return vec![format!("the {what} files came in another order")];
    }
    let pairs =
        before.iter().zip(now).zip(input.paths()).filter(|((before, now), _)| before != now);
    let sentence = |((before, now), path): ((&Fingerprint, &Fingerprint), &Path)| {
        let path = path.display();
        match (before.bytes, now.bytes) {
            (before, now) if before == now => {
                format!("the {what} file `{path}` has different content")
            }
            (before, now) => {
                format!("the {what} file `{path}` had {before} bytes, and has {now}")
            }
        }
    };
    pairs.map(sentence).collect()
}

/// The fingerprints without their order.
fn sorted(fingerprints: &[Fingerprint]) -> Vec<(u64, u64)> {
    let mut sorted: Vec<_> = fingerprints.iter().map(|file| (file.bytes, file.hash)).collect();
    sorted.sort_unstable();
    sorted
}
