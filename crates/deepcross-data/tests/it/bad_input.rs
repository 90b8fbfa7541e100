//! Each kind of bad input, with the complete message about it.

use std::path::PathBuf;

use deepcross_data::{BadRows, DataConfig, DataError, LabelReader, Source};
use proptest::prelude::*;

use crate::{Files, config, fitted, read_all};

const LABEL: &str = "label = 'click'";

/// Fits on `content` as `x.csv` and expects the message.
#[track_caller]
fn check(name: &str, settings: &str, content: &[u8], expected: &str) {
    check_files(name, settings, &[("x.csv", content)], expected);
}

#[track_caller]
fn check_files(name: &str, settings: &str, files: &[(&str, &[u8])], expected: &str) {
    let files = Files::new(files);
    let error = files.source(settings).and_then(|source| fitted(&source)).expect_err(name);
    assert_eq!(files.message(&error), expected, "{name}");
}

#[test]
fn headers() {
    check(
        "missing label column",
        LABEL,
        b"clik,age,user\n1,30,a\n",
        "`x.csv`: has no column `click` for the label, the nearest is `clik`",
    );
    check(
        "missing weight column",
        "weight = 'w'",
        b"click,age,user\n1,30,a\n",
        "`x.csv`: has no column `w` for the row weight",
    );
    check(
        "missing field column",
        LABEL,
        b"click,age,usr\n1,30,a\n",
        "`x.csv`: has no column `user` for field `user`, the nearest is `usr`",
    );
    check(
        "repeated column",
        "comment = '#'",
        b"# from the log\nclick,age, age\n1,30,a\n",
        "`x.csv`, line 2 (`click,age, age`): the header names the column `age` twice, expected each name \
         once; `data.columns` with `data.header = true` gives the columns other names",
    );
    check(
        "name that is not text",
        LABEL,
        b"click,\xff\xfe,user\n1,30,a\n",
        "`x.csv`, line 1 (`click,\u{fffd}\u{fffd},user`): field `column 2` is `\u{fffd}\u{fffd}`, expected a column name in valid UTF-8; if the file is in another encoding, such as Windows-1252, convert it with `iconv -f WINDOWS-1252 -t UTF-8`",
    );
    check_files(
        "other name",
        LABEL,
        &[("a.csv", b"click,age,user\n1,3,a\n"), ("b.tsv", b"click\tusr\tage\n1\t3\ta\n")],
        "`b.tsv`: has no column `user` for field `user`, the nearest is `usr`",
    );
    check_files(
        "fewer names",
        LABEL,
        &[("a.csv", b"click,age,user\n1,3,a\n"), ("b.csv", b"age,user\n1,3\n")],
        "`b.csv`: has no column `click` for the label",
    );
}

#[test]
fn files_without_rows() {
    let needs_header = "`x.csv`: is empty, expected a header row";
    check("empty", LABEL, b"", needs_header);
    check("line feeds only", LABEL, b"\n\n\n", needs_header);
    check("line ends only", LABEL, b"\r\n\r\n", needs_header);
    check("byte order mark only", LABEL, b"\xef\xbb\xbf", needs_header);
    check("comments only", "comment = '#'", b"# a\n# b", needs_header);
    check(
        "empty without header",
        "columns = ['age', 'user']",
        b"\n",
        "`x.csv`: is empty, expected rows",
    );
    check("header only", LABEL, b"click,age,user\n", "`x.csv`: has no rows");
    check(
        "bad rows only",
        "bad_rows = 'skip'",
        b"click,age,user\n1\n2\n",
        "`x.csv`: has no rows (2 bad rows were skipped)",
    );
}

