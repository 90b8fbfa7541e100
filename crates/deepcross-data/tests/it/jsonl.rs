//! JSON Lines: the rows of objects, their columns, and the errors about lines that are not rows.

use std::io::Write;

use deepcross_data::BadRows;
use deepcross_data::write::{FileForm, RowWriter};
use proptest::prelude::*;

use crate::{Files, read_all};

const ROWS: &[u8] = br#"{"click": 1, "ad": "a \u00e9\n", "age": 1.50, "tags": ["x", 2, "y:0.5"]}
  {"click":0,"age":12345678901234567890,"ad":true}

{"tags":null,"new":-0e1,"click":"1"}
{}
"#;

/// The header and the fields of all rows.
fn rows(files: &Files, settings: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let source = files.source(settings).unwrap();
    let rows = read_all(&source).unwrap().into_iter().map(|(_, row)| row).collect();
    (source.header().to_vec(), rows)
}

#[test]
fn keys_are_columns_and_values_keep_their_text() {
    let expected = [
        ["1", "a é", "1.50", "x|2|y:0.5", ""],
        ["0", "true", "12345678901234567890", "", ""],
        ["1", "", "", "", "0.0"],
        ["", "", "", "", ""],
    ];
    let packed = |name: &str, content: Vec<u8>| Files::new(&[(name, &content)]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(ROWS).unwrap();
    for files in [
        packed("a.jsonl", ROWS.to_vec()),
        packed("a.NDJSON", ROWS.to_vec()),
        packed("a.jsonl", [b"\xef\xbb\xbf", ROWS].concat()),
        packed("a.ndjson.gz", gzip.finish().unwrap()),
        packed("a.jsonl.zst", zstd::encode_all(ROWS, 1).unwrap()),
    ] {
        let (header, rows) = rows(&files, "");
        assert_eq!(header, ["click", "ad", "age", "tags", "new"]);
        assert_eq!(rows, expected);
    }
    let files = Files::new(&[("log", ROWS)]);
    assert_eq!(rows(&files, "format = 'jsonl'\ntrim = false").1[0][1], "a é\n");
    // Null is missing, whatever texts mean "missing".
    assert_eq!(rows(&files, "format = 'jsonl'\nmissing = ['-', '?']").1[3], [""; 5]);
    let places: Vec<_> =
        read_all(&files.source("format = 'jsonl'").unwrap()).unwrap().into_iter().collect();
    assert_eq!(places.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 4, 5]);
}

#[test]
fn names_have_no_blanks_around_them_in_any_format() {
    let lines = "{\" a\u{a0}\":1,\"b\":2}\n{\"a\":3,\"\u{feff}b \":4}\n".as_bytes();
    let files =
        Files::new(&[("a.jsonl", lines), ("b.csv", "\u{a0}a , b\u{3000}\n1,2\n3,4\n".as_bytes())]);
    let (header, found) = rows(&files, "");
    assert_eq!(header, ["a", "b"]);
    assert_eq!(found, [["1", "2"], ["3", "4"], ["1", "2"], ["3", "4"]]);
    let twice = Files::new(&[("a.jsonl", b"{\"a\":1,\" a\":2}\n")]);
    let error = read_all(&twice.source("").unwrap()).unwrap_err();
    assert!(twice.message(&error).ends_with("expected each key once in a row"), "{error}");
}

#[test]
fn columns_are_the_keys_of_the_first_rows_or_those_that_are_named() {
    let mut late = "{\"a\":1}\n".repeat(999);
    late.push_str("{\"b\":2}\n");
    let files = Files::new(&[("a.jsonl", late.as_bytes()), ("b.jsonl", b"{\"b\":1}\n")]);
    assert_eq!(files.source("").unwrap().header(), ["a", "b"]);
    assert_eq!(read_all(&files.source("").unwrap()).unwrap()[1000].1, ["", "1"]);
    late = format!("{{\"a\":1}}\n{late}");
    let files = Files::new(&[("a.jsonl", late.as_bytes())]);
    let source = files.source("").unwrap();
    assert_eq!(source.header(), ["a"]);
    assert_eq!(
        files.message(&read_all(&source).unwrap_err()),
        "`a.jsonl`, line 1001 (`{\"b\":2}`): field `b` is `2`, expected a key of the first rows \
         (1,000 rows or 1 MiB); to read this key, or to pass it over, name all keys to read in \
         `data.columns`"
    );
    let named = "columns = ['b', 'c']";
    assert_eq!(files.source(named).unwrap().header(), ["b", "c"]);
    let found = read_all(&files.source(named).unwrap()).unwrap();
    assert_eq!(
        (&found[0].1, &found[1000].1),
        (&vec![String::new(); 2], &vec!["2".into(), "".into()])
    );
    let files = Files::new(&[("a.jsonl", b"{\"a\":1}\n"), ("b.jsonl", b"\n")]);
    let message = files.message(&files.source("").unwrap_err());
    assert_eq!(message, "`b.jsonl`: is empty, expected rows with keys");
}

