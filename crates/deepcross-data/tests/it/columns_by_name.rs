//! Files whose columns stand in different orders, and files that have more or fewer columns than others.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray, StringViewArray,
};
use deepcross_data::input::Pipes;
use deepcross_data::split::{Shares, SplitBy, Splitter};
use deepcross_data::write::{FileForm, convert};
use deepcross_data::{
    BadRows, DataError, Input, Labels, Partition, RowPlan, RowReader, Source, find_files,
};
use deepcross_features::Batch;
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use crate::{Files, config, fitted, read_all};

/// The columns as Parquet.
pub(crate) fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// The rows of all files, encoded by the encoder that was fitted to the first `n_fitted` files.
fn encoded(files: &Files, settings: &str, labels: Labels) -> Result<Batch, DataError> {
    let first = Source::open(&files.paths[..1], &config(settings))?;
    let (encoder, source) = (fitted(&first)?, files.source(settings)?);
    let plan = RowPlan { labels, partition: Partition::All, bad_rows: BadRows::Error };
    let mut reader = RowReader::new(&source, &encoder, plan)?;
    let mut batch = reader.new_batch();
    while reader.fill(&mut batch, 3)? > 0 {}
    Ok(batch)
}

const LABEL: &str = "label = 'click'";

const FIRST: &[u8] = b"click,age,user\n1,31,ann\n0,,bob\n0,27,ann\n1,-2.5,\"x,y\"\n";

/// Two rows in files of several forms, with their columns in other orders and with further columns.
fn others() -> Vec<(&'static str, Vec<u8>)> {
    let texts = |texts: [&str; 2]| -> ArrayRef { Arc::new(StringArray::from(texts.to_vec())) };
    let users: DictionaryArray<Int32Type> = [Some("ann"), Some("x,y")].into_iter().collect();
    vec![
        ("order.csv", b"user,click,age\nann,1,31\n\"x,y\",0,\n".to_vec()),
        ("more.csv", b"k,user,l,click,age,m\n7,ann,\"a\nb\",1,31,9\n8,\"x,y\" ,,0, ,\n".to_vec()),
        ("order.tsv", b"age\tuser\tclick\n31\tann\t1\n\tx,y\t0\n".to_vec()),
        ("plain.tsv", "é\tage\tuser\tclick\né\t 31\tann \t1\n\t\tx,y\t0\n".into()),
        (
            "order.jsonl",
            br#"{"user": "ann", "new": [1, 2], "click": 1, "age": 31}
{"click": 0, "user": "x,y", "age": null}
"#
            .to_vec(),
        ),
        (
            "order.parquet",
            parquet(vec![
                ("user", Arc::new(users)),
                ("age", Arc::new(Int64Array::from(vec![Some(31), None]))),
                ("other", texts(["a|b", "c"])),
                ("click", Arc::new(Int32Array::from(vec![1, 0]))),
            ]),
        ),
        (
            "types.parquet",
            parquet(vec![
                ("age", Arc::new(Int32Array::from(vec![Some(31), None]))),
                ("click", texts(["1", "0"])),
                ("user", Arc::new(StringViewArray::from(vec!["ann", "x,y"]))),
            ]),
        ),
    ]
}

#[test]
fn columns_are_found_by_name_in_every_file() {
    let second: (&str, &[u8]) = ("b.csv", b"click,age,user\n1,31,ann\n0,,\"x,y\"\n");
    let same = Files::new(&[("a.csv", FIRST), second]);
    let reversed = Files::new(&[second, ("a.csv", FIRST)]);
    let others = others();
    let expected = encoded(&same, LABEL, Labels::Required).unwrap();
    for (name, content) in &others {
        for keys in ["", "\ntrim = true\nbad_rows = 'skip'"] {
            let files = Files::new(&[("a.csv", FIRST), (name, content)]);
            let found = encoded(&files, &format!("{LABEL}{keys}"), Labels::Required).unwrap();
            assert_eq!(found, expected, "{name}");
        }
        // The other file may come first, and may then lack what the first file has.
        let files = Files::new(&[(name, content), ("a.csv", FIRST)]);
        let [found, expected] =
            [&files, &reversed].map(|files| fitted(&files.source(LABEL).unwrap()).unwrap());
        assert_eq!(found.to_state(), expected.to_state(), "{name}");
    }
    // All of them in one call, on several threads.
    let mut all = vec![("a.csv", FIRST)];
    all.extend(others.iter().map(|(name, content)| (*name, &**content)));
    let files = Files::new(&all);
    for threads in 1..=3 {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found = pool.install(|| encoded(&files, LABEL, Labels::Required)).unwrap();
        assert_eq!(found.n_rows(), 4 + 2 * others.len());
        assert_eq!(found.labels()[4..6], [1.0, 0.0]);
    }
}

