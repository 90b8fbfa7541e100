//! A search that is stopped while it reads rows ends soon, and goes on to the same result.

use crate::Case;
use deepcross_train::Event;
use deepcross_tune::{Outcome, RunName, TuneError, TuneEvent, TuneOptions, Tuned};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The trials and the seeds of the searches.
const SIZE: (usize, usize) = (3, 2);

fn case() -> Case {
    let ranges =
        "epochs = 3\n[tune]\ntrain.learning_rate = [0.05, 0.1]\nfield.ad.top = [5, 6, 7]\n";
    Case::new(ranges, (2000, 2000), 0.2)
}

/// What the result of a search does not owe to the clock.
fn result(tuned: &Tuned) -> (usize, Vec<(usize, usize, Outcome)>, String) {
    let record =
        |record: &deepcross_tune::TrialRecord| (record.trial, record.rung, record.outcome.clone());
    let comparison = format!("{:?}", tuned.comparison.as_ref().expect("a comparison"));
    (tuned.winner.number, tuned.records.iter().map(record).collect(), comparison)
}

/// The events after the one at which the search is stopped, by their names.
fn stopped(
    case: &Case,
    change: impl Fn(TuneOptions<'_>) -> TuneOptions<'_>,
    mut is_time: impl FnMut(&TuneEvent<'_>) -> bool + Send,
) -> Vec<String> {
    let (is_stopped, mut after) = (AtomicBool::new(false), Vec::new());
    let stop = || is_stopped.load(Ordering::Relaxed);
    let options = change(case.options(SIZE, &stop));
    let found = case.search(&options, &mut |event| {
        if stop() {
            // A warning belongs to what was read before.
            let is_warning = matches!(event, TuneEvent::Training(_, Event::Warning(_)));
            after.extend((!is_warning).then(|| format!("{event:?}")));
        } else {
            is_stopped.store(is_time(&event), Ordering::Relaxed);
        }
    });
    assert!(matches!(found, Err(TuneError::Interrupted)), "{found:?}");
    after
}

fn without_caches(options: TuneOptions<'_>) -> TuneOptions<'_> {
    TuneOptions { cache_bytes: 0, ..options }
}

fn is_rung(event: &TuneEvent<'_>) -> bool {
    matches!(event, TuneEvent::Rung { .. })
}

fn is_fitted(event: &TuneEvent<'_>) -> bool {
    matches!(event, TuneEvent::Training(RunName::Trial(0), Event::Fitted { .. }))
}

/// The result of a search that nothing has stopped.
fn whole() -> (usize, Vec<(usize, usize, Outcome)>, String) {
    let case = case();
    let tuned = case.search(&case.options(SIZE, &|| false), &mut |_| ()).unwrap();
    assert!(tuned.winner.number > 0);
    result(&tuned)
}

/// Goes on with a search to its end.
fn resumed(case: &Case) -> (usize, Vec<(usize, usize, Outcome)>, String) {
    result(&case.search(&case.options(SIZE, &|| false), &mut |_| ()).unwrap())
}

#[test]
fn a_stop_ends_the_encoding_of_rows() {
    let expected = whole();
    let case = case();
    // While the encoder is fitted, and while the cache is written.
    for after in [
        stopped(&case, |options| options, is_rung),
        stopped(&case, without_caches, is_rung),
        stopped(&case, |options| options, is_fitted),
    ] {
        assert_eq!(after, [""; 0]);
        assert_eq!(std::fs::read_dir(case.path("caches")).unwrap().count(), 0);
        assert_eq!(std::fs::read_dir(case.path("runs")).unwrap().count(), 0);
    }
    assert_eq!(resumed(&case), expected);
}

#[test]
fn a_stop_ends_the_scoring_of_test_rows() {
    let (expected, case, mut n_runs) = (whole(), case(), 0);
    let after = stopped(
        &case,
        |options| options,
        |event| {
            n_runs += usize::from(matches!(event, TuneEvent::FinalRun { .. }));
            n_runs == 2 * SIZE.1
        },
    );
    assert_eq!(after, [""; 0]);
    // What the search has found is there.
    assert!(case.path("winner.toml").is_file());
    assert_eq!(resumed(&case), expected);
}

#[test]
fn a_stop_ends_the_cutting_of_rows() {
    let mut case = case();
    case.test = deepcross_data::Input::default();
    let stop = || true;
    let found = case.search(&case.options(SIZE, &stop), &mut |_| ());
    assert!(matches!(found, Err(TuneError::Interrupted)), "{found:?}");
    assert!(!case.path("rows").exists());
    resumed(&case);
}

#[test]
fn test_rows_are_scored_on_the_threads_of_the_call() {
    let (case, threads) = (case(), Mutex::new(Vec::new()));
    let is_final = AtomicBool::new(false);
    let stop = || {
        if is_final.load(Ordering::Relaxed) {
            threads.lock().unwrap().push(rayon::current_num_threads());
        }
        false
    };
    let options = TuneOptions { threads: 7, ..case.options(SIZE, &stop) };
    let mut n_runs = 0;
    let found = case.search(&options, &mut |event| {
        n_runs += usize::from(matches!(event, TuneEvent::FinalRun { .. }));
        is_final.store(n_runs == 2 * SIZE.1, Ordering::Relaxed);
    });
    found.unwrap();
    let threads = threads.into_inner().unwrap();
    assert!(threads.len() >= 4 && threads.iter().all(|n| *n == 7), "{threads:?}");
}
