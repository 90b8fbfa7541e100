//! The caches of a search: encoded rows for each distinct set of fields, within a bound of bytes.
//!
//! Trials that differ in the model or the training alone share a cache.
//! A result does not depend on caches, so that one that is gone, too large or not written costs time alone.

use crate::error::TuneError;
use crate::event::{Events, RunName, TuneEvent};
use deepcross_data::DataError;
use deepcross_train::{EncodeOptions, Files, RunConfig, TrainError, encode};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use xxhash_rust::xxh3::xxh3_64;

/// The caches in a folder.
pub(crate) struct CacheStore {
    folder: PathBuf,
    /// The most bytes of all caches together.
    bound: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: BTreeMap<u64, Entry>,
    /// The number of uses so far.
    n_uses: u64,
}

/// The cache of a set of fields.
#[derive(Clone, Default)]
struct Entry {
    /// Held by the thread that looks whether the cache is there, and makes it.
    making: Arc<Mutex<()>>,
    /// The bytes of the file, if it is there.
    bytes: Option<u64>,
    /// Whether the cache does not fit into the bound.
    is_too_large: bool,
    last_use: u64,
    /// The runs that read it now.
    n_users: usize,
}

/// The cache that a run may read; it stays at least until this is dropped.
pub(crate) struct Lease<'s> {
    store: &'s CacheStore,
    key: u64,
    path: Option<PathBuf>,
}

impl Lease<'_> {
    /// The file; `None` if the run is to read the files of rows.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.store.with(self.key, |entry| entry.n_users -= 1);
    }
}

impl CacheStore {
    /// The caches in a folder, which is made if it is not there; files of an earlier call count.
    pub(crate) fn open(folder: PathBuf, bound: u64) -> Result<Self, TuneError> {
        std::fs::create_dir_all(&folder).map_err(TuneError::of_file(&folder))?;
        let mut state = State::default();
        for file in std::fs::read_dir(&folder).map_err(TuneError::of_file(&folder))?.flatten() {
            let path = file.path();
            let key =
                path.file_stem().and_then(|stem| u64::from_str_radix(stem.to_str()?, 16).ok());
            if let (Some(key), Ok(about)) = (key, file.metadata()) {
                state.entries.insert(key, Entry { bytes: Some(about.len()), ..Entry::default() });
            }
        }
        let store = Self { folder, bound, state: Mutex::new(state) };
        while store.total() > bound && store.remove_oldest(|_, _| true).is_some() {}
        Ok(store)
    }

    /// The cache of a configuration, which is made if it is not there.
    ///
    /// # Errors
    /// As [`encode`], except that a cache that cannot be written is done without.
    pub(crate) fn lease(
        &self,
        config: &RunConfig,
        (files, threads): (&Files, usize),
        (events, name): (&Events<'_>, RunName<'_>),
    ) -> Result<Lease<'_>, TrainError> {
        let key = key_of(config);
        let making = self.with(key, |entry| {
            entry.n_users += 1;
            Arc::clone(&entry.making)
        });
        let mut lease = Lease { store: self, key, path: None };
        let making = making.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_there, is_too_large) =
            self.with(key, |entry| (entry.bytes.is_some(), entry.is_too_large));
        let path = self.path(key);
        if !is_there && !is_too_large && self.bound > 0 {
            let options = EncodeOptions { threads, ..EncodeOptions::default() };
            let made = encode(config, files, options, &path, &mut |event| {
                events.send(TuneEvent::Training(name, &event));
            });
            match made {
                Ok(made) => self.made(key, made.bytes, events),
                Err(TrainError::Data(DataError::Unwritable { .. })) => return Ok(lease),
                Err(error) => return Err(error),
            }
        }
        drop(making);
        lease.path = self.with(key, |entry| entry.bytes.is_some()).then_some(path);
        Ok(lease)
    }

    /// Counts a new cache, and removes others until all fit; if these are in use, the new one goes.
    fn made(&self, key: u64, bytes: u64, events: &Events<'_>) {
        if bytes > self.bound {
            self.with(key, |entry| entry.is_too_large = true);
            // A file that cannot be removed is not read, and costs its bytes.
            let _ = std::fs::remove_file(self.path(key));
            return events.send(TuneEvent::CacheTooLarge { bytes });
        }
        self.with(key, |entry| entry.bytes = Some(bytes));
        events.send(TuneEvent::CacheMade { bytes, total: self.total() });
        while self.total() > self.bound {
            let oldest = self.remove_oldest(|other, entry| other != key && entry.n_users == 0);
            let removed = oldest.or_else(|| self.remove_oldest(|other, _| other == key));
            let Some(bytes) = removed else { return };
            events.send(TuneEvent::CacheRemoved { bytes });
        }
    }

    /// Removes the cache that was used least recently, of those that may go; returns its bytes.
    fn remove_oldest(&self, may_go: impl Fn(u64, &Entry) -> bool) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let there = state.entries.iter_mut().filter(|(_, entry)| entry.bytes.is_some());
        let (&key, entry) = there
            .filter(|(key, entry)| may_go(**key, entry))
            .min_by_key(|(_, entry)| entry.last_use)?;
        let _ = std::fs::remove_file(self.path(key));
        entry.bytes.take()
    }

    fn total(&self) -> u64 {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.entries.values().filter_map(|entry| entry.bytes).sum()
    }

    fn path(&self, key: u64) -> PathBuf {
        self.folder.join(format!("{key:016x}.dcc"))
    }

    /// Uses an entry.
    fn with<T>(&self, key: u64, change: impl FnOnce(&mut Entry) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.n_uses += 1;
        let n_uses = state.n_uses;
        let entry = state.entries.entry(key).or_default();
        entry.last_use = n_uses;
        change(entry)
    }

    /// Removes all caches, when nothing reads them any more.
    pub(crate) fn remove(self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The hash of the settings that encoded rows depend on and that trials change.
///
/// A run checks that a cache is its own, so that two sets of fields with one hash would cost time, and no more.
fn key_of(config: &RunConfig) -> u64 {
    let fields: Vec<_> =
        config.field.iter().map(|field| toml::to_string(field).unwrap_or_default()).collect();
    xxh3_64(fields.join("\n[[field]]\n").as_bytes())
}
