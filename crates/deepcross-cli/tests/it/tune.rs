//! Tests of `tune`: a search that gives the same winner however it is run, and that does not take luck for a gain.

use crate::Folder;
use serde_json::Value;
use std::fmt::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A small run on simulated clicks, whose learning rate is far too low.
const CONFIG: &str = r#"[data]
label = "click"

[[field]]
name = "keyword"
kind = "multi-hot"
separator = " "

[[field]]
name = "position"
kind = "categorical"

[[field]]
name = "price"
kind = "number"

[model]
embedding = 4
bypass_below = 0
hidden = [8]

[train]
epochs = 9
batch = 64
learning_rate = 1e-5
start_from_rate = true
"#;

const RANGES: &str = r#"
[tune]
train.learning_rate = { low = 1e-5, high = 0.1, scale = "log" }
train.batch = [32, 64, 128]
model.dropout = { low = 0.0, high = 0.3 }
field.price = [{ kind = "number" }, { kind = "bucketized", quantiles = 5 }]
field.position.counts = [false, true]
"#;

const TUNE: &str =
    "tune --config run.toml --data train.tsv --test test.tsv --trials 9 --seeds 3 --out search";

/// A time longer than a search takes to end, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn simulated(config: &str) -> Folder {
    let folder = Folder::new();
    folder.write("run.toml", config);
    folder.succeed("simulate --rows 1500 --seed 1 --out train.tsv");
    folder.succeed("simulate --rows 3000 --seed 2 --out test.tsv");
    folder
}

/// The result of a search without the values that depend on the clock.
fn found(stdout: &str) -> Value {
    let mut found: Value = serde_json::from_str(stdout).unwrap();
    for trial in found["trials"].as_array_mut().unwrap() {
        assert!(trial["seconds"].as_f64().unwrap() > 0.0, "{trial}");
        trial.as_object_mut().unwrap().remove("seconds");
    }
    found
}

/// The result, and the files of the winner.
fn search(folder: &Folder, call: &str) -> (Value, [Vec<u8>; 2]) {
    let found = found(&folder.succeed(&format!("{call} --json")).stdout);
    (found, ["search/winner.toml", "search/winner.dcx"].map(|name| folder.read(name)))
}

fn remove(folder: &Folder) {
    std::fs::remove_dir_all(folder.path("search")).unwrap();
}

#[test]
fn the_winner_does_not_depend_on_jobs_threads_or_caches() {
    let folder = simulated(&format!("{CONFIG}{RANGES}"));
    let expected = search(&folder, &format!("{TUNE} --jobs 1 --threads 1"));
    for other in ["--jobs 2 --threads 3", "--jobs 9 --cache-gib 0", "--jobs 2 --cache-gib 0.0001"] {
        remove(&folder);
        assert!(search(&folder, &format!("{TUNE} {other}")) == expected, "{other}");
    }
    let trials = expected.0["trials"].as_array().unwrap();
    let on_rung = |n: u64| trials.iter().filter(|trial| trial["rung"] == n).count();
    // The configuration as it is goes on with the best.
    assert_eq!([0, 1, 2].map(on_rung), [9, 4, 2]);
    // A promoted trial has been resumed twice, and its model is that of a run which was never interrupted.
    folder.succeed("train --config search/winner.toml --data train.tsv --out own.dcx");
    assert!(folder.read("own.dcx") == expected.1[1]);
    let left = std::fs::read_dir(folder.path("search/runs")).unwrap();
    let names: Vec<_> =
        left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.ends_with(".checkpoint")), "{names:?}");
    assert!(!folder.path("search/caches").exists());
    let table = folder.text("search/trials.csv");
    assert_eq!(table.lines().count(), 1 + 15, "{table}");
    let page = folder.text("search/report.html");
    assert!(page.contains("What mattered") && page.contains("Scores after each rung"));
}