#[test]
fn a_column_that_nothing_reads_may_be_absent() {
    let files = Files::new(&[
        ("a.csv", b"click,age,user,more\n1,3,a,x\n0,4,b,y\n"),
        ("b.csv", b"user,age\na,3\n"),
        ("c.jsonl", br#"{"age": 4, "user": "b"}"#),
        (
            "d.parquet",
            &parquet(vec![
                ("user", Arc::new(StringArray::from(vec!["a"]))),
                ("age", Arc::new(Int32Array::from(vec![3]))),
            ]),
        ),
    ]);
    let batch = encoded(&files, LABEL, Labels::Ignored).unwrap();
    assert_eq!(batch.n_rows(), 5);
    let source = files.source(LABEL).unwrap();
    let rows = read_all(&source).unwrap();
    let row = |at: usize| rows[at].1.clone();
    assert_eq!(row(0), ["1", "3", "a", "x"]);
    assert_eq!(row(2), ["", "3", "a", ""]);
    assert_eq!(row(3), ["", "4", "b", ""]);
    assert_eq!(row(4), ["", "3", "a", ""]);
    let shared = source.with_shared_columns();
    assert_eq!(shared.header(), ["age", "user"]);
    assert_eq!(read_all(&shared).unwrap()[0].1, ["3", "a"]);
    let unshared: Vec<_> = source.unshared_columns().into_iter().map(|(name, _)| name).collect();
    assert_eq!(unshared, ["click", "more"]);
    assert!(source.unshared_columns()[0].1.ends_with("b.csv"));
}

#[test]
fn a_needed_column_that_a_file_lacks_is_named_with_the_file() {
    let texts = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let lacking = parquet(vec![("click", texts("1")), ("usr", texts("a"))]);
    let cases: [(&str, &[u8], &str); 5] = [
        (
            "b.csv",
            b"age,click,usr\n3,1,a\n",
            "`b.csv`: has no column `user` for field `user`, the nearest is `usr`",
        ),
        ("b.csv", b"user,click\na,1\n", "`b.csv`: has no column `age` for field `age`"),
        ("b.csv", b"age,user\n3,a\n", "`b.csv`: has no column `click` for the label"),
        (
            "b.jsonl",
            br#"{"user": "a", "click": 1}"#,
            "`b.jsonl`: has no column `age` for field `age`",
        ),
        ("b.parquet", &lacking, "`b.parquet`: has no column `age` for field `age`"),
    ];
    for (name, content, expected) in cases {
        let files = Files::new(&[("a.csv", FIRST), (name, content)]);
        let error = fitted(&files.source(LABEL).unwrap()).unwrap_err();
        assert!(files.message(&error).starts_with(expected), "{error}");
        let error = encoded(&files, LABEL, Labels::Required).unwrap_err();
        assert!(files.message(&error).starts_with(expected), "{error}");
    }
}

#[test]
fn a_row_of_another_length_is_bad_in_a_file_of_another_order() {
    let files = Files::new(&[
        ("a.csv", b"click,age,user\n1,3,a\n"),
        ("b.csv", b"user,age,click,k\na,3,1,0\na,3,1\n\"b\",3\nb,4,0,0\n"),
    ]);
    let error = fitted(&files.source(LABEL).unwrap()).unwrap_err();
    assert_eq!(files.message(&error), "`b.csv`, line 3 (`a,3,1`): has 3 fields, expected 4");
    let source = files.source(&format!("{LABEL}\nbad_rows = 'skip'")).unwrap();
    let mut reader = source.rows(BadRows::Skip).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        lines.push((row.place().line, row.field(2).to_vec()));
    }
    assert_eq!(lines, [(2, b"a".to_vec()), (2, b"a".to_vec()), (5, b"b".to_vec())]);
    assert_eq!(reader.skipped().rows, 2);
}

