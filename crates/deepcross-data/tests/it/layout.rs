//! Valid but unusual files: different layouts give the same rows.

use deepcross_data::BadRows;
use proptest::prelude::*;

use crate::{Files, read_all};

/// Reads `content` as `x.csv` and expects the header `a`, `b` and these rows with their lines.
#[track_caller]
fn check(name: &str, settings: &str, content: &[u8], expected: &[(u64, [&str; 2])]) {
    let files = Files::one(content);
    let source = files.source(settings).expect(name);
    assert_eq!(source.header(), ["a", "b"], "{name}");
    let expected: Vec<_> =
        expected.iter().map(|(line, fields)| (*line, fields.map(str::to_owned).to_vec())).collect();
    assert_eq!(read_all(&source).expect(name), expected, "{name}");
    assert_eq!(read_all(&source).expect(name), expected, "{name}, the second time");
}

#[test]
fn line_ends_and_marks() {
    let rows = [(2, ["1", "x"]), (3, ["2", "y"])];
    check("plain", "", b"a,b\n1,x\n2,y\n", &rows);
    check("no last line end", "", b"a,b\n1,x\n2,y", &rows);
    check("byte order mark", "", b"\xef\xbb\xbfa,b\n1,x\n2,y\n", &rows);
    check("carriage returns", "", b"a,b\r\n1,x\r\n2,y\r\n", &rows);
    check("carriage returns, untrimmed", "trim = false", b"a,b\r\n1,x\r\n2,y\r\n", &rows);
    check("mixed line ends", "", b"a,b\n1,x\r\n2,y\n", &rows);
    check(
        "quotes before carriage returns",
        "",
        b"\"a\",\"b\"\r\n1,\"x\"\r\n\"2\",\"y\"\r\n",
        &rows,
    );
    check("spaces around fields", "", b" a , b\n 1,x \n2 ,\ty\n", &rows);
    check("spaces kept", "trim = false", b" a , b\n 1,x \n", &[(2, [" 1", "x "])]);
}

#[test]
fn lines_that_are_not_rows() {
    let rows = [(3, ["1", "x"]), (6, ["2", "y"])];
    check("blank lines", "", b"\na,b\n1,x\n\n\n2,y\n\n", &rows);
    check("blank lines with returns", "", b"\r\na,b\r\n1,x\r\n\r\n \r\n2,y\r\n\r\n", &rows);
    check("comments", "comment = '|'", b"|\na,b\n1,x\n|a,b,c\n|\n2,y\n|\"", &rows);
    check("no comment by default", "", b"a,b\n|1,x\n", &[(2, ["|1", "x"])]);
}