#[test]
fn a_search_that_is_killed_goes_on_to_the_same_winner() {
    let folder = simulated(&format!("{CONFIG}{RANGES}"));
    let begun = Instant::now();
    let expected = search(&folder, TUNE);
    let alone = begun.elapsed();
    remove(&folder);
    let (mut kills, mut is_done) = (0, false);
    while !is_done {
        // Longer and longer, so that the search ends at last.
        let wait = alone.mul_f64(0.05 + 0.03 * f64::from(kills));
        is_done = runs_to_the_end(&folder, kills % 2 + 1, wait);
        kills += u32::from(!is_done);
    }
    assert!(kills >= 3, "killed only {kills} times");
    // A search that has ended gives its result again, without training.
    assert!(search(&folder, &format!("{TUNE} --resume")) == expected, "after {kills} kills");
}

/// Starts the search or goes on with it, and ends it after a time, by SIGTERM if it has one job, else by SIGKILL; returns whether it had ended.
fn runs_to_the_end(folder: &Folder, jobs: u32, wait: Duration) -> bool {
    let mut child = begun(folder, &format!("{TUNE} --resume --jobs {jobs}"));
    std::thread::sleep(wait);
    let has_ended = child.try_wait().unwrap().is_some();
    if jobs == 1 {
        terminate(&mut child);
        return has_ended;
    }
    // SIGKILL: nothing of the program runs after it.
    child.kill().unwrap();
    assert!(child.wait().unwrap().success() || !has_ended);
    has_ended
}

