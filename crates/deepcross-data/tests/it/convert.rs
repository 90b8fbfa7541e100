//! Conversion: rows in another format stay the same, and a format refuses values that it cannot hold.

use std::io::{self, Write};
use std::path::Path;

use deepcross_data::write::{FileForm, RowWriter, convert, convert_encoded};
use deepcross_data::{
    BadRows, DataError, Format, Labels, Partition, RowPlan, RowReader, Source, fit,
};
use deepcross_features::batch::Column;
use deepcross_features::{Batch, FieldConfig, Schema, blanks};
use proptest::prelude::*;

use crate::{Files, read_all};

const CSV: &[u8] = b"click,ad,tags,age,note\n\
    1,shoes,a|b,31,\"a, \"\"b\"\"\"\n\
    0,\"ha,ts\",,44.5,#1\n\
    1,#bags,b,,\n\
    0,0.10,\"a|a\", -3 ,\xc3\xa4\n";

/// All rows of the files, as a file with this name, or in this format.
fn converted(
    files: &Files,
    settings: &str,
    name: &str,
    format: Option<Format>,
) -> Result<Vec<u8>, DataError> {
    let source = files.source(settings)?;
    let form = FileForm::of(Path::new(name), format)?;
    let converted = convert(&source, source.config().bad_rows, form, Vec::new())?;
    let skipped = converted.skipped.rows;
    assert_eq!(converted.rows + skipped, count(&source) as u64, "{name}");
    Ok(converted.out)
}

/// The number of rows of a source, including bad ones.
fn count(source: &Source) -> usize {
    let (mut rows, mut n) = (source.rows(BadRows::Error).unwrap(), 0);
    while !matches!(rows.next_row(), Ok(None)) {
        n += 1;
    }
    n
}

/// A name for each format that can have any columns, with each kind of compression.
fn names() -> impl Iterator<Item = &'static str> {
    let texts = [
        "b.csv",
        "b.csv.gz",
        "b.CSV.zst",
        "b.tsv",
        "b.tsv.gz",
        "b.tsv.ZST",
        "b.jsonl",
        "b.ndjson.gz",
        "b.JSONL.zst",
    ];
    texts.into_iter().chain(cfg!(feature = "parquet").then_some("b.parquet"))
}

/// The rows of `CSV` with their labels, encoded by an encoder that was fitted on them.
fn encoded(source: &Source) -> Batch {
    let list = FieldConfig::multi_hot("tags");
    let fields = vec![FieldConfig::categorical("ad"), list, FieldConfig::number("age")];
    let schema = Schema::new(fields, vec![String::new()]).unwrap();
    let bad_rows = source.config().bad_rows;
    let fitted = fit(source, &schema, Partition::All, bad_rows).unwrap();
    let plan = RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows };
    let mut reader = RowReader::new(source, &fitted.encoder, plan).unwrap();
    let mut batch = reader.new_batch();
    reader.fill(&mut batch, 10_000).unwrap();
    batch
}

/// The header and the fields of all rows of a file with this name and content.
fn rows(name: &str, content: &[u8], settings: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let files = Files::new(&[(name, content)]);
    let source = files.source(settings).unwrap();
    let rows = read_all(&source).unwrap().into_iter().map(|(_, row)| row).collect();
    (source.header().to_vec(), rows)
}

#[test]
fn the_same_rows_in_any_format_are_the_same_text_and_numbers() {
    let first = Files::new(&[("a.csv", CSV)]);
    let label = "label = 'click'";
    let expected = encoded(&first.source(label).unwrap());
    assert_eq!(expected.n_rows(), 4);
    for from in names() {
        let content = converted(&first, label, from, None).expect(from);
        assert_eq!(rows(from, &content, ""), rows("a.csv", CSV, ""), "{from}");
        let files = Files::new(&[(from, &content)]);
        assert_eq!(encoded(&files.source(label).unwrap()), expected, "{from}");
        for to in names() {
            let content = converted(&files, label, to, None).expect(to);
            assert_eq!(rows(to, &content, ""), rows("a.csv", CSV, ""), "{from} {to}");
        }
        let again = converted(&files, label, "c.csv", None).unwrap();
        assert_eq!(again, converted(&first, label, "c.csv", None).unwrap(), "{from}");
    }
}