#[test]
fn errors_name_the_line_the_key_and_the_value() {
    let plain = "expected a string, a number, a boolean, null, or an array of strings and numbers";
    let list = "expected an array of strings and numbers that do not contain the separator of \
                elements `|`";
    let deep = "[".repeat(50_000) + &"]".repeat(50_000);
    let cases: &[(&[u8], String)] = &[
        (b"[1]", "is a JSON value of kind array, expected an object".into()),
        (b"17", "is a JSON value of kind number, expected an object".into()),
        (b"{\"a\":1,}", "is not JSON: key must be a string at byte 8".into()),
        (b"{\"a\":1} {\"a\":2}", "is not JSON: trailing characters at byte 9".into()),
        (b"{\"a\":\"x", "is not JSON: EOF while parsing a string at byte 7".into()),
        (b"{\"a\":\"\xff\"}", "is not JSON: byte 7 is not valid UTF-8".into()),
        (b"{\"a\":NaN}", "is not JSON: expected value at byte 6".into()),
        (b"{\"a\":{\"b\":1}}", format!("field `a` is `{{\"b\":1}}`, {plain}")),
        (b"{\"a\":[[1]]}", format!("field `a` is `[[1]]`, {list}")),
        (b"{\"a\":[\"x|y\"]}", format!("field `a` is `[\"x|y\"]`, {list}")),
        (b"{\"a\":1,\"a\":2}", "field `a` is `2`, expected each key once in a row".into()),
        (
            b"{\"a\":\"\\ud800\"}",
            "field `a` is `\"\\ud800\"`, expected escapes that are valid Unicode".into(),
        ),
        (deep.as_bytes(), "is a JSON value of kind array, expected an object".into()),
    ];
    for (line, expected) in cases {
        let content = [b"{\"a\":1}\n", *line, b"\n{\"a\":3}\n"].concat();
        let files = Files::new(&[("a.jsonl", &content)]);
        let source = files.source("").unwrap();
        let error = read_all(&source).unwrap_err();
        assert!(error.is_bad_row());
        let message = files.message(&error);
        assert!(message.starts_with("`a.jsonl`, line 2 (`"), "{message}");
        assert!(message.ends_with(&format!("`): {expected}")), "{message}");
        // The other rows can be read.
        let mut rows = source.rows(BadRows::Error).unwrap();
        let answers: Vec<_> =
            (0..4).map(|_| rows.next_row().ok().map(|row| row.is_some())).collect();
        assert_eq!(answers, [Some(true), None, Some(true), Some(false)]);
    }
    for (content, expected) in [
        ("", "`a.jsonl`: is empty, expected rows with keys"),
        ("{}\n", "`a.jsonl`: is empty, expected rows with keys"),
        ("x\n", "`a.jsonl`, line 1 (`x`): is not JSON: expected value at byte 1"),
    ] {
        let files = Files::new(&[("a.jsonl", content.as_bytes())]);
        assert_eq!(files.message(&files.source("").unwrap_err()), expected);
    }
    let long = format!("{{\"{}\":1}}", "k".repeat(1025));
    let files = Files::new(&[("a.jsonl", long.as_bytes())]);
    let message = files.message(&files.source("").unwrap_err());
    assert!(message.ends_with("expected a key of at most 1024 bytes"), "{message}");
    let files = Files::new(&[("a.jsonl", b"{\"a\":1}\n")]);
    let set = "comment = '#'\ndelimiter = ' '\nquote = true";
    let message = files.message(&files.source(set).unwrap_err());
    assert!(message.contains("`data.quote`: has no meaning with the format `jsonl`"), "{message}");
}

#[test]
fn a_file_of_too_many_keys_or_too_long_a_row_is_refused() {
    let mut keys = String::from("{");
    for i in 0..65_537 {
        keys += &format!("\"{i}\":1,");
    }
    keys.pop();
    keys.push('}');
    let files = Files::new(&[("a.jsonl", keys.as_bytes())]);
    let message = files.message(&files.source("").unwrap_err());
    assert!(message.ends_with("has 65537 columns, expected at most 65536"), "{message}");
    let long = [b"{\"a\":\"", &*vec![b'x'; 16 << 20], b"\"}\n"].concat();
    let files = Files::new(&[("a.jsonl", &long)]);
    let message = files.message(&files.source("").unwrap_err());
    assert!(message.contains("the line is longer than 16 MiB"), "{message}");
}

