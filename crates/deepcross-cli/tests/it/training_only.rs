//! Tests of fields with a value that is known only in training, and of values that are missing in one field alone.

use crate::Folder;

const CONFIG: &str = r#"[data]
label = "click"

[[field]]
name = "ad"
kind = "categorical"

[[field]]
name = "place"
column = "position"
kind = "categorical"
missing_values = [0, "top"]
at_prediction = 1

[model]
kind = "lr"

[train]
epochs = 1
valid_fraction = 0
"#;

fn folder() -> Folder {
    let folder = Folder::new();
    // Ads of odd numbers are clicked, but for each seventh row.
    let row = |i: usize| {
        let click = (i % 5 + usize::from(i.is_multiple_of(7))) % 2;
        let position = ["1", "2", "0", "top", "1.0"][i / 5 % 5];
        format!("{click},ad{},{position}\n", i % 5)
    };
    let rows: String = (0..200).map(row).collect();
    folder.write("run.toml", CONFIG);
    folder.write("train.csv", format!("click,ad,position\n{rows}"));
    folder.write("test.csv", "click,ad\n1,ad1\n0,ad2\n1,ad0\n0,ad3\n");
    folder
}

/// The message of a call that is refused.
fn refused(folder: &Folder, arguments: &str) -> String {
    let outcome = folder.call(arguments);
    assert_eq!((outcome.code, &*outcome.stdout), (Some(1), ""), "{arguments}");
    outcome.stderr
}

#[test]
fn a_position_is_read_in_training_only() {
    let folder = folder();
    let said = folder.succeed("train --config run.toml --data train.csv --out model.dcx").stderr;
    let line = "the field `place` is `1` in every row that is scored (`at_prediction`); its column is read only in \
                training\n";
    assert!(said.contains(line), "{said}");
    let evaluated = folder.succeed("evaluate --model model.dcx --data test.csv");
    assert!(evaluated.stderr.contains(line), "{}", evaluated.stderr);
    folder.succeed("predict --model model.dcx --data test.csv");
    let shown = folder.succeed("inspect --model model.dcx").stdout;
    let rules = "missing if `0` or `top`, `1` at prediction";
    assert!(shown.contains(rules), "{shown}");
    // The labels of rows that a calibrator learns from were made at their positions.
    let message =
        refused(&folder, "calibrate --model model.dcx --data test.csv --method platt --out c.dcx");
    assert!(message.contains("has no column `position` for field `place`"), "{message}");
    folder.succeed("calibrate --model model.dcx --data train.csv --method platt --out c.dcx");
}

#[test]
fn a_position_that_training_has_not_seen_is_refused() {
    let folder = folder();
    let train =
        "train --config run.toml --data train.csv --out model.dcx --set field.place.at_prediction";
    let (unlearned, missing) = ("the field has not learned", "means \"missing\" in this field");
    for (value, reason) in [("7", unlearned), ("0", missing), ("top", missing)] {
        let message = refused(&folder, &format!("{train}='{value}'"));
        let expected = format!(
            "field `place`: `at_prediction` is `{value}`, a value that {reason}; expected one that it has, such as `1` \
             and `2`"
        );
        assert!(message.contains(&expected), "{message}");
    }
}
