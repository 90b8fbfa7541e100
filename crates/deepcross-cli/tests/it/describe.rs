//! Tests of `describe`: a table for people and an object for programs.

use crate::{Folder, csv};
use serde_json::Value;

#[test]
fn each_column_has_a_line() {
    let folder = Folder::with_data();
    let table = folder.succeed("describe --data train.csv --label click").stdout;
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines[0], "200 rows, 33.50 % positive");
    let columns: Vec<Vec<&str>> =
        lines[3..].iter().map(|line| line.split_whitespace().take(3).collect()).collect();
    let expected = [
        ["click", "label", "2"],
        ["ad", "categorical", "7"],
        ["tags", "multi-hot", "'|'"],
        // In these rows, every third is positive and the age has a period of twelve.
        ["age", "leak", "of"],
    ];
    assert_eq!(columns, expected, "{table}");
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{table}");
    let without = folder.succeed("describe --data train.csv").stdout;
    assert!(without.starts_with("200 rows\n") && !without.contains('→'), "{without}");
}

#[test]
fn the_object_describes_the_rows() {
    let folder = Folder::new();
    folder.write("x.csv", format!("{}0,ad9,,\n1,ad9,,\n", csv(100)));
    let json = folder.succeed("describe --data x.csv --label click --json").stdout;
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&report["rows"], &report["skipped"]), (&102.into(), &0.into()));
    let [click, ad, tags, age] = [0, 1, 2, 3].map(|i| &report["columns"][i]);
    assert_eq!(click["left_out"], "label");
    assert_eq!((&ad["distinct"], &ad["distinct_is_exact"]), (&8.into(), &true.into()));
    assert_eq!((&tags["missing"], &tags["mean_label_of_missing"]), (&2.into(), &0.5.into()));
    assert_eq!((&tags["list"]["separator"], &tags["list"]["longest"]), (&"|".into(), &2.into()));
    assert_eq!((&age["numbers"]["min"], &age["numbers"]["max"]), (&18.0.into(), &73.0.into()));
    assert_eq!(ad["top"][0]["value"], "ad0");
    assert_eq!(ad["top"][0]["rows"], 15);
}

#[test]
fn a_configuration_says_how_files_are_read() {
    let folder = Folder::with_data();
    folder.write("rows.txt", "1;ad1;a;9\n0;x;b;9\n");
    let data = "format = \"csv\"\ndelimiter = \";\"\ncolumns = [\"click\", \"ad\", \"tags\", \"age\"]\nmissing = [\"x\"]";
    let config = crate::CONFIG.replace("label = \"click\"", &format!("label = \"click\"\n{data}"));
    folder.write("run.toml", config);
    let table = folder.succeed("describe --data rows.txt --config run.toml").stdout;
    assert!(table.starts_with("2 rows, 50.00 % positive; `x` means missing\n"), "{table}");
    folder.fail(
        "describe --data rows.txt --positive 1",
        2,
        "--positive: name the column of the label with --label",
    );
}
