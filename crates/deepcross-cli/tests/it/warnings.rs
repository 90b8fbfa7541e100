//! Warnings: when there is one, when there is none, and that `--strict` ends a command with it before anything is written.

use crate::Folder;
use std::collections::BTreeMap;

/// The warnings that a call prints, without their prefix; the call must succeed.
#[track_caller]
fn warnings(folder: &Folder, call: &str) -> Vec<String> {
    let said = folder.succeed(call).stderr;
    let lines = said.lines().filter_map(|line| line.strip_prefix("warning: "));
    lines.map(str::to_owned).collect()
}

/// The content of all files in the folder, by name.
fn content(folder: &Folder) -> BTreeMap<String, Vec<u8>> {
    let files = folder.names().into_iter().filter(|name| folder.path(name).is_file());
    files.map(|name| (name.clone(), folder.read(&name))).collect()
}

/// Checks that the call warns once, with a sentence that begins so, and that with `--strict` it ends with that sentence
/// and leaves all files as they were, in an empty place as over an earlier output.
#[track_caller]
fn check(folder: &Folder, call: &str, beginning: &str) {
    let strict = format!("{call} --strict");
    for _ in 0..2 {
        let before = content(folder);
        let outcome = folder.call(&strict);
        let (_, error) = outcome.stderr.rsplit_once("error: ").unwrap_or_default();
        assert!(error.starts_with(beginning), "{strict}\n{}", outcome.stderr);
        assert!(!outcome.stderr.contains("warning: "), "{strict}\n{}", outcome.stderr);
        assert_eq!(outcome.code, Some(1), "{strict}");
        assert!(content(folder) == before, "{strict} changed {:?}", folder.names());
        let found = warnings(folder, call);
        let n = found.iter().filter(|warning| warning.starts_with(beginning)).count();
        assert_eq!((n, found.len()), (1, 1), "{call}: {found:?}");
        let said = error.trim_end().split('\n').next().unwrap_or_default();
        assert_eq!(found[0], said, "{call}");
    }
}

/// Checks that the call warns of nothing, so that it succeeds with `--strict`.
#[track_caller]
fn check_none(folder: &Folder, call: &str) {
    let found = warnings(folder, &format!("{call} --strict"));
    assert!(found.is_empty(), "{call}: {found:?}");
}

#[test]
fn a_strict_run_ends_with_a_unit_that_is_dead() {
    let folder = Folder::with_data();
    let train = "train --config run.toml --data train.csv --out model.dcx";
    let call = format!("{train} --set train.optimizer=sgd --set train.learning_rate=100");
    check(&folder, &call, "unit 0 after epoch 1: dead: no ReLU after the addition is active");
    check_none(&folder, train);
}

#[test]
fn a_strict_run_needs_its_cache() {
    let folder = Folder::with_data();
    let call = "train --config run.toml --data train.csv --out model.dcx --cache none/rows.dcc";
    check(&folder, call, "no cache, rows are read from the text in each epoch: ");
}

#[test]
fn a_strict_configuration_leaves_no_column_out_for_a_leak() {
    let folder = Folder::new();
    let row = |i: usize| format!("{0},{0},{1}\n", i % 2, i % 7);
    folder.write("leak.csv", format!("click,paid,ad\n{}", (0..200).map(row).collect::<String>()));
    let call = "infer-config --data leak.csv --label click --force --out new.toml";
    check(&folder, call, "`paid` is left out: ");
    let row = |i: usize| format!("{},{},{}\n", i % 2, i / 2 % 5, i % 7);
    folder.write("none.csv", format!("click,slot,ad\n{}", (0..200).map(row).collect::<String>()));
    check_none(&folder, "infer-config --data none.csv --label click --force --out other.toml");
}
