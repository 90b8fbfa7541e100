//! Unintended quotes: the rows that they cost, and the messages about them.

use deepcross_data::BadRows;

use crate::Files;

/// Reads to the end past bad rows: the lines of the good rows, and the messages of the bad ones.
fn read_past_bad_rows(settings: &str, content: &[u8]) -> (Vec<u64>, Vec<String>) {
    let files = Files::one(content);
    let mut rows = files.source(settings).unwrap().rows(BadRows::Error).unwrap();
    let (mut lines, mut messages) = (Vec::new(), Vec::new());
    loop {
        match rows.next_row() {
            Ok(Some(row)) => lines.push(row.place().line),
            Ok(None) => return (lines, messages),
            Err(error) => messages.push(files.message(&error)),
        }
    }
}

#[test]
fn unintended_quotes_are_reported() {
    let unclosed = |line, start, opened| {
        format!(
            "`x.csv`, line {line} (`{start}`): a quote opens in line {opened} and does not close \
             before the file ends; if quotes are plain text in this file, set `data.quote` to false"
        )
    };
    let closes = |line, start, closing, found| {
        format!(
            "`x.csv`, line {line} (`{start}`): a quote opens in line {line} and closes in line \
             {closing} before '{found}', expected \",\" or a line end after it; if quotes are plain text in this \
             file, set `data.quote` to false"
        )
    };
    let escaped = |line, start, found| {
        format!(
            "`x.csv`, line {line} (`{start}`): a quote opens in line {line} and closes in line {line} before \
             '{found}', expected \",\" or a line end after it; if a backslash makes the quote after it plain text, \
             set `data.escape` to '\\'"
        )
    };
    let wrong_counts = [
        "`x.csv`, line 2 (`1,\"x`): has 4 fields, expected 2; the row spans several lines, perhaps \
         because a quote in it does not close",
        "`x.csv`, line 3 (`0\",y,z`): has 3 fields, expected 2",
    ];
    let wrong_counts = wrong_counts.map(str::to_owned);
    let cases: [(&str, &[u64], Vec<String>); 13] = [
        ("1,\"a \\\"b\\\" c\"\n0,y\n", &[3], vec![escaped(2, "1,\"a \\\"b\\\" c\"", "b")]),
        ("1,\"x\n0,y\n", &[3], vec![unclosed(2, "1,\"x", 2)]),
        ("1,x\n3,\"y", &[2], vec![unclosed(3, "3,\"y", 3)]),
        ("1,\"x,3", &[], vec![unclosed(2, "1,\"x,3", 2)]),
        ("1,x\n3,\"", &[2], vec![unclosed(3, "3,\"", 3)]),
        ("1,\"x\"\"", &[], vec![unclosed(2, "1,\"x\"\"", 2)]),
        ("1,\"x\"\r\n0,\"y\"", &[2, 3], vec![]),
        ("1,\"x\"y\n0,z\n", &[3], vec![closes(2, "1,\"x\"y", 2, "y")]),
        ("1,\"x\"  \r\n\"0\" ,z\n1,\"x\" y\n", &[2, 3], vec![closes(4, "1,\"x\" y", 4, "y")]),
        ("1,\"x\n0,z\n1,\"é\"\n", &[3, 4], vec![closes(2, "1,\"x", 4, "é")]),
        // The unclosed quote opens after the row has begun, and the message names the line of the quote.
        ("\"1\n\",\"x\n0,y\n", &[4], vec![unclosed(2, "\"1", 3), closes(3, "\",\"x", 3, "x")]),
        // A row that has enough fields does not go on in a further line.
        (
            "1,x,\"y\n2,z\n\"\n",
            &[3],
            vec![
            "`x.csv`, line 2 (`1,x,\"y`): has 3 fields, expected 2; the row spans several lines, \
             perhaps because a quote in it does not close".to_owned(),
            unclosed(4, "\"", 4),
        ],
        ),
        ("1,\"x\n0\",y,z\n1,w\n", &[4], wrong_counts.to_vec()),
    ];
    for (rows, lines, messages) in cases {
        let content = format!("n,a\n{rows}");
        let expected = (lines.to_vec(), messages);
        assert_eq!(read_past_bad_rows("", content.as_bytes()), expected, "{rows}");
    }
}

