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
use xxhash_rust::xxh3::xxh3_64;

/// The identity of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The configuration as TOML, without the keys that may differ.
    pub(crate) config: String,
    pub(crate) files: FilePrints,
    /// The fingerprint of the model that the run began from.
    pub(crate) init: Option<u64>,
}

/// The fingerprints of the training files and of the validation files, in their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FilePrints {
    pub(crate) train: Vec<Fingerprint>,
    pub(crate) valid: Vec<Fingerprint>,
}

impl Identity {
    pub(crate) fn of(
        config: &RunConfig,
        files: FilePrints,
        init: Option<u64>,
    ) -> Result<Self, TrainError> {
        Ok(Self { config: config.to_toml()?, files, init })
    }

    /// The hash of the identity, which is the same on all machines.
    pub(super) fn hash(&self) -> u64 {
        let Self { config, files: FilePrints { train, valid }, init } = self;
        let lists = [train, valid].map(|files| {
            let numbers = files.iter().flat_map(|file| [file.bytes, file.hash]);
            std::iter::once(files.len() as u64).chain(numbers)
        });
        let init = [u64::from(init.is_some()), init.unwrap_or(0)];
        let numbers = lists.into_iter().flatten().chain(init);
        let mut bytes: Vec<u8> = numbers.flat_map(u64::to_le_bytes).collect();
        bytes.extend(config.as_bytes());
        xxh3_64(&bytes)
    }

    /// The differences to the run `now`, whose files are `files`; one sentence each.
    pub(crate) fn differences(&self, now: &Self, files: &Files) -> Vec<String> {
        let table = |text: &str| toml::from_str(text).unwrap_or_default();
        let mut found = differences(&table(&self.config), &table(&now.config));
        if found.is_empty() && self.config != now.config {
            found.push("the configuration was different".to_owned());
        }
        found.extend(self.files.differences(&now.files, files));
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

impl FilePrints {
    /// Reads the fingerprints of these files.
    ///
    /// # Errors
    /// As [`Fingerprint::of`].
    pub(crate) fn of(files: &Files) -> Result<Self, DataError> {
        let of =
            |input: &Input| input.files().iter().map(Fingerprint::of).collect::<Result<_, _>>();
        Ok(Self { train: of(&files.train)?, valid: of(&files.valid)? })
    }

    /// The differences to the files of now, which have the names in `files`; one sentence each.
    pub(crate) fn differences(&self, now: &Self, files: &Files) -> Vec<String> {
        let mut found = file_differences("training", &self.train, &now.train, &files.train);
        found.extend(file_differences("validation", &self.valid, &now.valid, &files.valid));
        found
    }
}

/// The differences between files and their earlier fingerprints, one sentence each.
///
/// A run that reads a cache alone has no names of files, so that a file is named by its place.
fn file_differences(
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
    let paths: Vec<_> = input.paths().collect();
    let name = |at: usize| match paths.get(at) {
        Some(path) => format!("the {what} file `{}`", path.display()),
        None => format!("{what} file {} of {}", at + 1, now.len()),
    };
    let pairs = before.iter().zip(now).enumerate().filter(|(_, (before, now))| before != now);
    let sentence = |(at, (before, now)): (usize, (&Fingerprint, &Fingerprint))| {
        let name = name(at);
        match (before.bytes, now.bytes) {
            (before, now) if before == now => format!("{name} has different content"),
            (before, now) => format!("{name} had {before} bytes, and has {now}"),
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