#[test]
fn a_blank_line_of_one_column_is_a_row() {
    /// The line and the value of each row.
    type Values<'a> = &'a [(u64, &'a str)];
    let cases: [(&str, &[u8], Values<'_>); 5] = [
        (
            "",
            b"\na\n1\n\n \n\"\"\n2\n\n",
            &[(3, "1"), (4, ""), (5, ""), (6, ""), (7, "2"), (8, "")],
        ),
        ("", b"a\r\n\r\n1\r\n", &[(2, ""), (3, "1")]),
        ("columns = ['a']", b"\n1\n", &[(1, ""), (2, "1")]),
        ("comment = '#'", b"a\n#\n\n1", &[(3, ""), (4, "1")]),
        ("trim = false", b"a\n \n\n", &[(2, " "), (3, "")]),
    ];
    for (settings, content, expected) in cases {
        let files = Files::one(content);
        let source = files.source(settings).expect(settings);
        let expected: Vec<_> =
            expected.iter().map(|(line, value)| (*line, vec![(*value).to_owned()])).collect();
        assert_eq!(read_all(&source).expect(settings), expected, "{content:?}");
    }
}

#[test]
fn quotes() {
    let lines = [(2, ["1", "x\ny"]), (4, ["2", "a, \"b\""]), (5, ["3", "z"])];
    check("quoted line end", "", b"a,b\n1,\"x\ny\"\n2,\"a, \"\"b\"\"\"\n3,z\n", &lines);
    check("last field quoted", "", b"a,b\n1,\"x\n\n\"", &[(2, ["1", "x"])]);
    let single = "quote = \"'\"";
    check("other quote", single, b"a,b\n1,'x,y'\n2,\"z\n", &[(2, ["1", "x,y"]), (3, ["2", "\"z"])]);
    check(
        "no quotes",
        "quote = false",
        b"a,b\n1,\"x\n2,y\"\n",
        &[(2, ["1", "\"x"]), (3, ["2", "y\""])],
    );
    check(
        "quote within a field",
        "",
        b"a,b\n1,5\" disk\n2,y\n",
        &[(2, ["1", "5\" disk"]), (3, ["2", "y"])],
    );
}

#[test]
fn bytes_that_are_not_text() {
    let files = Files::one(b"a,b\n1,\0\n\xff,x\0y\n");
    let rows = read_all(&files.source("").unwrap()).unwrap();
    let expected =
        [(2, vec!["1".into(), "\0".into()]), (3, vec!["\u{fffd}".into(), "x\0y".into()])];
    assert_eq!(rows, expected);
}

#[test]
fn columns_replace_a_header() {
    check("no header", "columns = ['a', 'b']", b"1,x\n2,y\n", &[(1, ["1", "x"]), (2, ["2", "y"])]);
}

#[test]
fn an_empty_value_in_quotes_is_a_row_as_a_blank_line_is() {
    let files = Files::one(b"a\n\"\"\n\n1\n");
    let source = files.source("").unwrap();
    let expected = [(2, ""), (3, ""), (4, "1")].map(|(line, value)| (line, vec![value.into()]));
    assert_eq!(read_all(&source).unwrap(), expected);
}

#[test]
fn columns_without_a_name_may_repeat() {
    let source = Files::one(b",a,,\n0,1,2,3\n").source("").unwrap();
    assert_eq!(source.header(), ["", "a", "", ""]);
}

#[test]
fn delimiters() {
    check("semicolon", "delimiter = ';'", b"a;b\n1;x,y\n", &[(2, ["1", "x,y"])]);
    check(
        "tabs",
        "format = 'tsv'",
        b"a\tb\n1\t\"x, y\n\t\n",
        &[(2, ["1", "\"x, y"]), (3, ["", ""])],
    );
}

#[test]
fn delimiters_of_several_bytes_and_control_characters() {
    let rows = [(2, ["1", "x, y"]), (3, ["", ""])];
    check("colons", "delimiter = '::'", b"a::b\n1::x, y\n::\n", &rows);
    check("colons around quotes", "delimiter = '::'", b"a::b\n1 ::\"x, y\" \n::\n", &rows);
    check("bars and blanks", "delimiter = ' | '", b"a | b\n1 | \"x, y\"\n | \n", &rows);
    check("an arrow", "delimiter = '→'", "a→b\n1→x, y\n→\n".as_bytes(), &rows);
    check("Hive", "delimiter = \"\\u0001\"", b"a\x01b\n1\x01x, y\n\x01\n", &rows);
    let single = [(2, ["1", "x:y:"]), (3, ["2", ":z"])];
    check("single colons", "delimiter = '::'", b"a::b\n1::x:y:\n2:: :z\n", &single);
    let message = |content: &[u8]| {
        let files = Files::one(content);
        files.message(&read_all(&files.source("delimiter = '::'").unwrap()).unwrap_err())
    };
    assert_eq!(message(b"a::b\n1::2\n1\n"), "`x.csv`, line 3 (`1`): has 1 field, expected 2");
}

#[test]
fn an_escape_makes_quotes_and_delimiters_plain() {
    let rows = [(2, ["1", "a \"b\", c"]), (3, ["\\N", "\\"])];
    let content = b"a,b\n1,\"a \\\"b\\\", c\"\n\\N,\\\\\n";
    check("in quotes", r"escape = '\'", content, &rows);
    let content = b"a,b\n1,a \"b\"\\, c\n\\N,\\\\\n";
    check("without quotes", "quote = false\nescape = '\\'", content, &rows);
}

#[test]
fn set_names_replace_those_of_a_header() {
    let replaced = "columns = ['a', 'b']\nheader = true";
    let rows = [(2, ["1", "x"]), (3, ["2", "y"])];
    check("names twice", replaced, b"n,n\n1,x\n2,y\n", &rows);
    check("row names", replaced, b"n\n1,x\n2,y\n", &rows);
    check("the same names", replaced, b"a,b\n1,x\n2,y\n", &rows);
    check("the note of Excel", "", b"sep=,\r\na,b\r\n1,x\r\n", &[(3, ["1", "x"])]);
    let empty = Files::one(b"").source(replaced).map(drop).unwrap_err();
    assert!(empty.to_string().ends_with("is empty, expected a header row"), "{empty}");
}

#[test]
fn several_files_follow_each_other() {
    let files =
        Files::new(&[("a.csv", b"a,b\n1,x"), ("b.tsv", b"a\tb\n"), ("c.tsv", b"\n\na\tb\n2\ty\n")]);
    let source = files.source("").unwrap();
    let rows = read_all(&source).unwrap();
    assert_eq!(rows, [(2, vec!["1".into(), "x".into()]), (4, vec!["2".into(), "y".into()])]);
    let mut reader = source.rows(BadRows::Error).unwrap();
    let mut last = None;
    while let Some(row) = reader.next_row().unwrap() {
        assert_eq!(row.field(7), b"");
        last = Some(row.place().file);
    }
    assert_eq!(last.as_deref(), Some(&*files.paths[2]));
}

/// One line or quoted row of a generated file, and its fields if it is a row.
fn line() -> impl Strategy<Value = (String, Option<[String; 2]>)> {
    let field = "[a-z]{1,3}( [a-z])?";
    prop_oneof![
        4 => [field, field].prop_map(|[a, b]| (format!("{a},{b}"), Some([a, b]))),
        2 => [field, field, field].prop_map(|[a, b, c]| {
            (format!("\"{a}\n\"\"{b}\",{c}"), Some([format!("{a}\n\"{b}"), c]))
        }),
        2 => [field, field, field].prop_map(|[a, b, c]| {
            (format!("{c},\"{a}\r\n\n{b}\""), Some([c, format!("{a}\r\n\n{b}")]))
        }),
        1 => Just((String::new(), None)),
        1 => Just(("  ".to_owned(), None)),
        1 => field.prop_map(|text| (format!("#{text}, \""), None)),
    ]
}

proptest! {
    #[test]
    fn line_numbers_and_fields_are_exact(
        lines in prop::collection::vec((line(), prop::sample::select(vec!["\n", "\r\n"])), 1..30),
        last_line_end: bool,
    ) {
        let (mut content, mut expected) = ("a,b\n".to_owned(), Vec::new());
        for ((text, fields), line_end) in &lines {
            let line = 1 + content.matches('\n').count() as u64;
            expected.extend(fields.as_ref().map(|fields| (line, fields.to_vec())));
            content += text;
            content += line_end;
        }
        if !last_line_end {
            content.truncate(content.trim_end_matches(['\r', '\n']).len());
        }
        let files = Files::one(content.as_bytes());
        let rows = read_all(&files.source("comment = '#'").unwrap()).unwrap();
        prop_assert_eq!(rows, expected);
    }
}
