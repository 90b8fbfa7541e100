//! A whole search: its plan, its rungs, the last comparison, and the files that it writes.

use crate::cache_store::{CacheStore, key_of};
use crate::clock::Clock;
use crate::error::TuneError;
use crate::event::{Events, TuneEvent};
use crate::final_comparison::{FinalTest, Sides, Verdict};
use crate::final_rows::{FinalRows, SearchFiles};
use crate::importance::importance;
use crate::journal::{Identity, Journal};
use crate::outputs;
use crate::queue::{lock, share};
use crate::record::Records;
use crate::rungs::{Rung, promoted, rungs};
use crate::runner::Runner;
use crate::search::{Search, Survivors};
use crate::space::Space;
use crate::trial::{Trial, Trials, space};
use crate::tuned::Tuned;
use deepcross_data::Input;
use deepcross_data::input::Fingerprint;
use deepcross_train::config::{ConfigText, DistributedMethod, Monitor};
use deepcross_train::{Files, RunConfig, on_threads};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The options of a search.
#[derive(Clone)]
pub struct TuneOptions<'a> {
    /// The folder for the journal, the models and the results; the search makes it.
    pub folder: PathBuf,
    /// Whether the search goes on with what an earlier call left in the folder.
    pub resume: bool,
    /// The number of trials, from 1; the first is the configuration as it is.
    pub trials: usize,
    /// The minutes after which the search ends with the trials that are complete; the last comparison comes after them.
    pub minutes: Option<f64>,
    /// The trainings that run at the same time, from 1; the result does not depend on it.
    pub jobs: usize,
    /// The threads of all trainings together; the result does not depend on it.
    pub threads: usize,
    /// The metric that trials are chosen by; by default `train.monitor`.
    pub by: Option<Monitor>,
    /// The seeds of each side of the last comparison, from 1.
    pub seeds: usize,
    /// The most bytes of encoded rows on disk.
    pub cache_bytes: u64,
    /// Asked after each step and while rows are read; if it returns true, the search stops with checkpoints, and can be
    /// resumed.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl std::fmt::Debug for TuneOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { folder, resume, trials, minutes, jobs, threads, by, seeds, cache_bytes, .. } =
            self;
        let mut debug = f.debug_struct("TuneOptions");
        debug.field("folder", folder).field("resume", resume).field("trials", trials);
        debug.field("minutes", minutes).field("jobs", jobs).field("threads", threads);
        debug.field("by", by).field("seeds", seeds).field("cache_bytes", cache_bytes);
        debug.finish_non_exhaustive()
    }
}