#[test]
fn a_stray_quote_costs_one_row() {
    let row = |i: usize| match i {
        10 => "1,\"x,0.5\n",
        950 => "1,\"z,0.5\n",
        _ => "0,y,0.25\n",
    };
    let rows: String = (1..=1000).map(row).collect();
    let (lines, messages) = read_past_bad_rows("", format!("click,user,age\n{rows}").as_bytes());
    let good: Vec<u64> = (2..=1001).filter(|line| ![11, 951].contains(line)).collect();
    assert_eq!(lines, good);
    assert_eq!(messages.len(), 2);
    assert!(messages[0].starts_with(
        "`x.csv`, line 11 (`1,\"x,0.5`): a quote opens in line 11 and closes in line 951 before 'z'"
    ));
    assert!(messages[1].starts_with(
        "`x.csv`, line 951 (`1,\"z,0.5`): a quote opens in line 951 and does not close"
    ));
}

#[test]
fn a_quote_is_searched_within_bounds() {
    let content = [&b"n,a\n1,\"x\n"[..], &b"0,y\n".repeat(5 << 20)].concat();
    let (lines, messages) = read_past_bad_rows("", &content);
    assert_eq!(lines.len(), 5 << 20);
    assert_eq!(
        messages,
        [
            "`x.csv`, line 2 (`1,\"x`): a quote opens in line 2 and does not close within 16 MiB; if quotes are plain text in this file, set `data.quote` to false"
        ]
    );
}

#[test]
fn quotes_that_split_a_value_are_named() {
    let single = "; if single quotes stand around values, set `data.quote`, or `--quote`, to \"'\"";
    let double = "; if quotes stand around values, set `data.quote`, or `--quote`, to '\"'";
    let blank = "; if blanks stand before the quotes around values, set `data.trim` to true";
    let short = "; if the file has a header, and rows begin with names of their own or end with a delimiter, name \
                 all columns in `data.columns` and set `data.header` to true";
    let cases = [
        ("", "1,'x, y'\n0,z\n", single),
        ("", "1, 'x, y' \n0,z\n", single),
        // The reader splits a line with a double quote.
        ("", "1,'x, y \"z\"'\n0,z\n", single),
        ("quote = false", "1,\"x, y\"\n0,z\n", double),
        ("quote = \"'\"", "1,\"x, y\"\n0,z\n", double),
        ("trim = false", "1, \"x, y\"\n0,z\n", blank),
        ("", "1,it's,'\n0,z\n", ""),
        ("", "1,'x',y\n0,z\n", ""),
        ("", "1,'x',y\n0,'z',w\n", short),
        ("", "1,x,y\n", short),
        ("", "1,x,y\n0,z,w\n0,z,w\n0,z\n", ""),
        ("", "1,x,y\n0,z,w\n0,z,w\n0,z,w\n0,z\n", short),
        ("", "\"1\",x,y\n\"2\",\"z\",w\n", short),
        ("", "\"1\",x,y\n\"2\",\"z\"\n", ""),
    ];
    for (settings, rows, hint) in cases {
        let (_, messages) = read_past_bad_rows(settings, format!("n,a\n{rows}").as_bytes());
        let message = messages.first().map(String::as_str).unwrap_or_default();
        let expected = format!("has 3 fields, expected 2{hint}");
        assert!(message.ends_with(&expected), "{settings} {rows} {message}");
    }
    let (_, messages) = read_past_bad_rows("", b"n,a\n1,'x, \"y\"'\n0,z\n");
    assert!(messages[0].ends_with(&format!("or a line end after it{single}")), "{messages:?}");
    // What the hints say works.
    for (settings, content) in
        [("quote = \"'\"", "n,a\n1,'x, y'\n0,z\n"), ("", "n,a\n1, \"x, y\"\n0,z\n")]
    {
        assert_eq!(read_past_bad_rows(settings, content.as_bytes()), (vec![2, 3], Vec::new()));
    }
}