#[test]
fn text_is_written_in_the_plain_form_of_its_format() {
    let cases: &[(&str, &str, &str, &str, &str)] = &[
        ("a.csv", "a , b\r\n 1,\"x\"\n", "", "b.csv", "a,b\n1,x\n"),
        ("a.csv", "a , b\r\n 1,\"x\"\n", "trim = false", "b.csv", "a,b\n 1,x\n"),
        ("a.csv", "a;b\n1;'x;y'\n", "delimiter = ';'\nquote = \"'\"", "b.csv", "a,b\n1,x;y\n"),
        ("a.csv", "a,b\n1,\"x\"\"y\"\n", "", "b.tsv", "a\tb\n1\tx\"y\n"),
        ("a.tsv", "a\tb\n1\t\"x,\n", "", "b.csv", "a,b\n1,\"\"\"x,\"\n"),
        ("a.csv", "1,2\n", "columns = ['a', 'b']", "b.csv", "a,b\n1,2\n"),
        // Without the label, like rows for prediction.
        ("a.csv", "2\n", "columns = ['a', 'b']\nlabel = 'a'", "b.csv", "b\n2\n"),
        ("a.csv", "a\n\"\"\nx\n", "", "b.csv", "a\n\"\"\nx\n"),
        ("a.csv", "a,b\n\"#1\",#2\n", "", "b.csv", "a,b\n\"#1\",#2\n"),
        ("a.csv", "a,b\n", "", "b.tsv", "a\tb\n"),
    ];
    for (from, content, settings, to, expected) in cases {
        let files = Files::new(&[(from, content.as_bytes())]);
        let found = converted(&files, settings, to, None).unwrap();
        assert_eq!(String::from_utf8(found).unwrap(), *expected, "{content:?} {settings} {to}");
    }
    let files = Files::new(&[("a.csv", b"a,b\n1,2\n"), ("b.tsv", b"a\tb\n3\t4\n")]);
    assert_eq!(converted(&files, "", "c.csv", None).unwrap(), b"a,b\n1,2\n3,4\n");
}

#[test]
fn labels_and_pairs_are_the_same_through_any_format() {
    let svm = "+1 3:0.5 7:1\n-1 7:2.5e-1\n0\n1 11:1 3:2\n3:1\n";
    let queries = "1 qid:3 1:1\n0 qid:4\n0 2:1\n";
    let ffm = "1 2:7:0.5 2:8:1 10:4:1\n0 2:7:1\n-1 0:1:1 10:5:-2\n0:3:1\n2\n";
    for (name, content) in [("a.svm", svm), ("a.svm", queries), ("a.ffm", ffm)] {
        let first = Files::new(&[(name, content.as_bytes())]);
        for through in names() {
            let between = converted(&first, "", through, None).unwrap();
            assert_eq!(
                rows(through, &between, ""),
                rows(name, content.as_bytes(), ""),
                "{through}"
            );
            let files = Files::new(&[(through, &between)]);
            let found = converted(&files, "", name, None).unwrap();
            assert_eq!(String::from_utf8(found).unwrap(), content, "{through}");
            let packed = converted(&files, "", &format!("{name}.gz"), None).unwrap();
            let packed = rows(&format!("{name}.gz"), &packed, "");
            assert_eq!(packed, rows(name, content.as_bytes(), ""), "{through}");
        }
    }
    // Lines that are written by hand get the canonical form with the same values.
    let files = Files::new(&[("a.ffm", b"1  10:4:1 2:7:0.5\t2:8:1 # one\n\n")]);
    assert_eq!(converted(&files, "", "b.ffm", None).unwrap(), b"1 2:7:0.5 2:8:1 10:4:1\n");
    let columns = "columns = ['y', '10', '2']";
    assert_eq!(converted(&files, columns, "b.ffm", None).unwrap(), b"1 10:4:1 2:7:0.5 2:8:1\n");
    let files = Files::new(&[("a.svm", b"+1 \t3:.5  1:1 #x\n")]);
    assert_eq!(converted(&files, "", "b.svm", None).unwrap(), b"+1 3:.5 1:1\n");
}