/// Searches for better settings than those of a configuration, and tests whether they are better.
///
/// The ranges are those of the section `[tune]` of the text, or chosen for it. `test` has the rows of the last comparison;
/// if it is empty, they are cut off the training rows, which must be text or in memory.
/// The trials and the winner depend on the configuration, the files, the number of trials and the metric alone: not on
/// jobs, threads or interruptions. With [`minutes`](TuneOptions::minutes) they also depend on how many trials are complete
/// in time, which the journal records: the same folder gives the same winner again.
///
/// # Errors
/// [`TuneError`] for problems of the call, the configuration and the files, if the configuration itself cannot be trained,
/// and if the caller stops the search.
pub fn tune(
    text: ConfigText<'_>,
    files: &Files,
    test: &Input,
    options: &TuneOptions<'_>,
    observe: &mut (dyn FnMut(TuneEvent<'_>) + Send),
) -> Result<Tuned, TuneError> {
    // Several jobs report their progress, one at a time.
    let observe = Mutex::new(observe);
    let send = |event: TuneEvent<'_>| (**lock(&observe))(event);
    let events = Events::new(&send);
    let (default, space) = (RunConfig::read(text)?, space(text)?);
    check(&default, files, options)?;
    let trials = Trials::plan(text, &space, options.trials)?;
    let by = options.by.unwrap_or(default.train.monitor());
    let final_fraction = test.is_empty().then_some(space.final_fraction);
    let final_rows = match final_fraction {
        None => FinalRows::Given(test.clone()),
        Some(share) => FinalRows::Share(share),
    };
    on_threads(options.threads, || final_rows.check(files, &default))??;
    check_apart(files, test)?;
    let search = identity(&default, &space, (files, final_fraction), (options, by))?;
    let folder = &options.folder;
    std::fs::create_dir_all(folder).map_err(TuneError::of_file(folder))?;
    let journal = Journal::open(folder, &search, options.resume)?;
    let files = on_threads(options.threads, || {
        final_rows.files(files, &default, &folder.join("rows"), (&events, options.stop))
    })??;
    let rungs = rungs(trials.of.len(), default.train.epochs, first_epochs(&space, &default));
    Plan { default, space, trials, by, rungs }.run(&files, journal, options, &events)
}

/// A search before its first trial.
struct Plan {
    default: RunConfig,
    space: Space,
    trials: Trials,
    by: Monitor,
    rungs: Vec<Rung>,
}

impl Plan {
    fn run(
        &self,
        files: &SearchFiles,
        journal: Journal,
        options: &TuneOptions<'_>,
        events: &Events<'_>,
    ) -> Result<Tuned, TuneError> {
        let TuneOptions { folder, jobs, threads: all_threads, stop, cache_bytes, .. } = options;
        events.send(TuneEvent::Planned {
            space: &self.space,
            rungs: &self.rungs,
            left_out: &self.trials.left_out,
            records: &journal.records,
            cache_bytes: *cache_bytes,
        });
        let caches = CacheStore::open(folder.join("caches"), *cache_bytes)?;
        let runs = folder.join("runs");
        std::fs::create_dir_all(&runs).map_err(TuneError::of_file(&runs))?;
        let clock = Clock::new(journal.elapsed, options.minutes);
        let (has_failed, threads) = (AtomicBool::new(false), share(*all_threads, *jobs));
        let must_stop = || stop() || has_failed.load(Ordering::Relaxed);
        let is_over = || must_stop() || clock.is_up();
        let (files, test) = (&files.files, &files.test);
        let in_time = Runner { files, caches: &caches, threads, events, stop: &is_over };
        let to_the_end = Runner { stop: &must_stop, ..in_time };

        let journal = Mutex::new(journal);
        let search = Search {
            trials: &self.trials,
            cache_keys: self
                .trials
                .of
                .iter()
                .map(|(&n, trial)| (n, key_of(&trial.config)))
                .collect(),
            rungs: &self.rungs,
            by: self.by,
            folder: &runs,
            jobs: *jobs,
            threads: *all_threads,
            clock,
            events,
            has_failed: &has_failed,
            stop: *stop,
        };
        let survivors = search.run(&in_time, &journal)?;
        let records = lock(&journal).records.clone();
        let winner = self.winner(&survivors, &records, options)?.clone();
        caches.keep(search.keys_of([0, winner.number]));
        let whole = Runner { threads: *all_threads, ..to_the_end };
        let model = search.finished(&winner, &whole)?;

        let mut tuned = self.tuned((winner.clone(), records), survivors);
        if winner.number > 0 {
            // If the comparison fails, what the search has found is there.
            outputs::write(&tuned, folder, &model)?;
            events.send(TuneEvent::Final { winner: winner.number, runs: 2 * options.seeds });
            let sides = Sides { default: &self.trials.of[&0], winner: &winner };
            let runs = (&to_the_end, *jobs, runs.as_path());
            let (by, n_seeds, threads) = (self.by, options.seeds, *all_threads);
            tuned.compared(sides.compare(runs, FinalTest { rows: test, by, n_seeds, threads })?);
        }
        outputs::write(&tuned, folder, &model)?;
        caches.remove();
        Ok(tuned)
    }

    /// The best of the trials that are left; of two equal ones, that with the lower number.
    fn winner(
        &self,
        survivors: &Survivors,
        records: &Records,
        options: &TuneOptions<'_>,
    ) -> Result<&Trial, TuneError> {
        let mut best = promoted(&records.scores(&survivors.trials), 1);
        if best.is_empty() {
            // All of them have failed on the last rung.
            let all: Vec<_> = self.trials.of.keys().copied().collect();
            best = promoted(&records.scores(&all), 1);
        }
        let minutes = options.minutes.unwrap_or(f64::INFINITY);
        best.first().map_or(Err(TuneError::NoTrial { minutes }), |best| Ok(&self.trials.of[best]))
    }

    /// The result before the last comparison.
    fn tuned(&self, (winner, records): (Trial, Records), survivors: Survivors) -> Tuned {
        let verdict = match winner.number {
            0 => Verdict::DefaultIsBest,
            _ => Verdict::Unknown("the last comparison has not ended".to_owned()),
        };
        Tuned {
            space: self.space.clone(),
            rungs: self.rungs.clone(),
            importance: importance(&self.space, self.default.train.seed, &records),
            records,
            left_out: self.trials.left_out.clone(),
            by: self.by,
            is_cut_short: survivors.is_cut_short,
            default: self.default.clone(),
            winner,
            comparison: None,
            verdict,
        }
    }
}

/// Refuses test files that trials are trained or validated with.
fn check_apart(files: &Files, test: &Input) -> Result<(), TuneError> {
    let used = [(&files.train, "training"), (&files.valid, "validation")];
    for file in test.files() {
        let print = Fingerprint::of(file)?;
        for (input, used_for) in used {
            for other in input.files() {
                if Fingerprint::of(other)? == print {
                    let file = file.path().to_path_buf();
                    return Err(TuneError::TestSeen { file, used_for });
                }
            }
        }
    }
    Ok(())
}

/// Refuses what makes no sense together.
fn check(config: &RunConfig, files: &Files, options: &TuneOptions<'_>) -> Result<(), TuneError> {
    let TuneOptions { trials, minutes, jobs, seeds, .. } = options;
    let counts = [("trials", *trials), ("jobs", *jobs), ("seeds", *seeds)];
    if let Some((name, _)) = counts.iter().find(|(_, n)| *n == 0) {
        return Err(TuneError::Call(format!("the number of {name} must be at least 1, but is 0")));
    }
    if let Some(minutes) = minutes.filter(|minutes| !(*minutes > 0.0 && minutes.is_finite())) {
        return Err(TuneError::Call(format!("the minutes must be above 0, but are {minutes}")));
    }
    if files.valid.is_empty() && config.train.valid_fraction() == 0.0 {
        return Err(TuneError::NoValidation);
    }
    if config.distributed.method != DistributedMethod::AllReduce {
        let problem = "a search runs on one process, but `distributed.method = \"bmuf\"` joins the weights of several ranks: \
                       remove the key";
        return Err(TuneError::Call(problem.to_owned()));
    }
    Ok(())
}

/// The fewest epochs of the first rung: a tenth of all, unless they are given.
fn first_epochs(space: &Space, default: &RunConfig) -> u32 {
    space.first_epochs.unwrap_or(default.train.epochs.div_ceil(10))
}

fn identity(
    default: &RunConfig,
    space: &Space,
    (files, final_fraction): (&Files, Option<f64>),
    (options, by): (&TuneOptions<'_>, Monitor),
) -> Result<Identity, TuneError> {
    let prints = |input: &Input| -> Result<Vec<_>, TuneError> {
        Ok(input.files().iter().map(Fingerprint::of).collect::<Result<_, _>>()?)
    };
    Ok(Identity {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        config: default.to_toml()?,
        space: format!("{space}first_epochs = {}", first_epochs(space, default)),
        trials: options.trials,
        by,
        final_fraction,
        files: [prints(&files.train)?, prints(&files.valid)?],
    })
}