/// Starts the program.
fn begun(folder: &Folder, call: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_deepcross"))
        .args(call.split(' '))
        .current_dir(folder.folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Ends the program by SIGTERM, and waits until it has ended.
fn terminate(child: &mut Child) {
    if child.try_wait().unwrap().is_some() {
        return;
    }
    let id = child.id().to_string();
    let _ = Command::new("kill").args(["-TERM", &id]).stderr(Stdio::null()).status().unwrap();
    let sent = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(sent.elapsed() < PATIENCE, "a search hangs after SIGTERM");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_gain_is_found_and_believed() {
    let folder = simulated(&format!("{CONFIG}{RANGES}"));
    let outcome = folder.succeed("tune --config run.toml --data train.tsv --trials 2 --out search");
    let line = "trial 1 is better than the configuration as it is: a gain in log loss of 0.0115 (0.0038 to 0.0193 at \
                95 %), over 183 test rows and 5 seeds each\n";
    assert!(outcome.stdout.ends_with(line), "{}", outcome.stdout);
    for line in [
        "cut 183 rows off for the last comparison; 1,317 rows are left, both in search/rows\n",
        "  train.batch = [32, 64, 128]\n",
        "1 rung: 2 trials up to 9 epochs\n",
        "encoded rows are in search/caches until the end of the search, at most 10.00 GiB\n",
    ] {
        assert!(outcome.stderr.contains(line), "{line}{}", outcome.stderr);
    }
}

#[test]
fn nothing_is_won_over_a_configuration_that_is_the_best() {
    let good = CONFIG.replace("1e-5", "0.01");
    let folder = simulated(&format!("{good}[tune]\ntrain.learning_rate = [1e-7, 1e-6]\n"));
    let outcome = folder.succeed(TUNE);
    let line = "nothing was won: the configuration as it is has the best validation log loss of 3 trials\n";
    assert!(outcome.stdout.ends_with(line), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("is left out: it is the same as trial "), "{}", outcome.stderr);
}

/// Rows whose labels have nothing to do with their values.
fn noise(n: usize) -> String {
    let mut text = "click,ad,age\n".to_owned();
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..n {
        writeln!(text, "{},ad{},{}", u64::from(next(4) == 0), next(9), next(60)).unwrap();
    }
    text
}

const NOISE: &str = "[data]\nlabel = 'click'\n[[field]]\nname = 'ad'\nkind = 'categorical'\n[[field]]\nname = 'age'\n\
                     kind = 'number'\n[model]\nembedding = 4\nhidden = [8]\n[train]\nepochs = 3\nbatch = 32\nlearning_rate = 0.003\n";

#[test]
fn on_noise_nothing_is_won() {
    let folder = Folder::new();
    // The ranges are inferred.
    folder.write("run.toml", NOISE);
    folder.write("train.csv", noise(1500));
    for metric in ["log-loss", "auc", "auc-log-loss"] {
        let call =
            "tune --config run.toml --data train.csv --trials 18 --seeds 4 --out search --by";
        let outcome = folder.succeed(&format!("{call} {metric}"));
        let verdict = outcome.stdout.lines().last().unwrap();
        assert!(verdict.starts_with("nothing was won: "), "{metric}: {verdict}");
        assert!(outcome.stderr.contains(
            "the configuration has no ranges in `[tune]`; these were chosen:\n  field.age = [true, "
        ));
        assert!(
            outcome.stderr.contains("rows off for the last comparison; "),
            "{}",
            outcome.stderr
        );
        remove(&folder);
    }
}

#[test]
fn the_last_rows_are_cut_off_if_rows_are_held_out_by_time() {
    let folder = Folder::new();
    let data = NOISE.replace("label = 'click'", "label = 'click'\norder = 'time'");
    let ranges = "members = 2\nnegative_rate = 0.5\npatience = 1\n[tune]\nfinal_fraction = 0.2\ntrain.learning_rate = [0.01, 0.1]\nfield.age = [true, false]\n";
    folder.write("run.toml", format!("{data}{ranges}"));
    let rows = noise(500);
    folder.write("train.csv", &rows);
    let call = "tune --config run.toml --data train.csv --trials 4 --seeds 2 --out search";
    let expected = search(&folder, call);
    let lines: Vec<_> = rows.lines().collect();
    let part = |from: usize, to: usize| [&lines[..1], &lines[from..to]].concat().join("\n") + "\n";
    assert_eq!(folder.text("search/rows/train.csv"), part(1, 401));
    assert_eq!(folder.text("search/rows/test.csv"), part(401, 501));
    folder.succeed("train --config search/winner.toml --data search/rows/train.csv --out own.dcx");
    assert!(folder.read("own.dcx") == expected.1[1], "a model of several members");
    remove(&folder);
    assert!(search(&folder, &format!("{call} --jobs 3")) == expected);
}

#[test]
fn rows_are_cut_off_several_files_beside_validation_files() {
    let folder = Folder::new();
    let rows = noise(400);
    let lines: Vec<_> = rows.lines().collect();
    let part = |from: usize, to: usize| [&lines[..1], &lines[from..to]].concat().join("\n") + "\n";
    for (name, from, to) in [("a.csv", 1, 151), ("b.csv", 151, 301), ("valid.csv", 301, 401)] {
        folder.write(name, part(from, to));
    }
    let ranges = "[tune]\nfinal_fraction = 0.2\ntrain.learning_rate = [0.01, 0.1]\n";
    let call = "tune --config run.toml --data a.csv b.csv --valid valid.csv --trials 3 --seeds 2 --out search";
    folder.write("run.toml", format!("{NOISE}{ranges}"));
    let at_random = search(&folder, call);
    let rows_of = |name: &str| folder.text(&format!("search/rows/{name}.csv"));
    let sorted = |texts: &[&str]| {
        let mut rows: Vec<_> = texts.iter().flat_map(|text| text.lines().skip(1)).collect();
        rows.sort_unstable();
        rows.join("\n")
    };
    let (train, test) = (rows_of("train"), rows_of("test"));
    assert_eq!(sorted(&[&train, &test]), sorted(&[&part(1, 301)]));
    assert_ne!(test, part(241, 301));
    let n_valid = |found: &Value| found["trials"][0]["trained"]["valid_rows"].clone();
    assert_eq!(n_valid(&at_random.0), 100);
    let own = "train --config search/winner.toml --data search/rows/train.csv --valid valid.csv --out own.dcx";
    folder.succeed(own);
    assert!(folder.read("own.dcx") == at_random.1[1]);
    remove(&folder);
    // The last rows, since the rows are in the order of time.
    let in_order = NOISE.replace("label = 'click'", "label = 'click'\norder = 'time'");
    folder.write("run.toml", format!("{in_order}{ranges}"));
    let by_time = search(&folder, call);
    assert_eq!((rows_of("train"), rows_of("test")), (part(1, 241), part(241, 301)));
    assert_eq!(n_valid(&by_time.0), 100);
    remove(&folder);
    assert!(search(&folder, &format!("{call} --jobs 2")) == by_time);
    folder.fail(
        &call.replace("--trials", "--resume --test valid.csv --trials"),
        2,
        "the rows of valid.csv are validation rows already: the last comparison needs test rows that the search has not seen",
    );
}

#[test]
fn a_signal_while_rows_are_encoded_or_scored_ends_the_search_and_it_goes_on_to_the_same_winner() {
    let folder = simulated(&format!("{CONFIG}{RANGES}"));
    folder.succeed("simulate --rows 30000 --seed 2 --out test.tsv");
    let call = TUNE.replace("--trials 9", "--trials 3");
    let expected = search(&folder, &call);
    remove(&folder);
    let files = |name: &str| {
        let files = std::fs::read_dir(folder.path(name)).into_iter().flatten();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.collect::<Vec<_>>()
    };
    let is_encoding = || !files("search/caches").is_empty();
    let is_scoring = || {
        let n_final = files("search/runs").iter().filter(|name| name.contains("-seed")).count();
        n_final == 6 && !files("search/runs").iter().any(|name| name.ends_with(".checkpoint"))
    };
    let n_stopped = [&is_encoding as &dyn Fn() -> bool, &is_scoring].map(|is_time| {
        let mut child = begun(&folder, &format!("{call} --resume"));
        while child.try_wait().unwrap().is_none() && !is_time() {
            std::thread::sleep(Duration::from_millis(1));
        }
        terminate(&mut child);
        u32::from(child.wait().unwrap().code() == Some(143))
    });
    assert!(n_stopped.iter().sum::<u32>() > 0, "both ended before the signal");
    assert!(search(&folder, &format!("{call} --resume")) == expected);
}

#[test]
fn a_search_that_runs_out_of_time_is_replayed_and_can_go_on() {
    let folder = simulated(&format!("{CONFIG}{RANGES}"));
    let whole = search(&folder, TUNE);
    remove(&folder);
    let early = folder.call(&format!("{TUNE} --minutes 0.0000001"));
    let message = "error: no trial was complete after 0.0000001 minutes: allow more time, or train fewer epochs\n";
    assert!(early.code == Some(1) && early.stderr.ends_with(message), "{}", early.stderr);
    // The records of four trials, as after some time.
    folder.succeed(&format!("{TUNE} --resume"));
    let journal = folder.text("search/journal.jsonl");
    let cut: Vec<_> = journal.lines().filter(|line| !line.contains("\"time\"")).take(5).collect();
    let limit = "\n{\"time\":{\"elapsed\":60.0}}\n";
    let replay = || {
        folder.write("search/journal.jsonl", cut.join("\n") + limit);
        let found = search(&folder, &format!("{TUNE} --resume --minutes 1"));
        assert_eq!(
            (&found.0["cut_short"], found.0["trials"].as_array().unwrap().len()),
            (&true.into(), 4)
        );
        found.0
    };
    assert_eq!(replay(), replay());
    assert!(
        search(&folder, &format!("{TUNE} --resume")).0 == whole.0,
        "more time gives the whole search"
    );
}

#[test]
fn what_was_found_stays_if_the_test_rows_are_bad_and_the_call_can_be_repeated() {
    let folder = simulated(&format!("{CONFIG}{RANGES}"));
    let test = folder.text("test.tsv");
    folder.write("test.tsv", format!("{test}0\tbroken\n"));
    let call = TUNE.replace("--trials 9 --seeds 3", "--trials 3 --seeds 1");
    let outcome = folder.succeed(&call);
    let line = outcome.stdout.lines().last().unwrap();
    assert!(line.contains("is not known: the test rows cannot be scored: "), "{line}");
    let winner = folder.read("search/winner.dcx");
    folder.write("test.tsv", test);
    let again = folder.succeed(&format!("{call} --resume")).stdout;
    assert!(again.contains("3,000 test rows"), "{again}");
    assert!(folder.read("search/winner.dcx") == winner);
    let config = folder.text("search/winner.toml");
    let verdict = again.lines().last().unwrap();
    assert!(config.lines().next().unwrap().ends_with(verdict), "{config}");
}

#[test]
fn a_search_that_failed_before_its_first_trial_can_be_called_again() {
    let folder = simulated(&format!("{CONFIG}valid_by = 'time'\n{RANGES}"));
    let call = "tune --config run.toml --data train.tsv --trials 2 --seeds 1 --out search";
    assert_ne!(folder.call(call).code, Some(0));
    folder.write("run.toml", format!("{CONFIG}{RANGES}"));
    folder.succeed(call);
    std::fs::remove_file(folder.path("search/journal.jsonl")).unwrap();
    folder.fail(
        call,
        2,
        "search has a folder `rows`, but no journal of a search: remove it, or name another folder",
    );
}

#[test]
fn test_rows_are_not_those_of_the_search() {
    let folder = simulated(&format!("{CONFIG}{RANGES}"));
    std::fs::copy(folder.path("train.tsv"), folder.path("same.tsv")).unwrap();
    folder.fail(
        &TUNE.replace("test.tsv", "same.tsv"),
        2,
        "the rows of same.tsv are training rows already: the last comparison needs test rows that the search has not seen",
    );
}

#[test]
fn a_trial_that_fails_is_out_with_its_reason() {
    let config = format!(
        "{CONFIG}[tune]\ntrain.learning_rate = [1e30]\nfield.keyword = [{{ kind = 'number' }}]\n"
    );
    let folder = simulated(&config.replace("field.keyword = [{ kind = 'number' }]\n", ""));
    let call = TUNE.replace("--trials 9", "--trials 2");
    let outcome = folder.succeed(&call);
    assert!(outcome.stderr.contains("trial 1 is out: step "), "{}", outcome.stderr);
    remove(&folder);
    folder.write("run.toml", config);
    let outcome = folder.succeed(&call);
    assert!(outcome.stderr.contains("trial 1 is out: `train.tsv`, line 2 ("), "{}", outcome.stderr);
    let out = found(&folder.succeed(&format!("{call} --resume --json")).stdout)["out"].clone();
    assert_eq!(out[0]["trial"], 1, "{out}");
}

#[test]
fn searches_that_make_no_sense_are_refused() {
    let folder = simulated(&format!("{CONFIG}{RANGES}"));
    let call = "tune --config run.toml --data train.tsv --trials 2 --out search";
    let refused = |flags: &str, message: &str| folder.fail(&format!("{call} {flags}"), 2, message);
    refused(
        "--set train.valid_fraction=0",
        "a search chooses trials by validation rows, but `train.valid_fraction` is 0: hold rows out, or name validation \
         files with `--valid`",
    );
    refused(
        "--set distributed.method=bmuf",
        "a search runs on one process, but `distributed.method = \"bmuf\"` joins the weights of several ranks: remove the \
         key",
    );
    refused("--minutes 0", "the minutes must be above 0, but are 0");
    refused("--cache-gib nan", "`--cache-gib` must be at least 0, but is NaN");
    refused(
        "--set tune.train.seed=[1]",
        "run.toml: line 29: `tune.train.seed`: must be the same in all trials: set it in `[train]`",
    );
    refused(
        "--set tune.train.batch=[64,0]",
        "run.toml: line 30: `tune.train.batch`: cannot be 0: must be at least 1, but is 0",
    );
    std::fs::create_dir_all(folder.path("logs/day=1")).unwrap();
    std::fs::copy(folder.path("train.tsv"), folder.path("logs/day=1/a.tsv")).unwrap();
    folder.fail(
        &call.replace("train.tsv", "logs"),
        2,
        "`tune.final_fraction` copies rows into files, but the column `day` is in the names of folders: name test files \
         with `--test`",
    );
    folder.succeed("convert --data train.tsv --out train.parquet");
    folder.fail(
        &call.replace("train.tsv", "train.parquet"),
        2,
        "`tune.final_fraction` copies rows into files, but `train.parquet`: is not lines of text that could be copied, but \
         Parquet: name test files with `--test`",
    );
    assert!(!folder.path("search").exists());
    folder.succeed(&format!("{call} --seeds 1"));
    let found =
        "search has a search already: `--resume` continues it, or name another folder with `--out`";
    folder.fail(call, 2, found);
    refused(
        "--resume --by auc",
        "search/journal.jsonl: is the journal of another search: the metrics that trials are chosen by differ",
    );
}
