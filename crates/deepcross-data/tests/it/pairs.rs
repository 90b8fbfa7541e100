//! libsvm and libffm: their rows, the recognition of their files, and the errors about invalid ones.

use std::io::Write;

use deepcross_data::split::{Shares, SplitBy, Splitter};
use deepcross_data::{BadRows, Labels, Partition, RowPlan, RowReader, Source, fit};
use deepcross_features::{Batch, FieldConfig, Schema};

use crate::{Files, config, read_all};

const SVM: &[u8] = b"# made by hand\n+1 3:0.5 7:1  # the first\n\n-1\t7:2.5e-1 \r\n0\n1 11:1 3:2";
const FFM: &[u8] = b"1 10:4:1 2:7:0.5 2:8:1\n0 2:7:1\n\n-1 0:1:1 10:5:-2 # last\n";

fn rows(files: &Files, config: &str) -> Vec<Vec<String>> {
    let source = files.source(config).unwrap();
    read_all(&source).unwrap().into_iter().map(|(_, row)| row).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn all_pairs_of_libsvm_are_one_list() {
    let files = Files::new(&[("a.svm", SVM)]);
    assert_eq!(files.source("").unwrap().header(), ["label", "features"]);
    let expected =
        [["+1", "3:0.5 7:1"], ["-1", "7:2.5e-1"], ["0", ""], ["1", "11:1 3:2"]].map(Vec::from);
    assert_eq!(rows(&files, ""), expected);
    for (name, content) in
        [("b.libsvm.gz", gzip(SVM)), ("b.SVM.zst", zstd::encode_all(SVM, 1).unwrap())]
    {
        assert_eq!(rows(&Files::new(&[(name, &content)]), ""), expected);
    }
    assert_eq!(rows(&Files::new(&[("a9a", SVM)]), "format = 'libsvm'"), expected);
    let queries = Files::new(&[("a.svm", b"1 qid:3 1:1\n0 qid:4\n0 2:1\n")]);
    assert_eq!(queries.source("").unwrap().header(), ["label", "qid", "features"]);
    assert_eq!(rows(&queries, ""), [["1", "3", "1:1"], ["0", "4", ""], ["0", "", "2:1"]]);
}

#[test]
fn each_field_of_libffm_is_a_column() {
    let files = Files::new(&[("a.ffm", FFM)]);
    assert_eq!(files.source("").unwrap().header(), ["label", "0", "2", "10"]);
    let expected = [["1", "", "7:0.5 8:1", "4:1"], ["0", "", "7:1", ""], ["-1", "1:1", "", "5:-2"]];
    assert_eq!(rows(&files, ""), expected);
    for (name, content) in
        [("b.libffm.gz", gzip(FFM)), ("b.ffm.zst", zstd::encode_all(FFM, 1).unwrap())]
    {
        assert_eq!(rows(&Files::new(&[(name, &content)]), ""), expected);
    }
    let columns = "columns = ['y', '10', '2', '0', '77']";
    assert_eq!(files.source(columns).unwrap().header(), ["y", "10", "2", "0", "77"]);
    assert_eq!(rows(&files, columns)[0], ["1", "4:1", "7:0.5 8:1", "", ""]);
    // The pairs of a field keep the order of the line, even if pairs of another field stand between them.
    let mixed = Files::new(&[("a.ffm", b"1 0:2:1 1:1:1 0:1:1\n")]);
    assert_eq!(rows(&mixed, ""), [["1", "2:1 1:1", "1:1"]]);
}

#[test]
fn labels_with_weights_are_refused_and_features_are_not() {
    let cases: [(&str, Option<&str>); 8] = [
        ("1:0.5 3:1\n0:2 4:1\n", Some("1:0.5")),
        ("# a\n0:1\n1:2\n", Some("0:1")),
        ("1:0.5 1:1 2:1\n1:1 4:1\n", Some("1:0.5")),
        // Features without labels.
        ("1:0.5 2:1\n1:2 3:1\n", None),
        ("0:0.5 2:1\n0:2 3:1\n", None),
        ("0:0.5 2:1\n1:2 3:1\n7:1\n", None),
        ("1 1:0.5 2:1\n0 0:2 3:1\n", None),
        ("1\n0:1 1:1\n", None),
    ];
    for (content, refused) in cases {
        let files = Files::new(&[("a.svm", content.as_bytes())]);
        let found = files.source("").map(drop).map_err(|error| files.message(&error));
        let message = refused.map_or(Ok(()), |word| {
            let (at, line) =
                content.lines().enumerate().find(|(_, line)| line.starts_with(word)).unwrap();
            Err(format!(
                "`a.svm`, line {} (`{line}`): field `label` is `{word}`, expected a label without a \
                 weight; if all rows begin with a feature and have no label, write one in front, such \
                 as `0`",
                at + 1
            ))
        });
        assert_eq!(found, message, "{content}");
    }
}

#[test]
fn errors_name_their_place() {
    let svm = "expected `index:value` of a whole number and a finite number";
    let ffm = "expected `field:feature:value` of two whole numbers and a finite number";
    let cases: &[(&str, &str, String)] = &[
        ("a.svm", "1 3:1 x:2", format!("field `features` is `x:2`, {svm}")),
        ("a.svm", "1 3:1 4", format!("field `features` is `4`, {svm}")),
        ("a.svm", "1 3:nan 4", format!("field `features` is `3:nan`, {svm}")),
        ("a.svm", "1 3:1e39", format!("field `features` is `3:1e39`, {svm}")),
        ("a.svm", "1 3:ä", format!("field `features` is `3:ä`, {svm}")),
        (
            "a.svm",
            "1 3:1\n1 qid:2 3:1",
            "field `features` is `qid:2`, expected `index:value`; the first row has no `qid`"
                .into(),
        ),
        ("a.ffm", "1 0:3:1 4:1", format!("field `4` is `4:1`, {ffm}")),
        ("a.ffm", "1 0:3:1 x:4:1", format!("field `x` is `x:4:1`, {ffm}")),
        ("a.ffm", "1 0:3:1:2", format!("field `0` is `0:3:1:2`, {ffm}")),
    ];
    for (name, content, expected) in cases {
        let files = Files::new(&[(name, content.as_bytes())]);
        let error = read_all(&files.source("").unwrap()).unwrap_err();
        assert!(error.is_bad_row());
        let message = files.message(&error);
        let line = content.lines().count();
        let start = content.lines().last().unwrap();
        assert_eq!(message, format!("`{name}`, line {line} (`{start}`): {expected}"));
    }
    let files = Files::new(&[("a.ffm", b"1 0:3:1\n"), ("b.ffm", b"1 0:1:1\n0 7:3:1\n")]);
    let error = read_all(&files.source("").unwrap()).unwrap_err();
    assert_eq!(
        files.message(&error),
        "`b.ffm`, line 2 (`0 7:3:1`): field `7` is `7:3:1`, expected a field that the first file has or \
         that `data.columns` names; to read this field, name the label and all fields in `data.columns`"
    );
    for (name, content) in [("a.svm", &b"# nothing\n"[..]), ("a.ffm", b"")] {
        let files = Files::new(&[(name, content)]);
        let message = files.message(&files.source("").unwrap_err());
        assert_eq!(message, format!("`{name}`: is empty, expected rows"));
    }
    let set = "columns = ['label', 'x']\ncomment = '#'\ndelimiter = ' '\nquote = true";
    for (name, expected) in [
        ("a.svm", "`data.columns`: has no meaning with the format `libsvm`"),
        (
            "a.ffm",
            "`data.columns`: must name the label and then the numbers of the fields with the format \
             `libffm`, but has `x`",
        ),
    ] {
        let files = Files::new(&[(name, b"1\n")]);
        let message = files.message(&files.source(set).unwrap_err());
        assert!(
            message.contains(expected) && message.contains("`data.quote`: has no"),
            "{message}"
        );
    }
}

#[test]
fn bad_rows_can_be_left_out() {
    let files = Files::new(&[("a.svm", b"1 1:1\n1 x\n0 2:1\n2 3:1\n")]);
    let fields = vec![list("features")];
    let (_, labels) = encoded(&files.source("bad_rows = 'skip'\nlabel = 'label'").unwrap(), fields);
    assert_eq!(labels, [1.0, 0.0]);
}

fn list(name: &str) -> FieldConfig {
    FieldConfig::multi_hot(name).separator(' ').weights(true)
}

/// The rows and their labels, encoded by an encoder that was fitted on them.
fn encoded(source: &Source, fields: Vec<FieldConfig>) -> (Batch, Vec<f32>) {
    let schema = Schema::new(fields, vec![String::new()]).unwrap();
    let bad_rows = source.config().bad_rows;
    let fitted = fit(source, &schema, Partition::All, bad_rows).unwrap();
    let plan = RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows };
    let mut reader = RowReader::new(source, &fitted.encoder, plan).unwrap();
    let mut batch = reader.new_batch();
    reader.fill(&mut batch, 10_000).unwrap();
    let labels = batch.labels().to_vec();
    (batch, labels)
}