/// Writes rows, and reads them back without trimming.
fn back(columns: &[String], rows: &[Vec<String>]) -> (Vec<u8>, Vec<String>, Vec<Vec<String>>) {
    let form = FileForm::of("a.jsonl".as_ref(), None).unwrap();
    let mut types = deepcross_data::write::ColumnTypes::new(columns.len());
    rows.iter().for_each(|row| types.observe(row.iter().map(String::as_bytes)));
    let mut writer = RowWriter::new(Vec::new(), form, columns, &types.types()).unwrap();
    rows.iter().for_each(|row| writer.write(row.iter().map(String::as_bytes)).unwrap());
    let content = writer.finish().unwrap();
    let (header, found) = self::rows(&Files::new(&[("a.jsonl", &content)]), "trim = false");
    (content, header, found)
}

#[test]
fn a_column_has_values_of_one_kind() {
    let columns = ["i", "f", "s", "e \"q\""].map(str::to_owned);
    let rows = [["1", "0.5", "007", ""], ["", "inf", "1", ""], ["-2", "3", "a\n\"\\é", ""]]
        .map(|row| row.map(str::to_owned).to_vec());
    let (content, header, found) = back(&columns, &rows);
    assert_eq!((&header[..], &found[..]), (&columns[..], &rows[..]));
    assert_eq!(
        String::from_utf8(content).unwrap(),
        "{\"i\":1,\"f\":0.5,\"s\":\"007\",\"e \\\"q\\\"\":null}\n\
         {\"i\":null,\"f\":\"inf\",\"s\":\"1\",\"e \\\"q\\\"\":null}\n\
         {\"i\":-2,\"f\":3,\"s\":\"a\\n\\\"\\\\é\",\"e \\\"q\\\"\":null}\n"
    );
    let form = FileForm::of("a.jsonl".as_ref(), None).unwrap();
    let mut writer = RowWriter::new(Vec::new(), form, &columns[..1], &[]).unwrap();
    let error = writer.write([&b"\xff"[..]]).unwrap_err();
    assert_eq!(error.to_string(), "field `i` is `\u{fffd}`, expected valid UTF-8");
    let twice = ["", ""].map(str::to_owned);
    let error = RowWriter::new(Vec::new(), form, &twice, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the rows cannot be written as jsonl: there are two columns ``, expected each name once"
    );
}

proptest! {
    #[test]
    fn any_text_comes_back_from_json_lines(
        rows in prop::collection::vec(prop::collection::vec(
            prop_oneof![".*", "-?[0-9]{1,25}", "-?[0-9]{1,3}\\.[0-9]{1,3}", Just(String::new())], 3), 1..9),
    ) {
        let columns = ["a", "b", "\u{7f}é \""].map(str::to_owned);
        let (_, header, found) = back(&columns, &rows);
        prop_assert_eq!((&header[..], found), (&columns[..], rows));
    }
}

#[test]
fn keys_of_nested_values_are_left_alone() {
    let rows = b"{\"a\":1,\"user\":{\"x\":1},\"pairs\":[[1],[2]],\"tags\":[1,2]}\n\
                 {\"user\":null,\"a\":2,\"pairs\":[]}\n\
                 {\"pairs\":null,\"a\":3,\"late\":{\"b\":1},\"tags\":[]}\n";
    let files = Files::new(&[("a.jsonl", rows)]);
    let source = files.source("").unwrap();
    assert_eq!(source.header(), ["a", "tags"]);
    let unread: Vec<_> =
        source.unread_columns().into_iter().map(|c| (&*c.name, &*c.kind)).collect();
    assert_eq!(
        unread,
        [("user", "nested object"), ("pairs", "nested array"), ("late", "nested object")]
    );
    let error = files.message(&source.column("user", "the label").unwrap_err());
    assert!(
        error.starts_with("`a.jsonl`: column `user` for the label is of type nested object"),
        "{error}"
    );
    let files =
        Files::new(&[("a.jsonl", b"{\"a\":1,\"c\":[[1]]}\n{\"c\":null}\n{\"a\":2,\"c\":{}}\n")]);
    let source = files.source("").unwrap();
    assert_eq!(source.header(), ["a"]);
    let values = |rows: Vec<(u64, Vec<String>)>| rows.into_iter().map(|(_, row)| row[0].clone());
    assert_eq!(values(read_all(&source).unwrap()).collect::<Vec<_>>(), ["1", "", "2"]);
}