/// The 40 columns of Criteo's logs.
fn criteo_header() -> String {
    let numbers = (1..=13).map(|i| format!(",I{i}"));
    let categories = (1..=26).map(|i| format!(",C{i}"));
    format!("label{}", numbers.chain(categories).collect::<String>())
}

#[test]
fn criteos_logs_have_their_columns_and_no_header() {
    let row = format!("1,5,,7{}", ",c".repeat(36));
    let files = Files::new(&[("a.csv", format!("{}\n{row}\n", criteo_header()).as_bytes())]);
    let log = converted(&files, "", "day_0.gz", Some(Format::CRITEO)).unwrap();
    let log_files = Files::new(&[("day_0.gz", &log)]);
    let back = converted(&log_files, "format = 'criteo'", "b.tsv", Some(Format::CSV)).unwrap();
    assert_eq!(String::from_utf8(back).unwrap(), format!("{}\n{row}\n", criteo_header()));
    let log = converted(&files, "", "day_0", Some(Format::CRITEO)).unwrap();
    assert_eq!(String::from_utf8(log).unwrap(), format!("{}\n", row.replace(',', "\t")));
}

/// Expects exactly this message from converting a file `x.csv` of this content to this name and format.
#[track_caller]
fn check_refused(content: impl AsRef<[u8]>, to: (&str, Option<Format>), expected: &str) {
    let files = Files::one(content.as_ref());
    // Blanks around fields are kept.
    let error = converted(&files, "trim = false", to.0, to.1).expect_err(expected);
    assert_eq!(files.message(&error), expected);
}

const TSV: (&str, Option<Format>) = ("b.tsv", None);
const SVM: (&str, Option<Format>) = ("b.svm", None);
const FFM: (&str, Option<Format>) = ("b.ffm", None);

#[test]
fn values_that_tsv_cannot_hold_are_reported_with_their_place() {
    let no_tab = "expected no tab and no line end in it, since this format has no quotes";
    let first_name = "the rows cannot be written as tsv: the name of column 1 is";
    let cases = [
        (
            "a,b\nx,\"1\t2\"\n",
            format!("`x.csv`, line 2 (`x,\"1\\t2\"`): field `b` is `1\\t2`, {no_tab}"),
        ),
        (
            "a,b\n\"x\ny\",1\n",
            format!("`x.csv`, line 2 (`\"x`): field `a` is `x\\ny`, {no_tab}"),
        ),
        (
            "\"\"\nx\n",
            format!("{first_name} ``, expected a name that is not blank, since a blank line is not a header"),
        ),
        (
            "a,b\n1,\"x\r\"\n",
            "`x.csv`, line 2 (`1,\"x\\r\"`): field `b` is `x\\r`, expected no carriage return at its \
             end, where it would be part of the line end"
                .to_owned(),
        ),
        ("a,b\n1,2\n1\n", "`x.csv`, line 3 (`1`): has 1 field, expected 2".to_owned()),
        ("\"a\tb\",b\n1,2\n", format!("{first_name} `a\\tb`, {no_tab}")),
    ];
    for (content, expected) in cases {
        check_refused(content, TSV, &expected);
    }
}