#[test]
fn the_same_rows_as_csv_are_the_same_numbers_on_any_number_of_threads() {
    let mut ffm = String::new();
    let mut csv = String::from("label,0,3\n");
    for i in 0..2000_u32 {
        let (label, a, b) = (i % 3 % 2, i * 7 % 91, i % 13);
        ffm += &format!("{} 3:{b}:0.{b} 0:{a}:1 3:{a}:-1\n", ["-1", "+1"][label as usize]);
        csv += &format!("{label},{a}:1,{b}:0.{b} {a}:-1\n");
    }
    let files =
        [("a.ffm", ffm.as_bytes()), ("a.csv", csv.as_bytes())].map(|file| Files::new(&[file]));
    let [ffm, csv] = files.each_ref().map(|files| files.source("label = 'label'").unwrap());
    let fields = || vec![list("0"), list("3")];
    let expected = encoded(&csv, fields());
    assert_eq!(encoded(&ffm, fields()), expected);
    for threads in 1..=3 {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| encoded(&ffm, fields())), expected, "{threads} threads");
    }
}

#[test]
fn a_field_that_no_row_has_is_missing() {
    let files = Files::new(&[("a.ffm", b"1 10:4:1 2:7:0.5 2:8:1\n0 2:7:1\n0 0:1:1 10:5:-2\n")]);
    let source = files.source("label = 'label'").unwrap();
    let schema = Schema::new(vec![list("2"), list("5")], vec![String::new()]).unwrap();
    let fitted = fit(&source, &schema, Partition::All, config("").bad_rows).unwrap();
    let other = Files::new(&[("b.ffm", b"1 0:1:1\n")]);
    let plan = RowPlan {
        labels: Labels::Ignored,
        partition: Partition::All,
        bad_rows: config("").bad_rows,
    };
    let mut reader = RowReader::new(&other.source("").unwrap(), &fitted.encoder, plan).unwrap();
    let mut batch = reader.new_batch();
    assert_eq!(reader.fill(&mut batch, 9).unwrap(), 1);
    assert_eq!(reader.counts().get("5").unwrap().missing, 1);
    let schema = Schema::new(vec![list("tags")], vec![String::new()]).unwrap();
    let error = fit(&source, &schema, Partition::All, config("").bad_rows).unwrap_err();
    assert_eq!(files.message(&error), "`a.ffm`: has no column `tags` for field `tags`");
}

#[test]
fn rows_are_split_as_they_stand() {
    let files = Files::new(&[("a.svm", SVM)]);
    let source = files.source("").unwrap();
    let by = SplitBy::Order(Shares { valid: 0.0, test: 0.5 });
    let mut splitter = Splitter::new(&source, &by, BadRows::Error).unwrap();
    let mut n_rows = 0;
    while let Some((_, row)) = splitter.next_row().unwrap() {
        assert!(!row.is_empty() && SVM.windows(row.len()).any(|bytes| bytes == row));
        n_rows += 1;
    }
    assert_eq!(n_rows, 4);
    assert_eq!(source.extension(), "svm");
}
