//! Particular files that swell, never end, or are not what they seem: each gives the correct rows, or a clear error
//! with its place.
//!
//! None of them is held in memory: the memory is bounded by the longest row.

use std::fs;
use std::io::Write;

use deepcross_data::rows::RawRow;
use deepcross_data::{BadRows, Source};
use flate2::Compression;
use flate2::write::GzEncoder;

use deepcross_testing::peak;

/// The bytes that may be held for any file: a few times the longest row of 16 MiB.
const ALLOWED: usize = 100 << 20;

/// The bytes that may be held for a file that needs little more than buffers and a chunk of rows.
const LITTLE: usize = 3 << 19;

/// The number of good rows, and the messages of the bad rows and of the error that ended the pass.
type Outcome = (u64, Vec<String>);

/// Reads `content` as the file `name` past bad rows, within the bound, and looks at each good row.
#[track_caller]
fn read_with(
    name: &str,
    content: &[u8],
    bound: usize,
    mut look: impl FnMut(RawRow<'_>),
) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let read = || {
        let (mut rows, mut messages) = (0, Vec::new());
        let source = Source::open(&[path], &Default::default());
        let mut reader = match source.and_then(|source| source.rows(BadRows::Error)) {
            Ok(reader) => reader,
            Err(error) => return (0, vec![error.to_string()]),
        };
        loop {
            match reader.next_row() {
                Ok(Some(row)) => {
                    look(row);
                    rows += 1;
                }
                Ok(None) => return (rows, messages),
                Err(error) if messages.len() < 10 => messages.push(error.to_string()),
                Err(_) => {}
            }
        }
    };
    let ((rows, messages), bytes) = peak(read);
    assert!(bytes <= bound, "{name}: {bytes} bytes are held");
    let prefix = format!("{}/", folder.path().display());
    (rows, messages.into_iter().map(|message| message.replace(&prefix, "")).collect())
}