#[test]
fn criteos_logs_have_no_other_columns() {
    let day = ("day_0", Some(Format::CRITEO));
    let refused = |column, found, expected| {
        format!(
            "the rows cannot be written as criteo: column {column} is {found}, expected {expected}; \
             its columns are `label`, `I1` to `I13` and `C1` to `C26`"
        )
    };
    let header = criteo_header();
    check_refused("label,I1\n1,2\n", day, &refused(3, "absent", "`I2`"));
    let swapped = header.replace("I2,I3", "I3,I2") + "\n";
    check_refused(swapped, day, &refused(3, "`I3`", "`I2`"));
    check_refused(header + ",x\n", day, &refused(41, "`x`", "absent"));
}

#[test]
fn values_that_labels_and_pairs_cannot_hold_are_reported_with_their_place() {
    let pair = "expected `feature:value` of a whole number and a finite number";
    let place = |line: &str| format!("`x.csv`, line 2 (`{line}`): field");
    let cases = [
        ("label,7\n", "1,3:1 4", FFM, format!("`7` is `4`, {pair}")),
        ("label,features\n", "1,3:1 a:2", SVM, format!("`features` is `a:2`, {pair}")),
        (
            "label,features\n",
            "1 2,3:1",
            SVM,
            "`label` is `1 2`, expected a label without blanks, `:` and `#`".to_owned(),
        ),
        (
            "label,qid,features\n",
            "1,,3:1",
            SVM,
            "`qid` is ``, expected a query, since the first row decides whether the file has queries"
                .to_owned(),
        ),
        (
            "label,qid,features\n",
            "1,2 3,3:1",
            SVM,
            "`qid` is `2 3`, expected a query without blanks and `#`".to_owned(),
        ),
        (
            "label,0\n",
            ",",
            FFM,
            "`label` is ``, expected a label or a feature, since a blank line is not a row"
                .to_owned(),
        ),
    ];
    for (header, row, to, expected) in cases {
        check_refused(format!("{header}{row}\n"), to, &format!("{} {expected}", place(row)));
    }
    check_refused(
        "click,age\n1,2\n",
        SVM,
        "the rows cannot be written as libsvm: expected the columns `label`, optionally `qid`, and \
         `features`, a list of pairs",
    );
    check_refused(
        "label,1,age\n1,2,3\n",
        FFM,
        "the rows cannot be written as libffm: expected the column `label`, and columns whose names \
         are the numbers of fields, each a list of pairs",
    );
}

#[test]
fn names_of_unknown_or_impossible_forms_are_refused() {
    check_refused(
        "a\n1\n",
        ("b.dat", None),
        "`b.dat`: the name does not show the format, expected a name that ends in .csv, .tsv, \
         .svm, .libsvm, .ffm, .libffm, .jsonl, .ndjson or .parquet, or `format` to be set",
    );
    check_refused(
        "a\n1\n",
        ("b.gz", Some(Format::PARQUET)),
        "Parquet compresses its columns itself, expected a name without `.gz` or `.zst`",
    );
}

#[test]
fn a_row_that_would_be_too_long_to_be_read_is_refused() {
    let quotes = "\"".repeat(9 << 20);
    let files = Files::new(&[("a.tsv", format!("a\tb\n1\t{quotes}\n").as_bytes())]);
    assert!(converted(&files, "", "b.tsv", None).is_ok());
    let message = files.message(&converted(&files, "", "b.csv", None).unwrap_err());
    let expected = ", expected a shorter value, since a row has at most 16 MiB";
    assert!(message.contains("field `b` is `\"\"\"") && message.ends_with(expected), "{message}");
}

#[test]
fn bad_rows_can_be_left_out() {
    let content = b"a,b\n1,2\n3\n\"4\t4\",5\n6,7\n";
    for (to, n_skipped) in [("b.csv", 1), ("b.tsv", 2)] {
        let files = Files::one(content);
        let source = files.source("bad_rows = 'skip'").unwrap();
        let form = FileForm::of(Path::new(to), None).unwrap();
        let converted = convert(&source, source.config().bad_rows, form, Vec::new()).unwrap();
        assert_eq!((converted.rows, converted.skipped.rows), (4 - n_skipped, n_skipped), "{to}");
        assert_eq!(rows(to, &converted.out, "").1.len() as u64, converted.rows);
    }
}