#[test]
fn rows_of_another_length() {
    check(
        "too few",
        LABEL,
        b"click,age,user\n1,30,a\n\n0,30\n",
        "`x.csv`, line 4 (`0,30`): has 2 fields, expected 3",
    );
    check(
        "one",
        LABEL,
        b"click,age,user\r\n1\r\n",
        "`x.csv`, line 2 (`1`): has 1 field, expected 3",
    );
    check(
        "too many",
        LABEL,
        b"click,age,user\n1,30,a,\n",
        "`x.csv`, line 2 (`1,30,a,`): has 4 fields, expected 3; if the file has a header, and rows begin \
         with names of their own or end with a delimiter, name all columns in `data.columns` and set \
         `data.header` to true",
    );
    check(
        "too many behind a good row",
        LABEL,
        b"click,age,user\n0,31,b\n1,30,a,\n",
        "`x.csv`, line 3 (`1,30,a,`): has 4 fields, expected 3",
    );
    check(
        "a header among the rows",
        LABEL,
        b"click,age,user\n0,31,b\nclick,age,user\n",
        "`x.csv`, line 3 (`click,age,user`): field `click` is `click`, expected `1` (positive) or `0` \
         (negative); name other classes with `data.label = { column, positive, negative }`; the line \
         seems to be a header: remove it, or leave out all bad rows by `data.bad_rows = \"skip\"`",
    );
    check(
        "quote over two lines",
        LABEL,
        b"click,age,user\n1,30,a\n1,\"30,a\n0,31\",b,c\n",
        "`x.csv`, line 3 (`1,\"30,a`): has 4 fields, expected 3; the row spans several lines, perhaps \
         because a quote in it does not close",
    );
}

#[test]
fn a_different_delimiter_than_set() {
    let label = Files::one(b"click;age;user\n1;30;a\n");
    let source = label.source(LABEL).unwrap();
    let config = source.config().label.as_ref().unwrap();
    let error = LabelReader::bind(config, &source).unwrap_err();
    assert_eq!(
        label.message(&error),
        "`x.csv`: has no column `click` for the label; the header is one column with ';' in it: if \
         fields are separated by it, set `data.delimiter`, or `--delimiter`, to it"
    );
    check(
        "field",
        "",
        b"click|age|user\n1|30|a\n",
        "`x.csv`: has no column `age` for field `age`; the header is one column with '|' in it: if \
         fields are separated by it, set `data.delimiter`, or `--delimiter`, to it",
    );
    check(
        "quoted header",
        LABEL,
        b"\"click\"\t\"age\"\n1\t30\n",
        "`x.csv`, line 1 (`\"click\"\\t\"age\"`): a quote opens in line 1 and closes in line 1 before \
         '\\t', expected \",\" or a line end after it; if this character separates the fields, set \
         `data.delimiter` to it",
    );
}

#[test]
fn columns_of_a_file_with_a_header() {
    let settings = "label = 'click'\nweight = 'w'\ncolumns = ['click', 'w', 'age', 'user']";
    for header in ["click,w,age,user", "user, age ,click,w", "age,user", "w,age,user"] {
        let content = format!("{header}\n1,1,30,a\n");
        let expected = &format!(
            "`x.csv`, line 1 (`{header}`): holds the names of `data.columns`: remove `columns`, \
             since the file has a header"
        );
        check(header, settings, content.as_bytes(), expected);
        let skipping = format!("{settings}\nbad_rows = 'skip'");
        check(header, &skipping, content.as_bytes(), expected);
    }
    let settings = "label = 'click'\ncolumns = ['age', 'user', 'click']";
    check(
        "some names",
        settings,
        b"30,user,1\n1,b\n",
        "`x.csv`, line 2 (`1,b`): has 2 fields, expected 3",
    );
    check(
        "names repeated",
        settings,
        b"age,user,user\n",
        "`x.csv`, line 1 (`age,user,user`): field `click` is `user`, expected `1` (positive) or `0` (negative); name \
         other classes with `data.label = { column, positive, negative }`",
    );
}

#[test]
fn a_row_without_end() {
    let mut content = b"click,age,user\n1,30,\"".to_vec();
    content.resize(17 << 20, b'a');
    let start = format!("1,30,\"{}…", "a".repeat(33));
    let expected = &format!(
        "`x.csv`, line 2 (`{start}`): the line is longer than 16 MiB, the longest that is read"
    );
    check("row without end", LABEL, &content, expected);

    let files = Files::new(&[("x.csv", &content), ("y.csv", b"click,age,user\n1,30,a\n")]);
    let mut rows = files.source("").unwrap().rows(BadRows::Error).unwrap();
    assert_eq!(files.message(&rows.next_row().unwrap_err()), *expected);
    assert!(rows.next_row().unwrap().is_none(), "the pass has ended");
}

