//! Data that cannot be read: the message names the file, line, field and value.

use crate::{Folder, HEADER, csv};

/// Checks that training on a file and predicting with it both fail with the message.
#[track_caller]
fn check_file(content: impl AsRef<[u8]>, message: &str) {
    let folder = Folder::with_model();
    folder.write("bad.csv", content);
    folder.fail("train --config run.toml --data bad.csv --out new.dcx", 1, message);
    folder.fail("predict --model model.dcx --data bad.csv --out new.csv", 1, message);
}

/// The good rows and one more.
fn with_row(row: &[u8]) -> Vec<u8> {
    [csv(40).as_bytes(), row, b"\n"].concat()
}

#[test]
fn a_missing_column_is_named_with_the_nearest() {
    check_file(
        csv(9).replace("tags", "tag"),
        "`bad.csv`: has no column `tags` for field `tags`, the nearest is `tag`",
    );
}

#[test]
fn rows_that_cannot_be_read_stop_the_run() {
    let cases: [(&[u8], &str); 4] = [
        (b"1,ad1,t1", "`bad.csv`, line 42 (`1,ad1,t1`): has 3 fields, expected 4"),
        (b"1,ad1,t1,30,7", "`bad.csv`, line 42 (`1,ad1,t1,30,7`): has 5 fields, expected 4"),
        (
            b"1,ad1,t1,old",
            "`bad.csv`, line 42 (`1,ad1,t1,old`): field `age` is `old`, expected a finite number",
        ),
        (
            b"1,caf\xe9,t1,30",
            "`bad.csv`, line 42 (`1,caf\u{fffd},t1,30`): field `ad` is `caf\u{fffd}`, expected valid UTF-8; if the file is in another encoding, such as Windows-1252, convert it with `iconv -f WINDOWS-1252 -t UTF-8`",
        ),
    ];
    for (row, message) in cases {
        check_file(with_row(row), message);
    }
}

#[test]
fn a_label_of_no_class_stops_training_and_evaluation() {
    let folder = Folder::with_model();
    folder.write("bad.csv", with_row(b"maybe,ad1,t1,30"));
    let message = "`bad.csv`, line 42 (`maybe,ad1,t1,30`): field `click` is `maybe`, expected `1` \
                   (positive) or `0` (negative); name other classes with `data.label = { column, positive, negative }`";
    folder.fail("train --config run.toml --data bad.csv --out new.dcx", 1, message);
    folder.fail("evaluate --model model.dcx --data bad.csv", 1, message);
    folder.fail("evaluate --model model.dcx --data bad.csv --json", 1, message);
}

#[test]
fn evaluation_needs_a_label() {
    let folder = Folder::with_model();
    folder.write("bad.csv", "ad,tags,age\nad1,t1,30\n");
    folder.fail(
        "evaluate --model model.dcx --data bad.csv",
        1,
        "`bad.csv`: has no column `click` for the label",
    );
}

#[test]
fn empty_and_absent_files_are_refused() {
    check_file("", "`bad.csv`: is empty, expected a header row");
    let folder = Folder::with_model();
    std::fs::create_dir(folder.path("folder.csv")).unwrap();
    let cases = [
        ("none.csv", "`none.csv`: no such file"),
        ("folder.csv", "`folder.csv`: is a folder without data files; it holds nothing"),
    ];
    for (file, message) in cases {
        folder.fail(&format!("train --config run.toml --data {file} --out new.dcx"), 1, message);
        folder.fail(&format!("evaluate --model model.dcx --data {file}"), 1, message);
        folder.fail(&format!("predict --model model.dcx --data {file} --out p.csv"), 1, message);
    }
}

#[test]
fn a_header_alone_cannot_be_trained_on_and_has_no_predictions() {
    let folder = Folder::with_model();
    folder.write("header.csv", format!("{HEADER}\n"));
    folder.fail(
        "train --config run.toml --data header.csv --out new.dcx",
        1,
        "`header.csv`: has no rows",
    );
    let predicted = folder.succeed("predict --model model.dcx --data header.csv");
    assert_eq!(predicted.stdout, "probability\n");
    let evaluated = folder.succeed("evaluate --model model.dcx --data header.csv --json").stdout;
    assert!(evaluated.contains("\"rows\":0,") && evaluated.contains("\"auc\":null"), "{evaluated}");
}

#[test]
fn each_of_several_files_needs_the_columns() {
    let folder = Folder::with_data();
    folder.write("bad.csv", csv(9).replace("ad,", "ads,"));
    folder.fail(
        "train --config run.toml --data train.csv bad.csv --out new.dcx",
        1,
        "`bad.csv`: has no column `ad` for field `ad`, the nearest is `ads`",
    );
}

#[test]
fn a_number_that_is_no_longer_finite_is_named() {
    let folder = Folder::with_data();
    let call =
        "train --config run.toml --data train.csv --out new.dcx --set train.learning_rate=1e39";
    let outcome = folder.call(call);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let error = outcome.stderr.rsplit_once("error: ").unwrap().1;
    assert!(error.starts_with("step 2: the weight `"), "{error}");
    assert!(error.contains("since an earlier step"), "{error}");
    assert!(error.contains("a lower `train.learning_rate`"), "{error}");
    assert!(!folder.path("new.dcx").exists());
}