/// An output that takes this number of bytes and no more.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0 -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_reported_as_such() {
    let random = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let text: String = (0..40_000).map(|i| format!("{},{}\n", random(i), random(!i))).collect();
    let text = format!("a,b\n{text}");
    // A short output is written to the file only at its end.
    for (text, room) in [(&*text, 0), (&text, 3), (&text, 100_000), ("a,b\n1,2\n", 0)] {
        let files = Files::one(text.as_bytes());
        let source = files.source("").unwrap();
        for to in names() {
            let form = FileForm::of(Path::new(to), None).unwrap();
            let error = convert(&source, source.config().bad_rows, form, Full(room)).map(|_| ());
            let Err(DataError::Output { source }) = error else { panic!("{to} {room} {error:?}") };
            assert_eq!(source.kind(), io::ErrorKind::StorageFull, "{to} {room}");
        }
    }
}

/// The fields of `CSV`, encoded and written as a file of this name.
fn numbers(settings: &str, content: &[u8], name: &str) -> String {
    let files = Files::one(content);
    let source = files.source(settings).unwrap();
    let list = FieldConfig::multi_hot("tags");
    let fields = vec![FieldConfig::number("age"), list, FieldConfig::categorical("ad")];
    let schema = Schema::new(fields, vec![String::new()]).unwrap();
    let fitted = fit(&source, &schema, Partition::All, source.config().bad_rows).unwrap();
    let labels = if source.config().label().is_some() { Labels::Required } else { Labels::Ignored };
    let plan = RowPlan { labels, partition: Partition::All, bad_rows: source.config().bad_rows };
    let mut reader = RowReader::new(&source, &fitted.encoder, plan).unwrap();
    let form = FileForm::of(Path::new(name), None).unwrap();
    let converted = convert_encoded(&mut reader, form, Vec::new()).unwrap();
    String::from_utf8(converted.out).unwrap()
}

#[test]
fn encoded_rows_have_features_of_their_fields() {
    let content = b"click,ad,tags,age\n1,x,a|b|a,0\n0,y,,5\n1,,b,10\n";
    // The number `age` has one feature; the first ids of `tags` and `ad` are for missing, unseen and rare values.
    let ffm = "1 0:0:0 1:4:1 1:5:1 1:4:1 2:9:1\n0 0:0:0.5 1:1:1 2:10:1\n1 0:0:1 1:5:1 2:6:1\n";
    let svm = "1 5:2 6:1 10:1\n0 1:0.5 2:1 11:1\n1 1:1 6:1 7:1\n";
    let label = "label = 'click'";
    assert_eq!(numbers(label, content, "b.ffm"), ffm);
    assert_eq!(numbers(label, content, "b.svm"), svm);
    let unlabelled =
        |text: &str| text.replace("1 0:0:0 ", "0:0:0 ").replace("\n0 ", "\n").replace("\n1 ", "\n");
    assert_eq!(numbers("", content, "b.ffm"), unlabelled(ffm));
    for form in ["b.csv", "b.parquet"] {
        let form = FileForm::of(Path::new(form), None).unwrap();
        let error = deepcross_data::write::EncodedWriter::new(Vec::new(), form, &[]).unwrap_err();
        assert!(matches!(error, DataError::UnfitColumns { .. }), "{error}");
    }
}

/// For each row of a batch, the field and the weight of each id.
fn pairs(batch: &Batch) -> Vec<Vec<(usize, f32)>> {
    let of_row = |row: usize| {
        let of_field = |(field, column): (usize, &Column)| match column {
            Column::Sparse(column) => {
                let offsets = column.offsets().unwrap();
                (offsets[row]..offsets[row + 1])
                    .map(|at| (field, column.weights().get(at as usize).copied().unwrap_or(1.0)))
                    .collect::<Vec<_>>()
            }
            Column::Dense(_) => panic!("lists are sparse"),
        };
        batch.columns().iter().enumerate().flat_map(of_field).collect()
    };
    (0..batch.n_rows()).map(of_row).collect()
}

