//! Tests of negative down-sampling: the rate is set, reported, and kept in the model.

use crate::{CONFIG, Folder, csv};

const TRAIN: &str = "train --config run.toml --data train.csv --out model.dcx";

/// The line that holds `part`, with single blanks.
#[track_caller]
fn line(text: &str, part: &str) -> String {
    let line = text.lines().find(|line| line.contains(part));
    let words = line.unwrap_or_else(|| panic!("{part}\n{text}")).split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_rate_is_reported_and_kept_in_the_artifact() {
    let folder = Folder::with_data();
    let said = folder.succeed(&format!("{TRAIN} --set train.negative_rate=0.25")).stderr;
    let kept = line(&said, " negative rows in the last epoch");
    let parts = [" (negative_rate 0.25); ", "; predictions are corrected to the rates of all rows"];
    assert!(parts.iter().all(|part| kept.contains(part)), "{kept}");
    assert!(
        line(&said, "epoch  log").starts_with("epoch log loss of kept rows validation"),
        "{said}"
    );
    let shown = folder.succeed("inspect --model model.dcx").stdout;
    assert_eq!(line(&shown, "negative rate"), "negative rate 0.25");
    assert_eq!(line(&shown, "negative_rate"), "negative_rate = 0.25");

    let said = folder.succeed(TRAIN).stderr;
    assert!(!said.contains("kept rows") && !said.contains("negative rows"), "{said}");
    let shown = folder.succeed("inspect --model model.dcx").stdout;
    assert_eq!(line(&shown, "negative rate"), "negative rate 1");
}

#[test]
fn a_rate_outside_of_its_range_is_refused() {
    let folder = Folder::with_data();
    for (value, shown) in [("0", "0"), ("2", "2"), ("-0.5", "-0.5"), ("nan", "NaN")] {
        let message = format!("`train.negative_rate`: must be in (0, 1], but is {shown}");
        let call = format!("{TRAIN} --set train.negative_rate={value}");
        folder.fail(&call, 2, &format!("run.toml: {message}"));
    }
}

#[test]
fn an_epoch_without_rows_is_an_error() {
    let folder = Folder::new();
    folder.write("run.toml", CONFIG);
    folder.write("train.csv", csv(20).replace("\n1,", "\n0,"));
    let call = format!("{TRAIN} --set train.negative_rate=1e-9 --set train.valid_fraction=0");
    let message = "epoch 1 has no training rows: no row is positive, and `train.negative_rate` kept none of the 20 negative rows";
    folder.fail(&call, 1, message);
}