#[test]
fn many_rows_are_not_a_long_one() {
    let row = [b"1,30,".to_vec(), vec![b'a'; 1 << 16], b"\n".to_vec()].concat();
    let files = Files::one(&[&b"click,age,user\n"[..], &row.repeat(300)].concat());
    assert_eq!(read_all(&files.source("").unwrap()).unwrap().len(), 300);
}

#[test]
fn labels_of_neither_class() {
    let head = b"click,age,user\n1,30,a\n";
    let content = |value: &[u8]| [head, value, b",31,b\n"].concat();
    let binary = "expected `1` (positive) or `0` (negative); name other classes with `data.label = \
                  { column, positive, negative }`";
    for (value, shown) in [("yes", "yes"), ("", ""), ("1.5", "1.5"), ("\0", "\\u{0}")] {
        let expected =
            format!("`x.csv`, line 3 (`{shown},31,b`): field `click` is `{shown}`, {binary}");
        check(value, LABEL, &content(value.as_bytes()), &expected);
    }
    let expected =
        format!("`x.csv`, line 3 (`\u{fffd},31,b`): field `click` is `\u{fffd}`, {binary}");
    check("not text", LABEL, &content(b"\xff"), &expected);
    check(
        "named classes",
        "label = { column = 'click', positive = ['1', 'yes'], negative = ['no'] }",
        &content(b"No"),
        "`x.csv`, line 3 (`No,31,b`): field `click` is `No`, expected `1`, `yes` (positive) or `no` (negative)",
    );
}

#[test]
fn values_that_do_not_belong() {
    let head = "click,age,user\n1,30,a\n";
    let long = format!("{head}0,{},b\n", "x".repeat(100));
    let (shown, start) = (format!("{}…", "x".repeat(39)), format!("0,{}…", "x".repeat(37)));
    let comma = "; it looks like a number with a decimal comma: set `decimal = \",\"` in `[data]`";
    let unit = "; it looks like a number with a unit, which is not read: remove the unit";
    for (value, hint) in [("old", ""), ("3O", unit), ("1,5", comma)] {
        let row = format!("0,\"{value}\",b");
        let content = format!("{head}{row}\n");
        let expected = format!(
            "`x.csv`, line 3 (`{row}`): field `age` is `{value}`, expected a finite number{hint}"
        );
        check(value, LABEL, content.as_bytes(), &expected);
    }
    for value in ["NA", "null", "None", "nan", "-", "?", "inf", "#DIV/0!"] {
        let expected = format!(
            "`x.csv`, line 3 (`0,{value},b`): field `age` is `{value}`, expected a finite number; \
             if it means that the value is missing, add it to `data.missing`, or to `missing_values` of the \
             field"
        );
        check(value, LABEL, format!("{head}0,{value},b\n").as_bytes(), &expected);
    }
    let expected =
        format!("`x.csv`, line 3 (`{start}`): field `age` is `{shown}`, expected a finite number");
    check("long value", LABEL, long.as_bytes(), &expected);
    let rows = [
        ("user", &b"1,3,caf\xe9\n"[..], "1,3,caf\u{fffd}"),
        ("age", b"1,\xe9,c\n", "1,\u{fffd},c"),
    ];
    for (column, row, start) in rows {
        let content = [&b"click,age,user\n"[..], row].concat();
        let files = Files::one(&content);
        let error = files.source(LABEL).and_then(|source| fitted(&source)).expect_err(column);
        let message = files.message(&error);
        assert!(
            message.starts_with(&format!("`x.csv`, line 2 (`{start}`): field `{column}` is `")),
            "{message}"
        );
        assert!(message.contains("`, expected valid UTF-8; if the file"), "{message}");
    }
}

