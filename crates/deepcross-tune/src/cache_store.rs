//! The caches of a search: encoded rows for each distinct set of fields, within a bound of bytes.
//!
//! Trials that differ in the model or the training alone share a cache.
//! A result does not depend on caches, so that one that is gone, too large or not written costs time alone.
//! The bound also holds while a cache is written: others make room for it, and it is given up if they cannot.

use crate::error::TuneError;
use crate::event::{Events, RunName, TuneEvent};
use deepcross_data::DataError;
use deepcross_data::cache::WriteLimits;
use deepcross_train::{EncodeOptions, Files, RunConfig, Stop, TrainError, encode};
use std::collections::{BTreeMap, BTreeSet};
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
    /// The caches that runs still need; `None` if that is not known.
    needed: Option<BTreeSet<u64>>,
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
    /// The bytes of the file that is being written.
    growing: u64,
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
        self.store.remove_unneeded();
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
    /// As [`encode`], except that a cache that cannot be written is done without; [`DataError::Stopped`] if `stop` asks
    /// for it.
    pub(crate) fn lease(
        &self,
        config: &RunConfig,
        (files, threads, stop): (&Files, usize, Stop<'_>),
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
            let may_have = |bytes| self.has_room(key, bytes, events);
            let limits = WriteLimits { may_have: &may_have, stop };
            let options = EncodeOptions { threads, limits, ..EncodeOptions::default() };
            let made = encode(config, files, options, &path, &mut |event| {
                events.send(TuneEvent::Training(name, &event));
            });
            self.with(key, |entry| entry.growing = 0);
            match made {
                Ok(made) => self.made(key, made.bytes, events),
                Err(TrainError::Data(DataError::CacheTooLarge { bytes, .. })) => {
                    self.given_up(key, bytes, events);
                    return Ok(lease);
                }
                Err(TrainError::Data(DataError::Unwritable { .. })) => return Ok(lease),
                Err(error) => return Err(error),
            }
        }
        drop(making);
        lease.path = self.with(key, |entry| entry.bytes.is_some()).then_some(path);
        Ok(lease)
    }

    /// Whether a file that is being written may have this many bytes, after others have made room for it.
    fn has_room(&self, key: u64, bytes: u64, events: &Events<'_>) -> bool {
        self.with(key, |entry| entry.growing = bytes);
        bytes <= self.bound && self.makes_room(key, events)
    }

    /// Removes caches that no run reads until all fit, but not that of `key`; returns whether they do.
    fn makes_room(&self, key: u64, events: &Events<'_>) -> bool {
        while self.total() > self.bound {
            let oldest = self.remove_oldest(|other, entry| other != key && entry.n_users == 0);
            let Some(bytes) = oldest else { return false };
            events.send(TuneEvent::CacheRemoved { bytes });
        }
        true
    }

    /// Notes that a file was not written to its end, since it would have had more bytes than there is room for.
    fn given_up(&self, key: u64, bytes: u64, events: &Events<'_>) {
        if bytes > self.bound {
            self.with(key, |entry| entry.is_too_large = true);
            events.send(TuneEvent::CacheTooLarge { bound: self.bound });
        }
    }

    /// Counts a new cache; it goes if it does not fit even without the caches that no run reads.
    fn made(&self, key: u64, bytes: u64, events: &Events<'_>) {
        self.with(key, |entry| entry.bytes = Some(bytes));
        if bytes <= self.bound && self.makes_room(key, events) {
            return events.send(TuneEvent::CacheMade { bytes, total: self.total() });
        }
        self.remove_oldest(|other, _| other == key);
        self.given_up(key, bytes, events);
    }

    /// Removes the caches that no run needs any more, and from now on those that are made nevertheless.
    pub(crate) fn keep(&self, needed: BTreeSet<u64>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).needed = Some(needed);
        self.remove_unneeded();
    }

    fn remove_unneeded(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(needed) = state.needed.clone() else { return };
        drop(state);
        let may_go = |key: u64, entry: &Entry| entry.n_users == 0 && !needed.contains(&key);
        while self.remove_oldest(may_go).is_some() {}
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
        state.entries.values().map(|entry| entry.bytes.unwrap_or(entry.growing)).sum()
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
pub(crate) fn key_of(config: &RunConfig) -> u64 {
    let fields: Vec<_> =
        config.field.iter().map(|field| toml::to_string(field).unwrap_or_default()).collect();
    xxh3_64(fields.join("\n[[field]]\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepcross_data::Input;
    use std::fmt::Write;

    const CONFIG: &str = "[data]\nlabel = 'click'\n[[field]]\nname = 'ad'\nkind = 'categorical'\n[model]\nkind = 'lr'\n";

    /// A store of this many bytes in a folder with rows.
    struct Case {
        folder: tempfile::TempDir,
        files: Files,
        store: CacheStore,
    }

    impl Case {
        /// With rows whose values are all different.
        fn new(bound: u64) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let mut text = "click,ad\n".to_owned();
            (0..20_000_u32).for_each(|row| {
                writeln!(text, "{},ad{}", row % 2, row.wrapping_mul(0x9E37_79B1)).unwrap();
            });
            let rows = folder.path().join("rows.csv");
            std::fs::write(&rows, text).unwrap();
            let files = Files::new(Input::from(vec![rows]));
            let store = CacheStore::open(folder.path().join("caches"), bound).unwrap();
            Self { folder, files, store }
        }

        /// The configuration with another set of fields for each number.
        fn config(n: u32) -> RunConfig {
            let buckets = format!("field.ad.buckets={}", 1_000_000 + n);
            RunConfig::parse(CONFIG, &[buckets], "run.toml").unwrap()
        }

        fn lease(&self, n: u32, stop: Stop<'_>) -> (Result<Lease<'_>, TrainError>, Vec<String>) {
            let said = Mutex::new(Vec::new());
            let lease = {
                let send = |event: TuneEvent<'_>| {
                    if !matches!(event, TuneEvent::Training(..)) {
                        said.lock().unwrap().push(format!("{event:?}"));
                    }
                };
                let events = (&Events::new(&send), RunName::Trial(0));
                self.store.lease(&Self::config(n), (&self.files, 1, stop), events)
            };
            (lease, said.into_inner().unwrap())
        }

        /// The bytes of all files in the folder of the store, hidden ones too.
        fn sizes(&self) -> Vec<u64> {
            let files = std::fs::read_dir(self.folder.path().join("caches")).unwrap();
            files.map(|file| file.unwrap().metadata().unwrap().len()).collect()
        }
    }

    const GO_ON: Stop<'_> = &|| false;

    #[test]
    fn a_cache_that_is_too_large_is_given_up_while_it_is_written() {
        let whole = Case::new(1 << 30);
        assert!(whole.lease(1, GO_ON).0.unwrap().path().is_some());
        let bytes = whole.sizes()[0];
        assert!(bytes > 40_000, "{bytes}");
        let case = Case::new(bytes / 2);
        let largest = Mutex::new(0);
        let look = || {
            let mut largest = largest.lock().unwrap();
            *largest = case.sizes().into_iter().chain([*largest]).max().unwrap();
            false
        };
        let (lease, said) = case.lease(1, &look);
        assert!(lease.unwrap().path().is_none());
        assert_eq!(said, [format!("CacheTooLarge {{ bound: {} }}", bytes / 2)]);
        assert_eq!(case.sizes(), [0; 0]);
        assert!(*largest.lock().unwrap() <= bytes / 2);
        // It is not written again.
        let (lease, said) = case.lease(1, GO_ON);
        assert!(lease.unwrap().path().is_none() && said.is_empty(), "{said:?}");
    }

    #[test]
    fn others_make_room_for_a_new_cache_unless_they_are_read() {
        let case = Case::new(1 << 30);
        drop(case.lease(1, GO_ON).0.unwrap());
        let bytes = case.sizes()[0];
        let case = Case::new(bytes * 3 / 2);
        let first = case.lease(1, GO_ON).0.unwrap();
        // The first is read: the second has no room.
        let (second, said) = case.lease(2, GO_ON);
        assert!(second.unwrap().path().is_none() && said.is_empty(), "{said:?}");
        drop(first);
        let (second, said) = case.lease(2, GO_ON);
        assert!(second.unwrap().path().is_some());
        assert!(said[0].starts_with("CacheRemoved"), "{said:?}");
        assert_eq!(case.sizes().len(), 1);
    }

    #[test]
    fn caches_that_no_run_needs_are_removed_as_soon_as_they_are_not_read() {
        let case = Case::new(1 << 30);
        let key = |n| key_of(&Case::config(n));
        let [first, second] = [1, 2].map(|n| case.lease(n, GO_ON).0.unwrap());
        drop(case.lease(3, GO_ON).0.unwrap());
        case.store.keep([key(2)].into());
        assert_eq!(case.sizes().len(), 2);
        drop(first);
        assert_eq!(case.sizes().len(), 1);
        drop(second);
        assert_eq!(case.sizes().len(), 1);
        case.store.keep(BTreeSet::new());
        assert_eq!(case.sizes(), [0; 0]);
    }

    #[test]
    fn a_stop_ends_the_encoding_and_leaves_no_file() {
        let case = Case::new(1 << 30);
        let n_asked = Mutex::new(0);
        for after in [0, 3, 27, 28, 30] {
            *n_asked.lock().unwrap() = 0;
            let stop = || {
                let mut n_asked = n_asked.lock().unwrap();
                *n_asked += 1;
                *n_asked > after
            };
            let (lease, _) = case.lease(1, &stop);
            assert!(
                matches!(lease, Err(TrainError::Data(DataError::Stopped))),
                "after {after} questions"
            );
            assert_eq!(case.sizes(), [0; 0]);
        }
    }
}
