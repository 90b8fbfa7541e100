//! Tests of outputs that cannot be written: nothing half-written is left.

use crate::{Folder, csv};
use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

/// Command lines that write to `out`, one for each command that writes files.
fn writing(out: &str) -> [String; 7] {
    [
        format!("train --config run.toml --data train.csv --out {out}"),
        format!("predict --model model.dcx --data new.csv --out {out}"),
        format!("calibrate --model model.dcx --data train.csv --method isotonic --out {out}"),
        format!("simulate --rows 10 --out {out}"),
        format!("convert --data new.csv --to tsv --out {out}"),
        format!("convert --data new.csv --to parquet --out {out}"),
        format!("simulate --rows 10 --out clicks.tsv --truth {out}"),
    ]
}

#[test]
fn folders_that_are_missing_or_given_for_a_file_are_named() {
    let folder = Folder::with_model();
    std::fs::create_dir(folder.path("folder")).unwrap();
    let cases = [
        ("none/out", "none/out: the folder none does not exist"),
        ("folder", "folder: is a folder, but a file is to be written"),
    ];
    for (out, message) in cases {
        for call in writing(out) {
            folder.fail(&call, 1, message);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_not_replaced() {
    let folder = Folder::with_model();
    for call in writing("link") {
        folder.write("target", "old");
        let _ = std::fs::remove_file(folder.path("link"));
        std::os::unix::fs::symlink(folder.path("target"), folder.path("link")).unwrap();
        folder.succeed(&call);
        assert!(folder.path("link").is_symlink(), "{call}");
        assert_ne!(std::fs::read(folder.path("target")).unwrap(), b"old", "{call}");
    }
}

#[cfg(unix)]
#[test]
fn a_socket_is_not_replaced() {
    let folder = Folder::with_model();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path("socket")).unwrap();
    for call in writing("socket") {
        let message = "socket: is a socket, but a file, a pipe or a device is to be written";
        folder.fail(&call, 1, message);
    }
}

#[test]
fn an_input_is_not_replaced() {
    let folder = Folder::with_model();
    let cases = [
        ("train --config run.toml --data train.csv --out ./train.csv", "./train.csv", "train.csv"),
        ("train --config run.toml --data train.csv --out run.toml", "run.toml", "run.toml"),
        ("predict --model model.dcx --data new.csv --out model.dcx", "model.dcx", "model.dcx"),
        ("predict --model model.dcx --data ./new.csv --out new.csv", "new.csv", "./new.csv"),
        (
            "calibrate --model model.dcx --data new.csv --method platt --out ./model.dcx",
            "./model.dcx",
            "model.dcx",
        ),
        (
            "calibrate --model model.dcx --data new.csv --method platt --out new.csv",
            "new.csv",
            "new.csv",
        ),
        (
            "calibrate --model model.dcx --data new.csv --method platt --out o --report ./o",
            "./o",
            "o",
        ),
        ("simulate --rows 9 --out clicks.tsv --truth ./clicks.tsv", "./clicks.tsv", "clicks.tsv"),
        ("convert --data new.csv train.csv --out ./train.csv", "./train.csv", "train.csv"),
        ("convert --data *.csv --out new.csv", "new.csv", "new.csv"),
        (
            "convert --data new.csv --model model.dcx --to libffm --out model.dcx",
            "model.dcx",
            "model.dcx",
        ),
        (
            "convert --data new.csv --config run.toml --to tsv --out run.toml",
            "run.toml",
            "run.toml",
        ),
    ];
    for (call, out, also) in cases {
        let message = format!(
            "{out}: cannot be written there, since the call names it twice, also as {also}"
        );
        folder.fail(call, 2, &message);
    }
}

/// Runs a command in a separate name space in which `full` is a file system of 64 KiB, and lists the files left there.
///
/// The file system ends with the name space, even if the test fails.
fn on_full_disk(folder: &Folder, program: &OsStr, arguments: &[&str]) -> std::io::Result<Output> {
    let script = "mount -t tmpfs -o size=64k full full && { \"$0\" \"$@\"; code=$?; ls -A full; exit $code; }";
    Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script])
        .arg(program)
        .args(arguments)
        .current_dir(folder.folder.path())
        .output()
}

