//! The events of a search, by which it reports its progress.

use crate::record::{Records, TrialRecord};
use crate::rungs::Rung;
use crate::space::Space;
use deepcross_train::Event;
use std::path::Path;

/// An event of a search.
#[derive(Debug)]
#[non_exhaustive]
pub enum TuneEvent<'a> {
    /// The trials are known, and the search begins or goes on.
    Planned {
        /// The keys that trials change.
        space: &'a Space,
        /// The rungs.
        rungs: &'a [Rung],
        /// The trials that are not trained, each with the reason: they repeat another one, or their settings contradict
        /// each other.
        left_out: &'a [(usize, String)],
        /// The records of earlier calls.
        records: &'a Records,
        /// The most bytes of encoded rows that are on disk at a time.
        cache_bytes: u64,
    },
    /// Rows were cut off the training files for the last comparison.
    CutOff {
        /// The rows that are left.
        train: u64,
        /// The rows that were cut off.
        test: u64,
        /// The folder with both; `None` if the rows are in memory.
        folder: Option<&'a Path>,
    },
    /// A rung begins, or goes on.
    Rung {
        /// Its number, from 0.
        rung: usize,
        /// Its trials.
        trials: &'a [usize],
        /// Those that are still to be trained.
        n_open: usize,
    },
    /// An event of the training of a trial, or of a run of the last comparison.
    Training(RunName<'a>, &'a Event<'a>),
    /// A trial has completed a rung.
    Trial(&'a TrialRecord),
    /// A set of fields was encoded into a cache.
    CacheMade {
        /// Its bytes.
        bytes: u64,
        /// The bytes of all caches, with this one.
        total: u64,
    },
    /// A cache was removed to keep the bound; the rows are encoded again if they are needed again.
    CacheRemoved {
        /// Its bytes.
        bytes: u64,
    },
    /// A set of fields needs more bytes than all caches may have, so that its trials read the files.
    CacheTooLarge {
        /// The most bytes of all caches.
        bound: u64,
    },
    /// The time of the search has ended; what runs is stopped.
    TimeIsUp,
    /// The search has ended, and the runs of the last comparison begin.
    Final {
        /// The winner.
        winner: usize,
        /// The number of runs.
        runs: usize,
    },
    /// A run of the last comparison has ended.
    FinalRun {
        /// Its name.
        name: RunName<'a>,
    },
}

/// The run that an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunName<'a> {
    /// A trial.
    Trial(usize),
    /// A run of the last comparison.
    Final {
        /// `default` or `winner`.
        side: &'a str,
        /// The seed.
        seed: u64,
    },
}

/// Passes events on, from any thread.
#[derive(Clone, Copy)]
pub(crate) struct Events<'o>(&'o (dyn Fn(TuneEvent<'_>) + Sync));

impl<'o> Events<'o> {
    pub(crate) fn new(send: &'o (dyn Fn(TuneEvent<'_>) + Sync)) -> Self {
        Self(send)
    }

    pub(crate) fn send(&self, event: TuneEvent<'_>) {
        (self.0)(event);
    }
}
