//! Files that are not valid artifacts: cut off, damaged, of another version, or something else.

use crate::Folder;

/// Checks that `predict` with these bytes as the model fails and names the file; returns the rest of the message.
#[track_caller]
fn refused(folder: &Folder, bytes: &[u8], what: &str) -> String {
    folder.write("bad.dcx", bytes);
    let outcome = folder.call("predict --model bad.dcx --data new.csv");
    assert_eq!(outcome.code, Some(1), "{what}\n{}", outcome.stderr);
    assert_eq!(outcome.stdout, "", "{what}");
    let message = outcome.stderr.strip_prefix("error: `bad.dcx`: ");
    message.unwrap_or_else(|| panic!("{what}\n{}", outcome.stderr)).trim_end().to_owned()
}

#[test]
fn every_cut_is_found() {
    let folder = Folder::with_model();
    let whole = folder.read("model.dcx");
    let n = whole.len();
    for length in [0, 7, 8, 12, 20, 63, 64, n / 3, n / 2, n - 9, n - 8, n - 1] {
        let message = refused(&folder, &whole[..length], &format!("cut to {length} bytes"));
        let expected = if length < 8 { "is not a deepcross artifact" } else { "is cut off" };
        assert!(message.starts_with(expected), "cut to {length} bytes: {message}");
    }
    refused(&folder, &[whole.as_slice(), b"\0"].concat(), "one byte more");
}

#[test]
fn every_flipped_byte_is_found() {
    let folder = Folder::with_model();
    let whole = folder.read("model.dcx");
    let (n, step) = (whole.len(), whole.len() / 101);
    let positions = (0..40).chain((40..n).step_by(step)).chain(n - 9..n);
    for position in positions {
        let mut bytes = whole.clone();
        bytes[position] ^= 1 << (position % 8);
        refused(&folder, &bytes, &format!("byte {position} of {n}"));
    }
}

#[test]
fn other_files_and_newer_artifacts_are_reported_as_such() {
    let folder = Folder::with_model();
    let mut newer = folder.read("model.dcx");
    newer[8] = 200;
    assert_eq!(
        refused(&folder, &newer, "newer"),
        "was written by a newer deepcross: it has format version 200, but this program reads versions up to 1"
    );
    assert_eq!(
        refused(&folder, &folder.read("train.csv"), "a table"),
        "is not a deepcross artifact: it does not begin with `DEEPCROS`"
    );
    std::fs::create_dir(folder.path("folder.dcx")).unwrap();
    let cases = [
        ("none.dcx", "`none.dcx`: no such file"),
        ("folder.dcx", "`folder.dcx`: is a folder, expected a file"),
    ];
    for (model, message) in cases {
        for call in ["inspect", "evaluate --data new.csv", "predict --data new.csv --out p.csv"] {
            folder.fail(&format!("{call} --model {model}"), 1, message);
        }
    }
}
