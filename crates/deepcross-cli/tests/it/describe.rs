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
        lines[3..7].iter().map(|line| line.split_whitespace().take(3).collect()).collect();
    let expected = [
        ["click", "label", "2"],
        ["ad", "categorical", "7"],
        ["tags", "multi-hot", "'|'"],
        // In these rows, every third is positive and the age has a period of twelve.
        ["age", "leak", "of"],
    ];
    assert_eq!(columns, expected, "{table}");
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{table}");
    let reasons: Vec<_> = lines[9..].iter().map(|line| in_one_line(line)).collect();
    let expected = [
        "click it is the label",
        "ad ids: texts",
        "tags lists: elements between `|` that occur in other values too",
    ];
    assert_eq!(reasons[..3], expected, "{table}");
    assert!(reasons[3].starts_with("age left out: it alone predicts the label"), "{table}");
    let without = folder.succeed("describe --data train.csv").stdout;
    assert!(without.starts_with("200 rows\n") && !without.contains('→'), "{without}");
}

/// The words of a text with one blank between them.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Rows with times in seconds, numbers with two odd values among them, and queries of five rows each.
pub(crate) fn odd_rows() -> String {
    let row = |i: usize| {
        let (second, mixed) = (1_709_251_200 + i * 7919 % 2_592_000, i * i * 31 % 9973);
        let spend = if i % 600 == 77 { "far".to_owned() } else { format!("{mixed}.5") };
        let click = usize::from(i * 7919 % 100 < 30);
        format!("{click},{second},{spend},q{},${},fixed\n", i / 5, mixed % 90)
    };
    let rows: String = (0..1000).map(row).collect();
    format!("click,ts,spend,query_id,price,constant\n{rows}")
}

#[test]
fn each_column_has_a_reason_with_an_example() {
    let folder = Folder::new();
    folder.write("x.csv", odd_rows());
    let table = folder.succeed("describe --data x.csv --label click").stdout;
    let reasons = [
        "ts times: seconds since 1970: 1709251200 is 2024-03-01T00:00:00Z",
        "numbers: each value that is not missing is a number; 2 of 1,000 rows are not numbers and count as \
         missing: `far`",
        "`evaluate --by query_id`",
        "each value looks like an amount with a currency (`$",
        "left out: it is `fixed` in every row",
    ];
    for reason in reasons {
        assert!(in_one_line(&table).contains(reason), "{reason}\n{table}");
    }
    let longest = table.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(100), "{table}");
    let hidden = folder.succeed("describe --data x.csv --label click --no-examples").stdout;
    for value in ["1709251200", "2024-03-01", "as missing: `far`", "$", "fixed"] {
        assert!(!hidden.contains(value), "{value}\n{hidden}");
    }
    assert!(hidden.contains("times: seconds since 1970\n"), "{hidden}");
    let call = "describe --data x.csv --label click --json";
    let [shown, hidden] = ["", " --no-examples"].map(|flag| {
        let json = folder.succeed(&format!("{call}{flag}")).stdout;
        serde_json::from_str::<Value>(&json).unwrap()["columns"][2].clone()
    });
    assert_eq!(shown["reason"], "numbers: each value that is not missing is a number");
    assert_eq!(shown["counted_as_missing"][0]["value"], "far");
    assert_eq!((&hidden["top"], &hidden["numbers"]["min"]), (&Value::Array(vec![]), &Value::Null));
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
fn a_class_that_no_row_has_is_said_beside_the_object_too() {
    let folder = Folder::with_data();
    let call = "describe --data train.csv --label click --positive 1 yes --negative 0";
    for json in ["", " --json"] {
        let said = folder.succeed(&format!("{call}{json}")).stderr;
        assert!(said.contains("warning: ") && said.contains("`yes`"), "{json}: {said}");
        assert_eq!(folder.call(&format!("{call}{json} --strict")).code, Some(1), "{json}");
    }
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