#[test]
fn copied_and_converted_rows_need_the_same_columns() {
    let by = SplitBy::Order(Shares { valid: 0.0, test: 0.5 });
    let files = Files::new(&[("a.csv", FIRST), ("b.csv", b"user,click,age\na,1,3\n")]);
    let source = files.source(LABEL).unwrap();
    let error = Splitter::new(&source, &by, BadRows::Error).unwrap_err();
    assert_eq!(
        files.message(&error),
        "`b.csv`: column 1 of the header is `user`, expected `click` as in `a.csv`, since rows are copied unchanged"
    );
    let form = FileForm::of("x.csv".as_ref(), None).unwrap();
    let converted = convert(&source, BadRows::Error, form, Vec::new()).unwrap().out;
    let lines = String::from_utf8(converted).unwrap();
    assert!(lines.ends_with("\n1,3,a\n"), "{lines}");
    let files = Files::new(&[("a.csv", FIRST), ("b.csv", b"click,age,user,more\n1,3,a,b\n")]);
    let source = files.source(LABEL).unwrap();
    let error = convert(&source, BadRows::Error, form, Vec::new()).unwrap_err();
    assert_eq!(
        files.message(&error),
        "`a.csv`: has no column `more`, which `b.csv` has; all columns are written, so the files must have the same"
    );
}

#[test]
fn files_without_a_header_may_lack_the_label_one_by_one() {
    let settings = "label = 'click'\ncolumns = ['click', 'age', 'user']";
    let files = Files::new(&[
        ("a.csv", b"1,31,ann\n0,27,bob\n"),
        ("b.csv", b"27,bob\n"),
        ("c.csv", b"0,27,bob\n"),
    ]);
    let batch = encoded(&files, settings, Labels::Ignored).unwrap();
    let labelled =
        Files::new(&[("a.csv", b"1,31,ann\n0,27,bob\n"), ("b.csv", b"0,27,bob\n0,27,bob\n")]);
    assert_eq!(batch, encoded(&labelled, settings, Labels::Ignored).unwrap());
    let error = encoded(&files, settings, Labels::Required).unwrap_err();
    assert_eq!(files.message(&error), "`b.csv`, line 1 (`27,bob`): has 2 fields, expected 3");
}

/// A folder of files, and the source of all of them.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join("logs").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn source_of(folder: &TempDir, name: &str, settings: &str) -> Result<Source, DataError> {
    let found = find_files(&[folder.path().join(name)])?;
    Source::open(Input::found(&found.files, &Pipes::default()), &config(settings))
}

#[test]
fn folders_give_columns_to_the_files_below_them() {
    let rows = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let folder = folder(&[
        ("dt=2024-03-01/hour=05/a.csv", b"click,age\n1,3\n\"0\",\" 4\"\n"),
        ("dt=2024-03-01/hour=__HIVE_DEFAULT_PARTITION__/a.csv", b"age,click\n3,1\n"),
        ("dt=a%20b/hour=06/a.csv", b"click,age\n1,3\n"),
    ]);
    let source = source_of(&folder, "logs", LABEL).unwrap();
    assert_eq!(source.header(), ["click", "age", "dt", "hour"]);
    let expected = [
        ["1", "3", "2024-03-01", "05"],
        ["0", "4", "2024-03-01", "05"],
        ["1", "3", "2024-03-01", ""],
        ["1", "3", "a b", "06"],
    ];
    let rows_of = |source: &Source| -> Vec<Vec<String>> {
        read_all(source).unwrap().into_iter().map(|(_, row)| row).collect()
    };
    assert_eq!(rows_of(&source), expected);
    // What the call names itself gives no column, unless a field reads it.
    let part = source_of(&folder, "logs/dt=2024-03-01", LABEL).unwrap();
    assert_eq!(part.header(), ["click", "age", "hour"]);
    let by_pattern = source_of(&folder, "logs/*/hour=0*/*.csv", LABEL).unwrap();
    assert_eq!(by_pattern.header(), ["click", "age", "dt", "hour"]);
    assert_eq!(by_pattern.folder_columns().collect::<Vec<_>>(), ["dt", "hour"]);

    let folder = self::folder(&[(
        "user=ann/age=3.0/a.parquet",
        &parquet(vec![("click", rows("1")), ("age", Arc::new(Int32Array::from(vec![3])))]),
    )]);
    let source = source_of(&folder, "logs", LABEL).unwrap();
    assert_eq!(rows_of(&source), [["1", "3", "ann"]]);
    let whole = fitted(&source).unwrap();
    let named = source_of(&folder, "logs/user=ann/age=3.0/a.parquet", LABEL).unwrap();
    assert_eq!(named.header(), ["click", "age"]);
    assert_eq!(fitted(&named).unwrap().to_state(), whole.to_state());
}