/// A header and `n` rows that no method compresses much.
fn incompressible(n: u64) -> String {
    let rows = (1..=n).map(|i| format!("{},x\n", i.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    format!("a,b\n{}", rows.collect::<String>())
}

#[test]
fn a_full_disk_is_named_and_nothing_is_left() {
    let folder = Folder::with_model();
    std::fs::create_dir(folder.path("full")).unwrap();
    folder.write("many.csv", csv(20_000));
    folder.write("odd.csv", incompressible(20_000));
    let cases = [
        (
            "train --config run.toml --data train.csv --set field.ad.buckets=100000 --out full/m.dcx",
            "full/m.dcx",
        ),
        ("predict --model model.dcx --data many.csv --out full/p.csv", "full/p.csv"),
        ("simulate --rows 5000 --out full/clicks.tsv", "full/clicks.tsv"),
        ("simulate --rows 9000 --out clicks.tsv --truth full/truth.tsv", "full/truth.tsv"),
        ("convert --data many.csv --out full/many.tsv", "full/many.tsv"),
        ("convert --data odd.csv --out full/odd.csv.gz", "full/odd.csv.gz"),
        ("convert --data odd.csv --out full/odd.tsv.zst", "full/odd.tsv.zst"),
        ("convert --data odd.csv --out full/odd.parquet", "full/odd.parquet"),
        ("convert --data many.csv --config run.toml --out full/many.ffm", "full/many.ffm"),
    ];
    if !on_full_disk(&folder, "true".as_ref(), &[]).is_ok_and(|output| output.status.success()) {
        println!("skipped: a small file system cannot be mounted here");
        return;
    }
    for (call, path) in cases {
        let before = folder.names();
        let arguments: Vec<&str> = call.split(' ').collect();
        let output = on_full_disk(&folder, folder.program().get_program(), &arguments).unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let error = stderr.rsplit_once("error: ").map_or("", |(_, error)| error).trim_end();
        assert!(
            error.starts_with(path) || error.starts_with(&format!("`{path}`")),
            "{call}\n{stderr}"
        );
        assert!(
            error.contains("cannot be written: ") && error.contains("No space left"),
            "{call}\n{stderr}"
        );
        assert_eq!(error.matches("No space left").count(), 1, "{call}\n{stderr}");
        assert_eq!(output.status.code(), Some(1), "{call}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{call}: a file is left");
        assert_eq!(folder.names(), before, "{call}");
    }
}

/// Commands that print data.
const PRINTING: [&str; 6] = [
    "predict --model model.dcx --data many.csv",
    "evaluate --model model.dcx --data new.csv",
    "evaluate --model model.dcx --data new.csv --json",
    "inspect --model model.dcx",
    "convert --data many.csv --to tsv",
    "convert --data many.csv --to parquet",
];

#[test]
fn a_reader_that_stops_early_is_not_an_error() {
    let folder = Folder::with_model();
    folder.write("many.csv", csv(20_000));
    for call in PRINTING {
        let mut child = Command::new(folder.program().get_program())
            .args(call.split(' '))
            .current_dir(folder.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{call}\n{stderr}");
        assert!(!stderr.contains("error") && !stderr.contains("panicked"), "{call}\n{stderr}");
    }
}

#[test]
fn standard_output_that_is_full_is_an_error() {
    let folder = Folder::with_model();
    folder.write("many.csv", csv(20_000));
    for call in PRINTING {
        let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
            println!("skipped: there is no /dev/full here");
            return;
        };
        let output = Command::new(folder.program().get_program())
            .args(call.split(' '))
            .current_dir(folder.folder.path())
            .stdout(full)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{call}\n{stderr}");
        let message = "error: standard output: cannot be written: No space left on device";
        assert!(stderr.contains(message), "{call}\n{stderr}");
    }
}
