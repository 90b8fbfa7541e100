//! Tests of `split`: it writes files with the rows unchanged, or no file at all.

use crate::{Folder, HEADER, csv};

#[test]
fn files_have_the_header_and_the_rows_unchanged() {
    let folder = Folder::new();
    let odd = format!("\u{feff}{HEADER}\r\n 1 ,\"a\n,\",, 18\r\n\n0,b,,19\n1,c,t1|t2,20");
    folder.write("odd.csv", odd);
    let said = folder.succeed("split --data odd.csv --by order --test 0.34 --out-dir new/parts");
    assert_eq!(
        said.stderr,
        "wrote 2 rows, 66.67 %, to new/parts/train.csv\nwrote 1 row, 33.33 %, to new/parts/test.csv\n"
    );
    assert_eq!(said.stdout, "");
    let header = format!("{HEADER}\r\n");
    let train = format!("{header} 1 ,\"a\n,\",, 18\r\n0,b,,19\n");
    assert_eq!(folder.text("new/parts/train.csv"), train);
    assert_eq!(folder.text("new/parts/test.csv"), format!("{header}1,c,t1|t2,20\n"));
    assert_eq!(std::fs::read_dir(folder.path("new/parts")).unwrap().count(), 2);
}

#[test]
fn splits_of_every_kind_can_be_trained_on() {
    let folder = Folder::with_data();
    let rules = ["by order", "by row", "by key --column age --seed 3", "by time --column age"];
    for rule in rules {
        let split = "split --data train.csv --valid 0.2 --test 0.3 --out-dir parts";
        folder.succeed(&format!("{split} --{rule}"));
        let read = |name: &str| folder.text(&format!("parts/{name}.csv"));
        let mut rows: Vec<String> = ["train", "valid", "test"]
            .iter()
            .flat_map(|name| read(name).lines().skip(1).map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let text = csv(200);
        let mut expected: Vec<_> = text.lines().skip(1).collect();
        rows.sort();
        expected.sort_unstable();
        assert_eq!(rows, expected, "{rule}");
        folder.succeed(
            "train --config run.toml --data parts/train.csv --valid parts/valid.csv --out m.dcx",
        );
    }
    let said = folder.succeed(
        "split --data train.csv --by time --column age --valid-from 40 --test-from 60 --out-dir parts",
    );
    assert!(said.stderr.ends_with("valid begins at 40, test begins at 60\n"), "{}", said.stderr);
    // A split by time reads the standard input more than once.
    let output = folder
        .program()
        .args("split --data - --by order --out-dir piped --test 0.3 --valid 0.2".split(' '))
        .write_stdin(csv(200))
        .output()
        .unwrap();
    assert!(output.status.success());
    folder.succeed("split --data train.csv --by order --test 0.3 --valid 0.2 --out-dir parts");
    assert_eq!(folder.text("piped/test.csv"), folder.text("parts/test.csv"));
}

#[test]
fn a_split_that_fails_leaves_nothing() {
    let folder = Folder::with_data();
    folder.write("bad.csv", format!("{}1,ad1,t1\n", csv(200)));
    let cases = [
        (
            "--data bad.csv --by row",
            1,
            "`bad.csv`, line 202 (`1,ad1,t1`): has 3 fields, expected 4",
        ),
        ("--data train.csv --by key", 2, "`--column`: name the column of the time or the key"),
        (
            "--data train.csv --by row --column age",
            2,
            "`--column`: applies only with `--by time` or `--by key`",
        ),
        (
            "--data train.csv --by order --seed 4",
            2,
            "`--seed`: applies only with `--by key` or `--by row`",
        ),
        (
            "--data train.csv --by time --column age --test-from 2026-01-31",
            2,
            "rows cannot be divided by the times in `age`, which are like `18`: `2026-01-31` cannot be compared with them",
        ),
        (
            "--data train.csv --by time --column age --test-from 700",
            1,
            "parts/test.csv: this file would have no rows",
        ),
        (
            "--data train.csv --by order --test 1.5",
            2,
            "the share `test` must be in [0, 1), but is 1.5",
        ),
        (
            "--data train.csv --by row --test 0.5 --valid 0.5",
            2,
            "the shares must leave rows to train on, but sum up to 1",
        ),
        (
            "--data train.csv --by time --column age --test-from soon",
            2,
            "the time of a cut must be a finite number or a date like `2026-01-31`, but is `soon`",
        ),
        (
            "--data train.csv --by time --column tag",
            1,
            "`train.csv`: has no column `tag` for the split, the nearest is `tags`",
        ),
    ];
    for (flags, code, message) in cases {
        folder.fail(&format!("split {flags} --out-dir parts"), code, message);
    }
    folder.fail(
        "split --data train.csv --by order --out-dir .",
        2,
        "./train.csv: cannot be written there, since the call names it twice, also as train.csv",
    );
}