#[test]
fn a_column_in_the_file_must_have_the_value_of_the_folder() {
    let ages =
        |ages: [i32; 2]| parquet(vec![("age", Arc::new(Int32Array::from(ages.to_vec())) as _)]);
    for (name, content, row) in [
        ("age=5/a.csv", b"age,user\n5,a\n05.0,b\n6,c\n".to_vec(), "line 4 (`6,c`)"),
        ("age=5/a.parquet", ages([5, 6]), "row 2"),
    ] {
        let folder = folder(&[(name, &content)]);
        let error = read_all(&source_of(&folder, "logs", "").unwrap()).unwrap_err();
        let message = error.to_string().replace(&format!("{}/", folder.path().display()), "");
        assert_eq!(
            message,
            format!(
                "`logs/{name}`, {row}: field `age` is `6`, expected `5`, as the name of the file's folder says"
            )
        );
        // The folder is named: the file alone counts.
        let named = source_of(&folder, &format!("logs/{name}"), "").unwrap();
        assert!(read_all(&named).is_ok());
    }
}

#[test]
fn the_value_of_the_folder_may_be_spelled_in_another_way() {
    for (name, content, is_same) in [
        ("flag=False/a.jsonl", "{\"flag\": false}\n", true),
        ("flag=True/a.jsonl", "{\"flag\": false}\n", false),
        ("hour=05/a.jsonl", "{\"hour\": 5}\n", true),
        ("id=9007199254740993/a.jsonl", "{\"id\": 9007199254740993}\n", true),
        ("id=9007199254740993/a.jsonl", "{\"id\": 9007199254740992}\n", false),
    ] {
        let folder = folder(&[(name, content.as_bytes())]);
        let read = read_all(&source_of(&folder, "logs", "").unwrap());
        assert_eq!(read.is_ok(), is_same, "{name}: {content}");
    }
}

#[test]
fn found_files_without_rows_are_left_out() {
    let compressed = zstd::encode_all(&b""[..], 1).unwrap();
    let folder = folder(&[
        ("part-0.csv.zst", &compressed),
        ("part-1.csv", b""),
        ("part-2.csv", b"click,age,user\n1,3,a\n"),
        ("part-3.csv", b"\n"),
        ("part-4.csv", b"click,age,user\n"),
        ("part-5.csv", b"user,age,click\nb,4,0\n"),
    ]);
    for name in ["logs", "logs/part-*"] {
        let source = source_of(&folder, name, LABEL).unwrap();
        assert_eq!(read_all(&source).unwrap().len(), 2);
        assert_eq!(source.files().len(), 3);
    }
    let named: Vec<PathBuf> =
        ["2", "3"].map(|n| folder.path().join(format!("logs/part-{n}.csv"))).into();
    let error = Source::open(&named, &config(LABEL)).unwrap_err().to_string();
    assert!(error.ends_with("part-3.csv`: is empty, expected a header row"), "{error}");
    let error = source_of(&folder, "logs/part-[013]*", LABEL).unwrap_err().to_string();
    assert!(error.ends_with("is empty, expected a header row"), "{error}");
}