#[track_caller]
fn check(name: &str, content: &[u8], bound: usize, rows: u64, messages: &[&str]) {
    let outcome = read_with(name, content, bound, |_| {});
    assert_eq!(outcome, (rows, messages.iter().map(|text| (*text).to_owned()).collect()));
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A zstd frame that asks for a window of 2^`log` bytes, and then holds `text` uncompressed.
fn frame(log: u8, text: &[u8]) -> Vec<u8> {
    const LAST_BLOCK: usize = 1;
    let header = [0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3];
    let block = (text.len() << 3 | LAST_BLOCK).to_le_bytes();
    [&header[..], &block[..3], text].concat()
}

#[test]
fn lines_and_fields_of_megabytes() {
    let long = |n: usize, delimiter: &str| {
        let head = "a,b\n1,x\n2,".replace(',', delimiter);
        [head.as_bytes(), &vec![b'y'; n], format!("\n3{delimiter}z\n").as_bytes()].concat()
    };
    for (name, delimiter, shown) in [("x.csv", ",", ","), ("x.tsv", "\t", "\\t")] {
        let start = format!("2{shown}{}…", "y".repeat(37));
        let expected = format!(
            "`{name}`, line 3 (`{start}`): the line is longer than 16 MiB, the longest that is read"
        );
        check(name, &long(100_000_000, delimiter), ALLOWED, 1, &[&expected]);
    }
    let mut lengths = Vec::new();
    let content = long(10_000_000, ",");
    let outcome = read_with("x.csv", &content, ALLOWED, |row| lengths.push(row.field(1).len()));
    assert_eq!((outcome, lengths), ((3, vec![]), vec![1, 10_000_000, 1]));
}

#[test]
fn a_quote_that_never_closes_names_its_line() {
    let n = 8 << 20;
    let rows = b"0,y\n".repeat(n);
    let unclosed = "a quote opens in line 3 and does not close within 16 MiB; if quotes are plain text \
                    in this file, set `data.quote` to false";
    let content = [b"a,b\n0,y\n1,\"x\n".to_vec(), rows.clone()].concat();
    let expected = format!("`x.csv`, line 3 (`1,\"x`): {unclosed}");
    check("x.csv", &content, ALLOWED, n as u64 + 1, &[&expected]);
    // The row begins in the line before, whose quote is valid; reading continues after that line.
    let content = [b"a,b\n\"1\n\",\"\n".to_vec(), rows].concat();
    let expected = [
        &format!("`x.csv`, line 2 (`\"1`): {unclosed}"),
        "`x.csv`, line 3 (`\",\"`): has 1 field, expected 2",
    ];
    check("x.csv", &content, ALLOWED, n as u64, &expected);
}

#[test]
fn lines_that_all_open_a_quote_are_read_once() {
    // Each line closes the quote of the line before and opens another; a search from each line would take forever.
    let n = 1 << 20;
    let content = [&b"a,b\n"[..], &b"1\",\"\n".repeat(n)].concat();
    let (rows, messages) = read_with("x.csv", &content, LITTLE, |_| {});
    assert_eq!(rows, 0);
    let expected = "`x.csv`, line 2 (`1\",\"`): has 3 fields, expected 2; the row spans several lines, \
                    perhaps because a quote in it does not close";
    assert_eq!(messages.len(), 10);
    assert_eq!(messages[0], expected);
}

#[test]
fn more_fields_than_any_file_has() {
    let many = ",".repeat((1 << 20) - 1);
    let start = format!("{}…", ",".repeat(39));
    let content = format!("a,b\n1,x\n{many}\n2,y\n");
    let expected = format!("`x.csv`, line 3 (`{start}`): has 1048576 fields, expected 2");
    check("x.csv", content.as_bytes(), 6 << 20, 2, &[&expected]);
    let expected =
        format!("`x.csv`, line 1 (`{start}`): has 1048576 columns, expected at most 65536");
    check("x.csv", format!("{many}\n1\n").as_bytes(), 6 << 20, 0, &[&expected]);
}

#[test]
fn objects_of_megabytes_of_keys_of_values_and_of_brackets() {
    let long = format!("{{\"a\":1}}\n{{\"a\":\"{}\"}}\n", "y".repeat(100_000_000));
    let expected = format!(
        "`x.jsonl`, line 2 (`{{\"a\":\"{}…`): the line is longer than 16 MiB, the longest that is read",
        "y".repeat(33)
    );
    check("x.jsonl", long.as_bytes(), ALLOWED, 0, &[&expected]);
    let mut many = String::from("{\"a\":1}\n{");
    (0..1 << 20).for_each(|i| many += &format!("\"{i}\":1,"));
    many += "\"a\":1}\n{\"a\":2}\n";
    let (rows, messages) = read_with("x.jsonl", many.as_bytes(), ALLOWED, |_| {});
    assert_eq!(rows, 0);
    assert!(messages[0].ends_with("has 65537 columns, expected at most 65536"), "{messages:?}");
    let deep = format!("{{\"a\":{}", "[".repeat(10_000_000));
    let (rows, messages) = read_with("x.jsonl", deep.as_bytes(), ALLOWED, |_| {});
    assert_eq!((rows, messages.len()), (0, 1));
    assert!(messages[0].ends_with("is not JSON: EOF while parsing a list at byte 10000005"));
}

#[test]
fn files_of_one_byte_over_and_over() {
    let million = |byte: u8| vec![byte; 1_000_000];
    check("x.csv", &million(b'\n'), LITTLE, 0, &["`x.csv`: is empty, expected a header row"]);
    let zeros = format!("{}…", "\\u{0}".repeat(39));
    let expected = format!(
        "`x.csv`, line 1 (`{zeros}`): field `column 1` is `{zeros}`, expected a column name of at \
         most 1024 bytes"
    );
    check("x.csv", &million(0), 6 << 20, 0, &[&expected]);
    let rows = [b"a\n1\n".to_vec(), million(b'\n'), b"2\n".to_vec()].concat();
    // A blank line of one column is a row.
    check("x.csv", &rows, LITTLE, 1_000_002, &[]);
}

#[test]
fn text_in_other_forms() {
    check("x.csv", b"\xff\xfea\0,\0b\0\n\x001\0,\0x\0", LITTLE, 1, &[]);
    check("x.csv", b"\xfe\xff\0a\0,\0b\0\n\x001\0,\0x", LITTLE, 1, &[]);
    let half = "`x.csv`, line 2: cannot be read from here on, since the UTF-16 text has a half of a character there";
    check("x.csv", b"\xff\xfea\0,\0b\0\n\x001\0,\0x", LITTLE, 0, &[half]);
    let returns_alone = "`x.csv`: its lines end with carriage returns alone, expected line feeds, with or \
                         without a carriage return before them; `tr '\\r' '\\n'` converts such a file";
    check("x.csv", b"a,b\r1,x\r2,y\r", LITTLE, 0, &[returns_alone]);
    check("x.csv", b"a,\"b\r\nc\"\r\n1,x\r\n", LITTLE, 1, &[]);
}

/// A gigabyte of repeated `member` after `head`, compressed to a few megabytes at most.
fn bomb(head: &[u8], member: &[u8]) -> Vec<u8> {
    let members = gzip(member).repeat((1 << 30) / member.len());
    assert!(members.len() < 8 << 20);
    [gzip(head), members].concat()
}

#[test]
fn small_files_that_swell() {
    let row = [&b"1,"[..], &[b'x'; 1021], b"\n"].concat();
    let rows = bomb(b"a,b\n", &row.repeat(1 << 10));
    check("x.csv.gz", &rows, LITTLE, 1 << 20, &[]);
    let zeros = bomb(b"a,b\n1,x\n", &vec![0; 1 << 20]);
    let start = format!("{}…", "\\u{0}".repeat(39));
    let expected = format!(
        "`x.csv.gz`, line 3 (`{start}`): the line is longer than 16 MiB, the longest that is read"
    );
    check("x.csv.gz", &zeros, ALLOWED, 1, &[&expected]);
}

#[test]
fn zstd_that_asks_for_memory() {
    let text = b"a\n1\n2\n";
    check("x.csv.zst", &frame(10, text), LITTLE, 2, &[]);
    check("x.csv.zst", &frame(27, text), LITTLE, 2, &[]);
    for log in [28, 31, 40] {
        let expected = "`x.csv.zst`, line 1: cannot be read from here on, since the zstd data need \
                        more memory than the limit of 128 MiB; compress the file with a smaller window";
        check("x.csv.zst", &frame(log, text), LITTLE, 0, &[expected]);
    }
}