#[test]
fn encoded_rows_are_read_back_as_lists_of_the_same_length_and_weight() {
    let header = "click,ad,tags,age";
    let text: String = (0..500_u32)
        .map(|i| format!("{},x{},a{}|b{}|c,{}\n", i % 3 % 2, i % 17, i % 7, i % 5, i % 90))
        .collect();
    let ffm = numbers("label = 'click'", format!("{header}\n{text}").as_bytes(), "b.ffm");
    let files = Files::new(&[("b.ffm", ffm.as_bytes())]);
    let source = files.source("label = 'label'").unwrap();
    assert_eq!(source.header(), ["label", "0", "1", "2"]);
    let list = |name: &str| FieldConfig::multi_hot(name).separator(' ').weights(true);
    let schema = Schema::new(["0", "1", "2"].map(list).into(), vec![String::new()]).unwrap();
    let fitted = fit(&source, &schema, Partition::All, source.config().bad_rows).unwrap();
    let plan = RowPlan {
        labels: Labels::Required,
        partition: Partition::All,
        bad_rows: source.config().bad_rows,
    };
    let mut reader = RowReader::new(&source, &fitted.encoder, plan).unwrap();
    let mut batch = reader.new_batch();
    assert_eq!(reader.fill(&mut batch, 1000).unwrap(), 500);
    for (i, row) in pairs(&batch).iter().enumerate() {
        let i = i as u32;
        assert_eq!(batch.labels()[i as usize], (i % 3 % 2) as f32);
        let fields: Vec<usize> = row.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, [0, 1, 1, 1, 2], "{row:?}");
        let age = (i % 90) as f32 / 89.0;
        assert!((row[0].1 - age).abs() < 1e-6 && row[1..].iter().all(|(_, weight)| *weight == 1.0));
    }
}

#[cfg(feature = "parquet")]
mod parquet {
    use super::*;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};

    /// The types of the columns in the file.
    fn types(content: &[u8]) -> Vec<String> {
        let files = Files::new(&[("x.parquet", content)]);
        let file = std::fs::File::open(&files.paths[0]).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let schema = reader.metadata().file_metadata().schema_descr();
        let described = |column: &::parquet::schema::types::ColumnDescPtr| {
            format!("{} {:?}", column.physical_type(), column.converted_type())
        };
        schema.columns().iter().map(described).collect()
    }

    #[test]
    fn columns_have_the_narrowest_type_that_keeps_each_text() {
        let content = b"i,f,t,b,e\n1,0.5,01,x,\n-7,1,1,\xff,\n,,,,\n";
        let files = Files::one(content);
        let written = converted(&files, "", "b.parquet", None).unwrap();
        let expected =
            ["INT64 NONE", "DOUBLE NONE", "BYTE_ARRAY UTF8", "BYTE_ARRAY NONE", "BYTE_ARRAY UTF8"];
        assert_eq!(types(&written), expected);
        let back = Files::new(&[("b.parquet", &written)]);
        assert_eq!(converted(&back, "", "c.csv", None).unwrap(), content);
    }

    #[test]
    fn columns_without_a_name_are_kept() {
        let content = b",a,\n1,2,x\n";
        let written = converted(&Files::one(content), "", "b.parquet", None).unwrap();
        let back = Files::new(&[("b.parquet", &written)]);
        assert_eq!(converted(&back, "", "c.csv", None).unwrap(), content);
    }

    #[test]
    fn row_groups_are_bounded() {
        let row = format!("{}\n", "x".repeat(1 << 20));
        let content = format!("a\n{}", row.repeat(150));
        let files = Files::one(content.as_bytes());
        let written = converted(&files, "", "b.parquet", None).unwrap();
        let back = Files::new(&[("b.parquet", &written)]);
        let reader =
            SerializedFileReader::new(std::fs::File::open(&back.paths[0]).unwrap()).unwrap();
        let rows: Vec<i64> =
            reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
        assert!(rows.iter().all(|rows| *rows <= 68) && rows.iter().sum::<i64>() == 150, "{rows:?}");
        assert!(converted(&back, "", "c.csv", None).unwrap() == content.as_bytes());
    }

    #[test]
    fn a_value_of_another_type_is_refused_and_its_row_is_not_written() {
        use deepcross_data::write::{ColumnType, Compression};
        let columns = ["a", "b"].map(String::from);
        let form = FileForm { format: Format::PARQUET, compression: Compression::None };
        let types = [ColumnType::Int, ColumnType::Text];
        let mut writer = RowWriter::new(Vec::new(), form, &columns, &types).unwrap();
        for (row, expected) in [
            ([&b"1"[..], b"x"], None),
            (
                [b"01", b"x"],
                Some(
                    "field `a` is `01`, expected a whole number, as in all rows when the types of the columns were found",
                ),
            ),
            (
                [b"2", b"\xff"],
                Some(
                    "field `b` is `\u{fffd}`, expected valid UTF-8, as in all rows when the types of the columns were found",
                ),
            ),
            ([b"", b""], None),
        ] {
            let error = writer.write(row).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected);
        }
        let written = writer.finish().unwrap();
        let back = Files::new(&[("b.parquet", &written)]);
        assert_eq!(converted(&back, "", "c.csv", None).unwrap(), b"a,b\n1,x\n,\n");
    }
}

