//! Wrong calls and configurations: exit code 2, and a message that names each problem.

use crate::{CONFIG, Folder};

const TRAIN: &str = "train --config run.toml --data train.csv --out new.dcx";

/// Checks that the configuration with `to` in place of `from` is refused with the message.
#[track_caller]
fn check(from: &str, to: &str, message: &str) {
    let folder = Folder::with_data();
    assert!(CONFIG.contains(from), "{from}");
    folder.write("run.toml", CONFIG.replace(from, to));
    folder.fail(TRAIN, 2, message);
}

#[test]
fn keys_and_values_are_named_with_their_line() {
    let cases = [
        (
            "epochs = 2",
            "epocs = 2",
            "run.toml: line 23: `train.epocs`: unknown key; the nearest known one is `epochs`",
        ),
        (
            "separator = ",
            "seperator = ",
            "run.toml: line 11: `field.tags.seperator`: unknown key; the nearest known one is `separator`",
        ),
        (
            "[train]",
            "[trian]",
            "run.toml: line 22: `trian`: unknown key; the nearest known one is `train`",
        ),
        (
            "batch = 32",
            "batch = \"many\"",
            "run.toml: line 24: `train.batch`: invalid type: string \"many\", expected a whole number from 0",
        ),
        (
            "batch = 32",
            "batch = 0",
            "run.toml: line 24: `train.batch`: must be at least 1, but is 0",
        ),
        ("[train]", "[train", "run.toml: line 22: unclosed table, expected `]`"),
    ];
    for (from, to, message) in cases {
        check(from, to, message);
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    check(
        "epochs = 2",
        "epochs = 0\nmomentum = 0.9\nvalid_fraction = 1.5\nlearning_rte = 1",
        "run.toml: 4 problems
  line 26: `train.learning_rte`: unknown key; the nearest known one is `learning_rate`
  line 23: `train.epochs`: must be at least 1, but is 0
  line 25: `train.valid_fraction`: must be in [0, 1), but is 1.5
  line 24: `train.momentum`: has a meaning only with `optimizer = \"sgd\"`",
    );
    let folder = Folder::with_data();
    let settings = "field.ad.buckets=10 --set field.ad.top=5 --set field.age.separator=; --set model.hidden=[0]";
    let outcome = folder.call(&format!("{TRAIN} --set {settings}"));
    assert_eq!(outcome.code, Some(2));
    for key in ["`field.ad.", "`field.age.separator`", "`model.hidden[0]`"] {
        assert!(outcome.stderr.contains(key), "{key}\n{}", outcome.stderr);
    }
}

#[test]
fn replaced_values_are_checked_like_written_ones() {
    let cases = [
        (
            "train.epohcs=3",
            "run.toml: `train.epohcs`: unknown key; the nearest known one is `epochs`",
        ),
        ("field.nobody.top=3", "run.toml: `--set field.nobody.top=3`: there is no field `nobody`"),
        (
            "epochs",
            "run.toml: `--set epochs`: must be of the form section.key=value; a name with other characters than letters, digits, `_` and `-` stands in quotes, as in --set 'field.\"a.b\".top=10'",
        ),
        ("train.batch=0", "run.toml: `train.batch`: must be at least 1, but is 0"),
    ];
    let folder = Folder::with_data();
    for (assignment, message) in cases {
        folder.fail(&format!("{TRAIN} --set {assignment}"), 2, message);
    }
}

#[test]
fn settings_that_contradict_the_files_are_refused() {
    let cases = [
        (
            "--set train.patience=2 --set train.valid_fraction=0",
            "the configuration: `train.patience`: needs validation rows, but `train.valid_fraction` is 0",
        ),
        (
            "--valid new.csv --set train.valid_fraction=0.2",
            "the configuration: `train.valid_fraction`: has no meaning with a validation file; remove one of the two",
        ),
    ];
    let folder = Folder::with_data();
    for (flags, message) in cases {
        folder.fail(&format!("{TRAIN} {flags}"), 2, message);
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_named() {
    let folder = Folder::with_data();
    folder.write("latin.toml", b"# caf\xe9\n");
    let cases = [
        ("none.toml", "none.toml: cannot be read: No such file or directory (os error 2)"),
        ("latin.toml", "latin.toml: cannot be read: stream did not contain valid UTF-8"),
    ];
    for (file, message) in cases {
        folder.fail(&format!("train --config {file} --data train.csv --out new.dcx"), 2, message);
    }
}

#[test]
fn wrong_calls_are_answered_with_what_is_allowed() {
    let cases = [
        ("train --config run.toml --data train.csv", "--out <FILE>"),
        ("train --config run.toml --out new.dcx", "--data <FILE>..."),
        ("predict --model model.dcx --data new.csv --threads 0", "must be a number from 1 to 1024"),
        ("evaluate --model model.dcx --data new.csv --jsn", "'--json'"),
        ("simulate --rows 0 --out clicks.tsv", "'--rows <N>'"),
        ("trian", "'train'"),
    ];
    let folder = Folder::with_data();
    let before = folder.names();
    for (call, part) in cases {
        let outcome = folder.call(call);
        assert_eq!(outcome.code, Some(2), "{call}\n{}", outcome.stderr);
        assert!(outcome.stderr.contains(part), "{call}\n{}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{call}");
    }
    assert_eq!(folder.names(), before);
}
