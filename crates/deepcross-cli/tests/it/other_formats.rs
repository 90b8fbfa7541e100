//! Models that read files of other formats than those they were trained on.

use crate::{Folder, csv};
use std::fmt::Write;

/// The rows of [`csv`] with each list written by a function, as CSV or as JSON Lines.
fn rows(n: usize, row: impl Fn([&str; 4]) -> String) -> String {
    let text = csv(n);
    text.lines().skip(1).fold(String::new(), |mut rows, line| {
        let fields: Vec<_> = line.split(',').collect();
        let [click, ad, tags, age] = fields[..] else { panic!("{line}") };
        // Writing to a string does not fail.
        writeln!(rows, "{}", row([click, ad, tags, age])).unwrap();
        rows
    })
}

fn json(n: usize) -> String {
    rows(n, |[click, ad, tags, age]| {
        let tags = tags.replace('|', "\", \"");
        format!(r#"{{"click": {click}, "ad": "{ad}", "tags": ["{tags}"], "age": {age}}}"#)
    })
}

/// The rows as pandas writes a frame with lists.
fn printed(n: usize) -> String {
    let rows = rows(n, |[click, ad, tags, age]| {
        format!("{click},{ad},\"['{}']\",{age}", tags.replace('|', "', '"))
    });
    format!("click,ad,tags,age\n{rows}")
}

/// A folder with `train.jsonl`, and the rows to predict in each format.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("train.jsonl", json(300));
    folder.write("new.jsonl", json(20));
    folder.write("lines.csv", json(20));
    folder.write("new.csv", csv(20));
    folder.write("printed.csv", printed(20));
    folder.write("new.tsv", csv(20).replace(',', "\t"));
    folder.write("log", csv(20));
    folder.succeed("convert --data new.csv --out new.parquet");
    folder
}

fn predictions(folder: &Folder, data: &str) -> String {
    folder.succeed(&format!("predict --model model.dcx --data {data}")).stdout
}

#[test]
fn a_model_of_json_lines_reads_the_same_frame_in_other_formats() {
    let folder = folder();
    folder.succeed("infer-config --data train.jsonl --label click --out run.toml");
    let inferred = folder.text("run.toml");
    assert!(!inferred.contains("format = "), "{inferred}");
    assert!(inferred.contains("kind = \"multi-hot\"\nlist = \"printed\""), "{inferred}");
    let with_format = inferred.replace("[data]\n", "[data]\nformat = \"jsonl\"\n");
    folder.write("set.toml", with_format);
    for config in ["run.toml", "set.toml"] {
        let train = format!("train --config {config} --data train.jsonl --out model.dcx");
        folder.succeed(&format!("{train} --set train.epochs=2"));
        let expected = predictions(&folder, "new.jsonl");
        for data in ["new.csv", "printed.csv", "new.tsv", "new.parquet", "log --format csv"] {
            assert_eq!(predictions(&folder, data), expected, "{config} {data}");
        }
    }
    // The first line shows that the file is of the format of the training data, whatever its name is.
    assert_eq!(predictions(&folder, "lines.csv"), predictions(&folder, "new.jsonl"));
    let refused = folder.call("predict --model model.dcx --data new.csv --format jsonl");
    assert!(refused.code == Some(1) && refused.stderr.contains("not JSON"), "{}", refused.stderr);
}

#[test]
fn a_model_of_semicolons_reads_formats_without_delimiters() {
    let folder = folder();
    let config = crate::CONFIG.replace("[data]\n", "[data]\nformat = \"csv\"\ndelimiter = \";\"\n");
    folder.write("run.toml", config);
    folder.write("train", csv(200).replace(',', ";"));
    folder.write("semicolons.csv", csv(20).replace(',', ";"));
    folder.succeed("train --config run.toml --data train --out model.dcx");
    let expected = predictions(&folder, "semicolons.csv");
    let others =
        ["new.jsonl", "new.parquet", "new.parquet --format parquet", "new.csv --delimiter ,"];
    for data in others {
        assert_eq!(predictions(&folder, data), expected, "{data}");
    }
}

#[test]
fn a_configuration_of_libsvm_names_the_label_and_not_the_format() {
    let folder = Folder::new();
    let row = |i: usize| format!("{} {}:1 {}:0.5\n", i % 2, 1 + i % 3, 4 + i % 5);
    folder.write("train.svm", (0..200).map(row).collect::<String>());
    folder.succeed("infer-config --data train.svm --out run.toml");
    let inferred = folder.text("run.toml");
    assert!(inferred.contains("[data]\nlabel = \"label\"\n"), "{inferred}");
    folder.succeed("train --config run.toml --data train.svm --out model.dcx");
    folder.write("new.svm", "1:1 4:0.5\n");
    assert!(predictions(&folder, "new.svm").lines().count() == 2);
}

#[test]
fn plain_text_is_read_though_its_name_says_brotli() {
    let folder = Folder::with_model();
    folder.write("new.csv.br", csv(20));
    let expected = predictions(&folder, "new.csv");
    assert_eq!(predictions(&folder, "new.csv.br --format csv"), expected);
}

#[test]
fn negative_numbers_are_values_of_flags() {
    let folder = Folder::new();
    let value = |i: usize| if i.is_multiple_of(9) { -999 } else { i as i64 % 50 };
    let rows = (0..200).map(|i| format!("{},{}\n", [1, -1][i % 2], value(i)));
    folder.write("rows.csv", format!("y,x\n{}", rows.collect::<String>()));
    let infer = "infer-config --data rows.csv --label y --force --out run.toml";
    folder.succeed(&format!("{infer} --missing -999 --positive 1 --negative -1"));
    let inferred = folder.text("run.toml");
    assert!(inferred.contains("missing = [\"\", \"-999\"]"), "{inferred}");
    folder.succeed("describe --data rows.csv --label y --missing -999 --positive -1");
    folder.succeed("split --data rows.csv --by time --column x --test-from -5 --out-dir parts");
}