/// Writes rows into a file of this name: the content of the file, and the rows that were accepted.
fn written(name: &str, columns: &[String], rows: &[Vec<Vec<u8>>]) -> (Vec<u8>, Vec<Vec<Vec<u8>>>) {
    let form = FileForm::of(Path::new(name), None).unwrap();
    let mut types = deepcross_data::write::ColumnTypes::new(columns.len());
    rows.iter().for_each(|row| types.observe(row.iter().map(Vec::as_slice)));
    let mut writer = RowWriter::new(Vec::new(), form, columns, &types.types()).unwrap();
    let mut taken = Vec::new();
    for row in rows {
        match writer.write(row.iter().map(Vec::as_slice)) {
            Ok(()) => taken.push(row.clone()),
            Err(DataError::Value { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    (writer.finish().unwrap(), taken)
}

/// The header and all rows that are read back.
fn read(name: &str, content: &[u8], settings: &str) -> (Vec<String>, Vec<Vec<Vec<u8>>>) {
    let files = Files::new(&[(name, content)]);
    let source = files.source(settings).unwrap();
    let (mut reader, mut rows) = (source.rows(BadRows::Error).unwrap(), Vec::new());
    while let Some(row) = reader.next_row().unwrap() {
        rows.push(row.fields().map(<[u8]>::to_vec).collect());
    }
    (source.header().to_vec(), rows)
}

/// A field of pieces that have a special meaning in some format, or of any bytes, or a number.
fn field() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"a",
        b"1",
        b"-0.5",
        b",",
        b"\t",
        b"\"",
        b"\"\"",
        b"\n",
        b"\r",
        b"\r\n",
        b" ",
        b"#",
        b"|",
        b":",
        b"3:1",
        b"qid:",
        b"\xef\xbb\xbf",
        b"\xff",
        b"\0",
        "ä日".as_bytes(),
        b"\x0c",
        b"\x0b",
    ];
    prop_oneof![
        prop::collection::vec(prop::sample::select(pieces), 0..5)
            .prop_map(|pieces| pieces.concat()),
        prop::collection::vec(any::<u8>(), 0..8),
        any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        any::<f64>().prop_map(|number| number.to_string().into_bytes()),
    ]
}

fn table() -> impl Strategy<Value = (Vec<String>, Vec<Vec<Vec<u8>>>)> {
    (1_usize..5).prop_flat_map(|n| {
        let rows = prop::collection::vec(prop::collection::vec(field(), n), 0..8);
        let names = prop::collection::vec("[\u{feff}#\",\t a-cä]{0,3}", n);
        (names, rows).prop_map(|(names, rows)| {
            let names = names.iter().enumerate().map(|(i, name)| format!("{name}{i}"));
            (names.map(|name| blanks::trim_str(&name).to_owned()).collect(), rows)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_fields_come_back_from_csv((columns, rows) in table()) {
        let (content, taken) = written("x.csv", &columns, &rows);
        prop_assert_eq!(&taken, &rows, "all are accepted");
        prop_assert_eq!(read("x.csv", &content, "trim = false"), (columns.clone(), rows.clone()));
        let trim = |field: &Vec<u8>| blanks::trim(field).to_vec();
        let trimmed = rows.iter().map(|row| row.iter().map(trim).collect()).collect();
        prop_assert_eq!(read("x.csv", &content, ""), (columns, trimmed));
    }

    #[test]
    fn fields_that_tsv_accepts_come_back((columns, rows) in table()) {
        let columns: Vec<_> = columns.iter().map(|name| name.replace(['\t', '\u{feff}'], "_")).collect();
        let (content, taken) = written("x.tsv", &columns, &rows);
        prop_assert_eq!(read("x.tsv", &content, "trim = false"), (columns, taken.clone()));
        let is_plain = |field: &Vec<u8>| !field.iter().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r'));
        let n_plain = rows.iter().filter(|row| row.len() > 1 && row.iter().all(is_plain)).count();
        prop_assert!(taken.len() >= n_plain, "fields that need no quotes are accepted");
    }

    #[test]
    fn lists_of_pairs_that_are_accepted_come_back(rows in prop::collection::vec(
        (
            prop::sample::select(vec!["1", "-1", "", "x", "1 2", "a:b", "#", "\u{feff}1"]),
            prop::sample::select(vec!["3", "", "q:1", "1 2"]),
            prop::sample::select(vec!["", "3:1", "3:1 4:-0.5", "3:x", "3:1 #", "qid:1", "  7:1e3  8:1 "]),
        ),
        0..8,
    )) {
        let row = |fields: &[&str]| fields.iter().map(|field| field.as_bytes().to_vec()).collect::<Vec<_>>();
        let joined = |list: &str| list.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let with_qid: Vec<_> = rows.iter().map(|(label, qid, list)| row(&[label, qid, &joined(list)])).collect();
        let alone: Vec<_> = rows.iter().map(|(label, _, list)| row(&[label, &joined(list)])).collect();
        for (name, columns, rows) in [
            ("x.svm", &["label", "qid", "features"][..], with_qid),
            ("x.svm", &["label", "features"], alone.clone()),
            ("x.ffm", &["label", "7"], alone),
        ] {
            let columns: Vec<_> = columns.iter().map(|name| (*name).to_owned()).collect();
            let (content, taken) = written(name, &columns, &rows);
            if taken.is_empty() {
                prop_assert_eq!(content.len(), 0);
                continue;
            }
            let settings = if name == "x.ffm" { "columns = ['label', '7']" } else { "" };
            // A byte order mark in front of a value counts as white space.
            let trim = |field: &Vec<u8>| blanks::trim(field).to_vec();
            let trimmed = taken.iter().map(|row| row.iter().map(trim).collect()).collect();
            prop_assert_eq!(read(name, &content, settings), (columns, trimmed));
        }
    }
}

#[cfg(feature = "parquet")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_fields_come_back_from_parquet((columns, rows) in table()) {
        let (content, taken) = written("x.parquet", &columns, &rows);
        prop_assert_eq!(&taken, &rows, "all are accepted");
        prop_assert_eq!(read("x.parquet", &content, "trim = false"), (columns, rows));
    }
}