#[test]
fn weights_out_of_range() {
    for value in ["-1", "nan", "inf", "1e99", "", "heavy"] {
        let content = format!("click,age,user,w\n1,30,a,1\n1,30,a,{value}\n");
        let expected = format!(
            "`x.csv`, line 3 (`1,30,a,{value}`): field `w` is `{value}`, expected a finite number of \
             at least 0"
        );
        check(value, "label = 'click'\nweight = 'w'", content.as_bytes(), &expected);
    }
}

#[test]
fn paths() {
    let contents: [(&str, &[u8]); 4] = [
        ("x.csv", b"a\n1\n"),
        ("x.dat", b"a\n1\n"),
        ("x.csv.xz", b"\xfd7zXZ\0\0"),
        ("x.zip", b"PK\x03\x04"),
    ];
    let files = Files::new(&contents);
    let cases = [
        (vec!["y.csv"], "`y.csv`: no such file"),
        (vec!["x.csv", "y.csv"], "`y.csv`: no such file"),
        (vec!["folder.csv"], "`folder.csv`: is a folder, expected a file"),
        (vec!["folder"], "`folder`: is a folder, expected a file"),
        (vec!["y.dat"], "`y.dat`: no such file"),
        (
            vec!["x.csv", "x.csv.xz"],
            "`x.csv.xz`: is compressed by xz, which is not read: decompress it, for instance with `xz -d`",
        ),
        (
            vec!["x.zip"],
            "`x.zip`: is a zip archive, as .xlsx, .ods and .npz are, which is not read: take the files out of it \
             with `unzip`, or save the sheet as CSV",
        ),
        (vec![], "no data file is named"),
        (
            vec!["x.dat"],
            "`x.dat`: the name does not show the format, expected a name that ends in .csv, \
             .tsv, .svm, .libsvm, .ffm, .libffm, .jsonl, .ndjson or .parquet, or `format` to be set",
        ),
    ];
    for name in ["folder", "folder.csv"] {
        std::fs::create_dir(files.folder.path().join(name)).unwrap();
    }
    for (names, expected) in cases {
        let paths: Vec<PathBuf> = names.iter().map(|name| files.folder.path().join(name)).collect();
        let error = Source::open(&paths, &DataConfig::default()).unwrap_err();
        assert_eq!(files.message(&error), expected);
    }
}

#[test]
fn settings() {
    let error = Files::one(b"a\n1\n").source("quote = '→'\ncolumns = []").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`data.quote`: must be one ASCII character other than a line end, but is '→'; \
         `data.columns`: must name at least one column, but is empty"
    );
}

/// Reads to the end like a run that skips bad rows: the number of reads, or the error that ended the pass.
fn read_past_bad_rows(content: &[u8], settings: &DataConfig) -> Result<usize, DataError> {
    let files = Files::one(content);
    let mut rows = Source::open(&files.paths, settings)?.rows(BadRows::Error)?;
    let mut reads = 0;
    loop {
        reads += 1;
        match rows.next_row() {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(reads),
            Err(error) if error.is_bad_row() => drop(error.to_string()),
            Err(error) => return Err(error),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            prop::collection::vec(prop::sample::select(b"ab,\"\n\r# \0\xef\xbb\xbf".to_vec()), 0..300),
        ],
        settings in prop::sample::select(vec![
            "", "trim = false", "quote = false", "comment = '#'", "columns = ['a', 'b']",
        ]),
    ) {
        // Each line is at most one row, and the last read finds the end.
        let reads = read_past_bad_rows(&bytes, &config(settings)).unwrap_or(0);
        prop_assert!(reads <= bytes.split(|byte| *byte == b'\n').count() + 1);
    }

    #[test]
    fn arbitrary_rows_never_panic_in_the_encoder(
        rows in prop::collection::vec(prop::sample::select(b"019.-e,\"\n\xff|?".to_vec()), 0..300),
    ) {
        let files = Files::one(&[b"click,age,user\n1,1,a\n", rows.as_slice()].concat());
        let source = files.source("label = 'click'\nbad_rows = 'skip'").unwrap();
        prop_assert!(fitted(&source).is_ok());
    }
}
